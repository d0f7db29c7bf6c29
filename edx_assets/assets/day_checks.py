"""Checks of a day in the master collection: lines accounted for, share of rejected lines, volume.

They are evaluated in the step that loads the days, one day at a time: if they were a step of their
own, it would be skipped for all days of a range when one has failed. Selected alone (with the tag
`dagster/partition`), they are evaluated without loading anything.

A blocking check has to stop other runs, those of courses. So it marks the day in the ledger, which
they read.
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

from edx_assets.assets.remedies import with_remedy
from edx_assets.edx.file_names import SiteDay
from edx_assets.errors import EdxAssetsError, FinalError
from edx_assets.loading import quarantine
from edx_assets.loading.days import master
from edx_assets.loading.entries import DayEntry
from edx_assets.loading.ledger import IMPORTS, MASTER_TRACKING, day_entry, is_settled, set_aside
from edx_assets.resources.store import Store

WEEKS = 8
"""A day is compared with this many weeks of its weekday: courses come and go within a term."""
ENOUGH = 4
"""Days of history needed for a comparison."""
LATELY = 7
"""A day that is far from its weekday's history may still be near these days before it."""

_ALWAYS_MANY = 0.05  # of the lines: too many, whatever the history
_RARELY_MANY = 0.001  # of the lines: never too many, whatever the history
_FEW_REJECTED = 10  # lines: never too many, however few there usually are
_TIMES_REJECTED = 4
_TIMES_VOLUME = 3
_FEW_EVENTS = 100  # a difference that never matters, however small the site

DayVerdict = Callable[[Store, SiteDay], AssetCheckResult]


class CheckFailedError(FinalError):
    """A blocking check failed; the message names the day, the check and what it found."""


def lines_accounted_for(store: Store, day: SiteDay) -> AssetCheckResult:
    """Whether every line is accounted for, and the collections have as many as the ledger says."""
    entry = day_entry(store, day)
    if entry is None or not is_settled(entry):
        state = "half loaded" if entry else "not loaded"
        return AssetCheckResult(passed=False, description=f"the day is {state}")
    lines, loaded = entry["lines"], entry["loaded"]
    duplicates, rejected = entry["duplicates"], entry["rejected"]
    retired = entry.get("retired", 0)
    held = in_quarantine = 0
    if file := entry["file"]:
        held = master.count(store, file)
        in_quarantine = quarantine.held(store, MASTER_TRACKING, file)
    accounted_for = lines == loaded + duplicates + rejected + retired
    return AssetCheckResult(
        passed=accounted_for and held == loaded and in_quarantine == rejected,
        description=f"{lines} lines = {loaded} loaded + {duplicates} duplicates + {rejected}"
        f" rejected + {retired} retired; the master collection has {held} records, the quarantine"
        f" {in_quarantine} lines",
        metadata={
            "lines": lines,
            "loaded": loaded,
            "duplicates": duplicates,
            "rejected": rejected,
            "retired": retired,
            "records_held": held,
            "lines_in_quarantine": in_quarantine,
        },
    )


def rejected_share(store: Store, day: SiteDay) -> AssetCheckResult:
    """Whether the share of rejected lines is small, and about as usual for this weekday."""
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
        description=f"{share:.2%} of the lines were rejected; expected: at most {limit:.2%}",
        metadata={
            "rejected_share": round(share, 6),
            "limit": round(limit, 6),
            "days_of_history": len(shares),
            **({"usual_share": round(usual, 6)} if usual is not None else {}),
            **({"reasons": entry["reasons"]} if entry and entry.get("reasons") else {}),
        },
    )


