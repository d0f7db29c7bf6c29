"""Collections as tables: each cell as its column has it, from documents as the driver has them."""

from datetime import UTC, date, datetime
from typing import Any

import bson
import pytest

from edx_assets.datasets.tables import table_batches


def cell(table: str, column: str, value: Any) -> Any:
    """A value as its column has it, after a way through the database's form."""
    options: Any = bson.CodecOptions(tz_aware=True)
    document = bson.decode(bson.encode({"_id": 2, column: value}), options)
    [batch] = table_batches(table, [document])
    return batch.to_pylist()[0][column]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("id", 7, 7),
        ("id", 3_000_000_000, 3_000_000_000),  # BSON has it as another kind of number
        ("id", -(2**63), -(2**63)),
        ("id", True, None),
        ("id", "seven", None),
        ("grade", 1, 1.0),
        ("grade", 2**40, float(2**40)),
        ("grade", 0.25, 0.25),
        ("created", datetime(2014, 2, 3, 10, tzinfo=UTC), datetime(2014, 2, 3, 10)),
        ("created", "0000-00-00", None),
    ],
)
def test_a_cell_is_of_its_columns_type_or_null(column: str, value: Any, expected: Any) -> None:
    table = "courseware_studentmodule"
    assert cell(table, column, value) == expected


def test_a_day_is_a_date() -> None:
    assert cell("auth_user", "date_of_birth", datetime(2014, 2, 3, tzinfo=UTC)) == date(2014, 2, 3)
