"""A release by the command or the job: two folders, whole or not at all."""

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from dagster import DagsterInstance, ExecuteInProcessResult

from edx_assets.cli.main import main
from edx_assets.datasets.course import file_of
from edx_assets.datasets.definition import datasets
from edx_assets.definitions import build_defs
from edx_assets.exports.release import deidentify
from edx_assets.exports.release.search import release_classes
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import note_course_load
from edx_assets.loading.registry import registered_course
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.resources.stored import digest_of
from edx_assets.settings import load_settings
from edx_assets_tests.exports.held import KEY, LOADED, course
from edx_assets_tests.exports.release.learners import Learner, write_course
from edx_assets_tests.institution import failure_text

OTHER = "course-v1:TestX+T101+2015"
PEOPLE: list[Learner] = [
    {
        "user_id": 4711 + number,
        "username": f"learner{number}",
        "gender": "fm"[number % 2],
        "YoB": 1980 + number % 2,
        "cc_by_ip": "CA",
        "registered": True,
        "certified": number < 4,
        "grade": 0.9 if number < 4 else 0.25,
        "nevents": 1234,
    }
    for number in range(30)
]


def take(store: Store, storage: Storage, folder: Path, key: str, people: list[Learner]) -> None:
    """A course whose `person_course` has these rows."""
    course(store, key)
    database = registered_course(store, key)["database"]
    path = folder / "made.parquet"
    write_course(path, people)
    name = file_of(database, "person_course")
    with storage.writing(name) as target:
        target.write_bytes(path.read_bytes())
    load = CourseLoad(
        documents=len(people),
        source=[datasets()["person_course"].made_by, "x"],
        loaded_at=LOADED,
        content=digest_of(path),
    )
    note_course_load(store, key, Collection(database, "person_course"), load)


