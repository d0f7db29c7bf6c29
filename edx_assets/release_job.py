"""The job that releases courses: its form and its one step. The work is in `exports.release`."""

from pathlib import Path

from dagster import Config, JobDefinition, OpExecutionContext, Output, job, op
from pydantic import Field

from edx_assets.assets.stages import plain_failures
from edx_assets.datasets.definition import Dataset
from edx_assets.errors import FinalError
from edx_assets.exports.formats import Format
from edx_assets.exports.release.columns import QUASI, USUAL
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage


class ReleaseFormError(FinalError):
    """The form asks for what no release can be."""


class Release(Config):
    """Which courses become a release, by which rules, and where to."""

    courses: list[str] = Field(
        description="Course keys (with @edge for a course on edge), or names of databases. All of"
        " them become one release."
    )
    folder: str = Field(
        description="Folder to write to, on the machine that runs this: `release` in it is to be"
        " handed on, `report` to be kept."
    )
    format: Format = Field(Format.PARQUET, description="Form of the file.")
    k: int = Field(5, description="How many learners are alike, at least: 2 or more.")
    quasi: list[str] = Field(
        [*USUAL],
        description=f"Quasi-identifiers, of {', '.join(QUASI)}. The others are left out.",
    )
    separate: bool = Field(
        False,
        description="Give a learner another id in each course: more detail, and no paths over"
        " courses.",
    )


def release_job(known: dict[str, Dataset]) -> JobDefinition:
    """The job for datasets by name."""

    @op(description="Writes a de-identified release of the courses' person_course, and a report.")
    def release_person_course(
        context: OpExecutionContext, config: Release, storage: Storage, mongo: Mongo
    ) -> Output[None]:
        # loaded here: DuckDB and Arrow take a fifth of a second, which every process would wait for
        from edx_assets.exports.release.deidentify import Rules
        from edx_assets.exports.release.folders import release_courses

        with plain_failures():
            if unknown := sorted({*config.quasi} - QUASI.keys()):
                raise ReleaseFormError(f"quasi: {', '.join(unknown)}: choose of {', '.join(QUASI)}")
            if config.k < 2:
                raise ReleaseFormError("k: one learner is always alike: choose 2 or more")
            quasi = tuple(QUASI[name] for name in dict.fromkeys(config.quasi))
            rules = Rules(config.k, quasi, joined=not config.separate)
            report = release_courses(
                mongo.store(), storage, config.courses, Path(config.folder), config.format, known,
                rules,
            )  # fmt: skip
        context.log.info(f"{config.folder}: {report['rows']['released']} rows")
        levels = {name: detail["rows"] for name, detail in report["detail"].items()}
        smallest = report["proof"]["smallest"]
        metadata = {"rows": report["rows"], "levels": levels, "learners_alike": smallest}
        return Output(None, metadata=metadata)

    @job(
        name="release_courses",
        description="Write a de-identified release of courses' `person_course`, so that it can be"
        " handed on: k learners are always alike. Courses, folder and rules are in the form.",
    )
    def of_release() -> None:
        release_person_course()

    return of_release
