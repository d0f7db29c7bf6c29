"""The identifiers that a course's tables hold: what is looked for in its texts. Pure.

Where they are read from belongs in `gathering`; how texts are searched, in `texts`.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from ipaddress import ip_address

from edx_assets.edx.mentions import LONGEST, folded, folded_name, pieces
from edx_assets.edx.personal import Identity
from edx_assets.edx.pseudonyms import WORDS, identity_by_form, is_address
from edx_assets.edx.user_ids import user_id_of

MOST_WORDS = 8
"""Of a name that has more, the first are looked for."""

_SHORT = 3  # letters or digits: a word with fewer is an ordinary one
_LONG = 20  # letters and digits of one word that nobody chose
_OTHER = 7  # characters of what is worth looking for: a phone number has no fewer


class Known:
    """The identifiers of a course. Sessions are many: each is kept in 8 bytes.

    `ids` are user ids; `words` the others that are one word, folded; `names` those of several
    words, each with the name that it is of. `ordinary` are the words that are no mention of anybody
    in a text: see `settle`.
    """

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.words: dict[str, Identity] = {}
        self.names: dict[str, tuple[Identity, str]] = {}
        self.ordinary: set[str] = set()
        self.sessions = Digests()
        self.addresses = Digests()
        self.vocabulary: set[str] = {*WORDS}
        self.format_words: set[str] = set()

    def add(self, identity: Identity, value: object) -> None:
        """Add what an identifier's field holds; what is no number or text, or blank, is none."""
        if type(value) is int and identity in (Identity.USER_ID, Identity.USERNAME):
            self.ids.add(value)
        elif isinstance(value, str) and (text := value.strip()):
            self._add(identity_by_form(identity, text), text)

    def _add(self, identity: Identity, text: str) -> None:
        word = folded(text)
        parts = folded_name(text).split(" ")
        if identity == Identity.USER_ID:
            self.ids.add(user_id_of(text) or 0)
        elif identity == Identity.ADDRESS:
            for each in text.split(","):
                if is_address(each.strip()):
                    self.addresses.add(str(ip_address(each.strip())))
        elif identity == Identity.SESSION and len(word) >= _LONG and word.isalnum():
            self.sessions.add(word)
        elif identity in (Identity.OTHER, Identity.SESSION):
            self._add_other(identity, word, parts)
        elif identity == Identity.NAME or any(letter.isspace() for letter in word):
            self._add_name(identity, parts)
        elif any(parts) and len(word) <= LONGEST:
            self.words[word] = identity

    def _add_other(self, identity: Identity, word: str, parts: list[str]) -> None:
        """Ids, phone numbers and addresses; a city alone is none, nor the URL of a certificate."""
        if len(word) < _OTHER or "/" in word or not any(letter.isdigit() for letter in word):
            return
        if len(parts) > 1 and (any(letter.isspace() for letter in word) or _is_number(parts)):
            self._add_name(identity, parts)
        else:
            self.words.setdefault(word, identity)

    def _add_name(self, identity: Identity, parts: list[str]) -> None:
        if len(parts) < 2 or sum(map(len, parts)) < _SHORT:
            return
        name = " ".join(parts)
        forms = [parts[:MOST_WORDS]]
        if identity == Identity.NAME:
            forms += [[parts[-1], *parts[:-1]][:MOST_WORDS], [parts[0], parts[-1]]]
        for form in forms:
            self.names.setdefault(" ".join(form), (identity, name))

    def settle(self) -> None:
        """Tell the ordinary words from the others, once all are added.

        A username that is one word of letters or digits alone is ordinary if the course's own
        material or its data's format has that word, or if it is short, or a number. Any username is
        that is a name in the data's format, such as `problem_check`.
        """
        for word, identity in self.words.items():
            if identity != Identity.USERNAME:
                continue
            one = word.isalnum() and len(pieces(word)) == 1
            if word in self.format_words or (
                one and (word in self.vocabulary or word.isdigit() or len(word) < _SHORT)
            ):
                self.ordinary.add(word)

    def has_address(self, text: str) -> bool:
        """Whether it is the address of a computer that is known."""
        return is_address(text) and str(ip_address(text)) in self.addresses

    def counts(self) -> dict[str, int]:
        """How many identifiers of each kind there are."""
        found = dict.fromkeys(map(str, Identity), 0)
        for identity in self.words.values():
            found[identity] += 1
        for identity, _name in {*self.names.values()}:
            found[identity] += 1
        found[Identity.USER_ID] += len(self.ids)
        found[Identity.SESSION] += len(self.sessions)
        found[Identity.ADDRESS] += len(self.addresses)
        return found


def is_strong(word: str) -> bool:
    """Whether a word cannot be one of a language: it has letters and digits, or marks."""
    return not (word.isalpha() or word.isdigit())


def _is_number(parts: list[str]) -> bool:
    return all(part.isdigit() for part in parts)


class Digests:
    """Many words, of which only eight bytes each are kept."""

    def __init__(self) -> None:
        self._sorted = array("Q")
        self._new: set[int] = set()

    def add(self, word: str) -> None:
        self._new.add(_digest(word))
        if len(self._new) > 100_000 + len(self._sorted) // 4:
            self._merge()

    def __contains__(self, word: str) -> bool:
        if self._new:
            self._merge()
        digest = _digest(word)
        at = bisect_left(self._sorted, digest)
        return at < len(self._sorted) and self._sorted[at] == digest

    def __len__(self) -> int:
        self._merge()
        return len(self._sorted)

    def _merge(self) -> None:
        new: Iterable[int] = self._new
        self._sorted = array("Q", sorted({*self._sorted, *new}))
        self._new = set()


def _digest(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())
