"""The export of a course: every table, whole, with a dictionary and a manifest, or not at all."""

import csv
import hashlib
import json
import stat
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from edx_assets.datasets.course import SourceChangedError
from edx_assets.exports.course import export_course
from edx_assets.exports.folder import ForeignFilesError, replacing_folder
from edx_assets.exports.formats import Format
from edx_assets.exports.tables import UnknownCourseError, UnknownTableError
from edx_assets.loading.ledger import COURSE_LOADS
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.exports.held import (
    DATABASE,
    KEY,
    KNOWN,
    POST,
    SAID,
    course,
    export,
    say,
)


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
    stored = Path(str(held.place)) / "datasets" / DATABASE / "said.parquet"
    assert (here / "said.parquet").read_bytes() == stored.read_bytes()
    assert manifest["datasets_not_made"] == []


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
    assert enrolled["personal"]["user_id"] == "identifier: user id"
    assert "is_active" not in enrolled["personal"]
    assert files["forum.csv"]["personal"]["votes.up"] == "identifier: user id"


def test_the_dictionary_has_every_column(store: Store, held: Storage, tmp_path: Path) -> None:
    export(store, held, tmp_path)
    with (tmp_path / DATABASE / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    told = {(row["table"], row["column"]): row for row in rows}
    assert told["said", "good"]["meaning"] == "whether it is right"
    assert told["student_courseenrollment", "created"]["type"] == "TIMESTAMP"
    assert told["student_courseenrollment", "user_id"]["personal"] == "identifier: user id"
    assert told["forum", "document"]["personal"] == "free text"
    for name in ("said", "student_courseenrollment", "forum"):
        columns = pq.read_schema(tmp_path / DATABASE / f"{name}.parquet").names
        assert [column for table, column in told if table == name] == columns
    assert all(row["meaning"] for row in rows if row["table"] == "said")


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


def test_a_file_that_comes_meanwhile_stays(tmp_path: Path) -> None:
    here = tmp_path / DATABASE

    def export_slowly() -> None:
        with replacing_folder(here) as room:
            (room / "files" / "said.csv").touch()
            here.mkdir()
            (here / "thesis.docx").touch()

    with pytest.raises(ForeignFilesError):
        export_slowly()
    assert [path.name for path in here.iterdir()] == ["thesis.docx"]
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE]


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
    stored = Path(str(held.place)) / "datasets" / DATABASE / "said.parquet"
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
    Path(str(held.place), "datasets", DATABASE, "said.parquet").unlink()
    with pytest.raises(StageMissingError, match="its file is not in the storage"):
        export(store, held, tmp_path)
    assert list(tmp_path.glob("TestX*")) == []
