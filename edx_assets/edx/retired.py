"""Retired learners: who is one, by keyed hashes alone, and documents without them.

What becomes of their events and rows belongs in `retired_events` and `retired_rows`.
"""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from edx_assets.edx.identifiers import (
    LINK,
    LONGEST_NAME,
    PIECE,
    USER_ID,
    USERNAME,
    WORD,
    hashed,
    hashing,
)
from edx_assets.edx.mentions import mentions, names, pieces, replaced
from edx_assets.edx.personal import Identity, personal_fields
from edx_assets.edx.user_ids import user_id_of

REMOVED = "[retired]"
"""What stands in a text in a retired learner's place."""

_ASKED = 200_000  # identifiers whose answers are kept: a day of a large institution has as many
_SHORT, _TEXTS = 200, 16_384  # characters, and how many of such texts are kept: addresses repeat
_ID_IN_TEXT = re.compile(
    r"""((?:user_id|student_id|author_id)["'\\]*\s*[:=]\s*["'\\]*|/users/|/progress/)([0-9]{1,18})(?![0-9])"""
)
"""User ids in JSON that stays text, in query strings, and in the forum's addresses and those of
learners' progress."""


@dataclass(frozen=True)
class IdFields:
    """The names of fields that hold user ids, and of those that hold usernames."""

    user_ids: frozenset[str]
    usernames: frozenset[str]


@cache
def id_fields(collection: str) -> IdFields:
    """Those of a collection, at any depth; of an unknown one, those of all tracking records."""
    fields = personal_fields(collection) or personal_fields("tracking") or {}

    def named(identity: Identity) -> frozenset[str]:
        return frozenset(
            path.rpartition(".")[2] for path, each in fields.items() if each.identity == identity
        )

    return IdFields(named(Identity.USER_ID), named(Identity.USERNAME))


class Answers(dict[Any, bool]):
    """The answers to a question about values, each asked once: learners and addresses recur.

    Looking one up is one step of the interpreter, where `lru_cache` takes two.

    Args:
        question: what tells the answer for a value.
        most: how many answers are kept.
    """

    def __init__(self, question: Callable[[Any], bool], most: int) -> None:
        self._question, self._most = question, most

    def __missing__(self, value: Any) -> bool:
        if len(self) >= self._most:
            self.clear()
        answer = self[value] = self._question(value)
        return answer


class Retired:
    """The retired learners, by the keyed hashes of their identifiers.

    Args:
        key: the key of the hashes.
        hashes: those of all retired learners.
        pseudonyms: whether a pseudonym takes the place of an identifier; otherwise nothing does.
    """

    def __init__(self, key: bytes, hashes: Set[bytes], pseudonyms: bool) -> None:
        self._key, self.pseudonyms = key, pseudonyms
        # a set is looked through by each garbage collection, a dict of such values is not
        self._hashes = dict.fromkeys(hashes)
        self.ids = self._answers(USER_ID)
        """Whether an id (an integer) is a retired learner's."""
        self.usernames = self._answers(USERNAME)
        """Whether a username is a retired learner's."""
        self.words = self._answers(WORD)
        """Whether a username, an e-mail, an anonymous id or a name in a text is."""
        self._pieces = self._answers(PIECE)
        self._short_texts = Answers(lambda text: self._searched(text) != text, _TEXTS)

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def _answers(self, kind: str) -> Answers:
        """Whether an identifier of a kind is there."""
        hash_of, hashes = hashing(self._key, kind), self._hashes
        return Answers(lambda value: hash_of(str(value)) in hashes, _ASKED)

    def has_user_id(self, value: Any) -> bool:
        """Whether a value (an integer, or its digits) is a retired learner's id."""
        user_id = user_id_of(value)
        return user_id is not None and self.ids[user_id]

    def has_all(self, hashes: Set[bytes]) -> bool:
        """Whether all of these hashes are among those of the retired learners."""
        return hashes <= self._hashes.keys()

    def and_rows(self, hashes: Set[bytes]) -> "Retired":
        """These learners, and rows of theirs that `has_row` is to recognise as well."""
        if not hashes:
            return self
        return Retired(self._key, self._hashes.keys() | hashes, self.pseudonyms)

    def has_row(self, of: str, value: Any) -> bool:
        """Whether the row with this key, of the table that `of` names, is a retired learner's."""
        return value is not None and self.row_hash(of, value) in self._hashes

    def row_hash(self, of: str, value: Any) -> bytes:
        """The hash by which `has_row` recognises a row."""
        return hashed(self._key, LINK, f"{of}\0{value}")

    def in_place_of_id(self, value: Any) -> int | None:
        """What takes the place of a user id: a negative integer, or nothing."""
        if not self.pseudonyms:
            return None
        told = hashed(self._key, "pseudonym of user id", str(user_id_of(value)))
        return -(int.from_bytes(told[:6], "big") + 1)

    def in_place_of(self, text: str) -> str:
        """What takes the place of any other identifier."""
        if not self.pseudonyms:
            return REMOVED
        return f"retired_{hashed(self._key, 'pseudonym', text)[:8].hex()}"

    def text(self, text: str) -> str:
        """A text without the identifiers of retired learners, found as whole words.

        It is the text itself where it has none.
        """
        if len(text) <= _SHORT and not self._short_texts[text]:
            return text
        left = self._searched(text)
        return text if left == text else left

    def _searched(self, text: str) -> str:
        if any(self._pieces[piece] for piece in pieces(text)):
            text = replaced(
                text,
                [
                    (start, end, self.in_place_of(word))
                    for start, end, word in chain(mentions(text), names(text, LONGEST_NAME))
                    if self.words[word]
                ],
            )
        if "_id" in text or "/users/" in text or "/progress/" in text:
            return _ID_IN_TEXT.sub(self._id_in_text, text)
        return text

    def _id_in_text(self, found: re.Match[str]) -> str:
        if not self.has_user_id(found[2]):
            return found[0]
        other = self.in_place_of_id(found[2])
        return found[1] + ("0" if other is None else str(other))

    def is_in(self, text: str) -> bool:
        """Whether a text holds an identifier of a retired learner."""
        return self.text(text) is not text

    def without(self, document: Mapping[str, Any], fields: IdFields) -> Mapping[str, Any]:
        """A document without the identifiers of retired learners, at any depth.

        It is the document itself where it has none.
        """
        changed = {}
        for name, value in document.items():
            if (left := self.field(name, value, fields)) is not value:
                changed[name] = left
        return {**document, **changed} if changed else document

    def field(self, name: str, value: Any, fields: IdFields) -> Any:
        """The same of a field's value."""
        if name in fields.user_ids and self.has_user_id(value):
            return self.in_place_of_id(value)
        if type(value) is str and value:
            if name in fields.usernames and self.usernames[value]:
                return self.in_place_of(value)
            return self.text(value)
        if isinstance(value, dict):
            return self.without(value, fields)
        if type(value) is list:
            each = [(entry, self.field(name, entry, fields)) for entry in value]
            if any(new is not old for old, new in each):
                return [new for old, new in each if new or not old]
        return value


NOBODY = Retired(b"", frozenset(), pseudonyms=False)
"""No retired learners."""
