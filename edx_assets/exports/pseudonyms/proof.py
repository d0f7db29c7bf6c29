"""The proof of a pseudonymised export: its finished files are searched for every known identifier.

It reads the files by itself and shares nothing with what replaces identifiers but the list of them
and the classes of fields: that looks at each word and asks whose it is; this takes the identifiers
and looks where they are.
"""

import csv
import html
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pyarrow.parquet as pq

from edx_assets.edx.field_rules import Field, document_field
from edx_assets.edx.personal import Identity, Kind, Personal, personal_fields
from edx_assets.edx.pseudonyms import FIRST_NUMBER
from edx_assets.errors import FinalError
from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.gathering import cell_class, json_field
from edx_assets.exports.pseudonyms.known import Known, is_strong
from edx_assets.exports.tables import CourseTable

_PIECE = re.compile(r"[^\W_]+")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f:]{3,39}(?![\w:])", re.IGNORECASE)
_USER = re.compile(r"(?<![^\W_])(?:users?|profile|progress|user_id|student_id)[/=](\d{1,18})\b")
_PSEUDONYM = re.compile(r"2001:db8(?::[0-9a-f]{4}){6}")
_ENTITY = re.compile(r"&#?\w{1,8};")
_JSON_ESCAPE = re.compile(r"(?<!\\)\\{1,4}[nrtbf]")
_JSON_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BATCH = 2_000  # rows
_SHORT = 300  # characters of a text whose answer is kept: the same ones come again and again
_KEPT = 50_000


class IdentifierLeftError(FinalError):
    """A finished file still holds an identifier; the message names the file, column and kind."""


