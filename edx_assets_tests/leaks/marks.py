"""Marked words: put where secrets and learners' data are, and searched for everywhere else."""

import base64
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from secrets import token_hex

_SQLITE = b"SQLite format 3\0"
_GZIP, _ZLIB = b"\x1f\x8b\x08", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_UNPACKED = 1 << 26  # bytes of a compressed stream that are looked at
_DEPTH = 3  # of what is compressed within what is compressed


class Marks:
    """Words that are made for one test and stand nowhere else; each says what it is."""

    def __init__(self) -> None:
        self.stem = f"zq{token_hex(4)}"
        self.words: dict[str, str] = {}

    def __call__(self, what: str) -> str:
        """A new word, of 13 letters and digits."""
        word = f"{self.stem}{len(self.words):03d}"
        self.words[word] = what
        return word

    def told(self, content: bytes) -> Iterator[str]:
        """Which of the words are in some bytes, and how they are written there."""
        for written, form in _forms(self.stem).items():
            place = content.find(form) if written != "plain" else content.lower().find(form)
            if place < 0:
                continue
            words = [
                f"{word} ({what})"
                for word, what in self.words.items()
                if written == "plain" and word.encode() in content.lower()
            ]
            yield f"{written}: {', '.join(words) or 'a part of a word'}"


def _forms(stem: str) -> dict[str, bytes]:
    """How a word can be written: its beginning in each encoding."""
    word = stem.encode()
    forms = {
        "plain": word,
        "UTF-16": stem.encode("utf-16-le"),
        "hexadecimal": word.hex().encode(),
    }
    for shift, begin in enumerate((0, 2, 3)):
        coded = base64.b64encode(b"-" * shift + word)
        forms[f"base64, {shift} bytes later"] = coded[begin : (shift + len(word)) // 3 * 4]
    return forms


def found_below(folder: Path, marks: Marks, exempt: Iterable[Path] = ()) -> list[str]:
    """Every place in a folder's files where a marked word is, but for the exempt folders.

    Compressed streams are unpacked, wherever in a file they begin. Of a database of SQLite both the
    bytes and the values are searched: a value that is long is spread over its pages.
    """
    exempt = tuple(exempt)
    return [
        f"{path.relative_to(folder)}: {told}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(other) for other in exempt)
        for told in _in_file(path, marks)
    ]


def _in_file(path: Path, marks: Marks) -> Iterator[str]:
    content = path.read_bytes()
    yield from marks.told(path.name.encode())
    yield from _in_bytes(content, marks)
    if content.startswith(_SQLITE):
        values = (
            (place, told) for place, value in _values(path) for told in _in_bytes(value, marks)
        )
        for told, places in groupby(sorted(values, key=lambda each: each[1]), lambda each: each[1]):
            yield f"{', '.join(sorted({place for place, _told in places}))}: {told}"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                yield from _in_bytes(archive.read(member), marks)


def _in_bytes(content: bytes, marks: Marks, depth: int = 0) -> Iterator[str]:
    yield from marks.told(content)
    for unpacked in _streams(content) if depth < _DEPTH else ():
        for told in _in_bytes(unpacked, marks, depth + 1):
            yield f"compressed, {told}"


def _streams(content: bytes) -> Iterator[bytes]:
    """What is compressed in some bytes by gzip or zlib, from wherever it begins."""
    for begin, wbits in ((_GZIP, 31), *((begin, 15) for begin in _ZLIB)):
        place = content.find(begin)
        while place >= 0:
            with suppress(zlib.error):
                if unpacked := zlib.decompressobj(wbits).decompress(content[place:], _UNPACKED):
                    yield unpacked
            place = content.find(begin, place + 1)


def _values(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes
        tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            name = table.decode()
            for row in database.execute(f'select * from "{name}"'):  # noqa: S608 - the file's own
                for value in row:
                    if isinstance(value, bytes):
                        yield f"table {name}", value
