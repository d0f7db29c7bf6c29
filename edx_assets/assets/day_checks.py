"""Checks of a day in the master collection: its lines accounted for, the rejected, the volume.

They are evaluated in the step that loads the days, a day at a time: a step of their own would be
left out for every day of a range where one has failed. Selected alone (with the tag
`dagster/partition`), they are evaluated without loading anything.

What a blocking check stops is in other runs, over courses: so it tells the ledger, which they ask.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    DailyPartitionsDefinition,
    PreviewWarning,
)

from edx_assets.errors import FinalError
from edx_assets.loading.ledger import (
    IMPORTS,
    MASTER,
    QUARANTINE,
    TRACKING,
    Entry,
    as_was,
    import_id,
)
from edx_assets.resources.store import Store, StoreError
from edx_assets.settings import MissingSettingError

WEEKS = 8
"""Weeks before a day whose same weekday is its history: courses come and go within a term."""
ENOUGH = 4
"""Days of history below which there is nothing to compare with."""

_ALWAYS_MANY = 0.05  # of the lines: whatever the history
_RARELY_MANY = 0.001  # of the lines: below, no history makes it worth a look
_FEW_REJECTED = 10  # lines that need no look, however few there usually are
_TIMES_REJECTED = 4
_TIMES_VOLUME = 3
_FEW_EVENTS = 100  # a difference that needs no look, however small the site

DayVerdict = Callable[[Store, str, date], AssetCheckResult]


class CheckFailedError(FinalError):
    """A blocking check failed; the message names the day, the check and what it found."""


def lines_accounted_for(store: Store, site: str, day: date) -> AssetCheckResult:
    """Whether lines = loaded + duplicates + rejected, and the collections hold as many."""
    entry = store.get(MASTER, IMPORTS, import_id(site, day))
    if entry is None or entry["state"] not in ("loaded", "no_file"):
        state = "half loaded" if entry else "not loaded"
        return AssetCheckResult(passed=False, description=f"the day is {state}")
    told = {name: entry[name] for name in ("lines", "loaded", "duplicates", "rejected")}
    held = quarantined = 0
    if file := entry["file"]:
        held = store.count(MASTER, TRACKING, {"load_file": file})
        # a range of `_id` has an index on every server; `;` is the character behind `:`
        ids = {"$gte": f"{TRACKING}:{file}:", "$lt": f"{TRACKING}:{file};"}
        quarantined = store.count(MASTER, QUARANTINE, {"_id": ids})
    total = told["loaded"] + told["duplicates"] + told["rejected"]
    passed = told["lines"] == total and held == told["loaded"] and quarantined == told["rejected"]
    return AssetCheckResult(
        passed=passed,
        description=f"{told['lines']} lines = {told['loaded']} loaded + {told['duplicates']}"
        f" duplicates + {told['rejected']} rejected; the collections hold {held} and {quarantined}",
        metadata={**told, "records_held": held, "lines_in_quarantine": quarantined},
    )


def rejected_share(store: Store, site: str, day: date) -> AssetCheckResult:
    """Whether the share of rejected lines is small, and about what this weekday is used to."""
    entry = store.get(MASTER, IMPORTS, import_id(site, day))
    share = _share(entry) if entry else 0.0
    shares = [_share(each) for each in _history(store, site, day) if each["lines"]]
    usual = median(shares) if len(shares) >= ENOUGH else None
    limit = _ALWAYS_MANY
    if usual is not None:
        few = _FEW_REJECTED / entry["lines"] if entry and entry.get("lines") else 0.0
        limit = min(limit, max(_RARELY_MANY, few, _TIMES_REJECTED * usual))
    return AssetCheckResult(
        passed=share <= limit,
        severity=AssetCheckSeverity.WARN,
        description=f"{share:.2%} of the lines are rejected; up to {limit:.2%} is no surprise",
        metadata={
            "rejected_share": round(share, 6),
            "limit": round(limit, 6),
            "days_of_history": len(shares),
            **({"usual_share": round(usual, 6)} if usual is not None else {}),
            **({"reasons": entry["reasons"]} if entry and entry.get("reasons") else {}),
        },
    )


def volume(store: Store, site: str, day: date) -> AssetCheckResult:
    """Whether the day has about as many events as the same weekday used to."""
    entry = store.get(MASTER, IMPORTS, import_id(site, day))
    loaded = entry.get("loaded", 0) if entry else 0
    history = [each["loaded"] for each in _history(store, site, day)]
    if len(history) < ENOUGH:
        return AssetCheckResult(
            passed=True,
            severity=AssetCheckSeverity.WARN,
            description=f"{loaded} events; nothing to compare with: of the {WEEKS} weeks before,"
            f" this weekday is loaded {len(history)} times, and {ENOUGH} are needed",
            metadata={"loaded": loaded, "days_of_history": len(history)},
        )
    usual = median(history)
    near = usual / _TIMES_VOLUME <= loaded <= usual * _TIMES_VOLUME
    return AssetCheckResult(
        # where a weekday is usually silent, as on edge, any event is far from it
        passed=not usual or near or abs(loaded - usual) < _FEW_EVENTS,
        severity=AssetCheckSeverity.WARN,
        description=f"{loaded} events; the median of this weekday in {WEEKS} weeks is {usual:g}",
        metadata={"loaded": loaded, "usual": float(usual), "days_of_history": len(history)},
    )


@dataclass(frozen=True)
class DayCheck:
    """A check of a day: how it is made, what its failure means, and whether it stops the rest."""

    verdict: DayVerdict
    description: str
    blocking: bool = False


DAY_CHECKS: dict[str, DayCheck] = {
    "lines_accounted_for": DayCheck(
        lines_accounted_for,
        "Every line of the day's file is loaded, a duplicate, or in quarantine, and the master"
        " collection and the quarantine hold as many as the ledger says. A failure means that"
        " somebody or something changed the collections behind the ledger, or that a load was cut"
        " off. The ledger then says `loading` of the day: its records are not to be relied on, and"
        " it counts as missing in its courses. Materialize it again, which loads it anew. If it"
        " fails again, report it, with the counts.",
        blocking=True,
    ),
    "rejected_share": DayCheck(
        rejected_share,
        f"At most {_ALWAYS_MANY:.0%} of the day's lines are rejected, and not over"
        f" {_TIMES_REJECTED} times what this weekday had in the {WEEKS} weeks before. A failure"
        " means that the file is damaged inside, or that edX has changed its format. Look at the"
        " reasons here, and at the lines in `tracking_logs.quarantine`; ask edX for the file again"
        " if they are cut, and report the lines' form if it is new.",
    ),
    "volume": DayCheck(
        volume,
        f"The day has between a third of and {_TIMES_VOLUME} times the median of the same weekday"
        f" in the {WEEKS} weeks before (from {ENOUGH} of them on). A failure means that a part of"
        " the file is missing, or that a course began or ended, or a holiday. Look whether a"
        " course's dates explain it; if none does, ask edX for the file again.",
    ),
}


def day_check_specs(site: str, days: DailyPartitionsDefinition) -> list[AssetCheckSpec]:
    """The checks of a site's master_tracking, each evaluated for every day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)  # partitions of checks: Dagster 1.13
        return [
            AssetCheckSpec(
                name,
                asset=[site, "master_tracking"],
                description=check.description,
                blocking=check.blocking,
                partitions_def=days,
            )
            for name, check in DAY_CHECKS.items()
        ]


