"""The export of a course: every table, whole, with a dictionary and a manifest, or not at all."""

import csv
import hashlib
import json
import math
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from bson import ObjectId

from edx_assets.datasets.course import SourceChangedError
from edx_assets.exports.course import export_course
from edx_assets.exports.folder import ForeignFilesError
from edx_assets.exports.formats import Format
from edx_assets.exports.tables import UnknownCourseError, UnknownTableError
from edx_assets.loading.ledger import COURSE_LOADS
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.exports.held import AT, DATABASE, KEY, KNOWN, course, hold, say

POST = {"_id": ObjectId("50f1dd4ae05f6d2600000001"), "body": "=1+1\n", "votes": {"count": 2}}
ENROLLED = {
    "_id": 2,
    "id": 3_000_000_000,
    "user_id": 7,
    "course_id": KEY,
    "created": datetime(2014, 1, 5, 10, tzinfo=UTC),
    "is_active": "perhaps",
    "mode": None,
    "reason": "new",
}
SAID: list[Any] = [
    (7, AT, '=HYPERLINK("http://x")', 1.5, True, '{"a": [1, "=1"]}'),
    (7, None, "", None, None, None),
    (8, None, None, 0.1, False, '"x"'),
    (8, AT, 'NA, "é"\nß', 1e300, True, None),
]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(folder=str(tmp_path / "storage"))


@pytest.fixture
def held(store: Store, storage: Storage, tmp_path: Path) -> Storage:
    """A course with a table, documents and a dataset; its storage."""
    course(store)
    hold(store, "student_courseenrollment", [ENROLLED, {"_id": 3, "id": 4, "user_id": 8}])
    hold(store, "forum", [POST])
    say(store, storage, tmp_path, SAID)
    return storage


def export(
    store: Store, storage: Storage, to: Path, form: str = "parquet", *only: str
) -> dict[str, Any]:
    target, manifest = export_course(store, storage, KEY, to, Format(form), KNOWN, only)
    assert target == to / DATABASE
    assert json.loads((target / "manifest.json").read_text()) == manifest
    return manifest


def test_parquet_has_every_table_as_it_is(store: Store, held: Storage, tmp_path: Path) -> None:
    manifest = export(store, held, tmp_path / "out")
    here = tmp_path / "out" / DATABASE
    assert {path.name for path in here.iterdir()} == {
        "student_courseenrollment.parquet",
        "forum.parquet",
        "said.parquet",
        "dictionary.csv",
        "manifest.json",
    }
    first, second = pq.read_table(here / "student_courseenrollment.parquet").to_pylist()
    assert json.loads(first.pop("other")) == {"is_active": "perhaps", "reason": "new"}
    assert first == {
        "id": 3_000_000_000,
        "user_id": 7,
        "course_id": KEY,
        "created": datetime(2014, 1, 5, 10),
        "is_active": None,
        "mode": None,
    }
    assert (second["id"], second["other"]) == (4, None)
    [post] = pq.read_table(here / "forum.parquet").to_pylist()
    assert json.loads(post["document"])["_id"] == post["_id"] == str(POST["_id"])
    stored = Path(str(held.folder)) / "datasets" / DATABASE / "said.parquet"
    assert (here / "said.parquet").read_bytes() == stored.read_bytes()
    assert manifest["datasets_not_made"] == []


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


def test_the_manifest_says_what_each_file_is(store: Store, held: Storage, tmp_path: Path) -> None:
    manifest = export(store, held, tmp_path, "csv")
    files = {each["file"]: each for each in manifest["files"]}
    for name, told in files.items():
        content = (tmp_path / DATABASE / name).read_bytes()
        assert told["bytes"] == len(content)
        assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (manifest["course"], manifest["site"], manifest["format"]) == (KEY, "edx", "csv")
    enrolled = files["student_courseenrollment.csv"]
    assert (enrolled["rows"], enrolled["package"]) == (2, "2014-03-02")
    assert enrolled["loaded_at"] == "2014-03-02T10:00:00+00:00"
    assert files["said.csv"]["cells_marked"] == 1
    assert files["said.csv"]["kind"] == "dataset"
    assert "package" not in files["said.csv"]


