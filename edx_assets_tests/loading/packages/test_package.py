"""A package with every table, era and oddity, held against what was written."""

import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets.edx.collections import catalogue, from_package
from edx_assets.edx.dictionary import dictionary
from edx_assets.edx.schema import tables
from edx_assets.loading.courses.learners import JOINED
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.edx.table_writers import bytes_literals, exporter, mysql_batch
from edx_assets_tests.institution import Institution, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    PREFIX,
    collection,
    members,
    sort,
)

ERAS = {
    "2015-06-07": mysql_batch,
    "2021-03-07": exporter,
    "2022-11-20": bytes_literals,
}
ROWS = 7
_SAMPLES: dict[str, list[str | None]] = {
    "integer": ["1", "22", None, "-3", "0", "9", "5"],
    "number": ["0.5", "1", None, "0.0", "99.25", "3", "7"],
    "datetime": ["2014-02-03 10:00:00", None, "2014-02-03 10:00:00.250000"] + ["2015-09-01"] * 4,
    "date": ["1990-05-01", None] + ["1980-01-31"] * 5,
    "text": ["plain", None, "tab\there", "line\nbreak", "back\\slash \\n", 'a "quote" é', "日本"],
    "json": ['{"a": "say \\"x\\"\\n"}', None, "[1, 2]", "{cut", "{}", '{"n": 1.5}', '"text"'],
}


def table_file(table: str, write: Callable[[str | None], str]) -> bytes:
    """Every column of a table as the schema has it, seven rows of every kind of cell."""
    columns = list(tables()[table].values())
    rows = [[write(_SAMPLES[column.type][n]) for column in columns] for n in range(ROWS)]
    header = "\t".join(column.column for column in columns)
    return "".join(f"{line}\n" for line in [header, *("\t".join(row) for row in rows)]).encode()


def package(write: Callable[[str | None], str]) -> dict[str, bytes]:
    """A package's members: every table that the schema knows."""
    files = members()
    for table, columns in tables().items():
        if table != "email_opt_in":
            folder = "ora/" if next(iter(columns.values())).folder else ""
            name = f"{PREFIX}-{table}-prod-analytics.sql"
            files.pop(name, None)
            files[folder + name] = table_file(table, write)
    return files


def load(testx: Institution, *collections: str) -> Any:
    result = testx.run(*(f"course/{name}" for name in collections), partition=COURSE)
    assert result.success, failure_text(result)
    return result


@pytest.mark.parametrize("day", list(ERAS))
def test_every_table_of_every_era_loads_whole(testx: Institution, store: Store, day: str) -> None:
    testx.deliver_package(day, package(ERAS[day]))
    assert sort(testx, day).success
    load(testx, *filter(from_package, catalogue()))
    for table, columns in tables().items():
        if table == "email_opt_in":
            continue
        documents = sorted(
            store.find(Collection(DATABASE, table), {}), key=lambda each: each["_id"]
        )
        assert len(documents) == ROWS, table
        for name, column in columns.items():
            told = [document[name] for document in documents]
            samples = _SAMPLES[column.type]
            assert [value is None for value in told] == [s is None for s in samples], (table, name)
            if column.type in ("text", "json"):
                assert told == samples, (table, name)
            if column.type == "integer":
                assert told == [None if s is None else int(s) for s in samples], (table, name)
            if column.type == "datetime":
                assert told[0] == datetime(2014, 2, 3, 10, tzinfo=UTC)
            if column.type == "json":
                assert documents[0][f"{name}_parsed"] == {"a": 'say "x"\n'}
                assert f"{name}_parsed" not in documents[3]
        entry = store.get(Collection(DATABASE, "_loads"), table)
        assert entry is not None
        assert (entry["package"], entry["rows"], entry["rejected"]) == (day, ROWS, 0)
        classes = {each["field"]: each["personal"] for each in entry["personal"]}
        assert classes == {name: c.personal for name, c in columns.items() if c.personal != "none"}


