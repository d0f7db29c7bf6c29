"""The two ways to export: the command and the job. They are alike, and harm one course alone."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from dagster import DagsterInstance, ExecuteInProcessResult

from edx_assets.cli.main import main
from edx_assets.definitions import build_defs
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings
from edx_assets_tests.exports.held import DATABASE, KEY, course, hold
from edx_assets_tests.institution import failure_text

OTHER = "course-v1:TestX+T101+2015"


@pytest.fixture
def here(
    store: Store, empty_mongo_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A working folder with settings and two courses; where to export to."""
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    monkeypatch.setenv("EDX_STORAGE", str(tmp_path / "storage"))
    for key in (KEY, OTHER):
        course(store, key)
        hold(store, "auth_user", [{"_id": 2, "id": 7, "username": "ana"}], key)
    return tmp_path / "out"


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def run(**form: Any) -> ExecuteInProcessResult:
    job = build_defs(load_settings()).resolve_job_def("export_courses")
    with DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            run_config={"ops": {"export_tables": {"config": form}}},
            instance=instance,
            raise_on_error=False,
        )


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_command_and_the_job_write_the_same(here: Path) -> None:
    result = command(KEY, "TestX_T101_2015", "--to", here / "a", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert f"{DATABASE}: 1 tables, 1 rows, " in result.output
    assert "not made yet, and not exported: " in result.output
    ran = run(courses=[KEY, OTHER], folder=str(here / "b"), format="CSV")
    assert ran.success, failure_text(ran)
    names = ("auth_user.csv", "dictionary.csv", "manifest.json")
    expected = {f"{d}/{name}" for d in (DATABASE, "TestX_T101_2015") for name in names}
    assert files(here / "a") == files(here / "b") == expected
    users = [here / way / DATABASE / "auth_user.csv" for way in "ab"]
    assert users[0].read_bytes() == users[1].read_bytes()
    assert b",ana," in users[0].read_bytes()


def test_a_course_that_fails_harms_itself_alone(here: Path, store: Store) -> None:
    store.delete(Collection(DATABASE, "auth_user"), {})
    result = command("X", KEY, OTHER, "--to", here / "a")
    assert result.exit_code == 1
    assert "Error: X: X is no course here (2 are)" in result.stderr
    assert f"Error: {KEY}: {KEY}: auth_user: it has 0 rows, and 1 by the ledger" in result.stderr
    text = failure_text(run(courses=["X", KEY, OTHER], folder=str(here / "b")))
    assert "2 of 3 courses failed, the others are done" in text
    for way in "ab":
        assert {path.name for path in (here / way).iterdir()} == {"TestX_T101_2015"}


def test_what_is_named_alone_is_written(here: Path) -> None:
    assert command(KEY, "--to", here, "--only", "auth_user").exit_code == 0
    assert (here / DATABASE / "auth_user.parquet").exists()
    result = command(KEY, "--to", here, "--only", "forum")
    assert "has no forum: materialize course/forum, or name auth_user" in result.stderr


def test_a_form_that_is_none_is_refused(here: Path) -> None:
    assert (
        "is not one of 'parquet', 'csv', 'jsonl'"
        in command(KEY, "--to", here, "--format", "x").output
    )
    assert not here.exists()


def test_both_write_pseudonyms(here: Path) -> None:
    asked = ("--format", "csv", "--pseudonymised", "--project", "thesis")
    result = command(KEY, OTHER, "--to", here / "a", *asked)
    assert result.exit_code == 0, result.output
    told = "pseudonyms of the project thesis; proof: 2 identifiers searched for in 2 files, 0 found"
    assert result.output.count(told) == 2
    ran = run(
        courses=[KEY, OTHER], folder=str(here / "b"), format="CSV", pseudonymised=True,
        project="thesis",
    )  # fmt: skip
    assert ran.success, failure_text(ran)
    users = [
        (here / way / database / "auth_user.csv").read_bytes()
        for way in "ab"
        for database in (DATABASE, "TestX_T101_2015")
    ]
    assert len({*users}) == 1
    assert b"ana" not in users[0]


def test_a_scope_that_is_not_told_well_is_refused(here: Path) -> None:
    result = command(KEY, "--to", here, "--project", "thesis")
    assert "are of pseudonyms: add --pseudonymised" in result.output
    result = command(KEY, "--to", here, "--pseudonymised", "--reach", "project")
    assert result.exit_code == 1
    assert "a project needs a name" in result.output
    text = failure_text(
        run(courses=[KEY], folder=str(here), pseudonymised=True, reach="COURSE", project="x")
    )
    assert "a project needs a name, and only a project has one" in text
    assert not here.exists()
