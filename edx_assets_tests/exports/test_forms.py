"""The forms of an export: each is read alike by other programs, and nothing in it is lost."""

import csv
import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.exports.held import (
    AT,
    DATABASE,
    POST,
    SAID,
    course,
    export,
    hold,
    say,
)


def test_what_no_column_can_hold_is_kept(store: Store, storage: Storage, tmp_path: Path) -> None:
    course(store)
    states = ['{"seed": 1}', "{cut", None]
    rows: list[Any] = [{"_id": n, "id": n, "state": state} for n, state in enumerate(states, 2)]
    rows[0]["state_parsed"] = {"seed": 1}
    hold(store, "courseware_studentmodule", rows)
    export(store, storage, tmp_path)
    table = pq.read_table(tmp_path / DATABASE / "courseware_studentmodule.parquet").to_pylist()
    assert [(row["state"], row["other"]) for row in table] == [
        ('{"seed":1}', None),
        (None, '{"state":"{cut"}'),
        (None, None),
    ]


def test_csv_is_read_alike_by_all(store: Store, held: Storage, tmp_path: Path) -> None:
    export(store, held, tmp_path, "csv")
    path = tmp_path / DATABASE / "said.csv"
    text = path.read_bytes().decode()
    assert text.startswith("\ufeffuser_id,time,day,word,")
    words = ["", None, '\'=HYPERLINK("http://x")', 'NA, "é"\nß']
    with path.open(encoding="utf-8-sig", newline="") as file:
        plain = list(csv.DictReader(file))
    assert {row["word"] for row in plain} == {word or "" for word in words}
    marked = next(row for row in plain if row["word"].startswith("'="))
    assert marked["time"] == "2014-02-03T10:00:00.123000Z"
    assert (marked["day"], marked["points"], marked["good"]) == ("2014-02-03", "1.5", "true")
    assert json.loads(marked["more"]) == {"a": [1, "=1"]}
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""], parse_dates=["time"])
    assert list(frame.columns)[:2] == ["user_id", "time"]
    assert sorted(frame["word"].dropna()) == sorted(word for word in words if word)
    assert frame["time"].dropna().iloc[0] == pd.Timestamp(AT, tz="UTC")
    assert sorted(pl.read_csv(path)["points"].drop_nulls().to_list()) == [0.1, 1.5, 1e300]
    found = duckdb.read_csv(path, allow_quoted_nulls=False).project("word").fetchall()
    assert sorted(found, key=str) == sorted(((word,) for word in words), key=str)


CELLS = [
    ("=1+1", "'=1+1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
    ("-2+3", "'-2+3"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ("\n=1", "'\n=1"),
    ("＝1", "'＝1"),  # noqa: RUF001
    ("'=1", "''=1"),
    ("-5", "-5"),
    ("+1.5e-3", "+1.5e-3"),
    ("'a", "'a"),
    ("a=1", "a=1"),
    (" =1", " =1"),
    ("", ""),
]


def test_what_a_spreadsheet_would_run_is_marked(
    store: Store, storage: Storage, tmp_path: Path
) -> None:
    course(store)
    words: list[Any] = [(n, None, cell, None, None, None) for n, (cell, _said) in enumerate(CELLS)]
    say(store, storage, tmp_path, words)
    for form in ("csv", "jsonl"):
        export(store, storage, tmp_path / form, form)
    with (tmp_path / "csv" / DATABASE / "said.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["word"] for row in csv.DictReader(file)] == [said for _cell, said in CELLS]
    lines = (tmp_path / "jsonl" / DATABASE / "said.jsonl").read_text().splitlines()
    assert [json.loads(line)["word"] for line in lines] == [cell for cell, _said in CELLS]


def test_json_lines_have_documents_and_values_as_they_are(
    store: Store, held: Storage, tmp_path: Path
) -> None:
    say(store, held, tmp_path, [*SAID, (9, None, None, math.nan, None, None)])
    export(store, held, tmp_path, "jsonl")
    [post] = (tmp_path / DATABASE / "forum.jsonl").read_text().splitlines()
    assert json.loads(post) == {**POST, "_id": str(POST["_id"])}
    said = [
        json.loads(line) for line in (tmp_path / DATABASE / "said.jsonl").read_text().splitlines()
    ]
    first = next(row for row in said if row["points"] == 1.5)
    assert first["more"] == {"a": [1, "=1"]}
    assert first["time"] == "2014-02-03T10:00:00.123000Z"
    assert first["day"] == str(date(2014, 2, 3))
    assert said[-1]["points"] is None
    enrolled = (tmp_path / DATABASE / "student_courseenrollment.jsonl").read_text().splitlines()
    assert json.loads(enrolled[0])["other"] == {"is_active": "perhaps", "reason": "new"}
