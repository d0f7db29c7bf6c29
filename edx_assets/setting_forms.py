"""How a setting's value has to be written: the form of each kind, checked where it is read.

No message repeats a value: it may be a secret, or hold one. What exists in the world (folders,
servers, keys) is checked by the resource that uses it.
"""

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

_PREFIX = re.compile(r"(?!tracking_)[a-z][a-z0-9]{0,14}_")
_IN_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](?:/(?!\.)[^/]+)*/?")
_TRUE = ("true", "1", "yes", "on", "t", "y")
_FALSE = ("false", "0", "no", "off", "f", "n")


def a_date(value: Any) -> Any:
    """A date, and no time."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip() if len(value.strip()) == 10 else "")
    except ValueError:
        raise ValueError("is not a date: write YYYY-MM-DD, such as 2014-02-28") from None


def a_truth(value: Any) -> Any:
    """Yes or no, in the words that pydantic takes."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("is neither true nor false: write one of them")
    return word in _TRUE


def an_address(value: Any) -> Any:
    """The address of a web server; without a user and a password, for the UI shows addresses."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value.strip())
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and "@" not in parts.netloc
    except ValueError:  # a port that is no number, or too high
        good = False
    if not good:
        raise ValueError(
            "is not a web address: write it from http:// or https:// on, without a user and a"
            " password"
        )
    return value.strip()


def a_mail_server(value: Any) -> Any:
    """A host, with or without a port."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(f"//{value.strip()}")
        good = parts.hostname and parts.port != 0 and parts.netloc == value.strip()
        good = good and not value.strip().endswith(":") and "@" not in value
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            "is not a mail server: write host or host:port, such as mail.example.edu:25"
        )
    return value.strip()


def a_security(value: Any) -> Any:
    """How a mail server is spoken to."""
    word = value.strip().lower() if isinstance(value, str) else value
    if word not in ("tls", "starttls", "none", None):
        raise ValueError("is neither tls, starttls nor none: write one of them")
    return word


def a_prefix(value: Any) -> Any:
    """The beginning of database names: with one `_`, at its end, so that none begins another.

    `tracking_` would: the master collection is in `tracking_logs`.
    """
    if not isinstance(value, str):
        return value
    if not _PREFIX.fullmatch(value.strip()):
        raise ValueError(
            "is no beginning of database names: write up to 15 lower-case letters and digits, and"
            " a _ after them, such as mcgillx_ (tracking_ is taken)"
        )
    return value.strip()


def a_retirement(value: Any) -> Any:
    """What becomes of retired learners' data."""
    word = value.strip().lower() if isinstance(value, str) else value
    if word not in ("delete", "pseudonymise"):
        raise ValueError("is neither delete nor pseudonymise: write one of them")
    return word


def a_count(value: Any) -> Any:
    """A whole number from 1 on."""
    if not isinstance(value, str):
        return value
    if not (value.strip().isascii() and value.strip().isdecimal() and int(value) > 0):
        raise ValueError("is not a whole number from 1 on")
    return int(value)


def a_storage(value: Any) -> Any:
    """A folder, or `s3://` with a bucket and, if wanted, a folder in it."""
    if not isinstance(value, str) or "://" not in value:
        return value
    if not _IN_S3.fullmatch(value.strip()):
        raise ValueError("is neither a folder nor s3://bucket/folder: write one of them")
    return value.strip().rstrip("/")


def a_bucket(value: Any) -> Any:
    """The name of a bucket."""
    if isinstance(value, str) and not set(value.strip()).isdisjoint("/: "):
        raise ValueError("is not the name of a bucket: write the name alone, without s3://")
    return value.strip() if isinstance(value, str) else value
