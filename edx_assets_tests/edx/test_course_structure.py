"""Course structures: their blocks, and the place of each in the course."""

import json
from typing import Any

import bson
import pytest

from edx_assets.edx.course_structure import Block, StructureError, read_blocks
from edx_assets.edx.lines import BadLine
from edx_assets.edx.reasons import Reason


def old(category: str, name: str) -> str:
    return f"i4x://McGillX/CHEM181x/{category}/{name}"


ROOT = old("course", "1T2014")


def blocks_of(*entries: tuple[str, list[str]]) -> dict[str, Block]:
    """Blocks from keys and their children; a block's display name is its name in capitals."""
    document: dict[str, Any] = {}
    for key, children in entries:
        category, name = key.removeprefix("i4x://").split("/")[2:]
        metadata = {"display_name": name.upper()}
        document[key] = {"category": category, "children": children, "metadata": metadata}
    return read_blocks(json.dumps(document).encode())


CHAPTERS = [old("chapter", "c0"), old("chapter", "c1")]
SEQUENTIALS = [old("sequential", "s0"), old("sequential", "s1")]
VERTICALS = [old("vertical", "v0"), old("vertical", "v1"), old("vertical", "v2")]
PROBLEM, VIDEO = old("problem", "p"), old("video", "w")
TREE = [
    (ROOT, CHAPTERS),
    (CHAPTERS[0], []),
    (CHAPTERS[1], SEQUENTIALS),
    (SEQUENTIALS[0], []),
    (SEQUENTIALS[1], VERTICALS),
    *((vertical, []) for vertical in VERTICALS[:2]),
    (VERTICALS[2], [VIDEO, PROBLEM]),
    (VIDEO, []),
    (PROBLEM, []),
]


def test_a_block_s_places_are_those_of_the_branch_under_each_ancestor() -> None:
    blocks = blocks_of(*TREE)
    assert blocks[PROBLEM]["parent"] == VERTICALS[2]
    assert blocks[PROBLEM]["parent_data"] == {
        "course_id": ROOT,
        "course_display_name": "1T2014",
        "course_order": 1,
        "chapter_id": CHAPTERS[1],
        "chapter_display_name": "C1",
        "chapter_order": 1,
        "sequential_id": SEQUENTIALS[1],
        "sequential_display_name": "S1",
        "sequential_order": 2,
        "vertical_id": VERTICALS[2],
        "vertical_display_name": "V2",
        "vertical_order": 1,
    }
    assert blocks[VIDEO]["parent_data"] == {
        **blocks[PROBLEM]["parent_data"],
        "vertical_order": 0,
    }


def test_a_block_has_the_places_of_its_ancestors_only() -> None:
    blocks = blocks_of(*TREE)
    assert blocks[ROOT]["parent"] is None
    assert blocks[ROOT]["parent_data"] == {}
    assert blocks[CHAPTERS[1]]["parent_data"] == {
        "course_id": ROOT,
        "course_display_name": "1T2014",
        "course_order": 1,
    }
    assert blocks[CHAPTERS[0]]["parent_data"]["course_order"] == 0


def test_a_block_keeps_what_was_delivered_beside_its_key_and_name() -> None:
    (block,) = read_blocks(
        json.dumps(
            {PROBLEM: {"category": "problem", "children": [], "metadata": {"weight": 2}, "x": 1}}
        ).encode()
    ).values()
    assert block["_id"] == PROBLEM
    assert block["name"] == "p"
    assert (block["category"], block["metadata"], block["x"]) == ("problem", {"weight": 2}, 1)


def test_a_block_of_another_category_gives_its_children_no_place() -> None:
    split = old("split_test", "t")
    tree = [*TREE[:-3], (VERTICALS[2], [split]), (split, [VIDEO, PROBLEM]), *TREE[-2:]]
    blocks = blocks_of(*tree)
    assert blocks[PROBLEM]["parent"] == split
    assert blocks[PROBLEM]["parent_data"] == blocks[split]["parent_data"]
    assert blocks[PROBLEM]["parent_data"]["vertical_order"] == 0


