"""The data dictionary: the schema as a page of the documentation."""

from edx_assets.edx.collections import indexes
from edx_assets.edx.schema import PARSED, tables

_HEAD = f"""\
# Data dictionary

The collections of a course's database that are tables of edX's weekly package, generated from
`edx_assets/edx/schema.tsv` by `edx-assets dictionary`. Every document has `_id`, its line in the
file. Types: *integer*, *number*, *datetime* and *date* (BSON dates, UTC), *text*, and *json*: text,
with its parsed value beside it in a field of the same name and `{PARSED}`. NULL is null. A cell
that does not read as its type stays text. *Since* and *until* say in which packages a column is,
where that is documented.

[records.md](records.md) describes the other collections.
"""


def dictionary() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(_table(name) for name in sorted(tables()))


def _table(name: str) -> str:
    columns = tables()[name]
    folder = next(iter(columns.values())).folder
    lines = [f"\n## {name}\n"]
    if folder:
        lines.append(f"In the package's folder `{folder}/`.\n")
    lines.append("| column | type | meaning | delivered also as | since | until |")
    lines.append("|---|---|---|---|---|---|")
    for column in columns.values():
        also = ", ".join(f"`{other}`" for other in column.delivered_as)
        meaning = column.meaning.replace("|", "\\|")
        lines.append(
            f"| `{column.column}` | {column.type} | {meaning} | {also} |"
            f" {column.first} | {column.last} |"
        )
    keys = "; ".join(", ".join(f"`{field}`" for field, _way in keys) for keys in indexes(name))
    if keys:
        lines.append(f"\nIndexes: {keys}.")
    return "\n".join(lines) + "\n"
