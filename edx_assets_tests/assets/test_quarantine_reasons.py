"""The reasons by day, by reason and by course: what is told, and that no data are."""

from typing import Any

from dagster import AssetKey

from edx_assets.assets.quarantine_reasons import by_course, by_reason, last_days
from edx_assets.edx.reasons import Reason
from edx_assets.loading.entries import DayEntry
from edx_assets.loading.ledger import IMPORTS, MASTER_QUARANTINE, day_entries
from edx_assets.loading.quarantine import quarantine
from edx_assets.loading.quarantines import Held
from edx_assets.loading.registry import register_course
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE

STAGES = ("raw_log", "daily_log", "master_tracking")
SESAME = b'{"username": "sesame", '


def told(testx: Institution) -> dict[str, Any]:
    """The metadata of a real run."""
    assert testx.run("upkeep/quarantine_reasons").success
    key = AssetKey(["upkeep", "quarantine_reasons"])
    event = testx.instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_nothing_is_in_quarantine(testx: Institution) -> None:
    assert told(testx) == {
        "rejected_lines": 0,
        "rejected_rows": 0,
        "last_days": "none",
        "reasons": "none",
        "courses": "none",
    }


def test_reasons_are_shown_by_day_and_course_without_a_byte_of_the_lines(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1), SESAME, SESAME + b"2", b""])
    testx.deliver("2014-02-05", [event(2), b"#"])
    testx.run(*(f"edx/{stage}" for stage in STAGES), days=("2014-02-03", "2014-02-05"))
    register_course(store, COURSE, "edx")
    users = Collection(DATABASE, "auth_user")
    quarantine(store, users, "label", [(2, Reason.WRONG_NUMBER_OF_FIELDS, SESAME)])
    metadata = told(testx)
    assert (metadata["rejected_lines"], metadata["rejected_rows"]) == (4, 1)
    assert metadata["rejected_lines"] == store.count(MASTER_QUARANTINE)
    assert metadata["last_days"].splitlines() == [
        "| day | site | lines | rejected | reasons |",
        "| --- | --- | --- | --- | --- |",
        "| 2014-02-05 | edx | 2 | 1 | comment 1 |",
        "| 2014-02-03 | edx | 4 | 3 | not_json 2, blank 1 |",
    ]
    not_json = next(line for line in metadata["reasons"].splitlines() if "`not_json`" in line)
    plot = " " * 25 + "█" + " " * 2
    assert not_json == (
        f"| `not_json` | 2 | 1 | 0 | `{plot}` | {Reason.NOT_JSON.meaning}"
        f" | {Reason.NOT_JSON.remedy} |"
    )
    assert metadata["courses"].splitlines()[2:] == [
        f"| `{COURSE}` | `auth_user` | 1 | wrong_number_of_fields 1 |"
    ]
    assert "sesame" not in str(metadata)


def test_only_the_last_days_are_shown_one_by_one_but_all_are_counted(store: Store) -> None:
    for day in ("2014-01-01", "2014-02-01", "2014-02-28"):
        entry = {"site": "edx", "date": day, "lines": 1_000, "rejected": 1, "state": "loaded"}
        store.put(IMPORTS, {"_id": f"edx/{day}", **entry, "reasons": {"refused_by_database_2": 1}})
    entries: list[DayEntry] = list(day_entries(store))
    assert [line[2:12] for line in last_days(entries).splitlines()[2:]] == [
        "2014-02-28",
        "2014-02-01",
    ]
    [row] = by_reason(entries, []).splitlines()[2:]
    assert row.startswith(f"| `refused_by_database_2` | 3 | 3 | 0 | `█{' ' * 26}█` | the database")


def test_many_courses_are_cut() -> None:
    users = Collection(DATABASE, "auth_user")
    rows = [Held(users, "", "edx", None, f"course-{n}", "odd", n) for n in range(1, 61)]
    table = by_course(rows).splitlines()
    assert table[2] == "| `course-60` | `auth_user` | 60 | odd 60 |"
    assert len(table) == 2 + 50 + 2
    assert table[-1] == "and 10 more collections"
