"""A learner's identifiers, and their keyed hashes. Which fields hold them is told in `personal`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from edx_assets.edx.mentions import folded, folded_name, pieces
from edx_assets.edx.personal import Identity

LONGEST_NAME = 6
"""Words of a name: longer ones are not looked for in texts."""

_HASH_BYTES = 16

USER_ID, USERNAME, WORD, PIECE, LINK = "user id", "username", "word", "piece", "row"
"""What is hashed: an id, a username in its own field, what names a learner in a text (or in a field
of e-mails or anonymous ids), a piece of that, by which texts without it are told fast, and the key
of a row to which rows without a learner's id refer."""


@dataclass(frozen=True)
class Identifiers:
    """All that is known to name one learner."""

    user_ids: frozenset[int] = frozenset()
    usernames: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    anonymous_ids: frozenset[str] = frozenset()

    def __or__(self, other: "Identifiers") -> "Identifiers":
        return Identifiers(
            self.user_ids | other.user_ids,
            self.usernames | other.usernames,
            self.emails | other.emails,
            self.names | other.names,
            self.anonymous_ids | other.anonymous_ids,
        )

    def words(self) -> Iterator[str]:
        """What names the learner in a text.

        A username of digits alone can be any number, and a name of one word many people's, or an
        ordinary word: neither names anybody in a text.
        """
        for username in self.usernames:
            if not username.isdecimal():
                yield username
        for name in map(folded_name, self.names):
            if 1 < len(name.split()) <= LONGEST_NAME:
                yield name
        yield from self.emails
        yield from self.anonymous_ids

    def hashes(self, key: bytes) -> set[bytes]:
        """The keyed hashes by which the learner is recognised."""
        return {
            *(hashed(key, USER_ID, str(each)) for each in self.user_ids),
            *(hashed(key, USERNAME, each) for each in self.usernames),
            *(hashed(key, WORD, each) for each in self.words()),
            *(hashed(key, PIECE, _rarest(each)) for each in self.words()),
        }


GROUPS: Mapping[Identity | None, str] = {
    Identity.USER_ID: "user_ids",
    Identity.USERNAME: "usernames",
    Identity.EMAIL: "emails",
    Identity.NAME: "names",
    Identity.ANONYMOUS_ID: "anonymous_ids",
}
"""Where each identity belongs among a learner's identifiers."""


def _rarest(word: str) -> str:
    """The longest piece of a word: few texts have it."""
    return max(pieces(word), key=lambda piece: (len(piece), piece), default="")


def hashed(key: bytes, kind: str, value: str) -> bytes:
    """The keyed hash of an identifier, without regard to case.

    It is BLAKE2b's own keyed mode (RFC 7693), 16 bytes: a load asks for two of each learner, and
    HMAC takes three times as long.
    """
    return hashing(key, kind)(value)


def hashing(key: bytes, kind: str) -> Callable[[str], bytes]:
    """The same for many values: what is common to all is hashed once."""
    begun = blake2b(f"{kind}\0".encode(), digest_size=_HASH_BYTES, key=key)

    def of(value: str) -> bytes:
        state = begun.copy()
        state.update(folded(value).encode("utf-8", "surrogatepass"))
        return state.digest()

    return of
