"""What is said of a database that refuses its user: the cause and the remedy."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import encode
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from edx_assets.errors import can_pass
from edx_assets.local.embedded_store import SECANTUSD_PY
from edx_assets.resources.store import Collection, Store
from edx_assets.resources.store_causes import StoreRefusedError, meaning
from edx_assets_tests.resources.authority import Authority
from edx_assets_tests.resources.refused import store_of, told_of
from edx_assets_tests.resources.secured import (
    PASSWORD,
    running,
    server_with_tls,
    server_with_users,
)

HERE = Collection("tracking_logs", "imports")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_with_users(tmp_path_factory.mktemp("guarded")) as address:
        yield address


@pytest.mark.parametrize(
    ("user", "options", "words"),
    [
        (
            "czar:wrong@",
            "",
            "AuthenticationFailed: the database does not know the user, or the pass",
        ),
        (f"nobody:{PASSWORD}@", "", "AuthenticationFailed: the database does not know the user"),
        (f"czar:{PASSWORD}@", "authSource=tracking_logs", "add the database that holds the user"),
        (f"czar:{PASSWORD}@", "authMechanism=PLAIN", "in EDX_MONGO_URI"),
        ("", "", "Unauthorized: the connection string names no user: write the user and the pass"),
    ],
)
def test_who_may_not_is_told_so_at_once_and_for_good(
    guarded: str, user: str, options: str, words: str
) -> None:
    error = told_of(f"mongodb://{user}{guarded}/?{options}")
    assert isinstance(error, StoreRefusedError)
    assert words in str(error)
    assert not can_pass(error)


def test_a_wrong_password_is_final_at_the_second_try_too(guarded: str) -> None:
    """The driver then says that it has found no server in time."""
    store = store_of(f"mongodb://czar:wrong@{guarded}/")
    for _again in range(2):
        with pytest.raises(StoreRefusedError, match="AuthenticationFailed"):
            store.get(HERE, 1)


OTHER = Collection("other", "c")

RIGHTS: dict[str, Callable[[Store], Any]] = {
    "find": lambda store: store.get(OTHER, 1),
    "insert": lambda store: store.insert(OTHER, [encode({"_id": "marie"})]),
    "update": lambda store: store.put(OTHER, {"_id": "marie"}),
    "remove": lambda store: store.delete(OTHER, {}),
    "listCollections": lambda store: store.collections("other"),
    "createIndex": lambda store: store.index(OTHER, [("a", 1)]),
    "dropCollection": lambda store: store.drop(OTHER),
}


@pytest.mark.parametrize("right", RIGHTS)
def test_the_right_that_lacks_is_named(guarded: str, right: str) -> None:
    store = store_of(f"mongodb://narrow:{PASSWORD}@{guarded}/")
    with pytest.raises(StoreRefusedError) as error:
        RIGHTS[right](store)
    assert f"lacks the right `{right}` on the database other: grant it" in str(error.value)
    assert "marie" not in str(error.value)


@pytest.mark.parametrize(
    ("code", "text", "right"),
    [
        (13, 'not authorized on a_b to execute command { insert: "c", documents: [ "marie" ] }',
         "the right `insert` on the database a_b:"),
        (13, "not authorized on a_b to execute command { renameCollection: \"a_b.c\" }",
         "the right `renameCollectionSameDB` on the database a_b:"),
        (13, "not authorized on a_b to execute command { aggregate: 'marie' }",
         "the right `find` on the database a_b:"),
        (8000, "user is not allowed to do action [find] on [a_b.marie]",
         "the right `find` on the database a_b:"),
        (13, "there are no users authenticated: marie", "a right: grant"),
    ],
)  # fmt: skip
def test_how_other_servers_say_what_is_lacking(code: int, text: str, right: str) -> None:
    told, final = meaning(OperationFailure(text, code, {"errmsg": text, "code": code}))
    assert final
    assert f"lacks {right}" in told
    assert "marie" not in told


def test_atlas_has_a_code_of_its_own_for_a_wrong_password() -> None:
    told, final = meaning(OperationFailure("bad auth", 8000))
    assert final
    assert "(8000), AuthenticationFailed" in told
    assert meaning(ServerSelectionTimeoutError("bad auth : authentication failed")) == (
        told.replace("OperationFailure (8000), ", ""),
        True,
    )


def test_a_client_is_known_by_its_certificate(tmp_path: Path) -> None:
    """MONGODB-X509: the user is the certificate's subject, and there is no password."""
    authority = Authority(tmp_path / "authority")
    known, unknown = authority.issue("known"), authority.issue("unknown")
    options = f"authMechanism=MONGODB-X509&tls=true&tlsCAFile={authority.file}"
    with running(SECANTUSD_PY, tmp_path / "data") as address, MongoClient[Any](address) as client:
        client["$external"].command(
            "createUser",
            authority.subject(known),
            roles=[{"role": "readWrite", "db": "tracking_logs"}],
            mechanisms=["MONGODB-X509"],  # which MongoDB does not ask for
        )
    server = authority.issue("127.0.0.1")
    with server_with_tls(tmp_path / "data", server, clients=authority.file) as address:
        uri = f"mongodb://{address}/?{options}&tlsCertificateKeyFile="
        assert store_of(f"{uri}{known}").get(HERE, 1) is None
        error = told_of(f"{uri}{unknown}")
    assert "AuthenticationFailed: the database does not know the user" in str(error)
    assert not can_pass(error)
