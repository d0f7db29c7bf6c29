"""Odd values and rows of a package's files: each harms itself alone, and is kept as delivered."""

import io
import tarfile
from collections.abc import Sequence
from typing import Any

import pytest
from bson import ObjectId

from edx_assets.loading.courses.collection import load_collection
from edx_assets.loading.ledger import course_load
from edx_assets.loading.stage import CountMismatchError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Inserted, Store
from edx_assets_tests.institution import Institution, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    PREFIX,
    collection,
    gnupg_of,
    members,
    sort,
)

ROOT = b'"i4x://TestX/T101/course/2014": {"category": "course", "metadata": {"start": "2014"}}'
MIB = 1024 * 1024


def load(testx: Institution, name: str, content: bytes) -> Any:
    testx.deliver_package("2014-02-09", members(**{name: content}))
    assert sort(testx, "2014-02-09").success
    return testx.run(f"course/{name}", partition=COURSE)


def noted(store: Store, name: str) -> dict[str, Any]:
    """What the ledger says of a collection."""
    entry = course_load(store, COURSE, name)
    assert entry is not None
    return {**entry}


def set_aside(store: Store, name: str) -> list[tuple[int, str, bytes]]:
    """A collection's lines in the quarantine, once they and the ledger agree on how many."""
    found = [bad for bad in collection(store, "quarantine") if bad["collection"] == name]
    entry = noted(store, name)
    assert entry["rows"] == entry["documents"] + entry["duplicates"] + len(found)
    return sorted((bad["line"], bad["reason"], bad["raw"]) for bad in found)


class Refusing(Store):
    """A store whose database refuses documents with a word: the embedded one hardly refuses any."""

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        refused = {n: 121 for n, document in enumerate(documents) if b"refuse" in document}
        others = [n for n in range(len(documents)) if n not in refused]
        if collection.name == "quarantine":
            return super().insert(collection, documents)
        inserted = super().insert(collection, [documents[n] for n in others])
        return Inserted([others[n] for n in inserted.duplicates], refused)


def test_rows_that_the_database_refuses_are_kept_by_their_lines(
    testx: Institution, store: Store
) -> None:
    refused = [b'{"_id": %d, "body": "refuse"}' % n for n in range(3)]
    posts = b'{"_id": 8}\n' + b"\n".join(refused) + b'\n{"_id": 9}\n{"_id": 8}\n'
    testx.deliver_package("2014-02-09", members(forum=posts))
    assert sort(testx, "2014-02-09").success
    storage = Storage(place=str(testx.folder / "files"))
    load_collection(Refusing(store._client), storage, gnupg_of(testx), COURSE, "forum")
    assert [post["_id"] for post in collection(store, "forum")] == [8, 9]
    assert set_aside(store, "forum") == [
        (line, "refused_by_database_121", raw) for line, raw in enumerate(refused, 2)
    ]
    assert noted(store, "forum").get("duplicate_lines") == [6]


def test_what_the_quarantine_lacks_is_an_error(testx: Institution, store: Store) -> None:
    class Forgetful(Store):
        def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
            kept = documents[:1] if collection.name == "quarantine" else documents
            return super().insert(collection, kept)

    testx.deliver_package("2014-02-09", members(auth_user=b"id\tusername\n1\n2\n"))
    assert sort(testx, "2014-02-09").success
    storage = Storage(place=str(testx.folder / "files"))
    with pytest.raises(
        CountMismatchError, match="1 refused rows are in the quarantine instead of 2"
    ):
        load_collection(Forgetful(store._client), storage, gnupg_of(testx), COURSE, "auth_user")
    load_collection(store, storage, gnupg_of(testx), COURSE, "auth_user")
    assert len(set_aside(store, "auth_user")) == 2


def test_rows_that_no_document_can_hold_are_kept_by_their_lines(
    testx: Institution, store: Store
) -> None:
    large = [b"1\t" + letter * 17 * MIB for letter in (b"a", b"b")]
    content = b"id\tusername\n7\tana\n" + b"\n".join([*large, b"cut", b"8\tbob"])
    assert load(testx, "auth_user", content).success
    assert [user["_id"] for user in collection(store, "auth_user")] == [2, 6]
    assert set_aside(store, "auth_user") == [
        (3, "not_storable", large[0][: 8 * MIB]),
        (4, "not_storable", large[1][: 8 * MIB]),
        (5, "wrong_number_of_fields", b"cut"),
    ]
    sizes = sorted(bad["bytes"] for bad in collection(store, "quarantine"))
    assert sizes == [3, 17 * MIB + 2, 17 * MIB + 2]


