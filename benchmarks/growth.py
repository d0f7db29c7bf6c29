"""How cost grows with the master collection: the same work at several sizes of it.

The work: loading a day, finding a window of a course, extracting that window, and extracting the
share that one file has in the course. All of it is of the same size each time.
"""

import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.extraction import COURSE, RUNNING, add_course, note_import, of_course
from benchmarks.generator import DAY, lines
from benchmarks.measure import Measure, apart
from benchmarks.plan import Plan
from benchmarks.plot import svg
from benchmarks.report import Row
from benchmarks.servers import scratch_store
from edx_assets.edx.collections import TRACKING, indexes
from edx_assets.edx.courses import Window, day_end, day_start
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.courses.window_query import master_query
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.lines import load_lines
from edx_assets.loading.ledger import (
    IMPORTS,
    MASTER_TRACKING,
    forget_course_load,
    new_token,
)
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store

WINDOW_DAYS = 3
REPEATS = 3
FLAT = 1.5  # what a cost may grow by, from the smallest collection to the largest, to be flat

_FIRST = DAY.date()
_LAST = _FIRST + timedelta(days=WINDOW_DAYS - 1)
WORKS = {
    "day": "loading a day",
    "window": "finding a course's window",
    "extraction": "extracting that window",
    "share": "extracting a file's share again",
}


def at_size(uri: str, size: int, loaded_days: int, day_events: int, courses: Path) -> Measure:
    """Fill the master collection with days up to a size, and take the time of each work."""
    store = connect(uri)
    master.prepare(store)
    measure = Measure()
    days = loaded_days
    while (days + REPEATS) * day_events < size or days < WINDOW_DAYS:
        _load_day(store, days, day_events, Measure())
        days += 1
    if not loaded_days:
        add_course(store)
        extract_course(store, COURSE.canonical, courses, RUNNING)
        for keys in indexes(TRACKING):
            store.index(of_course(store, TRACKING), keys)
    times: dict[str, list[float]] = {name: [] for name in WORKS}
    sizes: dict[str, int] = {}
    for _ in range(REPEATS):
        for name, work in (
            ("day", partial(_load_day, store, days, day_events)),
            ("window", partial(_find, store)),
            ("share", partial(_share, store, courses)),
        ):
            measure = Measure()
            work(measure)
            times[name].append(measure.wall)
            sizes[name] = measure.events
        days += 1
    measure = Measure()
    forget_course_load(store, COURSE.canonical, of_course(store, TRACKING))
    with measure.running():
        sizes["extraction"] = extract_course(store, COURSE.canonical, courses, RUNNING)["documents"]
    times["extraction"].append(measure.wall)
    seconds = {name: median(each) for name, each in times.items()}
    records = store.count(MASTER_TRACKING, {"site": "edx"})
    return Measure(told={"records": records, "days": days, "seconds": seconds, "sizes": sizes})


def _load_day(store: Store, number: int, events: int, measure: Measure) -> None:
    moment = DAY + timedelta(days=number)
    day = list(lines(events, seed=number, day=moment))
    counts = DayCounts()
    with measure.running():
        load_lines(store, day, _file(number), "edx", counts)
    measure.events = counts.lines
    note_import(store, _file(number), str(moment.date()), counts)


def _find(store: Store, measure: Measure) -> None:
    window = Window(day_start(str(_FIRST)), day_end(str(_LAST)))
    query = master_query([COURSE.canonical], "edx", window)
    with measure.running():
        measure.events = sum(1 for _ in store.find_raw(MASTER_TRACKING, query))


def _share(store: Store, courses: Path, measure: Measure) -> None:
    """Extract again, when the ledger says that one file of the window has been loaded anew."""
    entry = store.get(IMPORTS, f"edx/{_FIRST + timedelta(days=1)}") or {}
    store.put(IMPORTS, {**entry, "token": new_token()})
    with measure.running():
        told = extract_course(store, COURSE.canonical, courses, RUNNING)
    if told["outcome"] != "updated: 1 files":
        raise RuntimeError(f"one file's share was to be extracted, and it was {told['outcome']}")
    measure.events = store.count(of_course(store, TRACKING), {"load_file": _file(1)})


def _file(number: int) -> str:
    day: date = _FIRST + timedelta(days=number)
    return f"benchx-edx-events-{day}.log.gz"


def rows(plan: Plan) -> list[Row]:
    """The costs at each size; `growth.json` and `growth.svg` hold them too."""
    courses = plan.work / "courses.yaml"
    courses.write_text(
        f"courses:\n  - course_key: {COURSE.canonical}\n"
        f"    enrolment_start: {_FIRST}\n    course_end: {_LAST}\n"
    )
    found: list[dict[str, Any]] = []
    days = 0
    with scratch_store(plan) as uri:
        for size in plan.growth:
            found.append(apart(at_size, uri, size, days, plan.growth_day, courses).told)
            days = found[-1]["days"]
    for name in ("window", "share", "extraction"):
        if len({each["sizes"][name] for each in found}) > 1:
            raise RuntimeError(f"{WORKS[name]} was not the same work at each size")
    plan.build.mkdir(parents=True, exist_ok=True)
    (plan.build / "growth.json").write_text(json.dumps(found, indent=1) + "\n")
    drawn = {
        label: [(each["records"], each["seconds"][name]) for each in found]
        for name, label in WORKS.items()
    }
    plot = svg("The same work on a growing collection", "records in it", "seconds", drawn)
    (plan.build / "growth.svg").write_text(plot)
    rows = []
    for name, label in WORKS.items():
        stage = f"growth: {label}"
        for each in found:
            figure = f"{each['sizes'][name]:,} events, of {each['records']:,}"
            rows.append(Row(stage, figure, each["seconds"][name], "s"))
        grown = found[-1]["seconds"][name] / found[0]["seconds"][name]
        times = found[-1]["records"] / found[0]["records"]
        figure = f"growth at {times:.3g} times the records"
        rows.append(Row(stage, figure, grown, "times", FLAT, at_most=True))
    return rows