def test_a_table_of_tomorrow_loads_by_the_same_rules_and_says_so(
    testx: Institution, store: Store
) -> None:
    new = {f"{PREFIX}-student_mood-prod-analytics.sql": b"id\tmood\tat\n1\tgood\t2030-01-01\n"}
    testx.deliver_package("2014-02-09", members() | new)
    sort(testx, "2014-02-09")
    result = load(testx, "unknown_tables")
    [mood] = collection(store, "student_mood")
    assert mood == {"_id": 2, "id": 1, "mood": "good", "at": datetime(2030, 1, 1, tzinfo=UTC)}
    [told] = result.asset_materializations_for_node("course__unknown_tables")
    assert told.metadata["tables"].value == {"student_mood": 1}
    testx.deliver_package("2014-02-16", members())
    sort(testx, "2014-02-16")
    load(testx, "unknown_tables")
    assert "student_mood" not in store.collections(DATABASE)


def test_columns_that_come_go_and_move_are_told_and_load(testx: Institution, store: Store) -> None:
    users = b"pronouns\tusername\tid\nthey\tana\t7\n"
    testx.deliver_package("2014-02-09", members(auth_user=users))
    sort(testx, "2014-02-09")
    result = load(testx, "auth_user")
    assert collection(store, "auth_user") == [
        {"_id": 2, "pronouns": "they", "username": "ana", "id": 7}
    ]
    [told] = result.asset_materializations_for_node("course__auth_user")
    drift = told.metadata["drift"].value
    assert drift["new"] == ["pronouns"]
    assert "email" in drift["missing"]


def test_a_failed_export_is_told_and_never_loaded(testx: Institution, store: Store) -> None:
    files = members(auth_user=None)
    files[f"{PREFIX}-auth_user-prod-analytics.sql.failed"] = b"Traceback: no luck\n"
    testx.deliver_package("2014-02-09", files)
    result = sort(testx, "2014-02-09")
    [told] = result.asset_materializations_for_node("packages__course_files")
    assert told.metadata["failed_exports"].value == 1
    load(testx, "auth_user")
    assert collection(store, "auth_user") == []


def test_an_older_package_goes_into_a_database_of_its_own(testx: Institution, store: Store) -> None:
    testx.deliver_package("2014-02-09", members())
    testx.deliver_package("2014-02-16", members(auth_user=b"id\tusername\n9\tzoe\n"))
    sort(testx, "2014-02-09")
    sort(testx, "2014-02-16")
    load(testx, "auth_user")
    chosen = {"course__auth_user": {"config": {"package": "2014-02-09"}}}
    assert testx.run("course/auth_user", partition=COURSE, config=chosen).success
    assert [user["id"] for user in collection(store, "auth_user")] == [9]
    older = f"{DATABASE}_20140209"
    assert sorted(user["id"] for user in store.find(Collection(older, "auth_user"), {})) == [7, 8]
    entry = store.get(Collection(older, "_loads"), "auth_user")
    assert entry is not None
    assert entry["package"] == "2014-02-09"


def test_a_learner_is_one_document(testx: Institution, store: Store) -> None:
    certificates = b"id\tuser_id\tgrade\n1\t7\t0.4\n2\t7\t0.9\n"
    testx.deliver_package("2014-02-09", members(certificates_generatedcertificate=certificates))
    sort(testx, "2014-02-09")
    load(testx, *JOINED, "learners")
    ana, bob = collection(store, "learners")
    assert (ana["_id"], ana["username"], ana["hash_id"]) == (7, "ana", "abc")
    assert ana["user"] == {"id": 7, "username": "ana"}
    assert ana["enrolment"]["mode"] == "honor"
    assert ana["certificate"]["grade"] == 0.9
    assert ana["profile"]["bio"] == "a\nb"
    assert (bob["_id"], bob["username"], bob["profile"]) == (8, "b\tob", None)
    load(testx, *JOINED, "learners")
    assert collection(store, "learners") == [ana, bob]


def test_the_opt_in_list_is_split_by_course(testx: Institution, store: Store) -> None:
    header = b"email,full_name,course_id,is_opted_in_for_email,preference_set_datetime\n"
    own = b'a@x.example,"Ng, Ana",TestX/T101/2014,True,2014-12-01 00:00:00\n'
    other = b"b@x.example,Bob,TestX/Other/2014,False,2014-12-01 00:00:00\n"
    testx.deliver_package("2014-02-09", members())
    testx.deliver_opt_in("2014-02-09", header + other + own)
    sort(testx, "2014-02-09")
    load(testx, "email_opt_in")
    [ana] = collection(store, "email_opt_in")
    assert (ana["_id"], ana["full_name"], ana["is_opted_in_for_email"]) == (3, "Ng, Ana", "True")
    assert ana["preference_set_datetime"] == datetime(2014, 12, 1, tzinfo=UTC)


