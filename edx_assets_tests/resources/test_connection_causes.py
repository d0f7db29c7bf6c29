"""What is said of a database that cannot be reached: the cause and the remedy."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.resolver
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

from edx_assets.errors import can_pass
from edx_assets.local.embedded_store import SECANTUSD_PY, SECANTUSD_RS, program_of
from edx_assets.resources.store import Collection, StoreError
from edx_assets.resources.store_causes import StoreRefusedError, meaning
from edx_assets.settings import InvalidSettingError
from edx_assets_tests.resources.authority import Authority
from edx_assets_tests.resources.refused import store_of, told_of
from edx_assets_tests.resources.secured import PASSWORD, running, server_with_tls

KINDS = [kind for kind in (SECANTUSD_RS, SECANTUSD_PY) if program_of(kind)]
CERTIFIED = "tls=true&tlsCAFile={ca}"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Servers of each kind, and certificates: by the names that the tests have for them."""
    folder = tmp_path_factory.mktemp("servers")
    ours, foreign = Authority(folder / "ours"), Authority(folder / "foreign")
    here, expired = ours.issue("127.0.0.1"), ours.issue("127.0.0.1", expired=True)
    with ExitStack() as opened:

        def tls(name: str, certificate: Path, clients: Path | None = None) -> str:
            server = server_with_tls(folder / name, certificate, clients, KINDS[0])
            return opened.enter_context(server)

        silent = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        yield {
            "plain": opened.enter_context(running(KINDS[0], folder / "plain")),
            "encrypted": tls("encrypted", here),
            "expired": tls("expired", expired),
            "elsewhere": tls("elsewhere", ours.issue("db.example.edu")),
            "silent": f"127.0.0.1:{silent.getsockname()[1]}",
            "ca": ours.file,
            "foreign": foreign.file,
        }


@pytest.mark.parametrize(
    ("place", "words", "final"),
    [
        ("127.0.0.1:1/", "nothing listens at its host and port", False),
        ("no-such-host.invalid/", "the name of its host cannot be resolved", False),
        ("{plain}/?replicaSet=another", "has another name: correct replicaSet", False),
        ("{plain}/?" + CERTIFIED, "or speak no TLS there (remove tls=true", False),
        ("{encrypted}/", "may ask for TLS (tls=true)", False),
        ("{encrypted}/?tls=true", "an authority that is not known here: name a file", True),
        ("{encrypted}/?tls=true&tlsCAFile={foreign}", "an authority that is not known", True),
        ("{expired}/?" + CERTIFIED, "its certificate has expired: renew it", True),
        ("{elsewhere}/?" + CERTIFIED, "its certificate is for another host: connect by", True),
        ("{silent}/", "nobody answers at its host", False),
    ],
)
def test_who_cannot_be_reached_is_told_why(
    places: dict[str, object], place: str, words: str, final: bool
) -> None:
    started = time.monotonic()
    error = told_of("mongodb://" + place.format(**places))
    assert words in str(error)
    assert isinstance(error, StoreRefusedError if final else StoreError)
    assert can_pass(error) is not final
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("kind", KINDS)
def test_who_has_no_certificate_that_the_server_trusts(kind: str, tmp_path: Path) -> None:
    """Servers tell why, or end the handshake without a word."""
    ours, foreign = Authority(tmp_path / "ours"), Authority(tmp_path / "foreign")
    with server_with_tls(tmp_path / "data", ours.issue("127.0.0.1"), ours.file, kind) as address:
        for certificate, words in {
            None: "it demands a client certificate: name a file with one",
            foreign.issue("edx"): "it refuses the client certificate: name one",
            ours.issue("edx", expired=True): "it refuses the client certificate: name one",
        }.items():
            uri = f"mongodb://{address}/?tls=true&tlsCAFile={ours.file}"
            error = told_of(f"{uri}&tlsCertificateKeyFile={certificate}" if certificate else uri)
            silence = "it may demand a client certificate (tlsCertificateKeyFile), or"
            assert words in str(error) or silence in str(error)
            assert can_pass(error) == (silence in str(error))


