"""`edx-assets retire` and its job: a learner is gone, also after all is loaded again."""

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from edx_assets.cli.main import main
from edx_assets.definitions import build_defs
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, load_all, members, sort

DAY, PACKAGE = "2014-02-03", "2014-02-09"
WORDS = (b"mary_b", b"mary@example.org", b"9f9f9f9f")
LIST = (
    "user_id,original_username,original_email,original_name,deletion_completed\r\n"
    "9,mary_b,mary@example.org,Mary Blue,2026-11-01\r\n"
)


def mary(second: int) -> dict[str, object]:
    context = {"course_id": "TestX/T101/2014", "user_id": 9, "org_id": "TestX"}
    return event(second, username="mary_b", context=context)


def deliver(testx: Institution) -> None:
    post = event(5, event_type="edx.forum.thread.created", event={"body": "hi mary_b"})
    testx.deliver(DAY, [event(1), mary(2), post, mary(3), b'{"username": "mary_b", '])
    testx.deliver_package(
        PACKAGE,
        members(
            auth_user=b"id\tusername\temail\n7\tana\ta@x\n9\tmary_b\tmary@example.org\n",
            user_id_map=b"hash_id\tid\tusername\nabc\t7\tana\n" + b"9f9f9f9f\t9\tmary_b\n",
            student_courseenrollment=(
                b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"
                b"1\t7\tc\t2014-01-05 10:00:00\t1\thonor\n2\t9\tc\t2014-01-05 10:00:00\t1\thonor\n"
            ),
        ),
    )


def load(testx: Institution) -> None:
    assert testx.run_day(DAY).success
    sort(testx, PACKAGE)
    assert load_all(testx).success
    made = ("course/tracking", "course/learners", "course/person_course")
    assert testx.run(*made, partition=COURSE).success
    assert testx.run("all_courses/warehouse").success


def everything(client: MongoClient[dict[str, object]], folder: Path) -> bytes:
    """All that is in the databases and in the storage's files, but what S3 delivered."""
    found = []
    for name in client.list_database_names():
        if name not in ("admin", "config", "local"):
            for collection in client[name].list_collection_names():
                found += [repr(each).encode() for each in client[name][collection].find()]
    for path in folder.rglob("*"):
        if path.suffix == ".gz":
            found.append(gzip.decompress(path.read_bytes()))
        elif path.suffix == ".parquet":
            found.append(repr(pq.read_table(path).to_pylist()).encode())
        elif path.is_file() and path.suffix not in (".gpg", ".zip"):
            found.append(path.read_bytes())
    return b"".join(found)


@pytest.fixture
def list_file(testx: Institution) -> Path:
    deliver(testx)
    load(testx)
    file = testx.folder / "user_retirement_edx_testx_2026-11-01.csv"
    file.write_text(LIST, newline="")
    return file


def test_a_learner_is_retired_and_does_not_come_back(
    testx: Institution, client: MongoClient[dict[str, object]], list_file: Path
) -> None:
    storage = testx.folder / "files"
    before = everything(client, storage)
    assert all(word in before for word in WORDS)
    looked = CliRunner().invoke(main, ["retire", str(list_file), "--json"])
    assert looked.exit_code == 0, looked.output
    told = json.loads(looked.stdout)
    assert (told["learners"], told["retired"], told["receipt"]) == (1, False, "")
    assert told["found"]["tracking_logs.tracking"] == {"go": 2, "change": 1}
    assert told["found"]["tracking_logs.quarantine"] == {"lines": 1}
    assert client["TestX_T101_2014"]["auth_user"].count_documents({}) == 2
    done = CliRunner().invoke(main, ["retire", str(list_file), "--yes"])
    assert done.exit_code == 0, done.output
    assert "1 learner retired, and nothing of them was found again" in done.stdout
    for word in WORDS:
        assert word not in everything(client, storage), word
        assert word not in done.output.encode()
    imports = client["tracking_logs"]["imports"].find_one({"file": {"$ne": None}})
    assert imports is not None
    counts = ("lines", "loaded", "duplicates", "rejected", "retired", "state")
    assert [imports[name] for name in counts] == [5, 2, 0, 0, 3, "loaded"]
    (day,) = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)["files"]
    assert day["lines"] == day["loaded"] + day["retired"] == 5
    receipts = list(client["tracking_logs"]["retirements"].find())
    assert [(each["state"], each["list"]) for each in receipts] == [("done", list_file.name)]
    people = client["TestX_T101_2014"]["person_course"].find()
    assert [each["user_id"] for each in people] == [7]
    client.drop_database("TestX_T101_2014")
    for name in ("tracking", "imports", "course_loads", "tracking_files", "duplicates"):
        client["tracking_logs"].drop_collection(name)
    load(testx)
    for word in WORDS:
        assert word not in everything(client, storage), word
    assert CliRunner().invoke(main, ["retire", str(list_file)]).stdout.startswith("Nothing of")


def test_the_job_counts_and_then_retires(testx: Institution, list_file: Path) -> None:
    definitions = build_defs(load_settings())
    job = definitions.resolve_job_def("retire_learners")

    def run(**form: object) -> dict[str, object]:
        config = {"ops": {"retire_learners_of_list": {"config": {"file": str(list_file), **form}}}}
        result = job.execute_in_process(run_config=config, instance=testx.instance)
        assert result.success
        (output,) = (e for e in result.all_events if e.is_successful_output)
        metadata = output.step_output_data.metadata
        return {name: value.value for name, value in metadata.items()}

    looked = run()
    assert looked["found"]["tracking_logs.tracking"] == {"go": 2, "change": 1}  # type: ignore[index]
    assert run(yes=True)["found"] == looked["found"]
    assert run()["found"] == {}


def test_a_file_that_is_no_list_is_refused_with_its_line(
    testx: Institution, list_file: Path
) -> None:
    list_file.write_text("user_id,name\nnine,Mary\n")
    told = CliRunner().invoke(main, ["retire", str(list_file), "--yes"])
    assert told.exit_code == 1
    assert "line 2: the user id is no number: nobody of it was retired" in told.output
