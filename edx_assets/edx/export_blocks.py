"""What a course export's XML says of a block, and the course structure does not.

Finding the files in an export belongs in `course_export`.
"""

from typing import Any
from xml.parsers import expat

from edx_assets.edx.keys import block_of
from edx_assets.edx.values import read_json

CATEGORIES = frozenset({"problem", "split_test", "video"})
"""The blocks whose files are looked at; each category has a folder of its name in an export."""

_INPUTS = frozenset(
    {
        "annotationinput",
        "checkboxgroup",
        "checkboxtextgroup",
        "chemicalequationinput",
        "choicegroup",
        "codeinput",
        "crystallography",
        "designprotein2dinput",
        "drag_and_drop_input",
        "editageneinput",
        "editamoleculeinput",
        "filesubmission",
        "formulaequationinput",
        "imageinput",
        "javascriptinput",
        "jsinput",
        "matlabinput",
        "optioninput",
        "radiogroup",
        "radiotextgroup",
        "schematic",
        "textbox",
        "textline",
        "vsepr_input",
    }
)
"""The tags of a problem's inputs: those registered in edx-platform's capa/inputtypes.py."""


def block_facts(category: str, content: bytes) -> dict[str, Any] | None:
    """The facts about a block in its own XML file; None if the file is no XML, or declares
    entities.

    A problem has `response_types` (the tags of its responses, each once, in the file's order),
    `items` (inputs in a response: each has an answer id of its own) and `has_solution`. A video has
    `duration` (seconds, as text) and `youtube` (its attribute of that name: `1.00:...`), or None.
    A split test has `user_partition_id` (as text, or None) and `groups`: for each, `group_id`, and
    `category` and `name` of the block that it sees.

    Source: what edx-platform's blocks write (capa_block, video_block, split_test_block).
    """
    found = _Found()
    try:
        parser = expat.ParserCreate()
        parser.StartElementHandler = found.start
        parser.EndElementHandler = found.end
        parser.EntityDeclHandler = _refuse
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        return None
    if category == "problem":
        return {
            "response_types": list(found.responses),
            "items": found.items,
            "has_solution": found.has_solution,
        }
    if category == "split_test":
        return {
            "user_partition_id": found.root.get("user_partition_id"),
            "groups": _groups(found.root.get("group_id_to_child") or "{}"),
        }
    return {"duration": found.duration, "youtube": found.root.get("youtube")}


class _Found:
    """What has been found in a file so far; no tree is built, for it could be deep."""

    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self.responses: dict[str, None] = {}
        self.items = 0
        self.has_solution = False
        self.duration: str | None = None
        self._levels = 0
        self._in_response = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._levels:
            self.root = attributes
        self._levels += 1
        if _is_response(tag):
            self.responses[tag] = None
            self._in_response += 1
        elif tag in _INPUTS and self._in_response:
            self.items += 1
        elif tag == "solution":
            self.has_solution = True
        elif tag == "video_asset":
            self.duration = attributes.get("duration")

    def end(self, tag: str) -> None:
        self._levels -= 1
        self._in_response -= _is_response(tag)


def _refuse(*_entity: object) -> None:
    """Refuse entities that a file declares: no block needs one, and a few can become gigabytes."""
    raise ValueError


def _is_response(tag: str) -> bool:
    return tag.endswith("response") and tag != "response"


def _groups(text: str) -> list[dict[str, Any]]:
    """The groups of a split test, from its attribute `group_id_to_child` (JSON)."""
    try:
        children = read_json(text)
    except ValueError:
        return []
    pairs = children.items() if isinstance(children, dict) else ()
    parts = ((group, block_of(key)) for group, key in pairs if isinstance(key, str))
    return [
        {"group_id": group, "category": part[0], "name": part[1]} for group, part in parts if part
    ]
