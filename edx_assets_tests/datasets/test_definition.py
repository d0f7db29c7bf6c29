"""A dataset's file is read as its head says, and what is wrong in it is told by its line."""

from pathlib import Path

import pytest

from edx_assets.datasets.definition import Dataset, DatasetError, datasets, in_order, read
from edx_assets.datasets.engine import attach, engine, make
from edx_assets.datasets.page import page

HEAD = """\
-- How many events there are,
-- in all.
--
-- Grain: one row.
-- Source: our own.
-- Needs: numbers
-- Indexes: n
--
-- | column | type | meaning |
-- |---|---|---|
-- | n | BIGINT | the number |
"""


def test_a_head_says_all_of_a_dataset() -> None:
    assert read("count", HEAD + "SELECT count(*) AS n\nFROM numbers;\n") == Dataset(
        name="count",
        purpose="How many events there are, in all.",
        grain="one row.",
        source="our own.",
        columns=read("count", HEAD).columns,
        indexes=(("n",),),
        needs=("numbers",),
        query="SELECT count(*) AS n\nFROM numbers",
        line=12,
    )
    assert [(c.name, c.type, c.meaning) for c in read("count", HEAD).columns] == [
        ("n", "BIGINT", "the number")
    ]


def test_indexes_are_of_columns() -> None:
    two = HEAD.replace("Indexes: n", "Indexes: n, m; m")
    with pytest.raises(DatasetError, match=r"line 1 begins a head with an index of m, which is no"):
        read("count", two)
    told = two + "-- | m | BIGINT | another |\n-- A remark; on the query, m.\n"
    assert read("count", told).indexes == (("n", "m"), ("m",))
    assert read("count", told).needs == ("numbers",)


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ("-- Grain: one row.\n", "begins a head without Grain"),
        ("-- Needs: numbers\n", "begins a head without Needs"),
        ("-- | n | BIGINT | the number |\n", "begins a head without columns"),
    ],
)
def test_a_head_that_lacks_something_is_refused(left_out: str, told: str) -> None:
    with pytest.raises(DatasetError, match=f"count.sql, line 1 {told}"):
        read("count", HEAD.replace(left_out, ""))


def test_a_row_of_the_columns_that_is_none_is_told_by_its_line() -> None:
    with pytest.raises(DatasetError, match=r"count\.sql, line 11 is no row with column, type"):
        read("count", HEAD.replace("| BIGINT |", ""))


def test_a_column_can_say_which_personal_data_it_holds() -> None:
    told = HEAD.replace("the number |", "the number | identifier: user id |")
    assert read("count", told).personal == {"n": "identifier: user id"}
    assert read("count", HEAD).personal == {}
    assert read("count", told).digest == read("count", HEAD).digest
    with pytest.raises(DatasetError, match=r"line 11 does not end in a class of personal data"):
        read("count", HEAD.replace("the number |", "the number | identifier: nobody |"))


def test_datasets_come_after_what_they_need() -> None:
    places = {name: place for place, name in enumerate(datasets())}
    for name, each in datasets().items():
        assert all(places[need] < places[name] for need in each.needs if need in places)
    one, other = (read(name, HEAD.replace("numbers", need)) for name, need in ("ab", "ba"))
    with pytest.raises(DatasetError, match="the datasets a, b need each other"):
        in_order({"a": one, "b": other})


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT count(*) AS n\nFROM numbers WHERE", 'line 13: syntax error at or near "WHERE"'),
        ("SELECT 1 AS n FROM letters", "says `Needs: numbers`, and its query reads letters"),
        ("SELECT count(*) AS m FROM numbers", "only the head has n BIGINT, only the query has m"),
        ("SELECT nothing AS n FROM numbers", 'Binder Error: Referenced column "nothing"'),
        ("SELECT CAST(word AS BIGINT) AS n FROM numbers", r"DuckDB's ConversionException\)"),
        ("SELECT count(*) AS n FROM numbers, '/etc/passwd'", "its query reads /etc/passwd"),
        ("SELECT count(*) AS n FROM numbers, read_text('/etc/passwd')", "PermissionException"),
        ("DROP TABLE numbers", "has to be one SELECT"),
    ],
)
def test_a_query_that_cannot_be_used_says_why_without_data(
    tmp_path: Path, query: str, told: str
) -> None:
    with engine(tmp_path) as session:
        session.execute(f"COPY (SELECT 'Ana Soto' AS word) TO '{tmp_path}/numbers.parquet'")
        attach(session, {"numbers": tmp_path / "numbers.parquet"})
        with pytest.raises(DatasetError, match=told) as caught:
            make(session, read("count", HEAD + query), tmp_path / "count.parquet")
        assert "Ana Soto" not in str(caught.value)


def test_the_page_in_the_documentation_is_that_of_the_files() -> None:
    written = Path(__file__).parents[2] / "docs" / "datasets.md"
    assert written.read_text(encoding="utf-8") == page(datasets())
