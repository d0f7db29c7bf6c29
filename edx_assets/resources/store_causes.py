"""What an error of the database's driver means, in words; and whether a retry can help.

The driver's own texts are looked at for their kind and never repeated: they can hold documents, and
they name hosts. Why a database cannot be reached is in `connection_causes`.
"""

import re

from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from edx_assets.errors import FinalError
from edx_assets.resources.connection_causes import CHECK, connection_string, handshake, unreachable

UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_MECHANISM_UNAVAILABLE = 334
_ATLAS = 8000  # what MongoDB Atlas answers in place of the first two

_UNKNOWN_USER = (
    "AuthenticationFailed: the database does not know the user, or the password is wrong:"
    " correct them in EDX_MONGO_URI, or add the database that holds the user (authSource)"
)
_NO_USER = (
    "Unauthorized: the connection string names no user: write the user and the password into"
    " EDX_MONGO_URI"
)
_NO_MECHANISM = (
    "MechanismUnavailable: the database does not let users in this way: correct authMechanism in"
    " EDX_MONGO_URI, or remove it"
)

_LACKING = (
    r"not authorized on (?P<database>[^\s{}]+) to execute command \{ (?P<right>\w+):",
    r"not authorized on (?P<database>[^\s{}]+) to execute .*\(action: (?P<right>\w+)\)$",
    r"not allowed to do action \[(?P<right>\w+)\] on \[(?P<database>[^.\]]+)",
)
"""How mongod, the embedded servers and Atlas say which right is lacking: a command or an action."""

_RIGHTS = {
    "aggregate": "find",
    "count": "find",
    "create": "createCollection",
    "createIndexes": "createIndex",
    "delete": "remove",
    "drop": "dropCollection",
    "renameCollection": "renameCollectionSameDB",
}
"""The right that a command needs; the others bear the name of their right."""


class StoreRefusedError(FinalError):
    """The database refuses the user, the password or the right to do this: no retry helps."""


def meaning(error: PyMongoError) -> tuple[str, bool]:
    """What an error means with what to do about it, and whether it is final."""
    kind = type(error).__name__
    text = str(error)
    if isinstance(error, ServerSelectionTimeoutError):
        if re.search("authentication failed|AuthenticationFailed|bad auth", text):
            return f"the database answered {_UNKNOWN_USER}", True
        cause = unreachable(text)
    elif isinstance(error, OperationFailure) and error.code is not None:
        # without what the driver adds: the whole answer
        refused = _refusal(error.code, str((error.details or {}).get("errmsg", text)))
        if refused:
            return f"the database answered {kind} ({error.code}), {refused}", True
        return _plain(f"{kind} ({error.code})"), False
    elif isinstance(error, ConfigurationError):
        return connection_string(error)
    else:
        cause = _lost(error, text) if isinstance(error, AutoReconnect) else None
    if cause is None:
        return _plain(kind), False
    told, final = cause
    return f"the database answered {kind}: {told}; {CHECK}", final


def _lost(error: AutoReconnect, text: str) -> tuple[str, bool]:
    """Why a connection that was there has brought no answer."""
    if isinstance(error, NotPrimaryError):
        told = "it takes no writes now, as while a primary is elected: look at its members, and"
    elif failed := handshake(text):
        return failed
    else:
        told = "the connection was lost, as where the server is started again: look at it, and"
    return f"{told} materialize this partition again", False


def _refusal(code: int, text: str) -> str | None:
    """What a code of the server means that no retry helps against."""
    if code == _MECHANISM_UNAVAILABLE:
        return _NO_MECHANISM
    if code == UNAUTHORIZED and "requires authentication" in text:
        return _NO_USER
    if code == UNAUTHORIZED or (code == _ATLAS and "not allowed" in text):
        return _lacking(text)
    return _UNKNOWN_USER if code in (_AUTHENTICATION_FAILED, _ATLAS) else None


def _lacking(text: str) -> str:
    found = next((match for sign in _LACKING if (match := re.search(sign, text))), None)
    right, where = "a right", ""
    if found:
        right = f"the right `{_RIGHTS.get(found['right'], found['right'])}`"
        where = f" on the database {found['database']}"
    return (
        f"Unauthorized: the user of EDX_MONGO_URI lacks {right}{where}: grant it as"
        " docs/operation.md shows (A user for edx_assets)"
    )


def _plain(answer: str) -> str:
    return f"the database answered {answer}; {CHECK}"