def test_a_row_too_large_with_its_parsed_value_is_stored_without_it(
    testx: Institution, store: Store
) -> None:
    meta = b'{"a": "' + b"x" * 9 * MIB + b'"}'
    content = b"id\tmeta\n1\t" + meta + b'\n2\t{"a": 1}\n'
    assert load(testx, "auth_userprofile", content).success
    large, small = collection(store, "auth_userprofile")
    assert large == {"_id": 2, "id": 1, "meta": meta.decode()}
    assert small["meta_parsed"] == {"a": 1}
    entry = noted(store, "auth_userprofile")
    assert entry.get("rows_without_parsed_values") == 1
    assert set_aside(store, "auth_userprofile") == []


def test_duplicates_within_a_file_are_told_by_their_lines(testx: Institution, store: Store) -> None:
    post = b'{"_id": {"$oid": "50f1dd4ae05f6d2600000001"}}\n'
    assert load(testx, "forum", post + b'{"_id": 1}\n' + post + post).success
    assert len(collection(store, "forum")) == 2
    assert collection(store, "forum")[-1]["_id"] == ObjectId("50f1dd4ae05f6d2600000001")
    entry = noted(store, "forum")
    assert (entry.get("duplicates"), entry.get("duplicate_lines")) == (2, [3, 4])


def test_a_table_without_a_byte_is_empty_and_its_learners_are_joined(
    testx: Institution, store: Store
) -> None:
    joined = ["auth_user", "auth_userprofile", "student_courseenrollment", "user_id_map"]
    testx.deliver_package("2014-02-09", members(auth_userprofile=b""))
    assert sort(testx, "2014-02-09").success
    keys = [f"course/{name}" for name in [*joined, "certificates_generatedcertificate"]]
    assert testx.run(*keys, "course/learners", partition=COURSE).success
    assert collection(store, "auth_userprofile") == []
    assert "no bytes" in str(noted(store, "auth_userprofile").get("warning"))
    assert [learner["_id"] for learner in collection(store, "learners")] == [7, 8]


def test_what_is_no_block_is_set_aside_and_the_rest_is_loaded(
    testx: Institution, store: Store
) -> None:
    odd = [b'"i4x://TestX/T101/html/a%20b": {"category": "html"}', b'"x": 5', b'"y": [5 5]']
    content = b"{" + b", ".join([odd[0], ROOT, *odd[1:]]) + b"}"
    assert load(testx, "course_structure", content).success
    assert [block["category"] for block in collection(store, "course_structure")] == ["course"]
    bad = set_aside(store, "course_structure")
    assert bad == [(number, "not_a_block", raw) for number, raw in zip((1, 3, 4), odd, strict=True)]


def test_a_structure_without_a_course_block_is_refused(testx: Institution, store: Store) -> None:
    content = b'{"i4x://TestX/T101/html/a": {"category": "html"}}'
    text = failure_text(load(testx, "course_structure", content))
    assert f"{PREFIX} course_structure: it has no course block" in text


def test_a_damaged_export_costs_no_other_collection(testx: Institution, store: Store) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("course/course.xml"), io.BytesIO())
    name = f"{PREFIX}-course-prod-analytics.xml.tar.gz"
    tables = {f"{PREFIX}-teams-prod-analytics.sql": b"id\n1\n"}
    testx.deliver_package("2014-02-09", members() | tables | {name: buffer.getvalue()[:-9]})
    assert sort(testx, "2014-02-09").success
    result = testx.run("course/course_export", "course/teams", partition=COURSE)
    assert "not a complete .tar.gz" in failure_text(result)
    assert collection(store, "teams") == [{"_id": 2, "id": 1}]


@pytest.mark.parametrize("odd", [b'b@x.example,"Bob,', b"b@x.example,B\rob,x"])
def test_a_bad_row_of_the_opt_in_list_is_set_aside(
    testx: Institution, store: Store, odd: bytes
) -> None:
    header = b"email,full_name,course_id,is_opted_in_for_email,preference_set_datetime\n"
    rest = b",TestX/T101/2014,True,2014-12-01 00:00:00\n"
    testx.deliver_package("2014-02-09", members())
    rows = [b"a@x.example,Ana" + rest, odd + rest, b"c@x.example,Cleo" + rest]
    testx.deliver_opt_in("2014-02-09", header + b"".join(rows))
    assert sort(testx, "2014-02-09").success
    assert testx.run("course/email_opt_in", partition=COURSE).success
    assert [row["full_name"] for row in collection(store, "email_opt_in")] == ["Ana", "Cleo"]
    assert set_aside(store, "email_opt_in") == [(3, "not_a_row", rows[1][:-1])]


def test_a_header_that_is_glued_to_a_row_shows_no_learner(testx: Institution, store: Store) -> None:
    glued = b"id\tusername7\tana smith\tana@mail.example\n8\tbob\tx\ty\n"
    result = load(testx, "auth_user", glued)
    [made] = result.asset_materializations_for_node("course__auth_user")
    told = str(made.metadata)
    assert "column 3" in told
    assert "column 4" in told
    assert "ana" not in told
    assert len(collection(store, "auth_user")) == 1
