"""An institution's own datasets: as those of the package, and a bad file harms itself alone."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from dagster import AssetKey

from edx_assets.cli.main import main
from edx_assets.datasets.course import make_datasets
from edx_assets.datasets.definition import datasets
from edx_assets.datasets.own import known_datasets, own_datasets
from edx_assets.definitions import build_defs
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings
from edx_assets_tests.exports.held import DATABASE, KEY, course, hold

NAMES = """\
-- Who there is.
--
-- Grain: one row for each user.
-- Source: our registrar.
-- Needs: auth_user
--
-- | column | type | meaning |
-- |---|---|---|
-- | id | BIGINT | the learner |
SELECT id FROM auth_user
"""
COUNT = NAMES.replace("auth_user", "our_names").replace("one row for each user", "one row")
COUNT = COUNT.replace("SELECT id", "SELECT count(*) AS id")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of EDX_DATASETS, with two datasets, of which one needs the other."""
    here = tmp_path / "own"
    here.mkdir()
    (here / "our_names.sql").write_text(NAMES)
    (here / "a_count.sql").write_text(COUNT)
    (here / "notes.txt").write_text("not a dataset")
    monkeypatch.setenv("EDX_DATASETS", str(here))
    return here


def test_they_come_after_those_that_they_need(folder: Path) -> None:
    assert list(known_datasets(folder)) == [*datasets(), "our_names", "a_count"]
    assert [each.name for each in own_datasets(folder)] == ["our_names", "a_count"]
    assert known_datasets(None) == datasets()
    assert own_datasets(None) == []


WRONG = [
    ("no head.sql", NAMES, "own_no_head", "a name has small letters, digits and underscores"),
    ("Names.sql", NAMES, "own_names", "rename the file"),
    ("sessions.sql", NAMES, "own_sessions", "has the name of a dataset of the package"),
    ("forum.sql", NAMES, "own_forum", "has the name of a collection"),
    ("events.sql", NAMES, "own_events", "has the name of a collection, or another table"),
    ("bad.sql", "SELECT 1", "bad", "bad.sql, line 1 begins a head without Purpose"),
    ("bad.sql", NAMES.replace("| BIGINT ", ""), "bad", "bad.sql, line 9 is no row with column"),
    ("bad.sql", NAMES.replace("id FROM", "é FROM").encode("latin-1"), "bad", "save it as UTF-8"),
    ("bad.sql", NAMES.replace("auth_user", "bad"), "bad", "bad need each other, or one that does"),
]


@pytest.mark.parametrize(("file", "text", "name", "told"), WRONG)
def test_a_bad_file_is_told_and_harms_itself_alone(
    folder: Path, file: str, text: str | bytes, name: str, told: str
) -> None:
    (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    known = known_datasets(folder)
    assert [each for each in known if known[each].wrong] == [name]
    assert known[name].wrong.startswith("EDX_DATASETS: ")
    assert told in known[name].wrong
    assert {*datasets(), "our_names", "a_count"} < {*known}
    graph = build_defs(load_settings()).get_repository_def().asset_graph
    assert told in (graph.get(AssetKey(["course", name])).description or "")


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "gone.sql").symlink_to(folder / "nowhere")
    assert "gone.sql cannot be read (No such file" in known_datasets(folder)["gone"].wrong


def test_a_folder_that_is_not_there(folder: Path) -> None:
    gone = folder / "gone"
    [wrong] = own_datasets(gone)
    assert wrong.wrong == f"EDX_DATASETS: {gone} does not exist: correct the setting"


def test_they_are_made_as_those_of_the_package(folder: Path, store: Store, tmp_path: Path) -> None:
    (folder / "bad.sql").write_text("SELECT 1")
    (folder / "needs_bad.sql").write_text(NAMES.replace("auth_user", "bad"))
    (folder / "worse.sql").write_text(NAMES.replace("SELECT id", "SELECT nobody"))
    course(store)
    hold(store, "auth_user", [{"_id": 2, "id": 7}, {"_id": 3, "id": 8}])
    known = known_datasets(folder)
    storage = Storage(place=str(tmp_path / "storage"))
    outcomes = dict(make_datasets(store, storage, KEY, own_datasets(folder), known))
    told = {name: str(each) for name, each in outcomes.items() if isinstance(each, Exception)}
    assert told.keys() == {"bad", "needs_bad", "worse"}
    assert "bad.sql, line 1" in told["bad"]
    assert "needs bad, which failed" in told["needs_bad"]
    assert "worse.sql: the query fails" in told["worse"]
    found = Collection(DATABASE, "our_names")
    assert [each["id"] for each in store.find(found, {}, sort=[("_id", 1)])] == [7, 8]
    assert [each["id"] for each in store.find(Collection(DATABASE, "a_count"), {})] == [2]


def test_the_doctor_looks_at_the_files_and_their_queries(folder: Path) -> None:
    def doctor() -> str:
        return CliRunner().invoke(main, ["doctor"]).output

    assert "own datasets: our_names, a_count" in doctor()
    (folder / "bad.sql").write_text(NAMES.replace("SELECT id", "SELCT id"))
    (folder / "clash.sql").write_text("SELECT 1")
    text = doctor()
    assert "bad.sql, line 10: syntax error" in text
    assert "clash.sql, line 1 begins a head without Purpose" in text
