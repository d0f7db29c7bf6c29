"""The datasets in plain, slow Python, which the queries are held against.

Written from the definitions, one learner and one event after the other; no query is read here.
Those of videos are in `plain_videos`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import mean, stdev
from typing import Any

Row = dict[str, Any]
FIVE, THIRTY = 300_000, 1_800_000  # milliseconds


@dataclass(frozen=True)
class Event:
    """An event as a study sees it; `at` in milliseconds since 1970, `fields` what else is told."""

    number: int
    at: int
    user_id: int | None
    type: str
    source: str = "browser"
    module: str | None = None
    told: dict[str, Any] = field(default_factory=dict, hash=False)
    fields: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.at / 1000, UTC).date()

    @property
    def time(self) -> datetime:
        return datetime(1970, 1, 1) + timedelta(milliseconds=self.at)

    @property
    def event_id(self) -> str:
        return f"{self.number:024x}"

    @property
    def order(self) -> tuple[Any, ...]:
        return self.at, self.source, self.event_id


def learners(events: Iterable[Event]) -> Iterator[tuple[int, list[Event]]]:
    """What each learner did, in order; an XBlock's requests are left out."""
    of: dict[int, list[Event]] = defaultdict(list)
    for each in sorted(events, key=lambda each: each.order):
        if each.user_id is not None and "/xblock/" not in each.type:
            of[each.user_id].append(each)
    yield from sorted(of.items())


def person_day(events: list[Event]) -> list[Row]:
    rows = []
    for user_id, own in learners(events):
        since = dict(zip(own[1:], (b.at - a.at for a, b in pairwise(own)), strict=True))
        for day in sorted({each.day for each in own}):
            today = [each for each in own if each.day == day]
            types = Counter(each.type for each in today)
            kept = [since[e] / 1000 for e in today if e in since and since[e] <= FIVE]
            visits = Counter(
                found[1]
                for e in today
                if (found := re.match(r"/courses/course-v1:[^/]+/(progress|discussion)", e.type))
                or (found := re.match(r"/courses/\w+/\w+/\w+/(progress|discussion)", e.type))
            )
            rows.append(
                {
                    "user_id": user_id,
                    "day": day,
                    "nevents": len(today),
                    "nprogcheck": visits["progress"],
                    "nshow_answer": types["show_answer"] + types["showanswer"],
                    "nvideo": types["play_video"],
                    "nproblem_check": types["problem_check"],
                    "nproblem_check_server": sum(
                        e.type == "problem_check" and e.source == "server" for e in today
                    ),
                    "nforum": visits["discussion"],
                    "ntranscript": types["show_transcript"],
                    "nseq_goto": types["seq_goto"],
                    "nseek_video": types["seek_video"],
                    "npause_video": types["pause_video"],
                    "first_event": today[0].time,
                    "last_event": today[-1].time,
                    "n_dt": len(kept),
                    "sum_dt": round(sum(kept), 3),
                    "avg_dt": round(mean(kept), 6) if kept else None,
                    "max_dt": max(kept, default=None),
                    "sdv_dt": round(stdev(kept), 6) if len(kept) > 1 else None,
                }
            )
    return rows


def kind_of(event: Event) -> str | None:
    """What an event is about, as time on task tells it."""
    if re.search(r"\w_(video|transcript)", event.type):
        return "video"
    if re.search(r"problem_\w", event.type):
        return "problem"
    if event.type.startswith("edx.forum.") or re.search(
        "/discussion/(forum|threads|comments)", event.type
    ):
        return "forum"
    if event.type.startswith("textbook.") or "/wiki/" in event.type:
        return "text"
    return None


