"""`edx-assets doctor`: checks that everything a run needs works, and says what to do if not.

It makes nothing but what it removes again. The checks of GnuPG are in `doctor_gpg`, those of the
rights in MongoDB's databases in `doctor_databases`.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from edx_assets.automation.sending import ways
from edx_assets.cli.database import DATA, database
from edx_assets.cli.doctor_databases import database_findings
from edx_assets.cli.doctor_gpg import gpg_findings
from edx_assets.cli.finding import Finding
from edx_assets.cli.tables import told_bytes, told_use
from edx_assets.cli.unknown_settings import unknown_variables
from edx_assets.datasets.definition import DatasetError
from edx_assets.datasets.own import own_datasets
from edx_assets.edx.file_names import SITES
from edx_assets.errors import EdxAssetsError
from edx_assets.loading.courses.window_query import courses_entries
from edx_assets.loading.kept.disk_use import disk_use, enough_space
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.courses_file import CoursesFile
from edx_assets.resources.delivered import Delivered
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import MissingSettingError, Settings, load_settings

_OLDEST_MONGODB = (5, 0)
_PATIENCE_MS = 5_000  # somebody waits for the answer
_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}

_ASKED = "edx-assets init asks for it where there is no .env yet; the README has all settings"

Check = Callable[[], Iterator[Finding]]


@click.command()
@DATA
def doctor(data: Path) -> None:
    """Check S3, GPG, MongoDB, the storage and the courses file; say how to fix what is wrong."""
    from edx_assets.definitions import build_resources  # here, for it reads the settings

    settings = load_settings()
    resources = build_resources(settings)
    console = Console(soft_wrap=True)
    failed = False
    with ExitStack() as opened:
        for finding in diagnose(
            settings,
            resources["buckets"],
            resources["gnupg"],
            resources["storage"],
            resources["courses_file"],
            resources["geoip"],
            lambda: opened.enter_context(database(data, _PATIENCE_MS)),
        ):
            failed |= finding.state == "failed"
            console.print(f"{_MARKS[finding.state]:>8}  {finding.subject}: {finding.found}")
            if finding.remedy:
                console.print(f"          [dim]→ {finding.remedy}[/]")
    sys.exit(1 if failed else 0)


def diagnose(
    settings: Settings,
    buckets: Buckets,
    gnupg: Gnupg,
    storage: Storage,
    courses_file: CoursesFile,
    geoip: GeoIp,
    store: Callable[[], Store],
) -> Iterator[Finding]:
    """Yield every check's findings as they are made; expected errors become findings too.

    The store is opened last: it takes the longest where it is down.
    """
    newest: dict[str, Delivered] = {}
    checks: dict[str, Check] = {
        "S3": lambda: _s3(buckets, newest),
        "GPG": lambda: gpg_findings(gnupg, buckets, newest),
        "storage": lambda: _storage(storage),
        "courses file": lambda: _courses_file(courses_file),
        "places": lambda: _places(geoip),
        "own datasets": lambda: _own_datasets(settings),
        "settings": lambda: _settings(settings, told),
        "MongoDB": lambda: _mongodb(store(), settings.org),
    }
    told = ""
    for subject, check in checks.items():
        try:
            for finding in check():
                told += finding.found
                yield finding
        except MissingSettingError as error:
            yield Finding(subject, "failed", str(error), _ASKED)
        except EdxAssetsError as error:
            told += str(error)
            yield Finding(subject, "failed", str(error))
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            remedy = "correct the setting or the path's permissions"
            yield Finding(subject, "failed", f"{error.strerror or error}{where}", remedy)


def _settings(settings: Settings, told: str) -> Iterator[Finding]:
    """What is set wrongly and no other check has told, and what is no setting."""
    wrong = [text for text in settings.invalid.values() if text not in told]
    yield from (Finding("settings", "failed", text) for text in wrong)
    for name, nearest in unknown_variables(os.environ).items():
        yield Finding(
            "settings",
            "warning",
            f"{name} is no setting" + (f": is {nearest} meant?" if nearest else ""),
            f"rename it to {nearest}" if nearest else "remove it, or see the table in the README",
        )
    if not wrong:
        notices = " and ".join(ways(settings)) or "nobody"
        yield Finding("settings", "ok", f"are written as they should be; notices go to {notices}")


def _s3(buckets: Buckets, newest: dict[str, Delivered]) -> Iterator[Finding]:
    folders = buckets.check()
    if not folders:
        yield Finding(
            "S3",
            "failed",
            f"s3://{buckets.events_bucket} has no folder for the institution {buckets.org}",
            "correct EDX_ORG or EDX_EVENTS_BUCKET",
        )
        return
    this_year = datetime.now(UTC).year
    for site in SITES:
        latest = next(
            (
                max(files, key=lambda file: file[1])
                for year in range(this_year, 2011, -1)
                if (files := buckets.events_files(site, year))
            ),
            None,
        )
        if latest:
            newest[site] = latest[0]
        yield Finding(
            "S3", "ok", f"tracking logs of {site}: {f'newest {latest[1]}' if latest else 'none'}"
        )
    packages = buckets.packages()
    newest_package = f", newest {max(packages)}" if packages else ""
    yield Finding(
        "S3",
        "ok" if packages else "warning",
        f"{len(packages)} database packages{newest_package}",
        "" if packages else "if there should be some, correct EDX_PACKAGES_BUCKET",
    )


def _mongodb(store: Store, org: str | None) -> Iterator[Finding]:
    version = store.version()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if len(numbers) == 2 and numbers < _OLDEST_MONGODB:
        yield Finding("MongoDB", "failed", f"version {version}", "5.0 or newer is needed")
    else:
        yield Finding("MongoDB", "ok", f"connected, version {version}")
    yield from database_findings(store, org)


def _storage(storage: Storage) -> Iterator[Finding]:
    place = storage.check()
    folder = storage.folder()
    if folder is not None and not folder.root.is_dir():
        yield Finding("storage", "ok", f"{place} does not exist yet: the first run makes it")
        return
    yield Finding("storage", "ok", f"{place} is writable")
    if folder is not None and folder.root.stat().st_mode & 0o077:
        yield Finding("storage", "failed", f"{place} is accessible to others", f"chmod 700 {place}")
    use = disk_use(storage)
    yield Finding("storage", "ok", f"keeps {told_use(use)}")
    if use["free"] is None:
        return
    enough = enough_space(use)
    low = use["free"] < enough
    yield Finding(
        "storage",
        "warning" if low else "ok",
        f"{told_bytes(use['free'])} free"
        + (f": less than {told_bytes(enough)}, 20 GiB or a tenth of what is kept" if low else ""),
        "make room, or set EDX_KEEP_RAW_DAYS, EDX_KEEP_DECRYPTED_DAYS and EDX_KEEP_PACKAGES"
        if low
        else "",
    )


def _courses_file(courses_file: CoursesFile) -> Iterator[Finding]:
    path = courses_file.path()
    if path is None:
        yield Finding("courses file", "ok", "none: windows come from the courses' own dates")
        return
    yield Finding("courses file", "ok", f"{len(courses_entries(path))} courses")


def _places(geoip: GeoIp) -> Iterator[Finding]:
    told = geoip.check()
    none = "none: datasets have no countries (EDX_GEOIP_DB is not set)"
    yield Finding("places", "ok", told or none)


def _own_datasets(settings: Settings) -> Iterator[Finding]:
    from edx_assets.datasets.engine import check_query  # DuckDB, which other commands do not need

    subject, wrong = "own datasets", 0
    found = own_datasets(settings.datasets)
    for each in found:
        try:
            if each.wrong:
                raise DatasetError(each.wrong)
            check_query(each)
        except DatasetError as error:
            wrong += 1
            yield Finding(subject, "failed", str(error))
    if not wrong:
        names = ", ".join(each.name for each in found)
        yield Finding(subject, "ok", names or "none (EDX_DATASETS is not set, or has none)")