@pytest.mark.parametrize("category", ["conditional", "wrapper"])
def test_spliced_blocks_give_their_place_to_their_children(category: str) -> None:
    spliced = old(category, "x")
    last = old("html", "last")
    tree = [
        *TREE[:-3],
        (VERTICALS[2], [spliced, last]),
        (spliced, [VIDEO, PROBLEM]),
        (last, []),
        *TREE[-2:],
    ]
    blocks = blocks_of(*tree)
    assert spliced not in blocks
    assert blocks[VERTICALS[2]]["children"] == [VIDEO, PROBLEM, last]
    assert blocks[PROBLEM]["parent"] == VERTICALS[2]
    orders = [blocks[key]["parent_data"]["vertical_order"] for key in (VIDEO, PROBLEM, last)]
    assert orders == [0, 1, 2]


def test_spliced_blocks_within_each_other_are_all_spliced() -> None:
    outer, inner, empty = old("wrapper", "o"), old("conditional", "i"), old("wrapper", "e")
    tree = [
        (inner, [PROBLEM, empty]),
        (empty, []),
        *TREE[:-3],
        (VERTICALS[2], [outer]),
        (outer, [VIDEO, inner]),
        *TREE[-2:],
    ]
    blocks = blocks_of(*tree)
    assert blocks[VERTICALS[2]]["children"] == [VIDEO, PROBLEM]
    assert blocks.keys() == {key for key, _children in TREE}
    assert blocks[PROBLEM]["parent_data"]["vertical_order"] == 1


def test_a_block_that_the_root_does_not_reach_has_no_place() -> None:
    orphan, below = old("vertical", "orphan"), old("html", "below")
    blocks = blocks_of(*TREE, (orphan, [below]), (below, []))
    for key in (orphan, below):
        assert blocks[key]["parent"] is None
        assert blocks[key]["parent_data"] == {}


def test_a_block_under_two_parents_takes_the_first_in_the_course_s_order() -> None:
    tree = [
        (SEQUENTIALS[1], [VERTICALS[1]]),
        (SEQUENTIALS[0], [VERTICALS[0]]),
        (VERTICALS[1], [PROBLEM]),
        (VERTICALS[0], [VIDEO, PROBLEM]),
        (ROOT, CHAPTERS),
        (CHAPTERS[0], [SEQUENTIALS[0]]),
        (CHAPTERS[1], [SEQUENTIALS[1]]),
        (VIDEO, []),
        (PROBLEM, []),
    ]
    place = blocks_of(*tree)[PROBLEM]
    assert place["parent"] == VERTICALS[0]
    assert place["parent_data"]["course_order"] == 0
    assert place["parent_data"]["vertical_order"] == 1


def test_children_that_are_not_in_the_file_keep_their_position() -> None:
    blocks = blocks_of((ROOT, [old("chapter", "gone"), CHAPTERS[0]]), (CHAPTERS[0], []))
    assert blocks[CHAPTERS[0]]["parent_data"]["course_order"] == 1


@pytest.mark.parametrize("category", ["vertical", "wrapper", "conditional"])
def test_cycles_come_to_an_end(category: str) -> None:
    one, other = old(category, "one"), old(category, "other")
    blocks = blocks_of(
        (ROOT, [one, PROBLEM]), (one, [other, one, ROOT]), (other, [one, other, VIDEO]), *TREE[-2:]
    )
    assert blocks[ROOT]["parent"] is None
    assert blocks[PROBLEM]["parent"] == ROOT
    assert blocks[VIDEO]["parent"] == (other if category == "vertical" else ROOT)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b'"text"',
        b'{"not a key": {"category": "course"}}',
        json.dumps({PROBLEM: []}).encode(),
        json.dumps({PROBLEM: {}}).encode(),
        json.dumps({PROBLEM: {"category": None}}).encode(),
        json.dumps({PROBLEM: {"category": "problem", "children": 5}}).encode(),
        json.dumps({PROBLEM: {"category": "problem", "children": VIDEO}}).encode(),
        json.dumps({PROBLEM: {"category": "problem", "metadata": ["x"]}}).encode(),
    ],
)
def test_a_file_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(StructureError):
        read_blocks(content)


