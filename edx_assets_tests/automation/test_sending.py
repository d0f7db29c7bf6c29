"""Sending a notice: to real servers, with and without TLS, and never a secret in what is told."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from edx_assets.automation import sending
from edx_assets.automation.notice import Notice
from edx_assets.automation.sending import send, ways
from edx_assets.settings import Settings, load_settings
from edx_assets_tests.automation.received import (
    PASSWORD,
    USER,
    Received,
    mail_server,
    web_server,
)

MESSAGE = Notice("load", "1234", ["edx/raw_log"], "2014-02-03", ["it broke"], "mend it", "")
WEBHOOK, MAIL = "EDX_NOTICE_WEBHOOK", "EDX_NOTICE_SMTP_HOST"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of the institution's own."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture(params=["starttls", "tls"])
def secured(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[Received]:
    """A mail server with TLS that asks for a password, and the settings for it."""
    certificate = authority.issue_cert("127.0.0.1")
    with mail_server(certificate, tls_at_once=request.param == "tls") as received:
        received.answer = request.param
        yield received


def sent(settings: Settings) -> str:
    """Send by every way; what is told of those that failed."""
    told = send(settings, MESSAGE, ways(settings))
    text = "; ".join(told.values())
    for secret in (PASSWORD, "secret-part", "wrong-one"):
        assert secret not in text
    return text


def mailing(received: Received, **settings: Any) -> Settings:
    return Settings(
        **{
            "notice_smtp_host": received.address,
            "notice_mail_to": "a@b.c",
            "notice_mail_from": "d@e.f",
            "notice_smtp_user": USER,
            "notice_smtp_password": PASSWORD,
            **settings,
        }
    )


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(web: Received, code: int) -> None:
    web.answer = code
    told = sent(Settings(notice_webhook=web.address))
    assert f"the server answered {code}, a redirect, which is not followed" in told
    assert len(web.bodies) == 1


@pytest.mark.usefixtures("trusted")
def test_a_webhook_with_a_certificate_that_is_trusted(authority: trustme.CA) -> None:
    with web_server(authority.issue_cert("127.0.0.1")) as web:
        assert sent(Settings(notice_webhook=web.address)) == ""
    assert len(web.bodies) == 1


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_webhook_whose_certificate_is_not_trusted(
    authority: trustme.CA, wrong: str, request: pytest.FixtureRequest
) -> None:
    if wrong == "name":
        request.getfixturevalue("trusted")
    with web_server(authority.issue_cert("127.0.0.1" if wrong != "name" else "b.test")) as web:
        told = sent(Settings(notice_webhook=web.address))
    assert f"{WEBHOOK}: the server's certificate cannot be verified" in told
    assert "SSL_CERT_FILE" in told
    assert web.bodies == []


def test_servers_that_do_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        mail = mailing(Received(address), notice_webhook=f"http://{address}/secret-part")
        told = sent(mail)
    assert told.count("the server did not answer within 0.3 s,") == 2


@pytest.mark.usefixtures("trusted")
def test_a_mail_with_tls_and_a_password(secured: Received, tmp_path: Path) -> None:
    assert sent(mailing(secured, notice_smtp_tls=secured.answer)) == ""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    by_file = {"notice_smtp_password": None, "notice_smtp_password_file": tmp_path / "password"}
    assert sent(mailing(secured, notice_smtp_tls=secured.answer, **by_file)) == ""
    assert [b"it broke" in body for body in secured.bodies] == [True, True]


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password(secured: Received) -> None:
    settings = mailing(secured, notice_smtp_tls=secured.answer, notice_smtp_password="wrong-one")
    assert sent(settings) == (
        f"{MAIL}: the server answered 535: it refuses the user or the password"
    )
    assert secured.bodies == []


def test_a_mail_server_that_is_not_trusted_gets_no_password(secured: Received) -> None:
    told = sent(mailing(secured, notice_smtp_tls=secured.answer))
    assert f"{MAIL}: the server's certificate cannot be verified" in told
    assert secured.logins == []
    assert secured.bodies == []


def test_a_mail_server_without_tls_gets_no_password(mail: Received) -> None:
    assert "offers neither STARTTLS nor a login" in sent(mailing(mail))
    assert "SSLError" in sent(mailing(mail, notice_smtp_tls="tls"))
    assert mail.bodies == []


def test_a_mail_is_sent_once_the_server_has_taken_it(mail: Received) -> None:
    mail.hangs_up = True
    assert sent(mailing(mail, notice_smtp_user=None, notice_smtp_password=None)) == ""
    assert len(mail.bodies) == 1


def test_a_password_that_no_login_takes_or_that_is_nowhere(mail: Received, tmp_path: Path) -> None:
    told = sent(mailing(mail, notice_smtp_password="pässword-wrong-one"))
    assert "EDX_NOTICE_SMTP_PASSWORD has letters outside ASCII" in told
    file: dict[str, Any] = {
        "notice_smtp_password": None,
        "notice_smtp_password_file": tmp_path / "none",
    }
    told = sent(mailing(mail, **file))
    assert f"EDX_NOTICE_SMTP_PASSWORD_FILE: {tmp_path / 'none'} cannot be read" in told


@pytest.mark.parametrize(
    ("port", "settings", "tls"),
    [
        (None, {}, "none"),
        (25, {}, "none"),
        (465, {}, "tls"),
        (587, {}, "starttls"),
        (2525, {"notice_smtp_user": USER}, "starttls"),
        (465, {"notice_smtp_user": USER}, "tls"),
        (2465, {"notice_smtp_tls": "tls"}, "tls"),
        (587, {"notice_smtp_tls": "none"}, "none"),
    ],
)
def test_tls_follows_the_port_and_the_password(
    port: int | None, settings: dict[str, Any], tls: str
) -> None:
    assert sending._tls(Settings(**settings), port) == tls


HOST = {
    "EDX_NOTICE_SMTP_HOST": "mail.example.edu",
    "EDX_NOTICE_MAIL_TO": "a@b.c",
    "EDX_NOTICE_MAIL_FROM": "d@e.f",
}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"EDX_NOTICE_SMTP_PASSWORD": PASSWORD},
            "EDX_NOTICE_SMTP_USER is not set, but EDX_NOTICE_SMTP_PASSWORD is: set both",
        ),
        (
            {"EDX_NOTICE_SMTP_USER": USER},
            "EDX_NOTICE_SMTP_PASSWORD is not set, but EDX_NOTICE_SMTP_USER is: set"
            " EDX_NOTICE_SMTP_PASSWORD or EDX_NOTICE_SMTP_PASSWORD_FILE",
        ),
        (
            {
                "EDX_NOTICE_SMTP_USER": USER,
                "EDX_NOTICE_SMTP_PASSWORD": PASSWORD,
                "EDX_NOTICE_SMTP_TLS": "none",
            },
            "EDX_NOTICE_SMTP_TLS is none: no password is sent without TLS; write tls or starttls",
        ),
        (
            {"EDX_NOTICE_SMTP_TLS": "ssl"},
            "EDX_NOTICE_SMTP_TLS is neither tls, starttls nor none: write one of them",
        ),
    ],
)
def test_half_a_login_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in (HOST | variables).items():
        monkeypatch.setenv(name, value)
    assert sent(load_settings()) == told
