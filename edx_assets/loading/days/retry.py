"""A day's quarantined lines, read again by today's readers: what can be loaded now is loaded.

The bytes come from the quarantine, so the day's file is not needed. Where it still is, the day can
be loaded again whole, which is the work of `master_tracking`.

The ledger says `loading` meanwhile. Of each batch it first notes the lines, then their records are
inserted, then they leave the quarantine. So a retry that is killed anywhere is gone on with by the
next, and a load of the file replaces all that it did.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bson import ObjectId

from edx_assets.edx.events import RejectedError, line_reader, record_id
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import REPEATED_KEPT, DayCounts, Facts, facts_of
from edx_assets.loading.days.master_tracking import is_intact
from edx_assets.loading.entries import DayEntry, DayState, RetriedLines
from edx_assets.loading.ledger import (
    DUPLICATES,
    IMPORTS,
    MASTER_TRACKING,
    as_was,
    day_entry,
    is_half_retried,
    new_token,
)
from edx_assets.loading.quarantine import (
    HeldLine,
    give_reason,
    has_all_bytes,
    held_batches,
    held_by_reason,
    held_lines,
    refused_by_database,
    release_lines,
)
from edx_assets.loading.registry import register_courses
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources.store import Store


@dataclass
class Retried:
    """What today's readers make of a day's quarantined lines, and what became of them.

    `readable` lines can be loaded. After a dry run that is all; otherwise `loaded` and `duplicates`
    have left the quarantine. `cut` are those whose bytes are not all there.
    """

    lines: int = 0
    readable: int = 0
    loaded: int = 0
    duplicates: int = 0
    cut: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Retried") -> None:
        """Add what became of another day's lines."""
        self.lines += other.lines
        self.readable += other.readable
        self.loaded += other.loaded
        self.duplicates += other.duplicates
        self.cut += other.cut
        self.rejected += other.rejected


@dataclass
class _Batch:
    """Lines as today's readers read them: records in the order of the lines, and new reasons."""

    numbers: list[int] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    reasons: dict[str, list[int]] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)
    cut: int = 0


def retry_day(
    store: Store, day: SiteDay, reasons: Sequence[str] | None = None, dry_run: bool = False
) -> Retried:
    """Read a day's quarantined lines again, and load those that can be loaded now.

    They end as a load of the file would leave them. The day's courses become due. Nothing is
    written where nothing can be loaded, or in a dry run.

    Args:
        store: the document store.
        day: the site and day.
        reasons: as they stand in the quarantine; only lines with one of these.
        dry_run: only tell.

    Raises:
        StageMissingError: the day is not loaded.
        CountMismatchError: lines and records do not add up, or the day was loaded at the same time.
        StoreError: the database failed.
    """
    entry = _loaded_entry(store, day)
    file = entry["file"]
    told = Retried()
    if file is None:
        return told
    read = line_reader(file, day.site, datetime.now(UTC))
    todo = []
    for held in held_batches(store, MASTER_TRACKING, file, reasons):
        batch = _read(read, held)
        told.lines += len(held)
        told.readable += len(batch.numbers)
        told.rejected += batch.rejected
        told.cut += batch.cut
        if batch.numbers or batch.reasons:
            todo.append([each["line"] for each in held])
    if dry_run or not (todo or is_half_retried(entry)):
        return told
    token = _begin(store, day)
    if begun := entry.get("retrying"):
        numbers = sorted([*begun["first"], *begun["repeated"]])
        batch = _read(read, held_lines(store, MASTER_TRACKING, file, numbers))
        _load(store, day, token, file, batch, begun, told)
    for numbers in todo:
        batch = _read(read, held_lines(store, MASTER_TRACKING, file, numbers))
        plan = _plan(store, day, token, file, batch)
        _load(store, day, token, file, batch, plan, told)
    _end(store, day, token, file)
    return told


def _loaded_entry(store: Store, day: SiteDay) -> DayEntry:
    entry = day_entry(store, day)
    if entry and (is_half_retried(entry) or is_intact(store, entry)):
        return entry
    raise StageMissingError(
        f"{day.site} {day.day} is not loaded, or in part only: materialize the day, which reads all"
        " of its lines with today's readers"
    )


def _read(read: Callable[[bytes], tuple[bytes, dict[str, object]]], held: list[HeldLine]) -> _Batch:
    batch = _Batch()
    for entry in held:
        if not has_all_bytes(entry):
            batch.cut += 1
            continue
        try:
            document, record = read(entry["raw"])
        except RejectedError as verdict:
            batch.rejected[verdict.reason] += 1
            if verdict.reason != entry["reason"]:
                batch.reasons.setdefault(verdict.reason, []).append(entry["line"])
        else:
            batch.numbers.append(entry["line"])
            batch.documents.append(document)
            batch.facts.append(facts_of(record))
    return batch


