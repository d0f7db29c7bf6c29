"""The course_structure file: the blocks, their places in the course, and the course's dates."""

from typing import Any

from edx_assets.edx.courses import Window, day_end, day_start
from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.json_entries import json_entries
from edx_assets.edx.keys import block_of, course_key, course_of_usage, html_id, usage_key
from edx_assets.edx.lines import BadLine, row_of
from edx_assets.edx.reasons import Reason
from edx_assets.edx.secrets import without_secrets
from edx_assets.edx.values import read_json

SPLICED = frozenset({"conditional", "wrapper"})
"""Categories that are removed and replaced by their children (McGill's rule)."""
PLACES = frozenset({"course", "chapter", "sequential", "vertical"})
"""Categories that a block's `parent_data` covers."""
_LEVELS = MAX_DEPTH + 1  # the block is a document, and here in an object of its own

Block = dict[str, Any]


class StructureError(ValueError):
    """The file is not a course structure; the message says why."""


def read_blocks(content: bytes, set_aside: list[BadLine] | None = None) -> dict[str, Block]:
    """The blocks of a course_structure file by usage key, ready for the collection.

    Each has `_id` (the usage key), `category`, `name` (the key's last part), `children`,
    `metadata`, `parent` and `parent_data`. For each ancestor of the block with the category
    course, chapter, sequential or vertical, `parent_data` has `<category>_id`,
    `<category>_display_name` and `<category>_order`. The order is the position, counted from 0,
    among that ancestor's children, of the branch that leads to the block. Blocks of the categories
    `conditional` and `wrapper` are spliced out. A block with two parents gets the first one in
    course order; a block that the root does not reach has an empty `parent_data`.
    Source of the field names and the counting: McGill's course-structure import.

    Each is a `Row`: it knows its entry in the file (numbered from 1). An entry that is not a block
    is left out, and added to `set_aside`.

    Raises:
        StructureError: not JSON, or without any block.
    """
    blocks = _read(content, [] if set_aside is None else set_aside)
    if not blocks:
        raise StructureError("none of its entries is a block (a usage key with a category)")
    kept = {key: block for key, block in blocks.items() if block["category"] not in SPLICED}
    for block in kept.values():
        block["children"] = _spliced(block["children"], blocks)
    for root in [key for key, block in kept.items() if block["category"] == "course"]:
        _place(root, kept)
    return kept


def root_of(blocks: dict[str, Block]) -> str | None:
    """The key of the course block, or None."""
    return next(
        (
            key
            for key, block in blocks.items()
            if block["category"] == "course" and (block_of(key) or ("",))[0] == "course"
        ),
        None,
    )


def course_of_structure(blocks: dict[str, Block]) -> str | None:
    """The canonical course key, from the root block (old: i4x://Org/Number/course/Run)."""
    root = root_of(blocks)
    if root is None:
        return None
    if root.startswith("i4x://"):
        org, number, _category, run = root.removeprefix("i4x://").split("/", 3)
        return course_key(f"{org}/{number}/{run}")
    return course_key(course_of_usage(root) or "")


def structure_window(blocks: dict[str, Block]) -> Window:
    """The course's own dates: `enrollment_start`, else `start`, to the end of the day of `end`."""
    root = root_of(blocks)
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


def _read(content: bytes, set_aside: list[BadLine]) -> dict[str, Block]:
    try:
        entries = json_entries(content)
    except ValueError:
        raise StructureError("it is not JSON that maps usage keys to blocks") from None
    blocks: dict[str, Block] = {}
    for number, entry in enumerate(entries, 1):
        block = _block(entry)
        if block is None or block["_id"] in blocks:
            set_aside.append(BadLine(number, Reason.NOT_A_BLOCK, entry))
        else:
            blocks[block["_id"]] = row_of(number, entry, block)
    return blocks


def _block(entry: bytes) -> dict[str, Any] | None:
    """The block of an entry (`"key": {…}`); None if it is none.

    Bytes that are not UTF-8 become U+FFFD in a text, and are dropped between texts.
    """
    pairs: dict[str, Any] = {}
    for errors in ("replace", "ignore"):
        try:
            pairs = read_json(f"{{{entry.decode('utf-8', errors)}}}", _LEVELS)
        except ValueError:
            continue
        break
    if len(pairs) != 1:
        return None
    ((key, block),) = pairs.items()
    is_block = isinstance(block, dict) and isinstance(block.get("category"), str)
    if not is_block or usage_key(key) is None:
        return None
    children, metadata = block.get("children") or [], block.get("metadata") or {}
    if not isinstance(children, list) or not isinstance(metadata, dict):
        return None
    return {
        **without_secrets(block),
        "_id": key,
        "name": (block_of(key) or ("", key))[1],
        "children": [child for child in children if isinstance(child, str)],
        "metadata": without_secrets(metadata),
        "parent": None,
        "parent_data": {},
    }


def _spliced(children: list[str], blocks: dict[str, Block]) -> list[str]:
    """The children, with spliced blocks replaced by theirs: each once, where it comes first.

    Without recursion, and in linear time: wrappers can be nested by the thousand, and shared.
    """
    found: list[str] = []
    seen: set[str] = set()
    waiting = list(reversed(children))
    while waiting:
        child = waiting.pop()
        block = blocks.get(child)
        if block is None or block["category"] not in SPLICED:
            found.append(child)
        elif child not in seen:
            seen.add(child)
            waiting.extend(reversed(block["children"]))
    return found


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


def _date(value: Any, read: Any) -> Any:
    try:
        return read(value)
    except (ValueError, OverflowError):
        return None
