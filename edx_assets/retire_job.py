"""The job that retires learners: its form and its one step. The work is in `exports.retiring`."""

from pathlib import Path
from typing import Any

from dagster import Config, JobDefinition, OpExecutionContext, Output, job, op
from pydantic import Field

from edx_assets.assets.stages import plain_failures
from edx_assets.datasets.definition import Dataset
from edx_assets.loading.retired.retirement import look
from edx_assets.resources.courses_file import CoursesFile
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
from edx_assets.settings import Settings


class Retire(Config):
    """Whose data go."""

    file: str = Field(
        description="edX's list of retired learners (CSV), on the machine that runs this."
    )
    yes: bool = Field(
        False, description="Off: only count what is there of them. On: remove it, for good."
    )


def retire_job(settings: Settings, known: dict[str, Dataset]) -> JobDefinition:
    """The job for some settings, and datasets by name."""

    @op(description="Removes what there is of the learners of edX's list, everywhere.")
    def retire_learners_of_list(
        context: OpExecutionContext,
        config: Retire,
        storage: Storage,
        mongo: Mongo,
        courses_file: CoursesFile,
        geoip: GeoIp,
    ) -> Output[None]:
        # loaded here: DuckDB and Arrow take a fifth of a second, which every process would wait for
        from edx_assets.exports.retiring import Remaking, read_list, retire_everywhere

        with plain_failures():
            file = Path(config.file).expanduser()
            number, learners = read_list(file)
            metadata: dict[str, Any] = {"learners": number}
            tell = context.log.info
            if config.yes:
                remaking = Remaking(courses_file.path(), settings.log_days, known, geoip)
                done = retire_everywhere(
                    mongo.store(), storage, file.name, learners, remaking, tell
                )
                metadata["receipt"] = done.receipt
            else:
                done = look(mongo.store(), learners, tell)
            metadata["found"] = done.found
        return Output(None, metadata=metadata)

    @job(
        description="Remove retired learners from everything that is loaded and made, by the list"
        " that edX sends (`user_retirement_…csv`). They stay away: every later load asks for them."
        " Without `yes` it only counts."
    )
    def retire_learners() -> None:
        retire_learners_of_list()

    return retire_learners
