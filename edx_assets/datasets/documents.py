"""A dataset's rows as documents of a course's database."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
from bson import encode

from edx_assets.datasets.definition import Dataset

_BATCH = 5_000  # rows


def documents_of(dataset: Dataset, path: Path) -> Iterator[bytes]:
    """The rows of a dataset's file as BSON, in its order; `_id` is a row's place, from 1.

    A day is stored as the time of its beginning (UTC), and JSON as what it says.
    """
    parsed = [column.name for column in dataset.columns if column.type == "JSON"]
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield encode({"_id": number, **_storable(row, parsed)})


def _storable(row: dict[str, Any], parsed: list[str]) -> dict[str, Any]:
    for name in parsed:
        if row[name] is not None:
            row[name] = orjson.loads(row[name])
    return {name: _moment(value) if type(value) is date else value for name, value in row.items()}


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
