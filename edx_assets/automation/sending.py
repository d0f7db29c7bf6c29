"""Sending a notice, by webhook and mail. When it is sent, and again, is decided in `notices`.

No text of another's exception is passed on: it can hold the webhook's address, or a password.
"""

import json
import smtplib
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from email.message import EmailMessage
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from edx_assets.automation.notice import Notice
from edx_assets.errors import EdxAssetsError
from edx_assets.settings import (
    LOGIN,
    MAIL,
    NO_TLS,
    STARTTLS,
    TLS,
    InvalidSettingError,
    MissingSettingError,
    Settings,
    secret,
)

WEBHOOK, MAILED = "EDX_NOTICE_WEBHOOK", "EDX_NOTICE_SMTP_HOST"
"""The ways of sending, by their variables."""

_PATIENCE = 10  # seconds for a server to answer: a sensor's tick has 60 in all
_PORTS = {TLS: 465, STARTTLS: 587, NO_TLS: 25}


class _NoRedirect(HTTPRedirectHandler):
    """Lets a redirect be the failure that it is: the notice is for the address that is set."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


def ways(settings: Settings) -> dict[str, Callable[[Notice], None]]:
    """The ways of sending a notice that are set, rightly or wrongly, by their variables."""
    found: dict[str, Callable[[Notice], None]] = {}
    if settings.is_given("notice_webhook"):
        found[WEBHOOK] = lambda message: _post(settings, message)
    if any(map(settings.is_given, MAIL)):
        found[MAILED] = lambda message: _mail(settings, message)
    return found


def send(settings: Settings, message: Notice, names: Iterable[str]) -> dict[str, str]:
    """Send a notice by the named ways, even if one fails; why each of the others failed, by way."""
    failures = {}
    known = ways(settings)
    for name in names:
        try:
            known[name](message)
        except EdxAssetsError as error:
            failures[name] = str(error)
        except Exception as error:  # whatever it is: its text may hold a secret
            failures[name] = f"{name}: {_reason(error)}"
    return failures


def _reason(error: BaseException) -> str:
    """Why a server did not take a notice, without any text of its own."""
    if isinstance(error, HTTPError):
        error.close()
        if 300 <= error.code < 400:
            return (
                f"the server answered {error.code}, a redirect, which is not followed: set the"
                " address that it leads to"
            )
        return f"the server answered {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, BaseException):
        return _reason(error.reason)
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            "the server's certificate cannot be verified: if it is of a CA of your own, set"
            " SSL_CERT_FILE; else correct the host, or the certificate"
        )
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return f"the server did not answer within {_PATIENCE} s, or ended the connection"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server offers neither STARTTLS nor a login: correct the port or the settings"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server answered {error.smtp_code}: it refuses the user or the password"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {error.smtp_code}"
    return type(error).__name__


def _post(settings: Settings, message: Notice) -> None:
    """Post a notice as JSON; chat programs show its `text`."""
    settings.require("notice_webhook", "ui_url")
    if settings.notice_webhook is None:
        raise MissingSettingError("notice_webhook")
    address = settings.notice_webhook.get_secret_value()
    body = json.dumps({"text": message.text(), **asdict(message)}).encode()
    request = Request(address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - http(s), as required above
    opener = build_opener(_NoRedirect, HTTPSHandler(context=ssl.create_default_context()))
    with opener.open(request, timeout=_PATIENCE):
        pass


def _mail(settings: Settings, message: Notice) -> None:
    settings.require(*MAIL, *LOGIN, "ui_url")
    mail = EmailMessage()
    mail["Subject"] = message.headline()
    mail["From"], mail["To"] = settings.notice_mail_from, settings.notice_mail_to
    mail.set_content(message.text())
    password = _password(settings) if settings.notice_smtp_user else ""
    server = _connected(settings)
    try:
        if settings.notice_smtp_user:
            server.login(settings.notice_smtp_user, password)
        server.send_message(mail)
        with suppress(OSError, smtplib.SMTPException):  # the server has the mail
            server.quit()
    finally:
        server.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    """The mail server, with TLS where that is set; its certificate is verified."""
    named = urlsplit(f"//{settings.notice_smtp_host}")
    tls = _tls(settings, named.port)
    host, port = str(named.hostname), named.port or _PORTS[tls]
    if tls == TLS:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=context)
    server = smtplib.SMTP(host, port, timeout=_PATIENCE)
    if tls == STARTTLS:
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _tls(settings: Settings, port: int | None) -> str:
    """How the server is spoken to: as is set, or else as its port has it.

    With a password, it is never spoken to without TLS.
    """
    if settings.notice_smtp_tls:
        return settings.notice_smtp_tls
    usual = STARTTLS if settings.notice_smtp_user else NO_TLS
    return {_PORTS[TLS]: TLS, _PORTS[STARTTLS]: STARTTLS}.get(port or 0, usual)


def _password(settings: Settings) -> str:
    """The password at the mail server.

    Raises:
        MissingSettingError: it is not set.
        InvalidSettingError: its file cannot be read, or it has letters that no login takes.
    """
    password = secret(settings, "notice_smtp_password")
    if not password.isascii():
        raise InvalidSettingError(
            "EDX_NOTICE_SMTP_PASSWORD has letters outside ASCII, which mail servers do not take:"
            " choose another password"
        )
    return password
