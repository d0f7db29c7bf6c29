"""The blocks of a course in order, by plain recursion over its structure: see `plain`."""

from typing import Any

from edx_assets_tests.datasets.plain import Row

Structure = dict[str, dict[str, Any]]
"""A course_structure file: category, children and metadata of each block, by usage key."""

INHERITED = ("start", "due", "format", "graded")


def course_axis(structure: Structure) -> list[Row]:
    """Some columns of each block: those that depend on where it is; dates as the file has them."""
    root = next(key for key, block in structure.items() if block["category"] == "course")
    rows: list[Row] = []
    _walk(root, None, structure, {root}, rows)
    return rows


def _walk(
    key: str, parent: Row | None, structure: Structure, claimed: set[str], rows: list[Row]
) -> None:
    block = structure[key]
    metadata = block["metadata"]
    row: Row = {"index": len(rows) + 1, "module_id": key, "category": block["category"]}
    row["parent_id"] = parent["module_id"] if parent else None
    row["depth"] = parent["depth"] + 1 if parent else 0
    for name in INHERITED:
        row[name] = metadata[name] if name in metadata else parent and parent[name]
    row["hidden"] = bool(metadata.get("visible_to_staff_only") or (parent and parent["hidden"]))
    for category in ("chapter", "sequential", "vertical"):
        above = parent["module_id"] if parent and parent["category"] == category else None
        row[f"{category}_id"] = above or (parent and parent[f"{category}_id"])
    row["split_id"] = parent and parent["split_id"]
    if parent and parent["category"] == "split_test":
        row["split_id"] = parent["module_id"]
    rows.append(row)
    own = []
    for child in _children(key, structure, set()):
        if child in structure and child not in claimed:
            claimed.add(child)
            own.append(child)
    for child in own:
        _walk(child, row, structure, claimed, rows)


def _children(key: str, structure: Structure, seen: set[str]) -> list[str]:
    """The children of a block; a wrapper, which is no block of its own, stands for its children."""
    found = []
    for child in structure[key]["children"]:
        if structure.get(child, {}).get("category") not in ("wrapper", "conditional"):
            found.append(child)
        elif child not in seen:
            seen.add(child)
            found += _children(child, structure, seen)
    return found