def volume(store: Store, day: SiteDay) -> AssetCheckResult:
    """Whether the day has about as many events as its weekday usually has, or as days of late.

    Courses begin and end within the weeks that a weekday is compared with.
    """
    entry = day_entry(store, day)
    loaded = entry.get("loaded", 0) if entry else 0
    history = [each["loaded"] for each in _history(store, day)]
    lately = [each["loaded"] for each in _settled_before(store, day, timedelta(days=1), LATELY)]
    if len(history) < ENOUGH:
        return AssetCheckResult(
            passed=True,
            severity=AssetCheckSeverity.WARN,
            description=f"{loaded} events; not compared: this weekday is loaded {len(history)}"
            f" times in the {WEEKS} weeks before, and {ENOUGH} are needed",
            metadata={"loaded": loaded, "days_of_history": len(history)},
        )
    usual = median(history)
    usuals = [usual, median(lately)] if len(lately) >= ENOUGH else [usual]
    near = any(each / _TIMES_VOLUME <= loaded <= each * _TIMES_VOLUME for each in usuals)
    return AssetCheckResult(
        # a weekday that is usually without events, as on edge, has no useful median
        passed=not usual or near or abs(loaded - usual) < _FEW_EVENTS,
        severity=AssetCheckSeverity.WARN,
        description=f"{loaded} events; the median of this weekday in the {WEEKS} weeks before is"
        f" {usual:g}" + "".join(f", of the {LATELY} days before {each:g}" for each in usuals[1:]),
        metadata={
            "loaded": loaded,
            "usual": float(usual),
            "days_of_history": len(history),
            **({"lately": float(usuals[1])} if usuals[1:] else {}),
        },
    )


@dataclass(frozen=True)
class DayCheck:
    """A check of a day: its function, what its failure means, and whether it is blocking."""

    verdict: DayVerdict
    description: str
    blocking: bool = False


DAY_CHECKS: dict[str, DayCheck] = {
    "lines_accounted_for": DayCheck(
        lines_accounted_for,
        "Every line of the day's file is loaded, a duplicate, or in quarantine, and the master"
        " collection and the quarantine have as many as the ledger says. A failure means that the"
        " collections were changed outside this system, or that a load was killed. The ledger then"
        " says `loading` for the day: its records cannot be relied on, and the day counts as"
        " missing in its courses. Materialize the day again, which loads it again. If the check"
        " still fails, report it with the counts.",
        blocking=True,
    ),
    "rejected_share": DayCheck(
        rejected_share,
        f"At most {_ALWAYS_MANY:.0%} of the day's lines are rejected, and not more than"
        f" {_TIMES_REJECTED} times the usual share of this weekday in the {WEEKS} weeks before. A"
        " failure means that the file's content is damaged, or that edX has changed its format."
        " Look at the reasons here and at the lines in `tracking_logs.quarantine`. If lines are cut"
        " short, ask edX for the file again; if their format is new, report it.",
    ),
    "volume": DayCheck(
        volume,
        f"The day has between a third and {_TIMES_VOLUME} times the median number of events of the"
        f" same weekday in the {WEEKS} weeks before (checked once {ENOUGH} of them are loaded), or"
        f" of the {LATELY} days before, which a course that has just begun or ended is in too. A"
        " failure means that part of the file is missing, that a course began or ended, or that it"
        " was a holiday. Check whether a course's dates explain it; if not, ask edX for the file"
        " again.",
    ),
}


def day_check_specs(site: str, days: DailyPartitionsDefinition) -> list[AssetCheckSpec]:
    """The checks of a site's master_tracking, evaluated for each day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)  # partitions of checks: Dagster 1.13
        return [
            AssetCheckSpec(
                name,
                asset=[site, "master_tracking"],
                description=with_remedy(name, check.description),
                blocking=check.blocking,
                partitions_def=days,
            )
            for name, check in DAY_CHECKS.items()
        ]


def check_day(context: AssetExecutionContext, day: SiteDay) -> Exception | None:
    """Evaluate and record a day's selected checks; return the failure that stops it, or None."""
    failure: Exception | None = None
    for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
        check = DAY_CHECKS[key.name]
        try:
            store = context.resources.mongo.store()
            result = check.verdict(store, day)
            if check.blocking and not result.passed:
                set_aside(store, day)
        except EdxAssetsError as error:
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
    """The entries of the same weekday in the weeks before that are loaded or had no file."""
    return _settled_before(store, day, timedelta(weeks=1), WEEKS)


def _settled_before(store: Store, day: SiteDay, step: timedelta, times: int) -> list[DayEntry]:
    """The entries of days before, a step apart, that are loaded or had no file."""
    before = [str(day._replace(day=day.day - step * n)) for n in range(1, times + 1)]
    fields = ["state", "lines", "loaded", "rejected"]
    found = store.find(IMPORTS, {"_id": {"$in": before}}, fields=fields)
    return [entry for entry in cast(Iterator[DayEntry], found) if is_settled(entry)]


def _share(entry: DayEntry) -> float:
    lines = entry.get("lines", 0)
    return entry["rejected"] / lines if lines else 0.0