@pytest.mark.parametrize(
    ("text", "words", "final"),
    [
        ("h:1: [Errno 110] Connection timed out", "nobody answers", False),
        ("client is configured to connect to a replica set named 'a' but this node belongs to a"
         " set named 'b'", "another name", False),
        ("No primary available for writes", "no primary", False),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "speaks no TLS", True),
        ("certificate verify failed: certificate is not yet valid (_ssl.c:1)", "not valid", True),
        ("[SSL: ALERT_HANDSHAKE_FAILURE] alert handshake failure", "may demand", False),
        ("[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired", "refuses", True),
        ("[SSL: SOMETHING_NEW] (_ssl.c:1)", "TLS failed", False),
        ("something of a later driver", "check EDX_MONGO_URI", False),
    ],
)  # fmt: skip
def test_what_the_driver_says_in_other_cases(text: str, words: str, final: bool) -> None:
    told = meaning(ServerSelectionTimeoutError(text))
    assert words in told[0]
    assert told[1] is final


def test_a_certificate_that_expires_while_a_run_goes_on() -> None:
    told, final = meaning(
        AutoReconnect("[SSL: X] certificate verify failed: certificate has expired")
    )
    assert "its certificate has expired: renew it" in told
    assert final
    told, final = meaning(AutoReconnect("connection closed"))
    assert "TLS" not in told
    assert not final


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("mongodb://u:x9q@ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:x9q/ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:12/ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:x9q:ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:x9q%ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:x9q?ret@h/", "percent-encode the user and the password"),
        ("mongodb://u:12?ret=x9q@h/", "percent-encode the user and the password"),
        ("mongodb://h/?tsl=true&x9q=1", "has an option that the driver does not know"),
        ("mongodb://h/?tls=x9q", "or a value that the option cannot have"),
        ("mongodb://h/?authMechanism=SCRAM-SHA-512", "correct its spelling"),
        ("mongodb://u@h/", "is not a connection string"),
        ("db.example.edu", "is not a connection string: write mongodb://"),
        ("http://db.example.edu", "is not a connection string: write mongodb://"),
        ("mongodb+srv://no-such-host.invalid/", "DNS knows no such service"),
        ("mongodb+srv://a.b.c:27017/", "without a port"),
        ("mongodb://h/?tls=true&tlsCAFile=/nowhere/ca.pem", "names a TLS file (tlsCAFile or"),
        ("mongodb://h/?tls=true&tlsCAFile=/etc/hostname", "that is of another kind"),
        ("mongodb://h/?tls=true&tlsCertificateKeyFile=/etc/hostname", "that is of another kind"),
    ],
)
def test_a_connection_string_that_cannot_be_used(
    uri: str, words: str, recwarn: pytest.WarningsRecorder
) -> None:
    error = told_of(uri)
    assert isinstance(error, InvalidSettingError)
    assert words in str(error)
    assert not can_pass(error)
    told = f"{error} {[str(warning.message) for warning in recwarn]}"
    for part in ("x9q", "ret@", "ret=", "example.edu", "no-such-host", "/nowhere", "/etc"):
        assert part not in told


def test_a_key_that_is_encrypted_is_not_asked_about_at_the_terminal(tmp_path: Path) -> None:
    certificate = Authority(tmp_path).issue("edx")
    key = load_pem_private_key(certificate.read_bytes(), None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode())
    )
    certificate.write_bytes(locked + certificate.read_bytes().partition(b"KEY-----\n")[2])
    uri = f"mongodb://h/?tls=true&tlsCertificateKeyFile={certificate}"
    assert "tlsCertificateKeyFilePassword opens the key" in str(told_of(uri))
    store_of(f"{uri}&tlsCertificateKeyFilePassword={PASSWORD}")


def test_dns_that_does_not_answer_can_pass(
    places: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], silent.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        error = told_of("mongodb+srv://db.example.edu/")
    assert "DNS does not answer" in str(error)
    assert isinstance(error, StoreError)
    assert "example" not in str(error)


def test_tls_with_the_right_authority(places: dict[str, object]) -> None:
    uri = "mongodb://{encrypted}/?" + CERTIFIED
    with pytest.raises(StoreRefusedError, match="names no user"):
        store_of(uri.format(**places)).get(Collection("tracking_logs", "imports"), 1)
