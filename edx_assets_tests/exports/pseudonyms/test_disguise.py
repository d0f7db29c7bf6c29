"""A pseudonymised export: no identifier in any file of any form, and everything else is there."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from edx_assets.edx.personal import Identity
from edx_assets.edx.pseudonyms import FIRST_NUMBER
from edx_assets.exports.course import export_course
from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.proof import IdentifierLeftError
from edx_assets.exports.pseudonyms.rows import Rewriting
from edx_assets.exports.pseudonyms.scope import Reach, Scope
from edx_assets.exports.pseudonyms.texts import Texts
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.exports.held import DATABASE, KEY, KNOWN, SAID, say
from edx_assets_tests.exports.pseudonyms.held import (
    AT,
    BLOCK,
    IDENTIFIERS,
    export,
    hold_course,
    pseudonym,
)

OTHER_KEY = "course-v1:TestX+T102+2014"


@pytest.fixture
def named(store: Store, storage: Storage) -> Storage:
    hold_course(store)
    return storage


def rows(to: Path, table: str, database: str = DATABASE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(to / database / f"{table}.parquet").to_pylist()
    return found


def documents(to: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(row["document"]) for row in rows(to, table)]


@pytest.mark.parametrize("form", Format)
def test_no_identifier_is_in_any_file(
    store: Store, named: Storage, tmp_path: Path, form: Format
) -> None:
    manifest = export(store, named, tmp_path, form)
    for path in (tmp_path / DATABASE).iterdir():
        if path.suffix == ".parquet":
            content = json.dumps(pq.read_table(path).to_pylist(), default=str)
        else:
            content = path.read_text(encoding="utf-8-sig")
        for identifier in IDENTIFIERS:
            found = re.search(rf"(?<![a-z0-9]){re.escape(identifier)}(?![a-z0-9])", content, re.I)
            assert not found, (path.name, identifier)
    told = manifest["pseudonyms"]
    assert told["reach"] == "course"
    assert told["proof"]["found"] == 0
    assert told["proof"]["files"] == len(manifest["files"])
    assert told["proof"]["identifiers"] == {
        "user id": 3,
        "username": 3,
        "e-mail": 2,
        "name": 1,
        "anonymous id": 2,
        "address": 1,
        "session": 1,
        "other": 0,
    }
    assert told["proof"]["ordinary_words"] == 1


def test_the_same_learner_is_the_same_in_every_table(
    store: Store, named: Storage, tmp_path: Path
) -> None:
    export(store, named, tmp_path)
    mary, jo, jane = rows(tmp_path, "auth_user")
    [profile] = rows(tmp_path, "auth_userprofile")
    [mapped] = rows(tmp_path, "user_id_map")
    [post] = documents(tmp_path, "forum")
    event = documents(tmp_path, "tracking")[0]
    assert mary["id"] == profile["user_id"] == mapped["user_id"] == event["user_id"]
    assert type(mary["id"]) is int
    assert mary["id"] >= FIRST_NUMBER
    assert str(mary["id"]) == post["votes"]["up"][0] == event["context"]["user_id"]
    assert mary["username"] == mapped["username"] == event["username"]
    assert mary["username"] == event["event"]["student"] == event["context"]["username"]
    assert post["author_username"] == jo["username"]
    assert profile["name"] == pseudonym(named, Identity.NAME, "Mary Smith")
    assert (mary["is_active"], mary["date_joined"]) == (1, AT.replace(tzinfo=None))
    assert profile["year_of_birth"] == 1980
    assert jane["email"] == ""


def test_texts_mention_pseudonyms(store: Store, named: Storage, tmp_path: Path) -> None:
    export(store, named, tmp_path)
    mary, jo, jane = rows(tmp_path, "auth_user")
    name = pseudonym(named, Identity.NAME, "Mary Smith")
    [post] = documents(tmp_path, "forum")
    assert post["body"] == (
        f"@{mary['username']}, thanks.\nWrite to {mary['email']} or {jane['username']}; see"
        f' /users/{mary["id"]}/ and <b>{name}</b>. A problem of "problem", says @{jo["username"]}'
    )
    assert post["title"] == "A problem"
    first, second = documents(tmp_path, "tracking")
    assert first["event_type"] == (
        f"/courses/x/discussion/forum/users/{mary['id']}/followed?by={mary['email']}"
    )
    assert first["module_id"] == BLOCK
    assert first["context"]["unknown"] == [f"by {mary['username']}"]
    event = first["event"]
    assert event[mary["username"]] == 1
    assert json.loads(event["POST"]["body"][0]) == {
        "text": f"I am\n{mary['username']}",
        "user_id": mary["id"],
    }
    assert event["cut"] == (f'{{"username": "{jo["username"]}", "user_id": {mary["id"]}, "x')
    assert event["answer"] == "problem"
    assert second["username"] == ""
    assert second["user_id"] is None
    [profile] = rows(tmp_path, "auth_userprofile")
    assert json.loads(profile["meta"]) == {"old_names": [[name]], "n": 7}
    assert documents(tmp_path, "course_structure")[0]["_id"] == BLOCK


def test_what_nobody_has_classed_is_left_out(store: Store, named: Storage, tmp_path: Path) -> None:
    manifest = export(store, named, tmp_path)
    assert manifest["pseudonyms"]["left_out"] == {
        "auth_user": ["other"],
        "mystery": ["_id", "document"],
    }
    assert not (tmp_path / DATABASE / "mystery.parquet").exists()
    assert "other" not in rows(tmp_path, "auth_user")[0]
    with (tmp_path / DATABASE / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {(row["table"], row["column"]) for row in csv.DictReader(file)}
    assert ("auth_user", "username") in told
    assert not {("auth_user", "other"), ("mystery", "document")} & told


def test_identifiers_of_tables_that_are_not_exported_are_known(
    store: Store, named: Storage, tmp_path: Path
) -> None:
    manifest = export(store, named, tmp_path, only=("forum",))
    assert [each["file"] for each in manifest["files"]] == ["forum.parquet", "dictionary.csv"]
    assert "mary" not in documents(tmp_path, "forum")[0]["body"].lower()


def test_the_reach_tells_who_can_join(store: Store, named: Storage, tmp_path: Path) -> None:
    hold_course(store, OTHER_KEY)
    ids: dict[str, list[int]] = {}
    for scope in (
        Scope(),
        Scope(Reach.PROJECT, "one"),
        Scope(Reach.PROJECT, "two"),
        Scope(Reach.INSTITUTION),
    ):
        for key, database in ((KEY, DATABASE), (OTHER_KEY, "TestX_T102_2014")):
            export(store, named, tmp_path, scope=scope, course=key, only=("auth_user",))
            found = rows(tmp_path, "auth_user", database)[0]["id"]
            ids.setdefault(f"{scope.reach}{scope.project}", []).append(found)
    assert {reach: len({*found}) for reach, found in ids.items()} == {
        "course": 2,
        "projectone": 1,
        "projecttwo": 1,
        "institution": 1,
    }
    assert len({each for found in ids.values() for each in found}) == 5


def test_a_rerun_writes_the_same(store: Store, named: Storage, tmp_path: Path) -> None:
    one, two = (export(store, named, tmp_path / each, Format.CSV) for each in "ab")
    assert one["files"] == two["files"]
    assert one["pseudonyms"] == two["pseudonyms"]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(
    ("place", "sabotage", "told"),
    [
        ((Texts, "_replaced"), lambda _self, text, _free: text, r"auth_userprofile\.\w+: .* meta"),
        ((Texts, "_words"), lambda *_all: [], r"auth_userprofile\.\w+: .* goals .*\(username\)"),
        ((Texts, "_of_users"), lambda *_all: [], r"(forum|tracking)\.\w+: .*\(user(name| id)\)"),
        ((Rewriting, "_identifier"), lambda _s, value, _i: value, r"auth_user\.\w+: .* id still"),
    ],
    ids=["no text", "no word", "no user", "no field"],
)
def test_a_leak_is_never_handed_out(
    store: Store,
    named: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: Format,
    place: tuple[type, str],
    sabotage: Any,
    told: str,
) -> None:
    before = export(store, named, tmp_path, form)
    monkeypatch.setattr(*place, sabotage)
    with pytest.raises(IdentifierLeftError, match=told) as caught:
        export(store, named, tmp_path, form)
    assert not any(each.lower() in str(caught.value).lower() for each in IDENTIFIERS)
    assert "nothing was exported" in str(caught.value)
    assert [path.name for path in tmp_path.glob("*") if path.name != "storage"] == [DATABASE]
    assert json.loads((tmp_path / DATABASE / "manifest.json").read_text()) == before


def test_a_dataset_without_classes_is_left_out(
    store: Store, named: Storage, tmp_path: Path
) -> None:
    say(store, named, tmp_path, SAID)
    _target, manifest = export_course(
        store, named, KEY, tmp_path / "out", Format.PARQUET, KNOWN, (), Scope()
    )
    assert "said" in manifest["pseudonyms"]["left_out"]
    assert not (tmp_path / "out" / DATABASE / "said.parquet").exists()