def entry(key: str, block: Any) -> bytes:
    return f"{json.dumps(key)}: {json.dumps(block)}".encode()


@pytest.mark.parametrize(
    "odd",
    [
        entry("not a key", {"category": "html"}),
        entry(old("html", "a%20b"), {"category": "html"}),
        entry(old("html", "a"), []),
        entry(old("html", "a"), {"category": None}),
        entry(old("html", "a"), {"category": "html", "children": 5}),
        entry(old("html", "a"), {"category": "html", "metadata": ["x"]}),
        entry(ROOT, {"category": "course"}),
        b'"' + old("html", "a").encode() + b'": {"category": "html", "metadata": [1 2]}',
        b'"' + old("html", "a").encode() + b'": {"category": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'"half',
        b"nonsense",
    ],
)
def test_an_entry_that_is_no_block_is_set_aside_as_delivered(odd: bytes) -> None:
    content = b", ".join(
        [entry(ROOT, {"category": "course"}), odd, entry(PROBLEM, {"category": "problem"})]
    )
    set_aside: list[BadLine] = []
    if odd == b'"half':  # the strings behind it cannot be told from what is between them
        with pytest.raises(StructureError):
            read_blocks(b"{" + content + b"}", set_aside)
        return
    blocks = read_blocks(b"{" + content + b"}", set_aside)
    assert list(blocks) == [ROOT, PROBLEM]
    assert set_aside == [BadLine(2, Reason.NOT_A_BLOCK, odd)]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"NaN", "NaN"),
        (rb'"caf\ud83d"', "caf\ufffd"),
        (b'"caf\xff"', "caf\ufffd"),
        (b"9223372036854775808", "9223372036854775808"),
        (rb'{"\u0000": 1}', {"\ufffd": 1}),
        (b"\xff 5", 5),
    ],
)
def test_an_odd_value_of_a_block_is_mended(value: bytes, kept: Any) -> None:
    content = (
        b'\xef\xbb\xbf{"' + ROOT.encode() + b'": {"category": "course", "metadata": {"x": @}}}\n'
    )
    blocks = read_blocks(content.replace(b"@", value))
    assert blocks[ROOT]["metadata"] == {"x": kept}
    assert bson.encode(blocks[ROOT])


def test_wrappers_nested_by_the_thousand_are_spliced() -> None:
    wrappers = [old("wrapper", f"w{n}") for n in range(5000)]
    below = [*wrappers[1:], PROBLEM]
    chain = [(wrapper, [child]) for wrapper, child in zip(wrappers, below, strict=True)]
    blocks = blocks_of((ROOT, [wrappers[0], VIDEO]), *chain, *TREE[-2:])
    assert blocks[ROOT]["children"] == [PROBLEM, VIDEO]
    assert blocks[PROBLEM]["parent"] == ROOT


def test_wrappers_shared_by_many_are_spliced_once() -> None:
    wrappers = [old("conditional", f"w{n}") for n in range(60)]
    below = [*wrappers[1:], PROBLEM]
    shared = [(wrapper, [child, child]) for wrapper, child in zip(wrappers, below, strict=True)]
    blocks = blocks_of((ROOT, [wrappers[0], VIDEO]), *shared, *TREE[-2:])
    assert [*dict.fromkeys(blocks[ROOT]["children"])] == [PROBLEM, VIDEO]
    assert blocks[VIDEO]["parent_data"]["course_order"] == len(blocks[ROOT]["children"]) - 1


def test_children_and_metadata_may_be_absent() -> None:
    for absent in ({}, {"children": None, "metadata": None}):
        blocks = read_blocks(json.dumps({PROBLEM: {"category": "problem", **absent}}).encode())
        assert blocks[PROBLEM]["children"] == []
        assert blocks[PROBLEM]["metadata"] == {}
