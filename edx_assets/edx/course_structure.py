"""The course_structure file: the blocks, their places in the course, and the course's dates."""

from collections.abc import Iterator
from typing import Any

import orjson

from edx_assets.edx.courses import Window, day_end, day_start
from edx_assets.edx.keys import block_of, course_key, course_of_usage, html_id, usage_key
from edx_assets.edx.secrets import without_secrets

SPLICED = frozenset({"conditional", "wrapper"})
"""Categories that are removed and replaced by their children (McGill's rule)."""
PLACES = frozenset({"course", "chapter", "sequential", "vertical"})
"""Categories that a block's `parent_data` covers."""

Block = dict[str, Any]


class StructureError(ValueError):
    """The file is not a course structure; the message says why."""


def read_blocks(content: bytes) -> dict[str, Block]:
    """The blocks of a course_structure file by usage key, ready for the collection.

    Each has `_id` (the usage key), `category`, `name` (the key's last part), `children`,
    `metadata`, `parent` and `parent_data`. For each ancestor of the block with the category
    course, chapter, sequential or vertical, `parent_data` has `<category>_id`,
    `<category>_display_name` and `<category>_order`. The order is the position, counted from 0,
    among that ancestor's children, of the branch that leads to the block. Blocks of the categories
    `conditional` and `wrapper` are spliced out. A block with two parents gets the first one in
    course order; a block that the root does not reach has an empty `parent_data`.
    Source of the field names and the counting: McGill's course-structure import.

    Raises:
        StructureError: not JSON, or not of the form {usage key: {category, children, metadata}}.
    """
    blocks = _read(content)
    for block in blocks.values():
        block["children"] = list(_spliced(block["children"], blocks, frozenset()))
    kept = {key: block for key, block in blocks.items() if block["category"] not in SPLICED}
    for root in [key for key, block in kept.items() if block["category"] == "course"]:
        _place(root, kept)
    return kept


def course_of_structure(blocks: dict[str, Block]) -> str | None:
    """The canonical course key, from the root block (old: i4x://Org/Number/course/Run)."""
    root = _root(blocks)
    if root is None:
        return None
    if root.startswith("i4x://"):
        org, number, _category, run = root.removeprefix("i4x://").split("/", 3)
        return course_key(f"{org}/{number}/{run}")
    return course_key(course_of_usage(root) or "")


def structure_window(blocks: dict[str, Block]) -> Window:
    """The course's own dates: `enrollment_start`, else `start`, to the end of the day of `end`."""
    root = _root(blocks)
    metadata = blocks[root]["metadata"] if root else {}
    start = _date(metadata.get("enrollment_start"), day_start)
    return Window(
        start or _date(metadata.get("start"), day_start), _date(metadata.get("end"), day_end)
    )


def block_index(blocks: dict[str, Block]) -> dict[Any, Block]:
    """Blocks by (category, name), which old and new spellings share, and by dashed HTML id."""
    index: dict[Any, Block] = {}
    for key, block in blocks.items():
        index.setdefault(html_id(key), block)
        if (parts := block_of(key)) is not None:
            index[parts] = block
    return index


def find_block(module_id: str, index: dict[Any, Block]) -> Block | None:
    """The block that an event's `module_id` names, in any spelling, or None."""
    if (parts := block_of(module_id)) is not None and (block := index.get(parts)):
        return block
    return index.get(html_id(module_id)) if module_id.startswith("i4x://") else None


def _read(content: bytes) -> dict[str, Block]:
    try:
        document = orjson.loads(content)
    except ValueError:
        raise StructureError("it is not JSON") from None
    if not isinstance(document, dict) or not document:
        raise StructureError("it is not an object that maps usage keys to blocks")
    blocks: dict[str, Block] = {}
    for key, block in document.items():
        is_block = isinstance(block, dict) and isinstance(block.get("category"), str)
        if not is_block or usage_key(key) is None:
            raise StructureError("an entry is not a block (a usage key with a category)")
        children, metadata = block.get("children") or [], block.get("metadata") or {}
        if not isinstance(children, list) or not isinstance(metadata, dict):
            raise StructureError(
                "a block's children are not a list, or its metadata is not an object"
            )
        blocks[key] = {
            "_id": key,
            **without_secrets(block),
            "name": (block_of(key) or ("", key))[1],
            "children": [child for child in children if isinstance(child, str)],
            "metadata": without_secrets(metadata),
            "parent": None,
            "parent_data": {},
        }
    return blocks


def _spliced(children: list[str], blocks: dict[str, Block], above: frozenset[str]) -> Iterator[str]:
    for child in children:
        block = blocks.get(child)
        if block and block["category"] in SPLICED and child not in above:
            yield from _spliced(block["children"], blocks, above | {child})
        elif not block or block["category"] not in SPLICED:
            yield child


def _place(root: str, blocks: dict[str, Block]) -> None:
    """Set the parent and parent_data of every block below `root`, in course order."""
    waiting = [root]
    placed = {root}
    while waiting:
        parent = blocks[waiting.pop()]
        category = parent["category"]
        below: list[str] = []
        for order, key in enumerate(parent["children"]):
            if key in placed or key not in blocks:
                continue
            placed.add(key)
            below.append(key)
            place = dict(parent["parent_data"])
            if category in PLACES:
                place[f"{category}_order"] = order
                place[f"{category}_id"] = parent["_id"]
                place[f"{category}_display_name"] = parent["metadata"].get("display_name")
            blocks[key]["parent"] = parent["_id"]
            blocks[key]["parent_data"] = place
        waiting.extend(reversed(below))


def _root(blocks: dict[str, Block]) -> str | None:
    return next((key for key, block in blocks.items() if block["category"] == "course"), None)


def _date(value: Any, read: Any) -> Any:
    try:
        return read(value)
    except (ValueError, OverflowError):
        return None
