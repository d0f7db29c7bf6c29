"""The data dictionary: the schema as a documentation page."""

from edx_assets.edx.collections import indexes
from edx_assets.edx.schema import PARSED, tables

_HEAD = f"""\
# Data dictionary

The collections of a course's database that come from the tables of edX's weekly package. This page
is generated from `edx_assets/edx/schema.tsv` by `edx-assets dictionary`. The `_id` of a document is
its line in the file. Types: *integer*, *number*, *datetime* and *date* (BSON dates, UTC), *text*,
and *json* (text; the parsed value is in another field, whose name ends in `{PARSED}`). NULL is
null. A cell that cannot be read as its type stays text. *Since* and *until* say which packages
contain a column, where that is documented.

[records.md](records.md) describes the other collections.
"""


def dictionary() -> str:
    """The page as Markdown."""
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
