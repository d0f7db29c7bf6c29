"""`edx-assets quarantine`: counts, lines and retries, as a person or a program asks for them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.cli.main import main
from edx_assets.cli.quarantine_text import safe
from edx_assets.edx.lines import BadLine
from edx_assets.edx.reasons import Reason
from edx_assets.edx.tables import TableReader
from edx_assets.loading.courses.collection import load_collection
from edx_assets.loading.courses.learners import join_learners
from edx_assets.loading.ledger import IMPORTS
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    collection,
    gnupg_of,
    members,
    sort,
)
from edx_assets_tests.loading.days.deliveries import Delivery, line
from edx_assets_tests.loading.days.older_reader import everything, load_as_older

ESCAPE = b"\x1b]0;owned\x07 \xff\xe2\x80\xae caf\xc3\xa9 \\"
DAYS: list[Delivery] = [
    ("edx", 3, [line(1), line(2), b"{", b"#"]),
    ("edx", 4, [line(3), ESCAPE]),
    ("edge", 4, [line(4), b"[]"]),
]
USERS = b"id\tusername\n7\tana\n8\tb\\tob\n9\n"
"""Three rows, of which today's reader rejects one."""


@pytest.fixture
def days(testx: Institution, store: Store) -> Store:
    """What a version left that rejected the first event."""
    load_as_older(store, Storage(place=str(testx.folder / "files")), DAYS, [line(1)])
    return store