def time_on_task(events: list[Event]) -> list[Row]:
    sums: dict[tuple[int, date], Counter[str]] = {}
    for user_id, own in learners(events):
        last: dict[str, int] = {}
        for each in own:
            kind = kind_of(each)
            if "any" in last:
                row = sums.setdefault((user_id, each.day), Counter())
                for minutes, limit in ((5, FIVE), (30, THIRTY)):
                    if each.at - last["any"] < limit:
                        row[f"total_time_{minutes}"] += each.at - last["any"]
                    if kind in last and each.at - last[kind] < limit:
                        row[f"total_{kind}_time_{minutes}"] += each.at - last[kind]
                if kind and "kinds" in last and each.at - last["kinds"] < THIRTY:
                    row[f"serial_{kind}_time_30"] += each.at - last["kinds"]
            last["any"] = each.at
            if kind:
                last[kind] = last["kinds"] = each.at
    names = ["total_time_5", "total_time_30"]
    kinds = ("video", "problem", "forum", "text")
    names += [f"total_{kind}_time_{minutes}" for kind in kinds for minutes in (5, 30)]
    names += [f"serial_{kind}_time_30" for kind in kinds]
    return [
        {"user_id": user_id, "day": day, **{name: row[name] / 1000 for name in names}}
        for (user_id, day), row in sorted(sums.items())
    ]


def time_on_asset(events: list[Event]) -> list[Row]:
    rows: dict[tuple[int, date, str], Counter[str]] = {}
    for user_id, own in learners(events):
        last: dict[str, int] = {}
        for each in own:
            if each.module is None:
                continue
            row = rows.setdefault((user_id, each.day, each.module), Counter())
            row["nevents"] += 1
            since = each.at - last.get(each.module, -THIRTY)
            row["time_5"] += since if since < FIVE else 0
            row["time_30"] += since if since < THIRTY else 0
            last[each.module] = each.at
    return [
        {
            "user_id": user_id,
            "day": day,
            "module_id": module,
            "nevents": row["nevents"],
            "time_5": row["time_5"] / 1000,
            "time_30": row["time_30"] / 1000,
        }
        for (user_id, day, module), row in sorted(rows.items())
    ]


def sessions(events: list[Event]) -> list[Row]:
    rows = []
    for user_id, own in learners(events):
        pieces: list[list[Event]] = []
        for each in own:
            if not pieces or each.at - pieces[-1][-1].at >= THIRTY:
                pieces.append([])
            pieces[-1].append(each)
        rows += [
            {
                "user_id": user_id,
                "number": number,
                "start": piece[0].time,
                "end": piece[-1].time,
                "seconds": (piece[-1].at - piece[0].at) / 1000,
                "nevents": len(piece),
            }
            for number, piece in enumerate(pieces, 1)
        ]
    return rows


def enrolment_by_day(events: list[Event]) -> list[Row]:
    prefix = "edx.course.enrollment."
    kinds = ("activated", "deactivated", "mode_changed")
    own = sorted(
        (e for e in events if e.type.removeprefix(prefix) in kinds and e.user_id is not None),
        key=lambda e: (e.at, e.event_id),
    )
    if not own:
        return []
    modes: dict[int, str | None] = {}
    enrolled: dict[int, bool] = {}
    past: dict[int, str | None] = {}
    rows: list[Row] = []
    ever: set[str] = set()
    days = [own[0].day + timedelta(n) for n in range((own[-1].day - own[0].day).days + 1)]
    for day in days:
        for each in own:
            if each.day != day:
                continue
            user, kind = each.user_id or 0, each.type.removeprefix(prefix)
            mode = each.told.get("mode") or "unknown"
            if kind == "mode_changed" or (kind == "activated" and not enrolled.get(user)):
                modes[user] = mode
            if kind != "mode_changed":
                enrolled[user] = kind == "activated"
        now = {user: modes.get(user) for user, on in enrolled.items() if on}
        users = now.keys() | past.keys()
        joined = Counter(now.get(u) for u in users if now.get(u) != past.get(u))
        left = Counter(past.get(u) for u in users if now.get(u) != past.get(u))
        counts = Counter(now.values())
        ever |= {mode for mode in counts if mode}
        rows += [
            {"day": day, "mode": m, "joined": joined[m], "left": left[m], "enrolled": counts[m]}
            for m in ("audit", "honor", "unknown", "verified")
        ]
        past = now
    return [row for row in rows if row["mode"] in ever]