def _begin(store: Store, day: SiteDay) -> str:
    """Mark the day as `loading`, and to be counted again; return the token of this retry."""
    with master.changing(store):
        entry = _loaded_entry(store, day)
        file = str(entry["file"])
        if not is_half_retried(entry):
            entry["was"], entry["state"] = as_was(entry), DayState.LOADING
            entry["recount_for"] = [file]
            noted = store.count(DUPLICATES, {"load_file": file})
            entry.setdefault("repeated", entry["duplicates"] - noted)
            entry.setdefault("repeated_lines", [])
        entry["token"] = new_token()
        store.put(IMPORTS, entry)
    return entry["token"]


def _ours(store: Store, day: SiteDay, token: str) -> DayEntry:
    entry = day_entry(store, day)
    if entry is None or entry.get("token") != token:
        raise CountMismatchError(
            f"{day.site} {day.day} was loaded by another run, or retried, at the same time: run"
            " `edx-assets quarantine retry` again"
        )
    return entry


def _plan(store: Store, day: SiteDay, token: str, file: str, batch: _Batch) -> RetriedLines:
    """Note in the ledger which lines of a batch come first and which repeat a line of the file.

    Once a record is inserted, that can no longer be told.
    """
    counts = DayCounts()
    counts.add(batch.facts)
    refused = register_courses(store, counts.explicit_courses, day.site)
    with master.changing(store):
        entry = _ours(store, day, token)
        _commit(store, file, entry)
        ids = [record_id(document) for document in batch.documents]
        there = _lines_there(store, file, ids)
        plan = RetriedLines(first=[], repeated=[])
        for number, record in zip(batch.numbers, ids, strict=True):
            plan["repeated" if record in there else "first"].append(number)
            there.add(record)
        entry["retrying"] = plan
        if refused:
            entry["courses_refused"] = sorted({*entry.get("courses_refused", []), *refused})
        store.put(IMPORTS, entry)
    return plan


def _lines_there(store: Store, file: str, records: list[ObjectId]) -> set[ObjectId]:
    """Those of the records whose line the file has: it owns them, or has a note."""
    owners = master.owners_of(store, records)
    noted = {"_id": {"$in": [master.note_id(file, record) for record in records]}}
    notes = store.find(DUPLICATES, noted, fields=["record"])
    own = {record for record, owner in owners.items() if owner == file}
    return own | {each["record"] for each in notes}


def _commit(store: Store, file: str, entry: DayEntry) -> None:
    """Count the lines of the batch before that repeat one: those that have left the quarantine."""
    plan = entry.pop("retrying", None)
    if plan and plan["repeated"]:
        refused = held_lines(store, MASTER_TRACKING, file, plan["repeated"])
        repeated = {*plan["repeated"]} - {each["line"] for each in refused}
        entry["repeated"] += len(repeated)
        entry["repeated_lines"] = sorted({*entry["repeated_lines"], *repeated})[:REPEATED_KEPT]


def _load(
    store: Store,
    day: SiteDay,
    token: str,
    file: str,
    batch: _Batch,
    plan: RetriedLines,
    told: Retried,
) -> None:
    """Insert a batch's records, then take their lines out of the quarantine."""
    inserted, again = master.insert(store, file, batch.documents)
    for position, code in inserted.refused.items():
        reason = refused_by_database(code)
        batch.reasons.setdefault(reason, []).append(batch.numbers[position])
        told.rejected[reason] += 1
    loaded = [n for i, n in enumerate(batch.numbers) if i not in inserted.refused]
    # a first line that the file already has was inserted by the retry that was killed
    others = {batch.numbers[i] for i in {*inserted.duplicates} - again}
    duplicates = {*loaded} & (others | {*plan["repeated"]})
    told.duplicates += len(duplicates)
    told.loaded += len(loaded) - len(duplicates)
    with master.changing(store):
        _ours(store, day, token)
        for reason, numbers in batch.reasons.items():
            give_reason(store, MASTER_TRACKING, file, reason, numbers)
        release_lines(store, MASTER_TRACKING, file, loaded)


def _end(store: Store, day: SiteDay, token: str, file: str) -> None:
    """Count the day's records and those of the files that it took records from; check the sum."""
    with master.changing(store):
        entry = _ours(store, day, token)
        _commit(store, file, entry)
        entry["reasons"] = held_by_reason(store, MASTER_TRACKING, file)
        entry["rejected"] = sum(entry["reasons"].values())
        if entry["recount_for"] == [file]:  # otherwise its records are still to change
            _check(store, file, entry)
        entry["loaded_at"] = datetime.now(UTC)
        store.put(IMPORTS, entry)
        master.settle(store, [], file)


def _check(store: Store, file: str, entry: DayEntry) -> None:
    lines, rejected, repeated = entry["lines"], entry["rejected"], entry["repeated"]
    retired = entry.get("retired", 0)
    held = master.count(store, file)
    noted = store.count(DUPLICATES, {"load_file": file})
    if lines != held + noted + repeated + rejected + retired:
        raise CountMismatchError(
            f"{file}: {lines} lines; {held} loaded, {noted + repeated} duplicates, {rejected} in"
            f" the quarantine, {retired} of retired learners: materialize this partition again, and"
            " report it if it fails again"
        )