@pytest.fixture
def held(testx: Institution, days: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The same, and it rejected the first learner."""
    store, storage = days, Storage(place=str(testx.folder / "files"))
    testx.deliver_package("2014-02-09", members(auth_user=USERS))
    sort(testx, "2014-02-09")

    class OlderReader(TableReader):
        def __iter__(self) -> Any:
            for row in super().__iter__():
                older = not isinstance(row, BadLine) and row.raw == b"7\tana"
                yield BadLine(row.number, Reason.WRONG_NUMBER_OF_FIELDS, row.raw) if older else row

    with monkeypatch.context() as patched:
        patched.setattr("edx_assets.loading.courses.rows.TableReader", OlderReader)
        for name in (
            "auth_user",
            "auth_userprofile",
            "student_courseenrollment",
            "certificates_generatedcertificate",
            "user_id_map",
        ):
            load_collection(store, storage, gnupg_of(testx), COURSE, name)
    join_learners(store, COURSE)
    return store


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["quarantine", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def counted(*filters: str) -> dict[str, int]:
    """The counts by site and date or by collection, and by reason, for some filters."""
    told = json.loads(run("list", "--json", *filters).stdout)
    assert told["lines"] == sum(each["lines"] for each in told["files"])
    assert told["lines"] == sum(each["lines"] for each in told["reasons"].values())
    return {
        f"{each['site']} {each['date'] or each['collection']} {each['reason']}": each["lines"]
        for each in told["files"]
    }


@pytest.mark.usefixtures("held")
def test_the_counts_and_the_filters() -> None:
    every = {
        "edx 2014-02-03 comment": 1,
        "edx 2014-02-03 not_json": 2,
        "edge 2014-02-04 not_an_event": 1,
        "edx 2014-02-04 not_json": 1,
        "edx auth_user wrong_number_of_fields": 2,
    }
    logs = {place: n for place, n in every.items() if "auth_user" not in place}
    assert counted() == every
    assert counted("--reason", "not_json") == {p: n for p, n in every.items() if "not_json" in p}
    assert counted("--site", "edge") == {"edge 2014-02-04 not_an_event": 1}
    assert counted("--from", "2014-02-04") == {p: n for p, n in logs.items() if "02-04" in p}
    assert counted("--to", "2014-02-03") == {p: n for p, n in logs.items() if "02-03" in p}
    assert counted("--from", "2014-01-01", "--to", "2014-03-01") == logs
    for name in (COURSE, DATABASE):
        assert counted("--course", name) == {"edx auth_user wrong_number_of_fields": 2}
    assert counted("--file", "testx-edge-events-2014-02-04.log.gz.gpg") == {
        "edge 2014-02-04 not_an_event": 1
    }
    assert counted("--file", "testx-2014-02-09.zip: TestX-T101-2014 auth_user") == {
        "edx auth_user wrong_number_of_fields": 2
    }
    rows = run("show", "--raw", "--course", DATABASE)
    assert rows.stdout_bytes == b"7\tana\n9\n"
    table = run("list").stdout
    assert "testx-edx-events-2014-02-03.log.gz.gpg" in table
    assert f"not_json: 3. {Reason.NOT_JSON.meaning}." in " ".join(table.split())


@pytest.mark.usefixtures("testx")
def test_what_is_not_there_is_told() -> None:
    assert run("list").output == "No such line is in quarantine.\n"
    assert run("show").output == "No such line is in quarantine.\n"
    assert run("retry").output == "No such line is in quarantine.\n"
    assert counted() == {}


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (["--course", "TestX/T999"], "no course TestX/T999 is registered"),
        (["--reason", "too_odd"], "there is no such reason; those are blank,"),
    ],
)
def test_a_filter_that_cannot_be_meant(
    monkeypatch: pytest.MonkeyPatch, empty_mongo_uri: str, filters: list[str], words: str
) -> None:
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    told = run("list", *filters)
    assert told.exit_code
    assert words in told.stderr


@pytest.mark.usefixtures("days")
def test_lines_are_shown_so_that_they_harm_no_terminal() -> None:
    told = run("show", "--reason", "not_json").stdout.splitlines()
    file = "testx-edx-events-2014-02-{}.log.gz.gpg"
    assert told[0] == f"── {file.format('03')}, line 1: not_json, {len(line(1)) + 1} bytes"
    assert told[1] == line(1).decode()
    assert told[3:5] == [f"── {file.format('03')}, line 3: not_json, 2 bytes", "{"]
    assert told[7] == "\\x1b]0;owned\\x07 \\xff\\u202e café \\"
    cut = run("show", "--limit", "1", "--length", "5")
    assert cut.stdout.splitlines()[1] == '{"use … and {} more characters (--length)'.replace(
        "{}", str(len(line(1)) - 5)
    )
    assert cut.stderr == "and 4 more lines (--limit)\n"


@pytest.mark.usefixtures("days")
def test_raw_bytes_are_written_as_delivered() -> None:
    told = run("show", "--raw", "--from", "2014-02-04", "--site", "edx")
    assert told.stdout_bytes == ESCAPE + b"\n"


@given(st.binary(max_size=60), st.integers(0, 20))
def test_nothing_unprintable_is_ever_written(raw: bytes, length: int) -> None:
    assert safe(raw, length).isprintable()


def test_a_retry_loads_what_can_be_loaded_now(
    testx: Institution, held: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = [everything(held), collection(held, "quarantine")]
    dry = run("retry", "--dry-run")
    assert "edx 2014-02-03: of 3 lines 1 can be loaded, 2 still rejected\n" in dry.stdout
    assert f"{COURSE} (auth_user): 2 rows; a run of Dagster's would load" in dry.stdout
    assert [everything(held), collection(held, "quarantine")] == before
    assert not [user for user in collection(held, "learners") if user["username"] == "bob"]

    logs = run("retry", "--from", "2014-02-01")
    assert logs.exit_code == 0
    assert "edx 2014-02-03: of 3 lines 1 loaded, 0 duplicates, 2 still rejected\n" in logs.stdout
    assert "3 days: of 5 lines 1 loaded, 0 duplicates, 4 still rejected\n" in logs.stdout
    assert f"not_json: 2. {Reason.NOT_JSON.meaning}. Remedy: " in logs.stdout
    [entry] = held.find(IMPORTS, {"_id": "edx/2014-02-03"})
    assert (entry["loaded"], entry["rejected"]) == (2, 2)

    told = run("retry", "--course", COURSE)
    assert told.exit_code == 1
    assert "DAGSTER_HOME" in told.stderr
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    rows = run("retry", "--course", COURSE)
    assert rows.exit_code == 0, rows.output
    assert f"{COURSE} (auth_user): loaded again by a run of Dagster's; 1 of 2 rows stay" in (
        rows.stdout
    )
    assert [user["username"] for user in collection(held, "auth_user")] == ["ana", "b\tob"]
    learners = {each["_id"]: each for each in collection(held, "learners")}
    assert learners[7]["user"]["username"] == "ana"
    held_now = held.find(Collection(DATABASE, "quarantine"), {})
    assert [each["raw"] for each in held_now] == [b"9"]


def test_a_day_that_cannot_be_retried_fails_alone(days: Store) -> None:
    days.update(IMPORTS, {"_id": "edx/2014-02-03"}, {"state": "loading"})
    told = run("retry", "--to", "2014-03-01")
    assert told.exit_code == 1
    assert "edx 2014-02-03: edx 2014-02-03 is not loaded, or in part only" in told.stderr
    assert "edx 2014-02-04: of 1 lines 0 loaded" in told.stdout
