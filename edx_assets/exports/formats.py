"""The forms that a table's file can have. How they are written belongs in `conversion`."""

from enum import StrEnum


class Format(StrEnum):
    """The form of a table's file, which is also the end of its name."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
