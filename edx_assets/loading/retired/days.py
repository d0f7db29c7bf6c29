"""The days that retired learners are removed from: marked in the ledger, then counted again.

While a day is marked it is `loading`. Where the removal is killed, a load of the day or the next
`retire` puts it right. Which records go is told in `events`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from edx_assets.edx.retired import Retired
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import Facts
from edx_assets.loading.entries import DayEntry, DayState, Totals
from edx_assets.loading.ledger import (
    DUPLICATES,
    IMPORTS,
    MASTER_QUARANTINE,
    MASTER_TRACKING,
    as_was,
    new_token,
)
from edx_assets.loading.quarantine import held_by_reason
from edx_assets.resources.store import Store


@dataclass
class Taken:
    """What retired learners have in a file: records that go, and others that change."""

    records: list[Facts] = field(default_factory=list)
    changed: int = 0


def quarantined(store: Store, retired: Retired) -> dict[str, str]:
    """The lines in the quarantine that name a retired learner: their `_id`, and the file."""
    return {
        held["_id"]: held["load_file"]
        for held in store.find(MASTER_QUARANTINE, {})
        if retired.is_in(bytes(held["raw"]).decode("utf-8", "replace"))
    }


def mark(store: Store, files: list[str]) -> None:
    """Mark the days of files as `loading`. One that is being loaded already is refused at its end.

    Lines that are neither there, nor noted or held in the end, are the retired ones.
    """
    with master.changing(store):
        for entry in _entries(store, {"file": {"$in": files}}):
            if entry["state"] == DayState.LOADED:
                entry["was"], entry["state"] = as_was(entry), DayState.LOADING
                entry["retiring"], entry["token"] = True, new_token()
                store.put(IMPORTS, entry)


def settle(store: Store, taken: Mapping[str, Taken]) -> None:
    """Count every marked day again: by what was taken, or by its records where that is not sure."""
    for found in _entries(store, {"state": DayState.LOADING, "retiring": True}):
        file = str(found["file"])
        with master.changing(store):
            entry = cast(DayEntry, store.get(IMPORTS, found["_id"]))
            if not entry.get("retiring"):
                continue  # it has been loaded again
            held = master.count(store, file)
            totals = _less(entry, taken.get(file, Taken()).records, held)
            if entry.pop("disturbed", False) or totals is None:
                totals = master.totals(store, file)
            entry = {**entry, **totals}
            del entry["retiring"], entry["was"]
            reasons = held_by_reason(store, MASTER_TRACKING, file)
            entry["reasons"], entry["rejected"] = reasons, sum(reasons.values())
            noted = store.count(DUPLICATES, {"load_file": file})
            entry["duplicates"] = noted + entry.get("repeated", 0)
            known = entry["loaded"] + entry["duplicates"] + entry["rejected"]
            entry["cleared"] = True
            if retired := entry["lines"] - known:
                entry["retired"] = retired
            entry["state"], entry["token"] = DayState.LOADED, new_token()
            entry["loaded_at"] = datetime.now(UTC)
            store.put(IMPORTS, entry)


def _less(entry: DayEntry, gone: list[Facts], held: int) -> Totals | None:
    """A day's counts without some records; None where they have to be counted again."""
    moments = [facts.moment.replace(tzinfo=UTC) for facts in gone]
    if held != entry["loaded"] - len(gone) or not {entry["first"], entry["last"]}.isdisjoint(
        moments
    ):
        return None
    courses = Counter({each["course_key"]: each["events"] for each in entry["courses"]})
    courses.subtract(facts.course for facts in gone if facts.course)
    hours = Counter(dict(enumerate(entry["hours"])))
    hours.subtract(moment.hour for moment in moments)
    return Totals(
        loaded=held,
        implicit=entry["implicit"] - sum(facts.implicit for facts in gone),
        first=entry["first"],
        last=entry["last"],
        courses=[{"course_key": k, "events": n} for k, n in sorted(courses.items()) if n],
        hours=[hours[hour] for hour in range(24)],
    )


def _entries(store: Store, query: dict[str, Any]) -> list[DayEntry]:
    return cast(list[DayEntry], list(store.find(IMPORTS, query)))
