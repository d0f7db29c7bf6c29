"""What a section of a report consists of. How it looks belongs in `page.html` and `page.css`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from edx_assets.reports.published import Published


@dataclass(frozen=True)
class Chart:
    """A chart as SVG, for wide and for narrow pages, and what it shows in words."""

    alt: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class Name:
    """A cell with a name, and in smaller letters where it is."""

    text: str
    place: str


@dataclass(frozen=True)
class Bars:
    """A cell with bars, one below the other, as parts of `full`."""

    values: tuple[Published, ...]
    full: int = 100


@dataclass(frozen=True)
class Strip:
    """A cell with a small area chart: heights from 0 to `full`, at equal distances."""

    heights: tuple[int, ...]
    full: int
    alt: str

    @property
    def path(self) -> str:
        """The area as an SVG path, 100 wide and 20 high."""
        step = 100 / max(len(self.heights), 1)
        points = "".join(
            f"V{20 - 20 * height / max(self.full, 1):.4g}H{step * n:.4g}"
            for n, height in enumerate(self.heights, 1)
        )
        return f"M0 20{points}V20z"


Cell = str | Name | Published | Bars | Strip


@dataclass(frozen=True)
class Table:
    """A table: its caption, its columns' names, and its rows.

    A row of one cell is a heading of those below. With `folded`, the reader has to open the table.
    """

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    folded: bool = False


@dataclass(frozen=True)
class Content:
    """What a section shows: sentences, a chart or none, and tables that have every number."""

    text: str
    tables: tuple[Table, ...]
    chart: Chart | None = None


@dataclass(frozen=True)
class Section:
    """A section: the datasets that it cannot do without, others, and how it is made from them.

    `draw` returns nothing where the datasets are empty; `nothing` then says in a sentence why that
    can be.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    draw: Callable[[DuckDBPyConnection], Content | None]
    nothing: str
    uses: tuple[str, ...] = ()
