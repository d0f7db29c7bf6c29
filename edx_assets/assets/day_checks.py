"""Checks of a day in the master collection: its lines accounted for, the rejected, the volume.

They are evaluated in the step that loads the days, a day at a time: a step of their own would be
left out for every day of a range where one has failed. Selected alone (with the tag
`dagster/partition`), they are evaluated without loading anything.

What a blocking check stops is in other runs, over courses: so it tells the ledger, which they ask.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import cast

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    DailyPartitionsDefinition,
    PreviewWarning,
)

from edx_assets.edx.file_names import SiteDay
from edx_assets.errors import FinalError
from edx_assets.loading import quarantine
from edx_assets.loading.days import master
from edx_assets.loading.ledger import (
    IMPORTS,
    MASTER_TRACKING,
    DayEntry,
    day_entry,
    is_settled,
    set_aside,
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

DayVerdict = Callable[[Store, SiteDay], AssetCheckResult]


class CheckFailedError(FinalError):
    """A blocking check failed; the message names the day, the check and what it found."""


def lines_accounted_for(store: Store, day: SiteDay) -> AssetCheckResult:
    """Whether lines = loaded + duplicates + rejected, and the collections hold as many."""
    entry = day_entry(store, day)
    if entry is None or not is_settled(entry):
        state = "half loaded" if entry else "not loaded"
        return AssetCheckResult(passed=False, description=f"the day is {state}")
    lines, loaded = entry["lines"], entry["loaded"]
    duplicates, rejected = entry["duplicates"], entry["rejected"]
    held = in_quarantine = 0
    if file := entry["file"]:
        held = master.count(store, file)
        in_quarantine = quarantine.held(store, MASTER_TRACKING, file)
    accounted_for = lines == loaded + duplicates + rejected
    return AssetCheckResult(
        passed=accounted_for and held == loaded and in_quarantine == rejected,
        description=f"{lines} lines = {loaded} loaded + {duplicates} duplicates + {rejected}"
        f" rejected; the collections hold {held} and {in_quarantine}",
        metadata={
            "lines": lines,
            "loaded": loaded,
            "duplicates": duplicates,
            "rejected": rejected,
            "records_held": held,
            "lines_in_quarantine": in_quarantine,
        },
    )


def rejected_share(store: Store, day: SiteDay) -> AssetCheckResult:
    """Whether the share of rejected lines is small, and about as on this weekday before."""
    entry = day_entry(store, day)
    share = _share(entry) if entry else 0.0
    shares = [_share(each) for each in _history(store, day) if each["lines"]]
    usual = median(shares) if len(shares) >= ENOUGH else None
    limit = _ALWAYS_MANY
    if usual is not None:
        few = _FEW_REJECTED / entry["lines"] if entry and entry.get("lines") else 0.0
        limit = min(limit, max(_RARELY_MANY, few, _TIMES_REJECTED * usual))
    return AssetCheckResult(
        passed=share <= limit,
        severity=AssetCheckSeverity.WARN,
        description=f"{share:.2%} of the lines are rejected; expected: up to {limit:.2%}",
        metadata={
            "rejected_share": round(share, 6),
            "limit": round(limit, 6),
            "days_of_history": len(shares),
            **({"usual_share": round(usual, 6)} if usual is not None else {}),
            **({"reasons": entry["reasons"]} if entry and entry.get("reasons") else {}),
        },
    )


def volume(store: Store, day: SiteDay) -> AssetCheckResult:
    """Whether the day has about as many events as the same weekday before."""
    entry = day_entry(store, day)
    loaded = entry.get("loaded", 0) if entry else 0
    history = [each["loaded"] for each in _history(store, day)]
    if len(history) < ENOUGH:
        return AssetCheckResult(
            passed=True,
            severity=AssetCheckSeverity.WARN,
            description=f"{loaded} events; nothing to compare with: this weekday is loaded"
            f" {len(history)} times in the {WEEKS} weeks before, and {ENOUGH} are needed",
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
        " collection and the quarantine hold as many as the ledger says. A failure means that the"
        " collections were changed outside this system, or that a load was cut off. The ledger then"
        " says `loading` for the day: its records cannot be relied on, and it counts as missing in"
        " its courses. Materialize the day again: that loads it again. If the check fails again,"
        " report it with the counts.",
        blocking=True,
    ),
    "rejected_share": DayCheck(
        rejected_share,
        f"At most {_ALWAYS_MANY:.0%} of the day's lines are rejected, and not over"
        f" {_TIMES_REJECTED} times what this weekday had in the {WEEKS} weeks before. A failure"
        " means that the file is damaged inside, or that edX has changed its format. Look at the"
        " reasons here and at the lines in `tracking_logs.quarantine`. If the lines are cut, ask"
        " edX for the file again; if their form is new, report it.",
    ),
    "volume": DayCheck(
        volume,
        f"The day has between a third of and {_TIMES_VOLUME} times the median of the same weekday"
        f" in the {WEEKS} weeks before (checked once {ENOUGH} of them are loaded). A failure means"
        " that part of the file is missing, or that a course began or ended, or a holiday. Check"
        " whether a course's dates explain it; if none does, ask edX for the file again.",
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


def check_day(context: AssetExecutionContext, day: SiteDay) -> Exception | None:
    """Record a day's checks, those that are selected; the failure that stops it, or None."""
    failure: Exception | None = None
    for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
        check = DAY_CHECKS[key.name]
        try:
            store = context.resources.mongo.store()
            result = check.verdict(store, day)
            if check.blocking and not result.passed:
                set_aside(store, day)
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
                partition=str(day.day),
            )
        )
        if not result.passed:
            text = f"{day.site} {day.day}, {key.name}: {result.description}"
            context.log.warning(text)
            if check.blocking:
                failure = CheckFailedError(f"{text}: materialize the day again")
    return failure


def _history(store: Store, day: SiteDay) -> list[DayEntry]:
    """The same weekday's entries in the weeks before, those that are loaded or had no file."""
    weeks = (timedelta(weeks=n) for n in range(1, WEEKS + 1))
    before = [str(day._replace(day=day.day - week)) for week in weeks]
    fields = ["state", "lines", "loaded", "rejected"]
    found = store.find(IMPORTS, {"_id": {"$in": before}}, fields=fields)
    return [entry for entry in cast(Iterator[DayEntry], found) if is_settled(entry)]


def _share(entry: DayEntry) -> float:
    lines = entry.get("lines", 0)
    return entry["rejected"] / lines if lines else 0.0
