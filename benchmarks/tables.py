"""The tables of a database package: rows to documents, of a table with ten columns."""

from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.measure import Measure, in_turns, median, ratio
from benchmarks.plan import Plan
from benchmarks.report import Row, told
from edx_assets.edx.lines import BadLine
from edx_assets.edx.schema import tables
from edx_assets.edx.tables import TableReader
from edx_assets.loading.courses.rows import RowCounts, encoded

TABLE = "grades_persistentsubsectiongrade"
TARGET = 200_000  # rows a second


def write_table(path: Path, rows: int) -> Path:
    """A table with its header, each cell of its column's type; one that is there is kept."""
    if path.is_file():
        return path
    columns = tables()[TABLE]
    random = Random(5)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(columns) + "\n")
        for number in range(rows):
            cells = [_cell(column.type, number, random) for column in columns.values()]
            file.write("\t".join(cells) + "\n")
    return path


def _cell(kind: str, number: int, random: Random) -> str:
    if kind == "integer":
        return str(random.randrange(100_000))
    if kind == "number":
        return f"{random.random() * 10:.1f}"
    if kind == "datetime":
        return f"2014-02-{number % 28 + 1:02d} {number % 24:02d}:{number % 60:02d}:07"
    return f"block-v1:BenchX+B100+1T2014+type@sequential+block@{number % 400:032x}"


def ours(path: Path) -> Measure:
    """Rows as documents, every cell of its type."""
    measure = Measure(size=path.stat().st_size)
    bad = 0
    with measure.running(), path.open("rb") as lines:
        for row in TableReader(lines, TABLE):
            measure.events += 1
            bad += type(row) is BadLine
    measure.told["bad"] = bad
    return measure


def ours_encoded(path: Path) -> Measure:
    """Rows as BSON, counted, as they go to the server."""
    measure = Measure(size=path.stat().st_size)
    with measure.running(), path.open("rb") as lines:
        counts = RowCounts()
        for _document in encoded(TableReader(lines, TABLE), counts, []):
            measure.events += 1
            counts.sent.popleft()  # as a load does
    return measure


def bare(path: Path) -> Measure:
    """Rows split and put under their columns' names, all of them text: the floor."""
    measure = Measure(size=path.stat().st_size)
    with measure.running(), path.open("rb") as lines:
        names = next(lines).decode().rstrip("\n").split("\t")
        for line in lines:
            dict(zip(names, line.decode().rstrip("\n").split("\t"), strict=True))
            measure.events += 1
    return measure


def rows(plan: Plan) -> list[Row]:
    """The reading of a table beside its floor."""
    count = plan.events * 2
    table = write_table(plan.work / f"{TABLE}-{count}.sql", count)
    with table.open("rb") as lines:
        columns = next(islice(lines, 1)).count(b"\t") + 1
    tasks = {"ours": (ours, table), "encoded": (ours_encoded, table), "bare": (bare, table)}
    found = in_turns(plan.repeats, tasks)
    stage = f"table of {columns} columns"
    by = "core_rate"
    return [
        *told(stage, found["ours"], TARGET, one_core=True, unit="rows"),
        Row(stage, "rate, as BSON", median(found["encoded"], by), "rows/s"),
        Row(stage, "of bare split", ratio(found["ours"], found["bare"], by), "times"),
    ]