@pytest.fixture
def here(
    store: Store,
    storage: Storage,
    empty_mongo_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Settings and two courses; where to release them to."""
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    monkeypatch.setenv("EDX_STORAGE", str(storage.place))
    staff = [{"user_id": 1, "username": "boss", "roles": "Staff"}]
    take(store, storage, tmp_path, KEY, PEOPLE + staff)
    take(store, storage, tmp_path, OTHER, PEOPLE[:12])
    return tmp_path / "out"


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["release", *map(str, arguments)])


def run(**form: Any) -> ExecuteInProcessResult:
    job = build_defs(load_settings()).resolve_job_def("release_courses")
    with DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            run_config={"ops": {"release_person_course": {"config": form}}},
            instance=instance,
            raise_on_error=False,
        )


def told(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_release_is_two_folders_and_a_report_that_adds_up(here: Path) -> None:
    result = command(KEY, "TestX_T101_2015", KEY, "--to", here)
    assert result.exit_code == 0, result.output
    assert "42 of 43 rows (1 of staff and 0 others left out); 6 learners are alike" in result.output
    assert "  YoB: year 42\n" in result.output
    names = {str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()}
    handed = {"release/person_course.parquet", "release/README.md", "release/manifest.json"}
    assert names == handed | {"report/report.json", "report/report.md", "report/manifest.json"}
    for path in here.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)

    report = told(here / "report" / "report.json")
    assert report["rows"] == {
        "given": 43,
        "staff": 1,
        "dropped_for_courses": 0,
        "dropped_for_class": 0,
        "released": 42,
    }
    assert report["proof"]["smallest"] == 6
    for course_key, before in report["utility"]["before"].items():
        after = report["utility"]["after"][course_key]
        assert (before.pop("mean_nevents"), after.pop("mean_nevents")) == (1234, 1200)
        assert before == after
    assert report["utility"]["after"][OTHER]["mean_grade"] == pytest.approx(0.4667)
    for each in report["detail"].values():
        assert sum(each["rows"].values()) == 42
    assert report["detail"]["LoE"]["rows"]["unknown"] == 42
    assert report["uniform"]["none certified"] == {"classes": 0, "rows": 0}
    assert "username" in report["left_out"]

    file = here / "release" / "person_course.parquet"
    manifest = told(here / "release" / "manifest.json")
    assert manifest["courses"] == [KEY, OTHER]
    digests = {each["file"]: each["sha256"] for each in manifest["files"]}
    assert digests[file.name] == hashlib.sha256(file.read_bytes()).hexdigest()
    page = (here / "report" / "report.md").read_text()
    assert "| released | 42 | 97.7% |" in page
    assert f"### {OTHER}" in page


def test_what_is_handed_on_names_nobody_and_nothing_before(here: Path) -> None:
    assert command(KEY, OTHER, "--to", here, "--format", "jsonl").exit_code == 0
    everything = b"".join(path.read_bytes() for path in (here / "release").iterdir())
    for word in (b"learner1", b"boss", b"4711", b"1234", b"utility", b'staff":'):
        assert word not in everything
    page = (here / "release" / "README.md").read_text()
    for column in pq_columns(here):
        assert f"| {column} | " in page


def pq_columns(here: Path) -> list[str]:
    [first, *_rest] = (here / "release" / "person_course.jsonl").read_text().splitlines()
    return list(json.loads(first))


def test_each_form_has_the_same_rows_and_a_rerun_the_same_bytes(here: Path) -> None:
    found = {}
    for form in ("parquet", "csv", "jsonl"):
        to = here / form
        assert command(KEY, "--to", to, "--format", form).exit_code == 0
        file = to / "release" / f"person_course.{form}"
        before = file.read_bytes()
        assert command(KEY, "--to", to, "--format", form).exit_code == 0
        assert file.read_bytes() == before
        with duckdb.connect() as session:
            query = f"SELECT course_id, learner, gender, YoB, grade, nevents FROM '{file}'"  # noqa: S608
            found[form] = session.execute(query).fetchall()
    assert len(found["parquet"]) == 30
    typed = [(*row[:3], int(row[3]), *row[4:]) for row in found["parquet"]]
    assert [(*row[:3], int(row[3]), *row[4:]) for row in found["csv"]] == typed
    assert [(*row[:3], int(row[3]), *row[4:]) for row in found["jsonl"]] == typed


def test_other_courses_or_rules_give_other_ids(here: Path) -> None:
    ids = []
    for number, arguments in enumerate(
        [[KEY], [KEY, OTHER], [KEY, "--k", "6"], [KEY, "--quasi", "gender"], [KEY, "--separate"]]
    ):
        assert command(*arguments, "--to", here / str(number)).exit_code == 0
        file = here / str(number) / "release" / "person_course.parquet"
        ids.append(set(pq.read_table(file)["learner"].to_pylist()))
    assert len(set.union(*ids)) == sum(map(len, ids))


def test_what_cannot_be_released_is_told(here: Path, store: Store) -> None:
    result = command(OTHER, "--to", here, "--k", "13")
    assert result.exit_code == 1
    assert "of 12 learners, no 13 are alike: name larger courses, or a smaller --k" in result.stderr
    course(store, "course-v1:TestX+New+1")
    result = command(KEY, "TestX_New_1", "--to", here)
    assert "has no person_course yet: materialize course/person_course" in result.stderr
    assert "X is no course here" in command("X", "--to", here).stderr
    assert not [*here.glob("*")]


def test_a_release_that_is_not_anonymous_is_not_handed_out(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(KEY, "--to", here).exit_code == 0
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    # a fault: classes may be smaller than asked for
    monkeypatch.setattr(
        deidentify, "release_classes", lambda db, quasi, k: release_classes(db, quasi, 1)
    )
    result = command(KEY, "--to", here, "--k", "16")
    assert result.exit_code == 1
    assert "the release is not 16-anonymous" in result.stderr
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def test_a_file_of_an_older_definition_is_told_without_its_cells(
    here: Path, store: Store, storage: Storage, tmp_path: Path
) -> None:
    database = registered_course(store, OTHER)["database"]
    older = tmp_path / "older.parquet"
    table = pq.read_table(tmp_path / "made.parquet").drop_columns(["gender"])
    pq.write_table(table, older)
    with storage.writing(file_of(database, "person_course")) as target:
        target.write_bytes(older.read_bytes())
    load = CourseLoad(documents=12, source=["x"], loaded_at=LOADED, content=digest_of(older))
    note_course_load(store, OTHER, Collection(database, "person_course"), load)
    result = command(OTHER, "--to", here)
    assert result.exit_code == 1
    assert "DuckDB's BinderException: materialize course/person_course" in result.stderr


def test_the_command_and_the_job_write_the_same(here: Path) -> None:
    rules = ("--k", "4", "--quasi", "gender", "--separate", "--format", "csv")
    result = command(KEY, OTHER, "--to", here / "a", *rules)
    assert result.exit_code == 0, result.output
    ran = run(
        courses=[KEY, OTHER], folder=str(here / "b"), k=4, quasi=["gender"], separate=True,
        format="CSV",
    )  # fmt: skip
    assert ran.success, failure_text(ran)
    one, other = (here / way / "release" / "person_course.csv" for way in "ab")
    assert one.read_bytes() == other.read_bytes()
    assert len(one.read_bytes().splitlines()) == 43
    (output,) = (event for event in ran.all_events if event.is_successful_output)
    metadata: Any = output.step_output_data.metadata
    assert metadata["rows"].value["released"] == 42
    assert metadata["rows"].value["staff"] == 1
    assert metadata["learners_alike"].value == 6
    assert metadata["levels"].value["gender"]["value"] == 42


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"quasi": ["gender", "shoe size"]}, "quasi: shoe size: choose of gender, YoB, "),
        ({"k": 1}, "k: one learner is always alike: choose 2 or more"),
        ({"courses": ["X"]}, "X is no course here (2 are)"),
    ],
)
def test_a_form_that_no_release_can_have_is_refused(
    here: Path, form: dict[str, Any], message: str
) -> None:
    ran = run(**{"courses": [KEY], "folder": str(here), **form})
    assert not ran.success
    assert message in failure_text(ran)
    assert not here.exists()
