"""The file of all courses: each dataset over every course, whatever happens to their files."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

import edx_assets
from edx_assets.datasets.definition import read
from edx_assets.exports.warehouse import WAREHOUSE, made_state, make_warehouse, warehouse_state
from edx_assets.loading.kept.disk_use import disk_use
from edx_assets.loading.ledger import forget_course_load
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.exports.held import DATABASE, HEAD, KEY, KNOWN, SAID, course, say, word
from edx_assets_tests.resources.places import a_bucket

EDGE = "course-v1:TestX+T101+2014@edge"
NEW = read(
    "said",
    HEAD
    + """\
-- | user_id | BIGINT | the learner |
-- | shout | VARCHAR | the word, loud |
SELECT user_id, upper(word) AS shout FROM words
""",
)


@pytest.fixture
def two(store: Store, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Two courses with the dataset, one of edge, and one without; their storage."""
    monkeypatch.setenv("EDX_STORAGE", str(storage.place))
    for key, site in ((KEY, "edx"), (KEY, "edge"), ("course-v1:TestX+New+1", "edx")):
        course(store, key, site)
    say(store, storage, tmp_path, SAID)
    say(store, storage, tmp_path, [word(1)], EDGE)
    return storage


def by_course() -> list[Any]:
    return (
        edx_assets.open()
        .sql("SELECT course_id, count(*) FROM said GROUP BY ALL ORDER BY ALL")
        .fetchall()
    )


def test_a_view_has_the_rows_of_every_course(store: Store, two: Storage) -> None:
    with pytest.raises(StageMissingError, match="edx-assets warehouse"):
        edx_assets.open()
    told = make_warehouse(store, two, KNOWN)
    assert told == {"courses": 2, "views": 1, "outcome": "made"}
    everything = edx_assets.open()
    assert everything.tables() == ["courses", "said"]
    assert by_course() == [(KEY, 4), (EDGE, 1)]
    frame = everything.frame("said")
    assert list(frame.columns) == ["course_id", *(c.name for c in KNOWN["said"].columns)]
    assert everything.frame("courses")["site"].tolist() == ["edx", "edge"]
    file = Path(str(two.place)) / WAREHOUSE
    assert file.stat().st_mode & 0o777 == 0o600
    with duckdb.connect(str(file), read_only=True) as plain:  # any other program, too
        assert plain.execute("SELECT max(points) FROM said").fetchone() == (1e300,)
        comments = plain.execute("SELECT column_name, comment FROM duckdb_columns()").fetchall()
    assert ("word", "the word") in comments


def test_replaced_files_are_read_as_they_were_until_it_is_made_again(
    store: Store, two: Storage, tmp_path: Path
) -> None:
    make_warehouse(store, two, KNOWN)
    before = edx_assets.open()
    say(store, two, tmp_path, [word(1), word(2)], EDGE)
    assert by_course() == [(KEY, 4), (EDGE, 1)]
    make_warehouse(store, two, KNOWN)
    assert by_course() == [(KEY, 4), (EDGE, 2)]
    assert len(before.frame("said")) == 5  # it goes on with the old files
    make_warehouse(store, two, KNOWN)
    with pytest.raises(duckdb.IOException):  # they are gone, and no others are in their place
        before.frame("said")
    links = Path(str(two.place)) / "datasets" / "all_courses"
    assert len(list(links.iterdir())) == 2
    assert disk_use(two)["kept"]["datasets"] == sum(
        path.stat().st_size for path in links.parent.glob("*/*.parquet")
    ) + sum(path.stat().st_size for path in links.parent.glob("all_courses.*"))


def test_files_of_an_older_definition_lack_what_is_new(
    store: Store, two: Storage, tmp_path: Path
) -> None:
    make_warehouse(store, two, {"said": NEW})
    columns = edx_assets.open().sql("SELECT DISTINCT shout FROM said").fetchall()
    assert columns == [(None,)]
    say(store, two, tmp_path, [word(1, "hey")], EDGE, NEW)
    make_warehouse(store, two, {"said": NEW})
    rows = edx_assets.open().sql("SELECT DISTINCT shout FROM said ORDER BY ALL").fetchall()
    assert rows == [("HEY",), (None,)]


def test_it_is_due_when_a_dataset_or_a_definition_changes(
    store: Store, two: Storage, tmp_path: Path
) -> None:
    assert made_state(two) is None
    make_warehouse(store, two, KNOWN)
    state = warehouse_state(store, KNOWN)
    assert made_state(two) == state
    say(store, two, tmp_path, [word(1)], EDGE)
    assert warehouse_state(store, KNOWN) == state  # the same rows
    assert warehouse_state(store, {"said": NEW}) != state
    say(store, two, tmp_path, [word(3)], EDGE)
    assert warehouse_state(store, KNOWN) != state
    say(store, two, tmp_path, [word(1)], EDGE)
    say(store, two, tmp_path, [word(3)], "course-v1:TestX+New+1")
    assert warehouse_state(store, KNOWN) != state
    forget_course_load(store, EDGE, Collection(f"{DATABASE}_edge", "said"))
    make_warehouse(store, two, KNOWN)
    assert [row[0] for row in by_course()] == ["course-v1:TestX+New+1", KEY]


def test_without_a_dataset_it_is_empty(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_STORAGE", str(storage.place))
    assert make_warehouse(store, storage, KNOWN)["views"] == 0
    assert edx_assets.open().tables() == ["courses"]


def test_the_storage_can_have_a_name_like_a_pattern(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Storage(place=str(tmp_path / "Ana's [data]* 1"))
    monkeypatch.setenv("EDX_STORAGE", str(odd.place))
    course(store, KEY, "edx")
    say(store, odd, tmp_path, SAID)
    assert make_warehouse(store, odd, KNOWN)["views"] == 1
    assert by_course() == [(KEY, 4)]


def test_of_a_bucket_the_file_has_the_rows_themselves(
    store: Store, delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = a_bucket(delivery.s3, delivery.endpoint, tmp_path, "/ours")
    monkeypatch.setenv("EDX_STORAGE", str(ours.place))
    monkeypatch.setenv("EDX_STORAGE_ENDPOINT_URL", delivery.endpoint)
    monkeypatch.setenv("EDX_SCRATCH", str(ours.scratch))
    for site in ("edx", "edge"):
        course(store, KEY, site)
    say(store, ours, tmp_path, SAID)
    say(store, ours, tmp_path, [word(1)], EDGE)
    for _again in range(2):
        assert make_warehouse(store, ours, KNOWN)["views"] == 1
        assert [path for path in Path(str(ours.scratch)).rglob("*") if path.is_file()] == []
    assert by_course() == [(KEY, 4), (EDGE, 1)]
    with ours.reading(WAREHOUSE) as path:
        alone = path.rename(tmp_path / "alone.duckdb")
    ours.delete("datasets")
    with duckdb.connect(str(alone), read_only=True) as plain:
        assert plain.execute("SELECT count(*), max(points) FROM said").fetchone() == (5, 1e300)
        comments = plain.execute("SELECT column_name, comment FROM duckdb_columns()").fetchall()
    assert ("word", "the word") in comments