def test_the_dictionary_has_every_column(store: Store, held: Storage, tmp_path: Path) -> None:
    export(store, held, tmp_path)
    with (tmp_path / DATABASE / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    told = {(row["table"], row["column"]): row for row in rows}
    assert told["said", "good"]["meaning"] == "whether it is right"
    assert told["student_courseenrollment", "created"]["type"] == "TIMESTAMP"
    for name in ("said", "student_courseenrollment", "forum"):
        columns = pq.read_schema(tmp_path / DATABASE / f"{name}.parquet").names
        assert [column for table, column in told if table == name] == columns
    assert all(row["meaning"] for row in rows if row["table"] == "said")


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


def test_only_its_owner_can_read_it(store: Store, held: Storage, tmp_path: Path) -> None:
    export(store, held, tmp_path / "a" / "b", "csv")
    for folder in (tmp_path / "a" / "b", tmp_path / "a" / "b" / DATABASE):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in (tmp_path / "a" / "b" / DATABASE).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_rerun_replaces_the_whole_folder(store: Store, held: Storage, tmp_path: Path) -> None:
    export(store, held, tmp_path / "out", "csv")
    export(store, held, tmp_path / "out", "parquet", "said")
    assert {path.name for path in (tmp_path / "out" / DATABASE).iterdir()} == {
        "said.parquet",
        "dictionary.csv",
        "manifest.json",
    }
    assert [path.name for path in (tmp_path / "out").iterdir()] == [DATABASE]


def test_files_of_others_stay(store: Store, held: Storage, tmp_path: Path) -> None:
    here = tmp_path / "out" / DATABASE
    here.mkdir(parents=True)
    (here / "thesis.docx").write_text("years of work")
    with pytest.raises(ForeignFilesError, match=r"thesis\.docx is not of an export: move it away"):
        export(store, held, tmp_path / "out")
    (here / "thesis.docx").rename(tmp_path / "thesis.docx")
    export(store, held, tmp_path / "out")
    (tmp_path / "thesis.docx").rename(here / "thesis.docx")
    with pytest.raises(ForeignFilesError):
        export(store, held, tmp_path / "out", "csv")
    assert (here / "thesis.docx").read_text() == "years of work"
    assert (here / "said.parquet").exists()
    (tmp_path / "file" / DATABASE).parent.mkdir()
    (tmp_path / "file" / DATABASE).write_text("mine")
    with pytest.raises(ForeignFilesError):
        export(store, held, tmp_path / "file")
    assert (tmp_path / "file" / DATABASE).read_text() == "mine"


def test_what_fails_leaves_the_export_before(store: Store, held: Storage, tmp_path: Path) -> None:
    export(store, held, tmp_path / "out")
    before = {p.name: p.read_bytes() for p in (tmp_path / "out" / DATABASE).iterdir()}
    store.delete(Collection(DATABASE, "forum"), {})
    with pytest.raises(CountMismatchError, match="forum: it has 0 rows, and 1 by the ledger"):
        export(store, held, tmp_path / "out")
    after = {p.name: p.read_bytes() for p in (tmp_path / "out" / DATABASE).iterdir()}
    assert after == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == [DATABASE]


def test_what_a_killed_export_left_is_removed(store: Store, held: Storage, tmp_path: Path) -> None:
    left = tmp_path / "out" / ".exporting-x"
    (left / "files").mkdir(parents=True)
    (left / ".lock").touch()
    export(store, held, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [DATABASE]


def test_what_is_loaded_meanwhile_is_told(store: Store, held: Storage, tmp_path: Path) -> None:
    stored = Path(str(held.folder)) / "datasets" / DATABASE / "said.parquet"
    with held.writing(f"datasets/{DATABASE}/said.parquet") as path:
        path.write_bytes(stored.read_bytes())
    export(store, held, tmp_path)  # the same bytes
    ledger = store.get(COURSE_LOADS, f"{KEY}/said")
    assert ledger
    say(store, held, tmp_path, SAID[:1])
    store.put(COURSE_LOADS, ledger)  # the ledger has not followed yet
    with pytest.raises(SourceChangedError, match="said was loaded again in the meantime"):
        export(store, held, tmp_path)


def test_what_is_half_loaded_is_told(store: Store, held: Storage, tmp_path: Path) -> None:
    store.update(COURSE_LOADS, {"_id": f"{KEY}/forum"}, {"source": []})
    with pytest.raises(StageMissingError, match="forum is being loaded, or half loaded"):
        export(store, held, tmp_path)
    export(store, held, tmp_path, "parquet", "said")


def test_what_is_not_there_is_named(store: Store, held: Storage, tmp_path: Path) -> None:
    with pytest.raises(
        UnknownTableError, match=r"no sung: .*course/sung, or name forum, student_.*, said$"
    ):
        export(store, held, tmp_path, "parquet", "said", "sung")
    with pytest.raises(UnknownCourseError, match="course-v1:X is no course here"):
        export_course(store, held, "course-v1:X", tmp_path, Format.CSV, KNOWN)
    course(store, "course-v1:TestX+New+1")
    with pytest.raises(StageMissingError, match="has no table yet"):
        export_course(store, held, "TestX_New_1", tmp_path, Format.CSV, KNOWN)
    Path(str(held.folder), "datasets", DATABASE, "said.parquet").unlink()
    with pytest.raises(StageMissingError, match="its file is not in the storage"):
        export(store, held, tmp_path)
    assert list(tmp_path.glob("TestX*")) == []
