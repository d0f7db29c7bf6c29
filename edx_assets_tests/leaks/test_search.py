"""The search itself: it finds a marked word wherever one is planted, and nothing where none is."""

import base64
import gzip
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from edx_assets_tests.leaks.marks import Marks, found_below
from edx_assets_tests.leaks.watching import watched_processes
from edx_assets_tests.local.processes import another_process, first_line


def in_sqlite(path: Path, word: str) -> None:
    """In a value so long that some pages hold it, at each place in them."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table event_logs (event text, more blob)")
        for before in range(4080, 4096):
            database.execute(
                "insert into event_logs values (?, ?)", ("-" * before + word + "-" * 5000, b"")
            )
        database.commit()


def in_a_zip(path: Path, word: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", word)


PLANTED: dict[str, Callable[[Path, str], object]] = {
    "a log": lambda path, word: path.write_text(f"2014-02-03 - ERROR - {word}@mail.example\n"),
    "capitals": lambda path, word: path.write_text(word.upper()),
    "a cut word": lambda path, word: path.write_text(f"could not read '{word[:11]}…'"),
    "JSON": lambda path, word: path.write_text(json.dumps({"uri": f"mongodb://czar:{word}@h/"})),
    "UTF-16": lambda path, word: path.write_text(word, encoding="utf-16"),
    "base64": lambda path, word: path.write_bytes(base64.b64encode(b"a" + word.encode() + b"b")),
    "base64 by 2": lambda path, word: path.write_bytes(base64.b64encode(b"ab" + word.encode())),
    "hexadecimal": lambda path, word: path.write_text(f"0x{word.encode().hex()}"),
    "gzip": lambda path, word: path.write_bytes(b"log" + gzip.compress(word.encode()) + b"end"),
    "zlib in zlib": lambda path, word: path.write_bytes(
        zlib.compress(b"-" + zlib.compress(word.encode()))
    ),
    "SQLite": in_sqlite,
    "a zip": in_a_zip,
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_a_planted_word_is_found(tmp_path: Path, plant: Callable[[Path, str], object]) -> None:
    marks = Marks()
    (tmp_path / "deep").mkdir()
    plant(tmp_path / "deep" / "file", marks("an e-mail"))
    assert found_below(tmp_path, marks)
    assert found_below(tmp_path, Marks()) == []
    assert found_below(tmp_path, marks, [tmp_path / "deep"]) == []


def test_what_is_found_says_where_and_what(tmp_path: Path) -> None:
    marks = Marks()
    word = marks("the passphrase")
    (tmp_path / "run.log").write_text(word)
    assert found_below(tmp_path, marks) == [f"run.log: plain: {word} (the passphrase)"]
    (tmp_path / "run.log").rename(tmp_path / f"tmp-{word}")
    assert f"tmp-{word}: plain: {word} (the passphrase)" in found_below(tmp_path, marks)


def test_a_word_on_a_command_line_is_found() -> None:
    marks = Marks()
    word = marks("the database's password")
    program = "import sys; print(len(sys.argv), flush=True); sys.stdin.read()"
    with (
        watched_processes(marks) as found,
        another_process(program, f"mongodb://czar:{word}@h/") as process,
    ):
        assert first_line(process) == "2"
        until = monotonic() + 10
        while not found and monotonic() < until:
            sleep(0.01)
    assert word in "".join(found)
    with watched_processes(marks) as found, another_process(program) as process:
        assert first_line(process) == "1"
    assert not found
