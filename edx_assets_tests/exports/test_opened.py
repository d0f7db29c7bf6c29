"""A course's tables in Python: data frames and SQL, of what is there now, and read-only."""

import json
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

import edx_assets
from edx_assets.datasets.course import SourceChangedError
from edx_assets.exports import opened
from edx_assets.exports.opened import MissingExtraError, NotReadingError
from edx_assets.exports.tables import UnknownCourseError, UnknownTableError
from edx_assets.loading.ledger import COURSE_LOADS
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import MissingSettingError
from edx_assets_tests.exports.held import AT, DATABASE, KEY, KNOWN, POST, SAID, hold, say, word


@pytest.fixture
def here(held: Storage, empty_mongo_uri: str, monkeypatch: pytest.MonkeyPatch) -> opened.Opened:
    """The course with a table, documents and a dataset, opened by its key."""
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    monkeypatch.setenv("EDX_STORAGE", str(held.place))
    monkeypatch.setattr(opened, "known_datasets", lambda _folder: KNOWN)
    return edx_assets.open(KEY)


def test_a_table_is_a_frame_of_each_kind(here: Any) -> None:
    assert here.tables() == ["forum", "said", "student_courseenrollment"]
    frame = here.frame("said")
    assert list(frame["user_id"]) == [7, 7, 8, 8]
    first = frame[frame["points"] == 1.5].iloc[0]
    assert (first["time"], first["good"]) == (pd.Timestamp(AT), True)
    assert pd.Timestamp(first["day"]).date() == date(2014, 2, 3)
    assert json.loads(first["more"]) == {"a": [1, "=1"]}
    words = sorted(str(word) for *_two, word, _points, _good, _more in SAID)
    assert sorted(str(word) for word in here.polars("said")["word"]) == words
    assert here.arrow("student_courseenrollment")["id"].to_pylist() == [3_000_000_000, 4]
    assert here.frame("student_courseenrollment")["id"].tolist() == [3_000_000_000, 4]


def test_sql_joins_collections_and_datasets(here: Any) -> None:
    rows = here.sql(
        "SELECT word, other->>'reason' FROM Said JOIN student_courseenrollment USING (user_id)"
        " WHERE points > 1 AND user_id = 7"
    ).fetchall()
    assert rows == [('=HYPERLINK("http://x")', "new")]
    assert here.sql("SELECT document->'votes'->>'count' FROM forum").fetchall() == [("2",)]
    assert here.sql("WITH forum AS (SELECT 1 AS n) SELECT n FROM forum").fetchall() == [(1,)]
    assert here.sql("DESCRIBE said").fetchall()[0][:2] == ("user_id", "BIGINT")
    assert here.sql("SELECT 1").df().shape == (1, 1)


def test_a_dataset_is_as_it_is_now_and_a_collection_as_it_was(
    here: Any, store: Store, held: Storage, tmp_path: Path
) -> None:
    assert (len(here.frame("said")), len(here.frame("forum"))) == (4, 1)
    say(store, held, tmp_path, [(9, None, "new", None, None, None)])
    hold(store, "forum", [POST, {"_id": "2"}])
    assert here.frame("said")["word"].tolist() == ["new"]
    assert len(here.frame("forum")) == 1
    assert len(edx_assets.open(DATABASE).frame("forum")) == 2


def test_a_file_that_is_replaced_is_read_as_it_was_or_as_it_is(
    here: Any, store: Store, held: Storage, tmp_path: Path
) -> None:
    texts = [("a", 3000), ("b", 7)]
    contents = [
        say(store, held, tmp_path, [word(n, text) for n in range(many)]).read_bytes()
        for text, many in texts
    ]
    stop = threading.Event()

    def replace() -> None:
        turn = 0
        while not stop.is_set():
            with held.writing(f"datasets/{DATABASE}/said.parquet") as path:
                path.write_bytes(contents[turn := 1 - turn])

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        query = "SELECT word, count(*) FROM said GROUP BY ALL"
        seen = {tuple(here.sql(query).fetchall()) for _time in range(100)}
    finally:
        stop.set()
        writer.join()
    assert seen <= {(each,) for each in texts}


@pytest.mark.parametrize(
    "query",
    [
        "DROP VIEW said",
        "COPY said TO 'x.csv'",
        "INSERT INTO forum VALUES (1)",
        "SET memory_limit = '1GB'",
        "ATTACH 'x.duckdb'",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "",
    ],
)
def test_nothing_is_written(here: Any, query: str, tmp_path: Path) -> None:
    with pytest.raises(NotReadingError, match="ask one SELECT at a time"):
        here.sql(query)
    assert not list(tmp_path.glob("x.*"))


def test_what_is_wrong_is_told(here: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "no table sung; there are: forum, said, student_courseenrollment"
    with pytest.raises(UnknownTableError, match=told):
        here.frame("sung")
    with pytest.raises(UnknownTableError, match=told):
        here.sql("SELECT * FROM said, sung")
    with pytest.raises(duckdb.BinderException):
        here.sql("SELECT sung FROM said")
    with pytest.raises(UnknownCourseError):
        edx_assets.open("course-v1:X")
    rows = pd.DataFrame({"a": [1]})
    with pytest.raises(UnknownTableError):  # the name of a variable is none of a table
        here.sql("SELECT * FROM rows")
    assert len(rows) == 1
    for name in ("EDX_STORAGE", "EDX_MONGO_URI"):
        monkeypatch.delenv(name)
        with pytest.raises(MissingSettingError, match=name):
            edx_assets.open(KEY)


def test_a_collection_that_is_not_whole_is_not_given(here: Any, store: Store) -> None:
    ledger = store.get(COURSE_LOADS, f"{KEY}/forum")
    assert ledger
    store.put(COURSE_LOADS, {**ledger, "documents": 5})
    with pytest.raises(SourceChangedError):
        here.frame("forum")
    with pytest.raises(CountMismatchError, match="it has 1 rows, and 5 by the ledger"):
        edx_assets.open(KEY).frame("forum")
    store.put(COURSE_LOADS, {**ledger, "source": []})
    with pytest.raises(StageMissingError, match="half loaded"):
        edx_assets.open(KEY).frame("forum")
    store.put(COURSE_LOADS, ledger)
    assert len(here.frame("forum")) == 1
    store.delete(Collection(DATABASE, "forum"), {})
    assert len(here.frame("forum")) == 1  # it is read once


@pytest.mark.parametrize(("library", "way"), [("pandas", "frame"), ("polars", "polars")])
def test_a_library_that_is_missing_is_named(
    here: Any, library: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "find_spec", lambda name: None if name == library else object())
    with pytest.raises(MissingExtraError, match=rf"{library} is not .* 'edx-assets\[frames\]'"):
        getattr(here, way)("said")
    assert here.arrow("said").num_rows == 4


def test_nothing_is_left_behind(here: Any, held: Storage) -> None:
    folder = Path(str(held.place))
    assert len(list(folder.glob(".writing-*"))) == 1
    answer = edx_assets.open(KEY).sql("SELECT count(*) FROM said")
    assert answer.fetchall() == [(4,)]
    assert len(list(folder.glob(".writing-*"))) == 2
    del answer
    assert len(list(folder.glob(".writing-*"))) == 1


def test_importing_the_package_loads_nothing_else() -> None:
    told = "import edx_assets, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"dagster", "duckdb", "pandas", "polars", "pyarrow", "pymongo"}
    assert heavy.isdisjoint(loaded)
    assert "edx_assets" in loaded