def check_day(context: AssetExecutionContext, site: str, partition: str) -> Exception | None:
    """Record a day's checks, those that are selected; the failure that stops it, or None."""
    failure: Exception | None = None
    day = date.fromisoformat(partition)
    for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
        check = DAY_CHECKS[key.name]
        try:
            store = context.resources.mongo.store()
            result = check.verdict(store, site, day)
            if check.blocking and not result.passed:
                set_aside(store, site, day)
        except (MissingSettingError, StoreError) as error:
            return error
        context.log_event(
            AssetCheckEvaluation(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=result.passed,
                metadata=result.metadata,
                severity=result.severity,
                description=result.description,
                blocking=check.blocking,
                partition=partition,
            )
        )
        if not result.passed:
            told = f"{site} {partition}, {key.name}: {result.description}"
            context.log.warning(told)
            if check.blocking:
                failure = CheckFailedError(f"{told}: materialize the day again")
    return failure


def set_aside(store: Store, site: str, day: date) -> None:
    """Let the ledger say that a day's records are not to be relied on, and are to be loaded anew.

    Raises:
        StoreError: the database failed.
    """
    entry = store.get(MASTER, IMPORTS, import_id(site, day))
    if entry is not None:
        store.put(MASTER, IMPORTS, entry | {"state": "loading", "was": as_was(entry)})


def _history(store: Store, site: str, day: date) -> list[Entry]:
    """The same weekday's entries in the weeks before, those that are loaded or had no file."""
    before = [import_id(site, day - timedelta(weeks=n)) for n in range(1, WEEKS + 1)]
    found = store.find(
        MASTER,
        IMPORTS,
        {"_id": {"$in": before}},
        fields=["state", "lines", "loaded", "rejected"],
    )
    return [entry for entry in found if entry["state"] in ("loaded", "no_file")]


def _share(entry: Entry) -> float:
    lines = entry.get("lines", 0)
    return entry["rejected"] / lines if lines else 0.0
