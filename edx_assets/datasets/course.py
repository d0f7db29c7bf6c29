"""The datasets of a course: made from its collections, kept as files, put into its database.

What a dataset is belongs in `definition`, how its query is run in `engine`, and what it is made
from in `sources`.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from edx_assets.datasets.definition import EVENTS, PLACES, Dataset, DatasetError
from edx_assets.datasets.documents import documents_of
from edx_assets.datasets.engine import attach, engine, make
from edx_assets.datasets.sources import attach_sources, missing_sources, source_of
from edx_assets.errors import PassingError, foreseen
from edx_assets.loading.courses.collection import is_current
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.entries import CourseLoad, Source
from edx_assets.loading.ledger import (
    course_load,
    course_loads,
    doubt_course_load,
    note_course_load,
)
from edx_assets.loading.registry import course_database
from edx_assets.loading.stage import CountMismatchError, Metadata
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.resources.stored import digest_of
from edx_assets.settings import InvalidSettingError


class SourceChangedError(PassingError):
    """A collection was loaded again while datasets were made from it."""


def make_datasets(
    store: Store,
    storage: Storage,
    partition: str,
    wanted: Sequence[Dataset],
    known: dict[str, Dataset],
    rebuild: bool = False,
    geoip: GeoIp | None = None,
) -> Iterator[tuple[str, Metadata | Exception]]:
    """Make datasets of a course from what its database holds, and tell of each what became of it.

    A dataset whose sources and definition are those of the last time is left alone, unless
    `rebuild` is on. One that fails harms only those that need it.

    Args:
        wanted: the datasets to make.
        known: every dataset by name, each after those that it needs.
        geoip: the database of places, if there is one.

    Raises:
        StageMissingError: the course's tracking has not been extracted.
        StoreError: the database failed.
    """
    database = course_database(store, partition)
    geoip = geoip or GeoIp()
    with turn(store, Collection(database, "datasets")):
        loads = course_loads(store, partition)
        tables = {name for name, load in loads.items() if "package" in load}  # have their own turn
        store.clear_staged(database, known.keys() - tables)
        sources: dict[str, Source] = {}
        failed: set[str] = set()
        for each in wanted:
            try:
                sources[each.name] = source_of(loads, partition, each, known, geoip)
            except InvalidSettingError as error:
                failed.add(each.name)
                yield each.name, error
        unchanged: dict[str, Metadata] = {}
        for name, source in sources.items():
            load = loads.get(name)
            here = Collection(database, name)
            kept = storage.exists(file_of(database, name))
            if load and kept and not rebuild and is_current(store, here, load, source):
                unchanged[name] = {"outcome": "unchanged", "rows": load["documents"]}
        behind = sources.keys() - unchanged.keys()
        if not behind:
            yield from unchanged.items()
            return
        with (
            storage.writing(file_of(database, EVENTS)) as events,
            engine(events.parent) as session,
        ):
            closure = _closure(behind, known)
            attach_sources(store, loads, session, partition, events, closure, known, geoip)
            # those that stay are told in their turn: Dagster wants each after those that it needs
            told = [each for each in known.values() if each in closure or each.name in unchanged]
            for each in told:
                path = events.with_name(f"{each.name}.parquet")
                outcome: Metadata | Exception = {}
                started = monotonic()
                try:
                    if each.wrong:
                        raise DatasetError(each.wrong)
                    if broken := sorted(failed.intersection(each.needs)):
                        raise DatasetError(
                            f"{each.name} needs {', '.join(broken)}, which failed: mend that first"
                        )
                    if each in closure:
                        rows = make(session, each, path)
                        attach(session, {each.name: path})
                    if each.name in unchanged:
                        outcome = unchanged[each.name]
                    elif each.name in behind:
                        source = sources[each.name]
                        now = course_loads(store, partition)
                        if source_of(now, partition, each, known, geoip) != source:
                            raise SourceChangedError(
                                f"{partition}: what {each.name} is made from was loaded again in"
                                " the meantime: materialize it again"
                            )
                        here = Collection(database, each.name)
                        done = _land(
                            store, storage, partition, here, each, path, rows, source, rebuild
                        )
                        seconds = round(monotonic() - started, 2)
                        outcome = {"outcome": done, "rows": rows, "seconds": seconds}
                        missing = missing_sources(loads, each, known)
                        if PLACES in each.needs and geoip.path() is None:
                            missing.append("EDX_GEOIP_DB")
                        if missing:
                            outcome["missing"] = ", ".join(missing)
                except Exception as error:  # also what nobody foresaw harms this dataset alone
                    failed.add(each.name)
                    outcome = foreseen(error)
                if each.name in sources:
                    yield each.name, outcome


def file_of(database: str, table: str) -> str:
    """The key in the storage of a course's dataset, or of its events."""
    return f"datasets/{database}/{table}.parquet"


def _closure(names: Iterable[str], known: dict[str, Dataset]) -> list[Dataset]:
    """Datasets and all that they need, each after those that it needs."""
    found = set(names)
    for name, each in reversed(known.items()):
        if name in found:
            found.update(need for need in each.needs if need in known)
    return [each for name, each in known.items() if name in found]


def _land(
    store: Store,
    storage: Storage,
    partition: str,
    here: Collection,
    dataset: Dataset,
    path: Path,
    rows: int,
    source: Source,
    rebuild: bool,
) -> str:
    """Put a dataset into the course's database and its file into the storage; say what was done.

    Where its rows are those from before, both are left as they are, unless `rebuild` is on.

    Raises:
        DatasetError: a table of the course's package is in the place of the dataset.
        CountMismatchError: the collection has other rows than the file.
    """
    before = course_load(store, partition, here.name)
    if before and "package" in before:
        raise DatasetError(
            f"{here.name}: the package has a table of this name, which is loaded: rename the"
            " dataset"
        )
    key, content = file_of(here.database, dataset.name), digest_of(path)
    load = CourseLoad(documents=rows, source=source, loaded_at=datetime.now(UTC), content=content)
    same = before and before["source"] and before.get("content") == content
    if same and not rebuild and storage.exists(key) and store.holds(here, rows):
        note_course_load(store, partition, here, load, dataset.personal)
        return "made: the same rows"
    indexes = [[(field, 1) for field in fields] for fields in dataset.indexes]
    with store.replacing(here, indexes) as staging:
        for _batch, _inserted in store.insert_all(staging, documents_of(dataset, path)):
            pass
        if (held := store.count(staging)) != rows:
            raise CountMismatchError(
                f"{partition}: {dataset.name} has {rows} rows, and {held} are in the collection:"
                " materialize it again, and report it if it fails again"
            )
        doubt_course_load(store, partition, here.name)
    with storage.writing(key) as target:
        shutil.copyfile(path, target)
    note_course_load(store, partition, here, load, dataset.personal)
    return "made"
