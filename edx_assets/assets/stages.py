"""Running a stage under Dagster: its metadata told, its expected failures put plainly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import (
    AssetExecutionContext,
    Backoff,
    Config,
    Failure,
    Jitter,
    MetadataValue,
    RetryPolicy,
)
from pydantic import Field

from edx_assets.assets.plots import PLOTS
from edx_assets.edx.courses import CoursesFileError
from edx_assets.loading.courses.collection import UnusableFileError
from edx_assets.loading.days.daily_log import DamagedLogError
from edx_assets.loading.days.files import Metadata, StageMissingError
from edx_assets.loading.days.master_tracking import CountMismatchError
from edx_assets.loading.ledger import COURSES, MASTER, CourseClashError
from edx_assets.loading.packages.members import DamagedPackageError
from edx_assets.partitions import courses_partitions
from edx_assets.resources.buckets import DeliveryError, NotDeliveredError
from edx_assets.resources.gnupg import DecryptionError
from edx_assets.resources.store import Store, StoreError
from edx_assets.settings import MissingSettingError

FINAL = (
    CourseClashError,
    CoursesFileError,
    DamagedLogError,
    DamagedPackageError,
    DecryptionError,
    FileNotFoundError,
    MissingSettingError,
    NotDeliveredError,
    StageMissingError,
    UnusableFileError,
)
"""Failures that the same input would meet again: a retry is no remedy."""

PASSING = (CountMismatchError, DeliveryError, OSError, StoreError)
"""Failures that can pass by themselves, or once a file is there or a disk has room."""

EXPECTED = (*FINAL, *PASSING)

RETRIES = RetryPolicy(
    max_retries=2, delay=10, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS
)
"""The only thing that retries: after about 10 s and 20 s more, in the run itself.

A replica set elects a new primary within 12 s. Runs are not retried (`dagster.yaml`), and a sensor
asks for the same file once.
"""

OWNERS = ["team:data-czars"]


class Rebuild(Config):
    """Whether what is there already is made again."""

    anew: bool = Field(
        False,
        description="Make it again from what it is made of, even if nothing has changed since.",
    )


@contextmanager
def plain_failures() -> Iterator[None]:
    """A stage's expected failures as Dagster's, with the message alone: no stack to search."""
    try:
        yield
    except FINAL as error:
        raise Failure(str(error), allow_retries=False) from None
    except PASSING as error:
        raise Failure(str(error)) from None


def can_pass(error: Exception) -> bool:
    """Whether a retry is of use."""
    return isinstance(error, PASSING) and not isinstance(error, FINAL)


def summary(failures: list[Exception], of: int, what: str, untried: int = 0) -> Failure:
    """One failure for a run over several things; a retry is of use where any of them can pass."""
    text = "\n".join(str(error) for error in failures)
    if of > 1:
        others = f"{untried} were not tried then, the others" if untried else "the others"
        text = f"{len(failures)} of {of} {what} failed, {others} are done:\n{text}"
    return Failure(text, allow_retries=any(can_pass(error) for error in failures))


def shown(metadata: Metadata) -> dict[str, Any]:
    """A stage's metadata for the UI: plots drawn, other dictionaries as JSON."""
    drawn = {
        name: MetadataValue.md(PLOTS[name](metadata[name])) for name in PLOTS.keys() & metadata
    }
    return {
        name: MetadataValue.json(value) if isinstance(value, dict) else value
        for name, value in metadata.items()
    } | drawn


def reveal_courses(context: AssetExecutionContext, store: Store) -> None:
    """Add a partition for every registered course that has none."""
    registered = {course["_id"] for course in store.find(MASTER, COURSES, {})}
    known = set(context.instance.get_dynamic_partitions(str(courses_partitions.name)))
    if new := sorted(registered - known):
        context.instance.add_dynamic_partitions(str(courses_partitions.name), new)
