"""The job that exports courses: its form and its one step. What is written belongs in `exports`."""

from pathlib import Path

from dagster import Config, JobDefinition, OpExecutionContext, Output, job, op
from pydantic import Field

from edx_assets.assets.stages import plain_failures, summary
from edx_assets.datasets.definition import Dataset
from edx_assets.errors import foreseen
from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.scope import Reach, scope_of
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage


class Export(Config):
    """What to export, and where to."""

    courses: list[str] = Field(
        description="Course keys (with @edge for a course on edge), or names of databases."
    )
    folder: str = Field(
        description="Folder to write to, on the machine that runs this; each course gets a folder"
        " of its own there. It will hold personal data."
    )
    format: Format = Field(Format.PARQUET, description="Form of the files.")
    only: list[str] = Field([], description="Names of tables; all if there are none.")
    pseudonymised: bool = Field(
        False,
        description="Replace what tells who somebody is by pseudonyms, and prove that none is"
        " left.",
    )
    reach: Reach | None = Field(
        None,
        description="Of pseudonyms: within what a learner has the same one; COURSE, or PROJECT if"
        " one is named.",
    )
    project: str = Field("", description="Of pseudonyms: the name of the project that has them.")


def export_job(known: dict[str, Dataset]) -> JobDefinition:
    """The job for datasets by name."""

    @op(description="Writes the tables of each course into a folder of its own.")
    def export_tables(
        context: OpExecutionContext, config: Export, storage: Storage, mongo: Mongo
    ) -> Output[None]:
        # loaded here: DuckDB and Arrow take a fifth of a second, which every process would wait for
        from edx_assets.exports.course import export_course

        failures: list[Exception] = []
        metadata = {}
        with plain_failures():
            store = mongo.store()
            scope = scope_of(config.reach, config.project) if config.pseudonymised else None
            for course in dict.fromkeys(config.courses):
                try:
                    target, manifest = export_course(
                        store, storage, course, Path(config.folder), config.format, known,
                        config.only, scope,
                    )  # fmt: skip
                except Exception as error:  # also what nobody foresaw harms this course alone
                    failures.append(foreseen(error))
                else:
                    tables = [file for file in manifest["files"] if "table" in file]
                    rows = sum(file["rows"] for file in tables)
                    metadata[course] = f"{len(tables)} tables, {rows} rows: {target}"
                    context.log.info(f"{course}: {metadata[course]}")
            if failures:
                raise summary(failures, len(config.courses), "courses")
        return Output(None, metadata=metadata)

    @job(
        description="Write the tables of courses (collections and datasets) into files, for other"
        " programs: Parquet, CSV or JSON Lines. Courses, folder and format are in the form."
    )
    def export_courses() -> None:
        export_tables()

    return export_courses