class Proof:
    """The search for what is known.

    Args:
        known: the identifiers, settled.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._searched = {
            word: identity
            for word, identity in known.words.items()
            if word not in known.ordinary and _PIECE.search(word)
        } | {name: identity for name, (identity, _whole) in known.names.items()}
        self._index: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        for word in self._searched:
            for piece in _PIECE.findall(word):
                counts[piece] = counts.get(piece, 0) + 1
        for word in self._searched:
            rarest = min(_PIECE.findall(word), key=lambda p: (p in known.vocabulary, counts[p]))
            self._index.setdefault(rarest, []).append(word)
        self._cached = lru_cache(_KEPT)(self._in_any_form)
        self.cells = 0

    def search(self, path: Path, table: CourseTable | None, form: Format) -> None:
        """Search a finished file.

        Args:
            path: the file.
            table: what it is of; None of the dictionary.
            form: the form of the file.

        Raises:
            IdentifierLeftError: it holds a known identifier.
        """
        root = None
        if table is not None and table.documents:
            root = document_field(personal_fields(table.name) or {})
        for name, value in _cells(path, table, form):
            self.cells += 1
            if value is None:
                continue
            if root is not None:
                field = root if name == "document" else root.below(name)
                kind = self._in_json(_parsed(value) if name == "document" else value, field)
            elif table is None:
                kind = self.in_text(value, free=False)
            else:
                kind = self._in_cell(table, name, value)
            if kind is not None:
                raise IdentifierLeftError(
                    f"{path.name}: the column {name} still holds an identifier ({kind}), so that"
                    " nothing was exported: report the column, or export the other tables with"
                    " --only"
                )

    def _in_cell(self, table: CourseTable, name: str, value: Any) -> Identity | None:
        personal = cell_class(table, name) or Personal(Kind.FREE_TEXT)
        if personal.identity is not None:
            return self._in_identifier(value, personal.identity)
        kinds = {column.name: column.type for column in table.columns}
        if kinds[name] == "JSON" or isinstance(value, list | dict):
            return self._in_json(_parsed(value), json_field())
        if isinstance(value, str):
            return self.in_text(value, free=personal.kind == Kind.FREE_TEXT)
        return None

    def _in_json(self, value: Any, field: Field) -> Identity | None:
        kinds: list[Identity | None] = []
        if isinstance(value, dict):
            kinds = [self.in_text(name, free=True) for name in value]
            kinds += [self._in_json(each, field.below(name)) for name, each in value.items()]
        elif isinstance(value, list):
            kinds = [self._in_json(each, field) for each in value]
        elif field.personal.identity is not None:
            return self._in_identifier(value, field.personal.identity)
        elif isinstance(value, str):
            return self.in_text(value, free=field.personal.kind != Kind.QUASI)
        return next((kind for kind in kinds if kind is not None), None)

    def _in_identifier(self, value: Any, identity: Identity) -> Identity | None:
        """What is left in a field that holds nothing but an identifier: also an ordinary word."""
        text = str(value).strip()
        if isinstance(value, bool | float) or not text:
            return None
        if text.isdecimal() and identity == Identity.USER_ID and int(text) < FIRST_NUMBER:
            return identity
        if isinstance(value, int):
            return identity if value < FIRST_NUMBER else None
        found = self._known.words.get(_folded(text.removeprefix("'")))
        return found if found is not None else self.in_text(text, free=True)

    def in_text(self, text: str, *, free: bool) -> Identity | None:
        """What a text holds; of one that a program wrote (not `free`), what can be nothing else."""
        if len(text) <= _SHORT:
            return self._cached(text, free)
        return self._in_any_form(text, free)

    def _in_any_form(self, text: str, free: bool) -> Identity | None:
        found = self._in_form(_folded(text), free)
        if found is None and ("%" in text or "&" in text or "\\" in text):
            found = self._in_form(_folded(_decoded(text)), free)
        return found

    def _in_form(self, text: str, free: bool) -> Identity | None:
        if "2001:db8:" in text:  # its random digits can be a word, such as `beef`
            text = _PSEUDONYM.sub("", text)
        there = {*_PIECE.findall(text)}
        for piece in there & self._index.keys():
            for word in self._index[piece]:
                if (free or is_strong(word)) and self._stands(word, text, there):
                    return self._searched[word]
        if any(len(piece) >= 20 and piece in self._known.sessions for piece in there):
            return Identity.SESSION
        addresses = _IPV4.findall(text) if text.count(".") > 2 else []
        addresses += _IPV6.findall(text) if text.count(":") > 1 else []
        if any(self._known.has_address(each.rstrip(":")) for each in addresses):
            return Identity.ADDRESS
        if free and any(int(each) in self._known.ids for each in _USER.findall(text)):
            return Identity.USER_ID
        return None

    def _stands(self, word: str, text: str, there: set[str]) -> bool:
        """Whether a word, or a name of several, stands in a text, and not within another word."""
        if word in self._known.names:
            parts = word.split(" ")
            if not there.issuperset(parts):
                return False
            pattern = r"[\W_]{1,4}".join(map(re.escape, parts))
            places = [match.span() for match in re.finditer(pattern, text)]
        else:
            places = []
            at = text.find(word)
            while at >= 0:
                places.append((at, at + len(word)))
                at = text.find(word, at + 1)
        return any(
            not _is_letter(text[start - 1 : start]) and not _is_letter(text[end : end + 1])
            for start, end in places
        )


def _is_letter(letter: str) -> bool:
    return bool(letter) and (letter.isalnum() or unicodedata.category(letter)[0] == "M")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _decoded(text: str) -> str:
    """A text without the escapes of URLs, HTML and JSON."""
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), unquote(text))
    return _JSON_CODE.sub(lambda match: chr(int(match[1], 16)), _JSON_ESCAPE.sub(" ", text))


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def _cells(path: Path, table: CourseTable | None, form: Format) -> Iterator[tuple[str, Any]]:
    """Every cell of a finished file, with the name of its column."""
    if table is None or form == Format.CSV:
        yield from _csv_cells(path)
    elif form == Format.JSONL:
        with path.open("rb") as lines:
            for line in lines:
                if table.documents:
                    yield "document", orjson.loads(line)
                else:
                    yield from orjson.loads(line).items()
    else:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    for value in column.to_pylist():
                        yield name, value


def _csv_cells(path: Path) -> Iterator[tuple[str, str | None]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        names: Sequence[str] = next(rows)
        for row in rows:
            yield from zip(names, row, strict=True)
