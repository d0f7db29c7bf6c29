"""Hostile tables of each era, forum files and opt-in lists: each row is loaded or set aside."""

import csv
import io
import json
from collections.abc import Iterable
from random import Random

from edx_assets.edx.collections import OPT_IN
from edx_assets.edx.forum import read_forum
from edx_assets.edx.lines import BadLine, Row
from edx_assets.edx.opt_in import read_opt_in
from edx_assets.edx.schema import tables
from edx_assets.edx.tables import TableError, TableReader
from edx_assets.loading.courses.rows import RowCounts, encoded
from edx_assets.loading.quarantine import BadLines
from edx_assets_tests.edx.table_writers import bytes_literals, exporter, mysql_batch
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.odd_json import odd, odd_value
from edx_assets_tests.torture.inputs.reader import (
    LostError,
    Reader,
    check_document,
    check_numbers,
    check_raw,
    plain_lines,
)
from edx_assets_tests.torture.inputs.seeds import members

_FEW = 6  # rows of a file
_CELLS = (
    *("", "NULL", "0", "-1", "1", "007", "9" * 19, "9" * 5000, "1_000", "٣", "²", "1.5", "nan"),
    *("inf", "1e999", "2014-02-30", "0000-00-00 00:00:00", "9999-12-31 23:59:59-14:00"),
    *("2014-02-03 10:00:00", "0001-01-01T00:00:00+14:00", "2014-W06", "20140203", "\0", "\r"),
    *('"', '""', '"a""b"', "'", "b'x'", "\\", "\\\\", "\\n", "\ufeff", "\U0001f600", "\u2028"),
)
_TABLES = (*sorted(set(tables()) - {OPT_IN}), "a_table_of_tomorrow")
_ERAS = (mysql_batch, exporter, bytes_literals)
_COURSE = "course-v1:TestX+T101+2014"


def _odd_table(random: Random) -> bytes:
    """A table, with its name as the first line."""
    table = random.choice(_TABLES)
    return table.encode() + b"\n" + odd_rows(random, table)


def odd_rows(random: Random, table: str) -> bytes:
    """A table as an exporter of some era wrote it, with odd cells and damaged bytes."""
    known = members().get(table)
    if known and random.random() < 0.5:
        lines = random.choice(known).split(b"\n")
        held = [lines[0], *(random.choice(lines) for _ in range(random.randint(0, _FEW)))]
        return mutated(random, b"\n".join(held), random.choice(known))
    columns = list(tables().get(table, {"id": None, "state": None, "made up": None}))
    write = random.choice(_ERAS)
    rows = ["\t".join(columns)]
    for _ in range(random.randint(0, _FEW)):
        rows.append("\t".join(write(_cell(random, table, name)) for name in columns))
    content = "\n".join(rows).encode("utf-8", "surrogatepass") + random.choice((b"", b"\n"))
    if random.random() < 0.3:
        content = content.replace(b"\n", b"\r\n")
    return mutated(random, content) if random.random() < 0.5 else content


def _cell(random: Random, table: str, name: str) -> str | None:
    column = tables().get(table, {}).get(name)
    if column and column.type == "json" and random.random() < 0.9:
        state = {"seed": 1, "student_answers": {"a_2_1": "x"}, "list": [{"a": [None]}]}
        return odd(random, state) if random.random() < 0.7 else odd_value(random)
    return None if random.random() < 0.1 else random.choice(_CELLS)


def _check_table(content: bytes) -> None:
    name, _, table = content.partition(b"\n")
    plain = plain_lines(table)
    try:
        rows = list(TableReader(io.BytesIO(table), name.decode(errors="replace")))
    except TableError:
        names = plain[0].removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r").decode(errors="replace")
        assert set(names.split("\t")).isdisjoint(tables().get(name.decode(errors="replace"), {}))
        return
    _check_rows(rows, plain, range(2, len(plain) + 1))


