"""Why a database cannot be reached, in words; and what the driver has against a connection string.

What a database answers that has been reached is in `store_causes`.
"""

import re
import ssl

from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.uri_parser import split_options

CHECK = "check EDX_MONGO_URI (edx-assets doctor checks it)"

Cause = tuple[str, bool]
"""What is wrong and what to do about it, and whether that is final."""

_ELSEWHERE: dict[str, Cause] = {
    r"Name or service not known|name resolution|nodename nor servname|No address associated": (
        "the name of its host cannot be resolved: correct the host, or the machine's DNS",
        False,
    ),
    r"replica set name|belongs to a (replica )?set named": (
        "its replica set has another name: correct replicaSet",
        False,
    ),
}

# the alerts are the server's words about the client; the rest is what the client finds
_TLS: dict[str, Cause] = {
    r"alert certificate required": (
        "it demands a client certificate: name a file with one, and with its private key, in"
        " tlsCertificateKeyFile",
        True,
    ),
    r"alert (unknown ca|(bad|unsupported) certificate|certificate \w+|decrypt error)": (
        "it refuses the client certificate: name one in tlsCertificateKeyFile that has not expired,"
        " of an authority that the server trusts",
        True,
    ),
    r"certificate has expired": (
        "its certificate has expired: renew it on the server, or correct this machine's clock",
        True,
    ),
    r"certificate is not yet valid": (
        "its certificate is not valid yet: correct this machine's clock, or the certificate",
        True,
    ),
    r"certificate is not valid for|[Hh]ostname mismatch": (
        "its certificate is for another host: connect by a name that the certificate has, or give"
        " the server a certificate for this one",
        True,
    ),
    r"CERTIFICATE_VERIFY_FAILED": (
        "its certificate is of an authority that is not known here: name a file with the"
        " authority's certificate in tlsCAFile",
        True,
    ),
    r"WRONG_VERSION_NUMBER|wrong version number|record layer failure": (
        "it speaks no TLS there: remove tls=true, or correct the port",
        True,
    ),
    r"handshake operation timed out|EOF occurred|handshake failure": (
        "it ends the TLS handshake, or does not answer it: it may demand a client certificate"
        " (tlsCertificateKeyFile), or speak no TLS there (remove tls=true, or correct the port)",
        False,
    ),
    r"SSL|TLS|certificate": (
        "TLS failed: the server may speak none, or its certificate fits neither its host nor the"
        " authorities known here: correct tls and tlsCAFile",
        False,
    ),
}

_SILENCE: dict[str, Cause] = {
    r"Connection refused": (
        "nothing listens at its host and port: start it, or correct the host and port",
        False,
    ),
    r"connection closed|reset by peer|response id": (
        "it ends the connection: it may ask for TLS (tls=true), or be no MongoDB",
        False,
    ),
    r"No primary|ReplicaSetNoPrimary": (
        "its replica set has no primary: look at its members",
        False,
    ),
    r"timed out|No servers found": (
        "nobody answers at its host: look at the host, the network and the firewalls between; with"
        " tls=true, whether it speaks TLS",
        False,
    ),
}

_FILES = "tlsCAFile or tlsCertificateKeyFile"
_ESCAPE = (
    "EDX_MONGO_URI is not a connection string: percent-encode the user and the password"
    " (`@` is %40, `:` is %3A, `/` is %2F, `?` is %3F)"
)

_OPTION = (
    "EDX_MONGO_URI has an option that the driver does not know, or a value that the option cannot"
    " have: correct its spelling (tls=true, authSource=admin)"
)


def unreachable(text: str) -> Cause | None:
    """What the driver's text on a server means that it has waited for in vain, if that is known."""
    return _first(text, _ELSEWHERE | _TLS | _SILENCE)


def handshake(text: str) -> Cause | None:
    """What the driver's text on a connection that failed means, if that is about TLS."""
    return _first(text, _TLS)


def _first(text: str, causes: dict[str, Cause]) -> Cause | None:
    """The surest signs stand first."""
    return next((cause for sign, cause in causes.items() if re.search(sign, text)), None)


def misspelt(uri: str) -> str | None:
    """What is wrong with a connection string that the driver would take for something else.

    A user or a password that has to be escaped it may take for a host, and look that up. Without an
    option that it does not know it goes on, with a warning: with `tsl=true`, say, it would not
    encrypt.
    """
    before, _question, options = uri.partition("://")[2].partition("?")
    user, at, _host = before.rpartition("@")
    if "/" in user or ("@" in options and not at):
        return _ESCAPE
    try:
        if options:
            split_options(options, validate=True, warn=False)
    except (InvalidURI, OSError):
        return None  # the driver says so itself
    except (ConfigurationError, ValueError, TypeError):
        return _OPTION
    return None


def connection_string(error: Exception) -> Cause:
    """What the driver has against a connection string, or why it cannot look up what it names."""
    text = str(error)
    if "dnspython" in text:
        told = "EDX_MONGO_URI begins with mongodb+srv://, which needs dnspython: pip install it"
        return told, True
    if re.search("resolution lifetime|nameserver", text, re.IGNORECASE):
        return (
            "EDX_MONGO_URI begins with mongodb+srv://, and DNS does not answer: look at the"
            " machine's DNS and the network, or write mongodb://host:port",
            False,
        )
    if re.search("DNS|SRV", text, re.IGNORECASE):
        return (
            "EDX_MONGO_URI begins with mongodb+srv://, and DNS knows no such service: correct the"
            " host (without a port) or the machine's DNS, or write mongodb://host:port",
            True,
        )
    if isinstance(error, ssl.SSLError) or "Private key" in text:
        return (
            f"EDX_MONGO_URI names a TLS file ({_FILES}) that is of another kind: the first holds"
            " the authority's certificate, the second a certificate and its private key, both as"
            " PEM; and tlsCertificateKeyFilePassword opens the key if it is encrypted",
            True,
        )
    if isinstance(error, OSError):
        return (
            f"EDX_MONGO_URI names a TLS file ({_FILES}) that does not exist or cannot be read:"
            " correct its path or permissions",
            True,
        )
    if "escaped" in text:
        return _ESCAPE, True
    told = "EDX_MONGO_URI is not a connection string: write mongodb://user:password@host:27017/"
    return told, True
