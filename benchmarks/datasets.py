"""The datasets of a large course: its events to flat rows, and every query over them.

No server takes part. `course.sql` makes the course, five million events in half a minute.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.by_pandas import by_pandas, by_queries
from benchmarks.generator import write_log
from benchmarks.measure import Measure, apart, in_turns, median, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row, told
from edx_assets.datasets.definition import EVENTS, PLACES, datasets
from edx_assets.datasets.engine import attach, engine, make, sort_events, tell_sources
from edx_assets.datasets.events import event_batches
from edx_assets.datasets.places import write_places
from edx_assets.datasets.tables import table_schema
from edx_assets.edx.events import RejectedError, line_reader
from edx_assets.edx.lines import gzipped_lines
from edx_assets.resources.geoip import GeoIp

FLATTEN = 60_000  # events/s on one core
SECONDS, MEMORY = 90, 2_000  # MB: for five million events
LARGE = 5_000_000
GROWTH = 1.1
PANDAS = 10

_LEARNERS, _USERS = "learners", "auth_user"
_COURSE = Path(__file__).parent / "course.sql"


def course(folder: Path, events: int) -> Path:
    """Events of a course in the order of time, as its tracking is read; a learner has some 250."""
    path = folder / f"course-{events}.parquet"
    if not path.is_file():
        part = path.with_name(path.name + ".part")
        with duckdb.connect() as session:
            session.execute(f"SET VARIABLE events = {events}")
            session.execute(f"SET VARIABLE learners = {max(10, events // 250)}")
            found = session.sql(_COURSE.read_text())
            found.order("time, event_id").write_parquet(str(part))
        part.rename(path)
    return path


def flatten(log: Path) -> Measure:
    """Records to batches of flat rows; reading them from the server is not in it."""
    measure = Measure()
    records = list(_records(log))
    with measure.running():
        for batch in event_batches(records):
            measure.events += batch.num_rows
    return measure


def every_query(events: Path) -> Measure:
    """Sort the events of a course and make every dataset; the time of each is told."""
    measure = Measure(events=pq.read_metadata(events).num_rows)
    with tempfile.TemporaryDirectory(dir=events.parent) as folder:
        here = Path(folder)
        told = here / "told.parquet"
        shutil.copyfile(events, told)
        tables = {need for each in datasets().values() for need in each.needs}
        tables -= datasets().keys() | {EVENTS, PLACES}
        paths = {name: here / f"{name}.parquet" for name in (*tables, EVENTS, PLACES, *datasets())}
        for name in tables:
            pq.write_table(table_schema(name).empty_table(), paths[name])
        _write_learners(told, paths[_LEARNERS], paths[_USERS])
        with measure.running(), engine(here) as session:
            attach(session, {name: paths[name] for name in tables})
            tell_sources(session, (_LEARNERS, _USERS))
            for name in (EVENTS, PLACES, *datasets()):
                began = perf_counter()
                if name == EVENTS:
                    sort_events(session, told, _USERS, paths[name])
                elif name == PLACES:
                    write_places(session, GeoIp(), paths[name])
                else:
                    make(session, datasets()[name], paths[name])
                attach(session, {name: paths[name]})
                measure.told[name] = perf_counter() - began
    return measure


def rows(plan: Plan) -> list[Row]:
    """Flat rows on one core; the datasets of a course, and of one five times smaller."""
    log = write_log(plan.work / f"real-{plan.events}.log.gz", plan.events)
    flat = in_turns(plan.repeats, {"flatten": (flatten, log)})["flatten"]
    rows = told("events to flat rows", flat, FLATTEN, one_core=True)
    large, small = (
        apart(every_query, course(plan.work, events))
        for events in (plan.course_events, plan.course_events // 5)
    )
    stage = "datasets of a course"
    full = plan.course_events == LARGE
    slowest = sorted(large.told, key=lambda name: -large.told[name])[:3]
    note = ", ".join(f"{name} {large.told[name]:.1f} s" for name in slowest)
    return [
        *rows,
        Row(stage, f"all, {large.events:,} events", large.wall, "s", SECONDS if full else None,
            at_most=True, note=note),
        Row(stage, "peak memory", large.peak / 1e6, "MB", MEMORY, at_most=True),
        Row(stage, "of five times those of a fifth", large.wall / small.wall / 5, "times",
            GROWTH, at_most=True),
        *_against_pandas(course(plan.work, plan.course_events // 5), plan.repeats),
    ]  # fmt: skip


def _against_pandas(events: Path, repeats: int) -> list[Row]:
    measures = in_turns(repeats, {"ours": (by_queries, events), "pandas": (by_pandas, events)})
    ours, pandas = measures["ours"], measures["pandas"]
    if ours[0].told != pandas[0].told:
        raise ValueError("the queries and pandas give other sums")
    stage = "what person_course has from events"
    count, turns = ours[0].events, spread(ours, pandas, "rate")
    return [
        Row(stage, f"rate, {count:,} events", median(ours, "rate"), "events/s"),
        Row(stage, "of pandas", ratio(ours, pandas, "rate"), "times", PANDAS, note=turns),
        Row(stage, "peak memory", median(ours, "peak") / 1e6, "MB"),
        Row(stage, "peak memory of pandas", median(pandas, "peak") / 1e6, "MB"),
    ]


def _write_learners(events: Path, learners: Path, users: Path) -> None:
    """The learners of a course, with no more than what tells them apart."""
    with duckdb.connect() as session:
        course = session.read_parquet(str(events)).filter("user_id IS NOT NULL")
        course.select("user_id, username").distinct().to_table("known")
        session.sql("""
            SELECT user_id::VARCHAR AS _id, json_object('username', username, 'enrolment',
                json_object('course_id', 'course-v1:T+T1+1', 'mode', 'honor'))::VARCHAR AS document
            FROM known ORDER BY user_id
        """).write_parquet(str(learners))
        known = session.sql("SELECT user_id AS id, username FROM known").to_arrow_table()
    schema = table_schema(_USERS)
    columns = [
        known[each.name].cast(each.type) if each.name in known.column_names
        else pa.nulls(known.num_rows, each.type)
        for each in schema
    ]  # fmt: skip
    pq.write_table(pa.table(columns, schema=schema), users)


def _records(log: Path) -> Iterator[bytes]:
    read = line_reader(log.name, "edx", datetime.now(UTC))
    with gzipped_lines(log) as lines:
        for line in lines:
            with suppress(RejectedError):
                yield read(line)[0]
