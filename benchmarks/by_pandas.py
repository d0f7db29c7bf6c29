"""What person_course takes from the events, by the queries and by pandas, as a study does it."""

import re
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.measure import Measure
from edx_assets.datasets.definition import EVENTS, datasets
from edx_assets.datasets.engine import attach, engine, make

MINUTES = 5
_PAGES = re.compile(r"^/courses/(?:[^/]+-v1[^/]+|[^/]+/[^/]+/[^/]+)/(progress|discussion)")
_COUNTS = {
    "nvideo": ("play_video",),
    "npause_video": ("pause_video",),
    "nseek_video": ("seek_video",),
    "ntranscript": ("show_transcript",),
    "nproblem_check": ("problem_check",),
    "nshow_answer": ("show_answer", "showanswer"),
    "nseq_goto": ("seq_goto",),
}
_OF_DAYS = f"""
SELECT user_id, sum(nevents) AS nevents, count(*) AS ndays_act, {
    ", ".join(f"sum({name}) AS {name}" for name in _COUNTS)
}, sum(nprogcheck) AS nprogcheck, sum(nforum) AS nforum, min(first_event) AS first_event,
max(last_event) AS last_event, round(sum(sum_dt), 3) AS sum_dt
FROM person_day GROUP BY user_id ORDER BY user_id
"""  # noqa: S608


def by_queries(events: Path) -> Measure:
    """The dataset person_day, and its sums by learner."""
    measure = Measure(events=pq.read_metadata(events).num_rows)
    with tempfile.TemporaryDirectory(dir=events.parent) as folder, engine(Path(folder)) as session:
        here = Path(folder)
        (here / "events.parquet").hardlink_to(events)
        with measure.running():
            attach(session, {EVENTS: here / "events.parquet"})
            make(session, datasets()["person_day"], here / "person_day.parquet")
            attach(session, {"person_day": here / "person_day.parquet"})
            found = session.sql(_OF_DAYS).df()
        measure.told = _sums(found)
    return measure


def by_pandas(events: Path) -> Measure:
    """The same columns, by pandas alone."""
    measure = Measure()
    with measure.running():
        frame = pd.read_parquet(
            events, columns=["event_id", "time", "user_id", "event_type", "event_source"]
        )
        measure.events = len(frame)
        noise = frame["event_type"].str.contains("/xblock/", regex=False).fillna(False)
        frame = frame[frame["user_id"].notna() & ~noise]
        frame = frame.sort_values(["user_id", "time", "event_source", "event_id"])
        since = frame.groupby("user_id")["time"].diff().dt.total_seconds()
        frame["sum_dt"] = since.where(since <= MINUTES * 60, 0)
        frame["day"] = frame["time"].dt.date
        for name, types in _COUNTS.items():
            frame[name] = frame["event_type"].isin(types)
        page = frame["event_type"].str.extract(_PAGES)[0]
        frame["nprogcheck"], frame["nforum"] = page == "progress", page == "discussion"
        found = frame.groupby("user_id").agg(
            nevents=("time", "size"),
            ndays_act=("day", "nunique"),
            **{name: (name, "sum") for name in (*_COUNTS, "nprogcheck", "nforum")},
            first_event=("time", "min"),
            last_event=("time", "max"),
            sum_dt=("sum_dt", "sum"),
        )
    measure.told = _sums(found.reset_index())
    return measure


def _sums(frame: pd.DataFrame) -> dict[str, float]:
    """The sum of each number, which both ways have to agree on."""
    numbers = frame.select_dtypes("number").drop(columns="user_id")
    return {name: round(float(numbers[name].sum()), 1) for name in sorted(numbers)}
