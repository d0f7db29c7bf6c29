"""Run requests for due days and packages: recent days alone, old days in ranges.

What is due is decided in `due`; what was requested before, in `runs`.
"""

from datetime import date, timedelta
from hashlib import blake2b

from dagster import AssetKey, RunRequest

from edx_assets.assets.tracking_logs import DAYS_PER_RUN, day_assets
from edx_assets.automation.runs import HISTORY
from edx_assets.dagster_internals import PRIORITY, RANGE_END, RANGE_START

RECENT = timedelta(days=28)
"""Recent days are this close to the newest: every tick looks at them; each gets its own run."""
FEW = 5
"""Most recent days that get a run each. If more are due, only the newest day does."""

_DAY = timedelta(days=1)


def day_requests(site: str, due: dict[date, str], newest: date) -> list[RunRequest]:
    """Runs for a site's days that are due: recent days first, then history, oldest first.

    Args:
        site: `edx` or `edge`.
        due: days with their versions on S3, as `days_due` returns them.
        newest: the newest day that is known to have a file.
    """
    recent = [day for day in due if day > newest - RECENT]
    alone = recent if len(recent) <= FEW else [day for day in recent if day == newest]
    requests = [_day_request(site, day, due[day]) for day in reversed(alone)]
    old = [day for day in sorted(due) if day not in alone]
    return requests + [_range_request(site, days, due) for days in _ranges(old)]


def is_history(request: RunRequest) -> bool:
    """Whether a request is for history: such runs execute one at a time."""
    return HISTORY in request.tags


def days_asked(request: RunRequest) -> list[date]:
    """The days of a request."""
    first = date.fromisoformat(request.tags.get(RANGE_START) or str(request.partition_key))
    last = date.fromisoformat(request.tags.get(RANGE_END) or str(request.partition_key))
    return [first + _DAY * n for n in range((last - first).days + 1)]


def package_requests(due: dict[str, str]) -> list[RunRequest]:
    """A run for each package that is due (version by delivery date), oldest first."""
    keys = [AssetKey(["packages", name]) for name in ("database_package", "course_files")]
    return [
        RunRequest(run_key=version, partition_key=day, asset_selection=keys)
        for day, version in sorted(due.items())
    ]


def _day_request(
    site: str, day: date, version: str, tags: dict[str, str] | None = None
) -> RunRequest:
    return RunRequest(
        run_key=version,
        partition_key=str(day),
        asset_selection=day_assets(site),
        tags=tags,
    )


def _range_request(site: str, days: list[date], due: dict[date, str]) -> RunRequest:
    tags = {HISTORY: site, PRIORITY: "-1"}
    if len(days) == 1:
        return _day_request(site, days[0], due[days[0]], tags)
    first, last = days[0], days[-1]
    versions = "\n".join(due[day] for day in days)
    digest = blake2b(versions.encode(), digest_size=16).hexdigest()
    return RunRequest(
        run_key=f"{site}/{first}..{last}:{digest}",
        asset_selection=day_assets(site),
        tags=tags | {RANGE_START: str(first), RANGE_END: str(last)},
    )


def _ranges(days: list[date]) -> list[list[date]]:
    ranges: list[list[date]] = []
    for day in days:
        if ranges and day == ranges[-1][-1] + _DAY and len(ranges[-1]) < DAYS_PER_RUN:
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return ranges
