"""`edx-assets load --from-folder`: what is on disk already, put into the storage and loaded.

Of S3's files and these, S3's always win: nothing is taken from a folder that S3 has, nor anything
put over what is loaded from S3.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from dagster import AssetKey, RunRequest

from edx_assets.assets.tracking_logs import DAYS_PER_RUN, day_assets
from edx_assets.automation.requests import day_requests
from edx_assets.automation.runs import days_of, partitions_of, runs_in_flight, runs_of
from edx_assets.cli.shell import Shell, finish, make
from edx_assets.cli.wanted import Span, Wanted, listed, log_span, package_span
from edx_assets.edx.file_names import SiteDay
from edx_assets.errors import EXPECTED
from edx_assets.loading.days.brought import Source, bring_day, etag_of, the_only
from edx_assets.loading.days.files import raw_log
from edx_assets.loading.entries import PackageState
from edx_assets.loading.ledger import PACKAGES, day_entry, is_settled
from edx_assets.loading.packages.database_package import bring_package
from edx_assets.loading.upgrade import upgrade
from edx_assets.partitions import packages_partitions
from edx_assets.resources.delivered import DeliveryError, NotDeliveredError
from edx_assets.resources.etags import md5
from edx_assets.resources.folder import Found, look_into
from edx_assets.settings import MissingSettingError

ON_S3 = "S3 has them: `edx-assets load` without --from-folder loads them"
LOADED = "loaded already"
OTHER = "loaded from another file, which stays (--rebuild replaces it)"
OF_S3 = "loaded from a file of S3's, which stays"
IN_FLIGHT = "in flight in other runs"
OUTSIDE = "before EDX_START_DATE, or after the last day that can have a log: correct the setting"


@dataclass
class Plan:
    """What of a folder is to be loaded, what is left and why, and what cannot be used."""

    days: dict[SiteDay, Source] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def leave(self, why: str, what: object) -> None:
        """Leave something, for a reason."""
        self.left.setdefault(why, []).append(str(what))


def load_folder(
    shell: Shell,
    folder: Path,
    sites: tuple[str, ...],
    days: tuple[date | None, date | None],
    again: bool,
) -> None:
    """Load the tracking logs of a folder."""
    found = _found(shell, folder)
    plan = Plan(problems=list(found.unreadable))
    span = log_span(shell.settings, *days)
    there = sorted(day for day in found.logs.keys() | found.parts.keys() if day.site in sites)
    on_s3 = _on_s3(shell, there)
    for day in there:
        if day.day not in span:
            if day.day not in log_span(shell.settings, None, None):
                plan.leave(OUTSIDE, day)
            continue
        try:
            _plan_day(shell, plan, found, day, on_s3, again)
        except EXPECTED as error:
            plan.problems.append(f"{day}: {error}")
    _tell(shell, plan, found)
    chunks = list(_chunks(sorted(plan.days)))
    requests = [request for chunk in chunks for request in _requests(chunk, on_s3 is not None)]
    outcomes = make(shell, _following(shell, plan, chunks, on_s3 is not None), requests)
    what = f"what {folder} has, and S3 has not,"
    finish(shell, outcomes, Wanted([], []), what, plan.problems, plan.left)


def load_folder_packages(
    shell: Shell, folder: Path, days: tuple[date | None, date | None], again: bool
) -> None:
    """Load the database packages of a folder."""
    found = _found(shell, folder)
    plan, span = Plan(), package_span(*days)
    busy = partitions_of(runs_of(runs_in_flight(shell.instance), "packages"))
    try:
        on_s3 = {*shell.resources["buckets"].packages()}
    except (DeliveryError, NotDeliveredError, MissingSettingError) as error:
        _tell_of_s3(shell, error)
        on_s3 = set()
    wanted = []
    upgrade(shell.store)
    for day, path in sorted(found.packages.items()):
        entry = shell.store.get(PACKAGES, str(day))
        if span and day not in span:
            continue
        if day in on_s3:
            plan.leave(ON_S3, day)
        elif str(day) in busy:
            plan.leave(IN_FLIGHT, day)
        elif entry and not again and entry["state"] == PackageState.SORTED:
            plan.leave(LOADED if entry["source"][:1] == [md5(path)] else OTHER, day)
        else:
            wanted.append(day)
    _tell(shell, plan, found)
    keys = [AssetKey(["packages", "course_files"])]
    requests = [RunRequest(partition_key=str(day), asset_selection=keys) for day in wanted]
    left = iter(requests)

    def following() -> RunRequest | None:
        for request in left:
            day = date.fromisoformat(str(request.partition_key))
            bring_package(
                shell.resources["storage"], day, found.packages[day], found.opt_in.get(day)
            )
            name = str(packages_partitions.name)
            shell.instance.add_dynamic_partitions(name, [str(day)])
            return request
        return None

    what = f"what {folder} has, and S3 has not,"
    outcomes = make(shell, following, requests)
    finish(shell, outcomes, Wanted([], []), what, plan.problems, plan.left)


def _found(shell: Shell, folder: Path) -> Found:
    if not shell.settings.org:
        raise MissingSettingError("org")
    return look_into(folder, shell.settings.org)


def _on_s3(shell: Shell, days: list[SiteDay]) -> set[SiteDay] | None:
    """The days that S3 has; None if it cannot be asked."""
    if not days:
        return set()
    span = Span(min(day.day for day in days), max(day.day for day in days))
    try:
        return {
            SiteDay(site, day)
            for site in {day.site for day in days}
            for listing in listed(shell.resources["buckets"], site, span).values()
            for _item, day in listing
        }
    except (DeliveryError, NotDeliveredError) as error:
        _tell_of_s3(shell, error)
        return None


def _plan_day(
    shell: Shell,
    plan: Plan,
    found: Found,
    day: SiteDay,
    on_s3: set[SiteDay] | None,
    again: bool,
) -> None:
    if on_s3 and day in on_s3:
        plan.leave(ON_S3, day)
        return
    if day.day in days_of(runs_of(runs_in_flight(shell.instance), day.site)):
        plan.leave(IN_FLIGHT, day)
        return
    parts = found.parts.get(day, {})
    source: Source = (
        the_only(day, found.logs[day])
        if day in found.logs
        else [parts[server] for server in sorted(parts)]
    )
    entry = day_entry(shell.store, day)
    loaded = entry if entry and entry["file"] else None
    note = raw_log(shell.resources["storage"], day)
    of_s3 = (loaded and loaded.get("delivered")) or (note and note.file and note.key)
    same = bool(loaded) and loaded["etag"] == etag_of(source)  # type: ignore[index]
    if same and is_settled(loaded):  # type: ignore[arg-type]
        plan.leave(LOADED, day)
    elif of_s3 and not same:
        plan.leave(OF_S3, day)
    elif loaded and not same and not again:
        plan.leave(OTHER, day)
    else:
        plan.days[day] = source


def _chunks(days: list[SiteDay]) -> Iterator[list[SiteDay]]:
    """The days in runs of consecutive ones, as many as a run takes at most."""
    chunk: list[SiteDay] = []
    for day in days:
        after = chunk and (day.site, day.day - timedelta(days=1)) == chunk[-1]
        if chunk and (not after or len(chunk) == DAYS_PER_RUN):
            yield chunk
            chunk = []
        chunk.append(day)
    if chunk:
        yield chunk


def _requests(days: list[SiteDay], ask_s3: bool) -> list[RunRequest]:
    """The runs for days of one site. Without S3 they begin behind the download."""
    if not days:
        return []
    site = days[0].site
    due = {day.day: "" for day in days}
    return [
        request.with_replaced_attrs(
            run_key=None, asset_selection=day_assets(site)[0 if ask_s3 else 1 :]
        )
        for request in day_requests(site, due, date.max)
    ]


def _following(
    shell: Shell, plan: Plan, chunks: list[list[SiteDay]], ask_s3: bool
) -> Callable[[], RunRequest | None]:
    """The runs in turn; before each its days are put into the storage."""

    def requests() -> Iterator[RunRequest]:
        storage, gnupg = shell.resources["storage"], shell.resources["gnupg"]
        for chunk in chunks:
            brought = []
            for day in chunk:
                try:
                    bring_day(storage, gnupg, day, str(shell.settings.org), plan.days[day])
                except EXPECTED as error:  # the other days are loaded
                    plan.problems.append(f"{day}: {error}")
                else:
                    brought.append(day)
            yield from _requests(brought, ask_s3)

    left = requests()
    return lambda: next(left, None)


def _tell(shell: Shell, plan: Plan, found: Found) -> None:
    for why, what in plan.left.items():
        shell.console.print(f"{_days(what)}: {why}", soft_wrap=True)
    if found.of_others:
        some = ", ".join(found.of_others[:3])
        shell.console.print(
            f"{len(found.of_others)} files are of another institution than EDX_ORG ({some}, …)"
            if len(found.of_others) > 3
            else f"Files of another institution than EDX_ORG: {some}",
            soft_wrap=True,
        )


def _days(what: list[str]) -> str:
    return what[0] if len(what) == 1 else f"{len(what)} from {what[0]} to {what[-1]}"


def _tell_of_s3(shell: Shell, error: Exception) -> None:
    shell.console.print(
        f"S3 cannot be asked what it has, so the folder's files are loaded: {error}", soft_wrap=True
    )
