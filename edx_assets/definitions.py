"""The Dagster definitions: assets, automation and resources, put together.

Loading them opens no connection.
"""

from typing import Any

from dagster import Definitions, in_process_executor
from dagster_aws.s3 import S3Resource

from edx_assets.assets.courses import course_assets
from edx_assets.assets.datasets import dataset_assets
from edx_assets.assets.kept_files import kept_files
from edx_assets.assets.overview import overview
from edx_assets.assets.packages import course_files, database_package, delivered
from edx_assets.assets.quarantine_reasons import quarantine_reasons
from edx_assets.assets.report import report
from edx_assets.assets.tracking_logs import tracking_logs
from edx_assets.assets.warehouse import warehouse
from edx_assets.automation.daily_overview import daily_overview
from edx_assets.automation.nightly import schedules
from edx_assets.automation.nightly_tidying import nightly_tidying
from edx_assets.automation.notices import notice_sensors
from edx_assets.automation.sensors import sensors
from edx_assets.checks import checks
from edx_assets.datasets.own import known_datasets
from edx_assets.edx.file_names import SITES
from edx_assets.export_job import export_job
from edx_assets.jobs import jobs
from edx_assets.partitions import days
from edx_assets.release_job import release_job
from edx_assets.reports.reads import READS
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.courses_file import CoursesFile
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
from edx_assets.retire_job import retire_job
from edx_assets.settings import Settings, load_settings


def build_defs(settings: Settings, **overrides: Any) -> Definitions:
    """All definitions for some settings; resources given by name replace the usual ones."""
    partitions = days(settings.start_date, settings.end_date)
    known = known_datasets(settings.datasets)
    pipeline = [
        *(tracking_logs(site, partitions) for site in SITES),
        delivered,
        database_package,
        course_files,
        *course_assets(settings.log_days),
        dataset_assets(known),
        report(known, READS),
    ]
    return Definitions(
        assets=[
            *pipeline,
            warehouse(known),
            overview(pipeline, settings.end_date),
            quarantine_reasons,
            kept_files,
        ],
        asset_checks=checks(settings, pipeline, known),
        jobs=[
            *jobs(pipeline),
            export_job(known),
            release_job(known),
            retire_job(settings, known),
        ],
        sensors=[*sensors(settings, known), *notice_sensors(settings)],
        schedules=[
            *schedules(settings, known),
            nightly_tidying(settings),
            daily_overview(settings),
        ],
        resources=build_resources(settings) | overrides,
        # a process for each step would cost 2 s and gain nothing: a run's steps are sequential
        executor=in_process_executor,
    )


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources for some settings. They contain no secrets, because Dagster shows them."""
    return {
        "buckets": Buckets(
            s3=S3Resource(endpoint_url=settings.s3_endpoint_url),
            org=settings.org,
            events_bucket=settings.events_bucket,
            packages_bucket=settings.packages_bucket,
        ),
        "gnupg": Gnupg(home=settings.gnupg_home),
        "storage": Storage.of(settings),
        "mongo": Mongo(),
        "courses_file": CoursesFile(
            file=str(settings.courses_file) if settings.courses_file else None
        ),
        "geoip": GeoIp(file=str(settings.geoip_db) if settings.geoip_db else None),
    }


defs = build_defs(load_settings())