def export_file() -> bytes:
    buffer = io.BytesIO()
    files = {
        "course/course.xml": '<course url_name="2014" org="TestX" course="T101"/>',
        "course/course/2014.xml": '<course display_name="T" lti_passports="[secret]"/>',
        "course/policies/2014/policy.json": json.dumps({"course/2014": {"start": "2014-02-03"}}),
        "course/policies/2014/grading_policy.json": json.dumps({"GRADER": []}),
        "course/about/overview.html": "<p>About</p>",
        "course/html/x.xml": "<html/>",
    }
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def test_the_facts_of_the_course_export_are_a_document(
    testx: Institution, store: Store, tmp_path: Path
) -> None:
    name = f"{PREFIX}-course-prod-analytics.xml.tar.gz"
    testx.deliver_package("2014-02-09", members() | {name: export_file()})
    sort(testx, "2014-02-09")
    load(testx, "course_export")
    [facts] = collection(store, "course_export")
    assert facts["course"] == {
        "url_name": "2014",
        "org": "TestX",
        "course": "T101",
        "display_name": "T",
    }
    assert facts["policy"] == {"start": "2014-02-03"}
    assert facts["grading_policy"] == {"GRADER": []}
    assert facts["about"] == {"overview": "<p>About</p>"}
    assert len(list((tmp_path / "files").rglob("course_export"))) == 1


def test_only_the_members_that_are_asked_for_are_decrypted(
    testx: Institution, tmp_path: Path
) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    files = tmp_path / "files" / "packages" / "2014-02-09" / "courses"
    assert {path.stem for path in files.rglob("*") if path.suffix == ""} >= {"course_structure"}
    assert not [*files.rglob("auth_user")]
    testx.run("course/auth_user", partition=COURSE)
    assert [*files.rglob("auth_user")]
    assert not [*files.rglob("forum*")]


@pytest.mark.parametrize("content", [b"", b"id\tusername\n", None], ids=["empty", "cut", "no note"])
def test_a_kept_member_that_has_changed_is_decrypted_again(
    testx: Institution, store: Store, tmp_path: Path, content: bytes | None
) -> None:
    """Or was kept by a version that did not note what it kept, and may have cut it."""
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    assert testx.run("course/auth_user", partition=COURSE).success
    users = Collection(DATABASE, "auth_user")
    before = list(store.find(users, {}))
    assert before
    [kept] = (tmp_path / "files").rglob("auth_user")
    whole = kept.read_bytes()
    kept.write_bytes(content or whole[:-5])
    if content is None:
        kept.with_name("auth_user.decrypted.json").unlink()
    again = {"course__auth_user": {"config": {"rebuild": True}}}
    assert testx.run("course/auth_user", partition=COURSE, config=again).success
    assert list(store.find(users, {})) == before
    assert kept.read_bytes() == whole


def test_what_learners_are_joined_by_is_indexed(
    testx: Institution, store: Store, empty_mongo_uri: str
) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    load(testx, "auth_user", "student_courseenrollment")
    with MongoClient[dict[str, Any]](empty_mongo_uri) as client:
        for name, field in (("auth_user", "username"), ("student_courseenrollment", "user_id")):
            indexes = client[DATABASE][name].index_information().values()
            assert [(field, 1)] in [index["key"] for index in indexes]


def test_a_table_that_went_is_not_kept_from_an_older_package(
    testx: Institution, store: Store
) -> None:
    teams = {f"{PREFIX}-teams-prod-analytics.sql": b"id\tname\n1\tA\n"}
    testx.deliver_package("2014-02-09", members() | teams)
    sort(testx, "2014-02-09")
    load(testx, "teams")
    assert len(collection(store, "teams")) == 1
    testx.deliver_package("2014-02-16", members())
    sort(testx, "2014-02-16")
    load(testx, "teams")
    assert "teams" not in store.collections(DATABASE)
    assert store.get(Collection(DATABASE, "_loads"), "teams") is None


def test_the_data_dictionary_in_the_documentation_is_the_schemas() -> None:
    page = Path(__file__).parents[3] / "docs" / "data_dictionary.md"
    assert page.read_text(encoding="utf-8") == dictionary()
