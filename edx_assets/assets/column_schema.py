"""A collection's columns in the form that Dagster's UI shows. They come from `edx.schema`."""

from typing import Any

from dagster import TableColumn, TableColumnConstraints, TableSchema

from edx_assets.edx.schema import tables


def column_schema(collection: str) -> dict[str, Any]:
    """Metadata with a table's columns, types and meanings; empty for other collections."""
    columns = tables().get(collection)
    if not columns:
        return {}
    schema = TableSchema(
        columns=[
            table_column(column.column, column.type, column.meaning, column.personal)
            for column in columns.values()
        ]
    )
    return {"dagster/column_schema": schema}


def table_column(name: str, kind: str, meaning: str, personal: str) -> TableColumn:
    """A column as the UI shows it: where it holds personal data, with their class."""
    told = [personal] if personal not in ("", "none") else []
    return TableColumn(name, kind, meaning, TableColumnConstraints(other=told))
