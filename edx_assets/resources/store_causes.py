"""What an error of the database's driver means, in words; and whether a retry can help.

The driver's own texts are looked at for their kind and never repeated: they can hold documents, and
they name hosts.
"""

import re

from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from edx_assets.errors import FinalError

UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_ATLAS = 8000  # what MongoDB Atlas answers in its place

_CHECK = "check EDX_MONGO_URI (edx-assets doctor checks it)"

_REFUSED = {
    _AUTHENTICATION_FAILED: (
        "AuthenticationFailed: the database does not know the user, or the password is wrong:"
        " correct them in EDX_MONGO_URI, or add the database that holds the user (authSource)"
    ),
    UNAUTHORIZED: (
        "Unauthorized: the user of EDX_MONGO_URI may not do this, or the connection string names"
        " no user: grant the user readWriteAnyDatabase, for every course has its own database"
    ),
}
"""Codes that no retry helps against, and what they mean."""

_TLS = (
    "TLS failed: the server may speak none, or its certificate fits neither its host nor the"
    " authorities known here: correct tls and tlsCAFile"
)
_UNREACHABLE = {
    r"Name or service not known|name resolution|nodename nor servname|No address associated": (
        "the name of its host cannot be resolved: correct the host, or the machine's DNS"
    ),
    r"replica set name|belongs to a (replica )?set named": (
        "its replica set has another name: correct replicaSet"
    ),
    r"SSL|TLS|certificate": _TLS,
    r"Connection refused": (
        "nothing listens at its host and port: start it, or correct the host and port"
    ),
    r"connection closed|reset by peer|response id": (
        "it ends the connection: it may ask for TLS (tls=true), or be no MongoDB"
    ),
    r"No primary|ReplicaSetNoPrimary": "its replica set has no primary: look at its members",
    r"timed out|No servers found": (
        "nobody answers at its host: look at the host, the network and the firewalls between; with"
        " tls=true, whether it speaks TLS"
    ),
}
"""What the driver says of a server that it has waited for in vain, the surest signs first."""


class StoreRefusedError(FinalError):
    """The database refuses the user, the password or the right to do this: no retry helps."""


def meaning(error: PyMongoError) -> tuple[str, bool]:
    """What an error means with what to do about it, and whether it is final."""
    kind = type(error).__name__
    if isinstance(error, ServerSelectionTimeoutError):
        text = str(error)
        if re.search("authentication failed|AuthenticationFailed|bad auth", text):
            return f"the database answered {_REFUSED[_AUTHENTICATION_FAILED]}", True
        for pattern, cause in _UNREACHABLE.items():
            if re.search(pattern, text):
                return f"the database answered {kind}: {cause}; {_CHECK}", False
        return _plain(kind), False
    if isinstance(error, OperationFailure) and error.code is not None:
        code = _AUTHENTICATION_FAILED if error.code == _ATLAS else error.code
        if code in _REFUSED:
            return f"the database answered {kind} ({error.code}), {_REFUSED[code]}", True
        return _plain(f"{kind} ({error.code})"), False
    if isinstance(error, ConfigurationError):
        return connection_string(error), True
    if isinstance(error, AutoReconnect) and re.search("SSL|TLS|certificate", str(error)):
        return f"the database answered {kind}: {_TLS}; {_CHECK}", False
    return _plain(kind), False


def connection_string(error: Exception) -> str:
    """What the driver has against a connection string."""
    text = str(error)
    if "dnspython" in text:
        return "EDX_MONGO_URI begins with mongodb+srv://, which needs dnspython: pip install it"
    if re.search("DNS|SRV|resolution lifetime|nameserver", text, re.IGNORECASE):
        return (
            "EDX_MONGO_URI begins with mongodb+srv://, and DNS knows no such service: correct the"
            " host (without a port) or the machine's DNS, or write mongodb://host:port"
        )
    if isinstance(error, OSError):
        return (
            "EDX_MONGO_URI names a TLS file (tlsCAFile or tlsCertificateKeyFile) that does not"
            " exist or cannot be read: correct its path or permissions"
        )
    if "escaped" in text:
        return (
            "EDX_MONGO_URI is not a connection string: percent-encode the user and the password"
            " (`@` is %40, `:` is %3A, `/` is %2F)"
        )
    return "EDX_MONGO_URI is not a connection string: write mongodb://user:password@host:27017/"


def _plain(answer: str) -> str:
    return f"the database answered {answer}; {_CHECK}"
