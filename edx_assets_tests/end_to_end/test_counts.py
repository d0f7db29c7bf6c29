"""The sample institution through every stage: every count is the manifest's."""

from click.testing import CliRunner

from edx_assets.cli.main import main
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.local.truth import differences
from edx_assets.resources.store import Collection
from edx_assets_tests.end_to_end.built import Built, databases, status_now


def test_every_count_is_the_manifests(built: Built) -> None:
    manifest, _store = built
    told = status_now()
    assert differences(manifest, told) == []
    assert sum(file["loaded"] for file in told["files"]) > 1000
    assert {state for file in told["files"] for state in [file["state"]]} == {"loaded", "no_file"}


def test_the_databases_hold_what_the_ledger_says(built: Built) -> None:
    manifest, store = built
    told = status_now()
    assert store.count(MASTER_TRACKING) == sum(file["loaded"] for file in manifest["files"])
    assert len(told["courses"]) == len(manifest["courses"])
    for course in told["courses"]:
        for name, documents in course["collections"].items():
            assert store.count(Collection(course["database"], name)) == documents, (
                course["database"],
                name,
            )


def test_windows_and_packages_are_the_manifests(built: Built) -> None:
    manifest, _store = built
    told = status_now()
    assert [package["date"] for package in told["packages"]] == [
        package["date"] for package in manifest["packages"]
    ]
    windows = {
        (course["course_key"], course["site"]): course["window"] for course in told["courses"]
    }
    for course in manifest["courses"]:
        start = windows[course["course_key"], course["site"]]["start"]
        assert start[:10] == course["window"]["start"][:10]


def test_events_are_bound_as_the_manifest_says(built: Built) -> None:
    manifest, store = built
    for course, database in databases(manifest):
        records = list(
            store.find(Collection(database, TRACKING), {}, fields=["module_id", "parent_data"])
        )
        with_module = [record for record in records if "module_id" in record]
        bound = [record for record in records if "parent_data" in record]
        assert len(with_module) == course["tracking"]["with_module"], database
        assert len(bound) == course["tracking"]["bound"], database


def test_the_doctor_finds_nothing_wrong(built: Built) -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "failed" not in result.output
