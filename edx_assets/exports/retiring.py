"""The retirement of learners as a whole: what is loaded, what is made of it, and the check.

What is loaded is found and removed in `loading.retired`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from edx_assets.datasets.course import make_datasets
from edx_assets.datasets.definition import Dataset
from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.retirement_list import RetirementListError, read_retirement_list
from edx_assets.errors import FinalError
from edx_assets.exports.warehouse import WAREHOUSE, make_warehouse
from edx_assets.loading.courses.learners import join_learners
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.retired.retirement import Progress, Retirement, remaining, retire
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store


class UnusableListError(FinalError):
    """A list of retired learners cannot be read; the message names the line and the remedy."""


class NotRetiredError(FinalError):
    """The check found data of retired learners; the message names the collections, and no data."""


@dataclass(frozen=True)
class Remaking:
    """What courses are made again with.

    `log_days` are the first and the last day of the tracking logs, `datasets` all by name.
    """

    courses_file: Path | None
    log_days: tuple[date, date]
    datasets: dict[str, Dataset]
    geoip: GeoIp


def read_list(file: Path) -> tuple[int, Identifiers]:
    """The number of learners in one of edX's lists, and their identifiers together.

    Raises:
        UnusableListError: it is no such list.
    """
    learners, number = Identifiers(), 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for each in read_retirement_list(lines):
                learners |= each
                number += 1
    except (RetirementListError, UnicodeDecodeError) as error:
        cause = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise UnusableListError(
            f"{file.name}: {cause}: nobody of it was retired; correct the file, or ask edX for it"
        ) from None
    return number, learners


def retire_everywhere(
    store: Store,
    storage: Storage,
    name: str,
    learners: Identifiers,
    remaking: Remaking,
    progress: Progress,
) -> Retirement:
    """Retire learners: from all that is loaded, then from all that is made of it; then look again.

    Raises:
        NotRetiredError: something of them is still there.
        LostKeyError: the key of the list is gone.
        StoreError: the database failed.
    """
    done = retire(store, storage, name, learners, progress)
    for partition in done.partitions:
        progress(f"{partition}: tracking, learners and datasets")
        _remake(store, storage, partition, remaking)
    if storage.exists(WAREHOUSE):
        progress("the file of all courses")
        make_warehouse(store, storage, remaking.datasets, keep_former=False)
    progress("check")
    columns = {
        name: [column.name for column in each.columns] for name, each in remaking.datasets.items()
    }
    if left := remaining(store, storage, done, progress, columns).found:
        raise NotRetiredError(
            f"data of retired learners is still in {', '.join(sorted(left))}: run it again, and"
            " report it if it fails again"
        )
    return done


def _remake(store: Store, storage: Storage, partition: str, remaking: Remaking) -> None:
    """Make again what is made of a course's collections. What was never made stays so."""
    today = datetime.now(UTC).date()
    for make in (
        lambda: extract_course(
            store, partition, remaking.courses_file, today, log_days=remaking.log_days
        ),
        lambda: join_learners(store, partition),
        lambda: _failures(
            outcome
            for _name, outcome in make_datasets(
                store,
                storage,
                partition,
                list(remaking.datasets.values()),
                remaking.datasets,
                geoip=remaking.geoip,
            )
        ),
    ):
        try:
            make()
        except StageMissingError:
            continue


def _failures(outcomes: Iterable[object]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
