"""What is said of a database that refuses, or that cannot be reached: the cause and the remedy."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from edx_assets.cli.doctor import _mongodb
from edx_assets.errors import EdxAssetsError, can_pass
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store, StoreError
from edx_assets.resources.store_causes import StoreRefusedError, meaning
from edx_assets.settings import InvalidSettingError
from edx_assets_tests.resources.secured import PASSWORD, server_with_tls, server_with_users

IMPATIENT_MS = 1000


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_with_users(tmp_path_factory.mktemp("guarded")) as address:
        yield address


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with server_with_tls(tmp_path_factory.mktemp("encrypted")) as server:
        yield server


def store_of(uri: str) -> Store:
    return connect(uri, IMPATIENT_MS)


def told_of(uri: str) -> EdxAssetsError:
    with pytest.raises(EdxAssetsError) as error:
        store_of(uri).check()
    text = str(error.value)
    assert "EDX_MONGO_URI" in text
    assert PASSWORD not in text
    assert uri not in text
    return error.value


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("czar:wrong@", "AuthenticationFailed: the database does not know the user, or the pass"),
        (f"nobody:{PASSWORD}@", "AuthenticationFailed: the database does not know the user"),
        ("", "Unauthorized: the user of EDX_MONGO_URI may not do this, or the connection string"),
    ],
)
def test_who_may_not_is_told_so_at_once_and_for_good(guarded: str, user: str, words: str) -> None:
    error = told_of(f"mongodb://{user}{guarded}/")
    assert isinstance(error, StoreRefusedError)
    assert words in str(error)
    assert not can_pass(error)


def test_a_wrong_password_is_final_at_the_second_try_too(guarded: str) -> None:
    """The driver then says that it has found no server in time."""
    store = store_of(f"mongodb://czar:wrong@{guarded}/")
    for _again in range(2):
        with pytest.raises(StoreRefusedError, match="AuthenticationFailed"):
            store.check()


def test_the_doctor_finds_rights_on_one_database_alone(guarded: str) -> None:
    findings = list(_mongodb(store_of(f"mongodb://narrow:{PASSWORD}@{guarded}/")))
    assert [finding.state for finding in findings] == ["ok", "ok", "ok", "failed"]
    assert "in a new database, as a course has: the database answered" in findings[-1].found
    assert "Unauthorized" in findings[-1].found
    assert "readWriteAnyDatabase" in findings[-1].found


def test_the_doctor_is_content_with_rights_on_all(guarded: str) -> None:
    findings = list(_mongodb(store_of(f"mongodb://czar:{PASSWORD}@{guarded}/")))
    assert {finding.state for finding in findings} == {"ok"}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("127.0.0.1:1/", "nothing listens at its host and port"),
        ("no-such-host.invalid/", "the name of its host cannot be resolved"),
        ("{guarded}/?replicaSet=another", "its replica set has another name: correct replicaSet"),
        ("{guarded}/?tls=true", "TLS failed: the server may speak none"),
        ("{encrypted}/", "may ask for TLS (tls=true)"),
        ("{encrypted}/?tls=true", "TLS failed: the server may speak none, or its certificate"),
        ("{silent}/", "nobody answers at its host"),
    ],
)
def test_who_cannot_be_reached_is_told_why(
    guarded: str, encrypted: tuple[str, Path], place: str, words: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listens:
        silent = f"127.0.0.1:{listens.getsockname()[1]}"
        started = time.monotonic()
        error = told_of(
            "mongodb://" + place.format(guarded=guarded, encrypted=encrypted[0], silent=silent)
        )
    assert words in str(error)
    assert isinstance(error, StoreError)
    assert can_pass(error)
    assert time.monotonic() - started < 10


def test_tls_with_the_right_authority(encrypted: tuple[str, Path]) -> None:
    address, certificate = encrypted
    store_of(f"mongodb://{address}/?tls=true&tlsCAFile={certificate}").check()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("mongodb://u:sec@ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:sec/ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:12/ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:sec:ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:sec%ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:sec?ret@h/", "percent-encode the user and the password"),
        ("mongodb://u@h/", "is not a connection string"),
        ("db.example.edu", "is not a connection string: write mongodb://"),
        ("http://db.example.edu", "is not a connection string: write mongodb://"),
        ("mongodb+srv://no-such-host.invalid/", "DNS knows no such service"),
        ("mongodb+srv://a.b.c:27017/", "without a port"),
        ("mongodb://h/?tls=true&tlsCAFile=/nowhere/ca.pem", "names a TLS file (tlsCAFile or"),
    ],
)
def test_a_connection_string_that_cannot_be_used(uri: str, words: str) -> None:
    error = told_of(uri)
    assert isinstance(error, InvalidSettingError)
    assert words in str(error)
    assert not can_pass(error)
    for part in ("sec", "ret@", "example.edu", "no-such-host", "/nowhere"):
        assert part not in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("h:1: [Errno 110] Connection timed out", "nobody answers"),
        ("client is configured to connect to a replica set named 'a' but this node belongs to a"
         " set named 'b'", "another name"),
        ("No primary available for writes", "no primary"),
        ("bad auth : authentication failed", "does not know the user"),
        ("something of a later driver", "check EDX_MONGO_URI"),
    ],
)  # fmt: skip
def test_what_the_driver_says_in_other_cases(text: str, words: str) -> None:
    assert words in meaning(ServerSelectionTimeoutError(text))[0]


def test_atlas_has_a_code_of_its_own_for_a_wrong_password() -> None:
    told, final = meaning(OperationFailure("bad auth", 8000))
    assert final
    assert "(8000), AuthenticationFailed" in told
