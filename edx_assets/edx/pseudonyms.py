"""Pseudonyms: what an identifier is replaced by, under a secret key. Where they are: `personal`.

The same identifier always gets the same pseudonym under the same key, whatever the case of its
letters, and without the key nobody can tell one from the other. The type stays, and the form, so
that programs can read it: a user id is a number (of 16 digits: R and JavaScript hold it exactly),
an address one that no computer can have (RFC 3849), an e-mail address in a domain that cannot be
(RFC 2606), and an id of hex digits has as many of them.
"""

import hmac
import re
from base64 import b32encode
from functools import lru_cache
from ipaddress import ip_address

from edx_assets.edx.mentions import folded
from edx_assets.edx.personal import Identity
from edx_assets.edx.user_ids import user_id_of

WORDS = frozenset({"u", "e", "n", "o", "pseudonym", "invalid", "2001", "db8"})
"""The words that pseudonyms are made of, beside what is random in them."""
FIRST_NUMBER = 10**15
"""The smallest number: edX's own ids are far below."""

_NUMBERS = 8 * 10**15  # below 2**53: a double holds each of them
_HEX = re.compile(r"[0-9a-f]{16,64}", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CACHED = 2**16


def scope_key(key: bytes, scope: str) -> bytes:
    """The key of a scope, from that of the institution: the pseudonyms of two do not fit."""
    return hmac.digest(key, f"scope\0{scope}".encode(), "sha256")


def identity_by_form(identity: Identity, value: str) -> Identity:
    """Which identifier a text is where another was expected: an e-mail address for a username."""
    if identity in (Identity.USERNAME, Identity.USER_ID, Identity.NAME) and is_email(value):
        return Identity.EMAIL
    if identity == Identity.USER_ID and user_id_of(value) is None:
        return Identity.ANONYMOUS_ID if _HEX.fullmatch(value) else Identity.USERNAME
    return identity


def is_email(text: str) -> bool:
    """Whether a text has the form of an e-mail address, with a dot in its domain."""
    return "@" in text and _EMAIL.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether a text is the address of a computer."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class Pseudonyms:
    """The pseudonyms under a key.

    Args:
        key: the secret key of a scope.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.of_text = lru_cache(_CACHED)(self._of_text)
        self.of_number = lru_cache(_CACHED)(self._of_number)

    @property
    def fingerprint(self) -> str:
        """What tells two keys apart, and nothing of either."""
        return self._digest("fingerprint", "").hex()[:16]

    def _of_text(self, identity: Identity, value: str) -> str:
        """The pseudonym of a text. A blank one stays as it is: it tells nobody."""
        word = value.strip()
        if not word:
            return value
        identity = identity_by_form(identity, word)
        if identity == Identity.USER_ID:
            return str(self.of_number(identity, int(word)))
        if identity == Identity.ADDRESS:
            return ", ".join(self._address(each.strip()) for each in word.split(","))
        digest = self._digest(identity, folded(word))
        digits = len(word) if _HEX.fullmatch(word) else 0
        if identity in (Identity.ANONYMOUS_ID, Identity.SESSION):
            return digest.hex()[: digits or 32]
        if identity == Identity.OTHER and digits:
            return digest.hex()[:digits]
        random = b32encode(digest[:10]).decode().lower()
        if identity == Identity.EMAIL:
            return f"e_{random}@pseudonym.invalid"
        return f"{'o' if identity == Identity.OTHER else identity[0]}_{random}"

    def _of_number(self, identity: Identity, value: int) -> int:
        """The pseudonym of a number."""
        digest = self._digest(identity, str(value))
        return FIRST_NUMBER + int.from_bytes(digest[:8]) % _NUMBERS

    def _address(self, address: str) -> str:
        told = str(ip_address(address)) if is_address(address) else folded(address)
        digits = self._digest(Identity.ADDRESS, told).hex()
        return "2001:db8:" + ":".join(digits[at : at + 4] for at in range(0, 24, 4))

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{value}".encode("utf-8", "replace"), "sha256")
