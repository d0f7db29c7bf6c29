"""Texts with pseudonyms in place of the identifiers that they mention. Pure.

What an identifier is belongs in `known`; how documents and tables are rewritten, in `rows`.
"""

import re
from functools import lru_cache

from edx_assets.edx.escapes import views
from edx_assets.edx.mentions import folded, mentions, names, pieces, replaced
from edx_assets.edx.personal import Identity
from edx_assets.edx.pseudonyms import Pseudonyms, is_address
from edx_assets.exports.pseudonyms.known import Known, is_strong

_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
_MAY_BE_EMAIL = re.compile(
    r"(?:@|%40|\\u0040|&#64;|&#x40;|&commat;)[\w-]+(?:\.|%2E)", re.IGNORECASE
)
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)*\.\w+")
_ABOUT_USER = re.compile(
    r"""(?:(?<![\w.+-])@                           # @mary
        | (?:^|[\W_])                             # users/7, username=mary, "user_id": 7
          (?:u|users?|students?|learners?|authors?|profile|progress|identifier)
          (?:_?(?:name|id)s?)? (?:["'\\]*\s?:\s?["'\\]*|/|=|%2F|%3D|%22%3A(?:%20)?(?:%22)?)
        ) ([\w.@+-]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_ODD = re.compile(r"[^\w.@+'\-]")
_SHORT = 300  # characters of a text that is kept: the same ones come again and again
_KEPT = 50_000


class Texts:
    """Texts with the identifiers of a course replaced.

    Args:
        known: the identifiers, settled.
        pseudonyms: what they are replaced by.
    """

    def __init__(self, known: Known, pseudonyms: Pseudonyms) -> None:
        self._known = known
        self._pseudonyms = pseudonyms
        self._free = {w: i for w, i in known.words.items() if w not in known.ordinary}
        self._strong = {w: i for w, i in self._free.items() if is_strong(w)}
        # an identifier is there only if all its pieces are: told by the rarest of them
        self._by_piece: dict[str, list[frozenset[str]]] = {}
        self._names_by_piece: dict[str, list[frozenset[str]]] = {}
        self._most = 2
        self._odd = {w: re.compile(re.escape(w), re.IGNORECASE) for w in self._free if _is_odd(w)}
        self._index()
        self._cached = lru_cache(_KEPT)(self._replaced)

    def __call__(self, text: str, free: bool = True) -> str:
        """The text, in which people write what they want (`free`), or that a program wrote.

        In the latter only those identifiers are replaced that can be nothing else.
        """
        return self._cached(text, free) if len(text) <= _SHORT else self._replaced(text, free)

    def _index(self) -> None:
        counts: dict[str, int] = {}
        told = [(frozenset(pieces(word)), self._by_piece) for word in self._free]
        for name in self._known.names:
            told.append((frozenset(name.split(" ")), self._names_by_piece))
            self._most = max(self._most, name.count(" ") + 1)
        for needed, _index in told:
            for piece in needed:
                counts[piece] = counts.get(piece, 0) + 1
        common = self._known.vocabulary
        for needed, index in told:
            if needed:
                rarest = min(needed, key=lambda p: (p in common, counts[p], -len(p), p))
                index.setdefault(rarest, []).append(needed)

    def _replaced(self, text: str, free: bool) -> str:
        there = pieces(text)
        if not there:
            return text
        found = [*self._words(text, there, free)]
        if _may_have(there, self._names_by_piece):
            found += [
                (start, end, self._pseudonyms.of_text(*self._known.names[name]))
                for start, end, name in names(text, self._most)
                if name in self._known.names
            ]
        found += self._odd_words(text, there, free)
        found += self._addresses(text, free)
        if free:
            found += self._of_users(text)
        return replaced(text, found) if found else text

    def _words(self, text: str, there: set[str], free: bool) -> list[tuple[int, int, str]]:
        sessions = {
            p for p in there if len(p) >= 20 and p in self._known.sessions
        }  # kept as digests, so that it is asked for each
        emails = free and _MAY_BE_EMAIL.search(text) is not None
        if not (sessions or emails or _may_have(there, self._by_piece)):
            return []
        known = self._free if free else self._strong
        found = []
        for start, end, word in mentions(text):
            identity = known.get(word)
            if identity is None and emails and _EMAIL.fullmatch(word):
                identity = Identity.EMAIL
            elif identity is None and word in sessions:
                identity = Identity.SESSION
            if identity is not None:
                found.append((start, end, self._pseudonyms.of_text(identity, word)))
        return found

    def _odd_words(self, text: str, there: set[str], free: bool) -> list[tuple[int, int, str]]:
        return [
            (*view.place(*match.span()), self._pseudonyms.of_text(self._free[word], word))
            for word, pattern in self._odd.items()
            if (free or word in self._strong) and pieces(word) <= there
            for view in views(text)
            for match in pattern.finditer(view.text)
        ]

    def _addresses(self, text: str, free: bool) -> list[tuple[int, int, str]]:
        found = []
        for pattern, mark in ((_IPV4, "."), (_IPV6, ":")):
            if text.count(mark) < 2:
                continue
            for match in pattern.finditer(text):
                address = match[0]
                if is_address(address) and (free or self._known.has_address(address)):
                    pseudonym = self._pseudonyms.of_text(Identity.ADDRESS, address)
                    found.append((*match.span(), pseudonym))
        return found

    def _of_users(self, text: str) -> list[tuple[int, int, str]]:
        """Ordinary words and numbers where the text says that they are a user."""
        found = []
        for match in _ABOUT_USER.finditer(text):
            word = folded(match[1].rstrip(".-+@"))
            identity: Identity | None = None
            if word in self._known.ordinary:
                identity = Identity.USERNAME
            elif word.isdigit() and len(word) < 19 and int(word) in self._known.ids:
                identity = Identity.USER_ID
            if identity is not None:
                start = match.start(1)
                pseudonym = self._pseudonyms.of_text(identity, word)
                found.append((start, start + len(match[1].rstrip(".-+@")), pseudonym))
        return found


def _is_odd(word: str) -> bool:
    """Whether a word may not be told where it stands among others, for its marks."""
    return bool(_ODD.search(word)) or (
        not word.isalnum() and all(told != word for *_place, told in mentions(f"0@{word}@0"))
    )


def _may_have(there: set[str], index: dict[str, list[frozenset[str]]]) -> bool:
    """Whether all pieces of any identifier are there."""
    return any(needed <= there for piece in there & index.keys() for needed in index[piece])
