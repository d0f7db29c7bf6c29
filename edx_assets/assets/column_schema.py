"""A collection's columns in the form that Dagster's UI shows. They come from `edx.schema`."""

from typing import Any

from dagster import TableColumn, TableSchema

from edx_assets.edx.schema import tables


def column_schema(collection: str) -> dict[str, Any]:
    """Metadata with a table's columns, types and meanings; empty for other collections."""
    columns = tables().get(collection)
    if not columns:
        return {}
    schema = TableSchema(
        columns=[
            TableColumn(column.column, column.type, description=column.meaning)
            for column in columns.values()
        ]
    )
    return {"dagster/column_schema": schema}