def odd_forum(random: Random) -> bytes:
    lines = []
    for _ in range(random.randint(0, _FEW)):
        line = random.choice(_posts())
        if random.random() < 0.8:
            line = odd(random, json.loads(line)).encode("utf-8", "surrogatepass")
        lines.append(mutated(random, line) if random.random() < 0.3 else line)
    return b"\n".join(lines) + random.choice((b"", b"\n"))


def _posts() -> list[bytes]:
    return [line for content in members()["forum"] for line in content.split(b"\n") if line]


def _check_forum(content: bytes) -> None:
    plain = plain_lines(content)
    _check_rows(list(read_forum(io.BytesIO(content))), plain, range(1, len(plain) + 1))


def _check_rows(rows: list[Row | BadLine], plain: Iterable[bytes], numbers: Iterable[int]) -> None:
    """Check that each line is a row that can be stored, or is set aside, with its bytes."""
    delivered = dict(enumerate(plain, 1))
    check_numbers([row.number for row in rows], numbers)
    for row in rows:
        check_raw(row.raw, delivered[row.number])
    check_encoded(rows)


def check_encoded(rows: list[Row | BadLine]) -> None:
    """Check that each row becomes a document that can be stored, or goes to the quarantine."""
    counts, bad = RowCounts(), BadLines()
    documents = list(encoded(rows, counts, bad))
    for document in documents:
        check_document(document)
    if len(documents) + len(bad) != len(rows):
        raise LostError("documents and lines for the quarantine are not as many as the rows")


_HEADER = (
    b"user_id,username,email,full_name,course_id,is_opted_in_for_email,preference_set_datetime"
)
_ROWS = (
    b'7,ana,a@b.c,"Ana, B",course-v1:TestX+T101+2014,True,2014-02-03 10:00:00',
    b"8,bob,b@b.c,Bob,TestX/T101/2014,False,2014-02-03T10:00:00+00:00",
    b'9,eve,e@b.c,"Eve ""x""\nof two lines",course-v1:TestX+T101+2014,True,',
    b"10,dan,d@b.c,Dan,course-v1:TestX+T999+2014,True,2014-02-30",
)


def _odd_list(random: Random) -> bytes:
    rows = [random.choice(_ROWS) for _ in range(random.randint(0, _FEW))]
    content = random.choice((b"\n", b"\r\n")).join([_HEADER, *rows]) + random.choice((b"", b"\n"))
    return mutated(random, content, b'",\n\r\0"""')


def _check_list(content: bytes) -> None:
    plain = plain_lines(content)
    try:
        rows = list(read_opt_in(io.BytesIO(content), _COURSE))
    except TableError:
        assert plain[0].rstrip(b"\r") != _HEADER, "a list with its columns is refused"
        return
    covered: list[int] = []
    for row in rows:
        used = range(row.number, row.number + row.raw.count(b"\n") + 1)
        covered += used
        check_raw(row.raw, b"\n".join(plain[n - 1] for n in used))
    check_encoded(rows)
    others = [n for n in range(2, len(plain) + 1) if n not in set(covered)]
    check_numbers([*covered, *others], range(2, len(plain) + 1))
    if plain and plain[0].rstrip(b"\r") == _HEADER:
        _check_others(b"\n".join(plain[n - 1] for n in others))


def _check_others(skipped: bytes) -> None:
    """Check that the rows that were skipped are of other courses."""
    columns = _HEADER.decode().split(",")
    for cells in csv.reader(io.StringIO(skipped.decode("utf-8", "replace"), newline="")):
        if len(cells) == len(columns) and cells[columns.index("course_id")] == _COURSE:
            raise LostError("a row of the course is skipped")


READERS = [
    Reader("tables", 110_000, _odd_table, _check_table),
    Reader("forum", 60_000, odd_forum, _check_forum),
    Reader("opt-in lists", 60_000, _odd_list, _check_list),
]
