"""Finding the block that an event names, in any spelling in the event and the structure."""

import json

import pytest

from edx_assets.edx.course_structure import block_index, find_block, read_blocks
from edx_assets.edx.keys import usage_key_of_html_id


def old(category: str, name: str) -> str:
    return f"i4x://McGillX/CHEM181x/{category}/{name}"


def new(category: str, name: str) -> str:
    return f"block-v1:McGillX+CHEM181x+1T2014+type@{category}+block@{name}"


CCX = "ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@problem+block@p"
SPELLINGS = [old("problem", "p"), new("problem", "p"), CCX]


def found(module_id: str, *keys: str) -> str | None:
    """The `_id` of the block found among blocks with these keys."""
    document = {key: {"category": "x"} for key in keys}
    block = find_block(module_id, block_index(read_blocks(json.dumps(document).encode())))
    return block["_id"] if block else None


@pytest.mark.parametrize("key", SPELLINGS)
@pytest.mark.parametrize("module_id", SPELLINGS)
def test_a_block_is_found_by_either_spelling(key: str, module_id: str) -> None:
    assert found(module_id, old("video", "p"), key, old("problem", "q")) == key


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Week_1.2", "Week_1_2"),
        ("a.b.c", "a_b_c"),
        ("a:b", "a_b"),
        ("a__b", "a_b"),
        ("a._b", "a_b"),
        ("a-b", "a-b"),
    ],
)
def test_a_block_is_found_through_the_html_id_of_its_name(name: str, written: str) -> None:
    html_id = f"i4x-McGillX-CHEM181x-problem-{written}"
    module_id = usage_key_of_html_id(html_id, "McGillX/CHEM181x/1T2014")
    assert module_id is not None
    assert found(module_id, old("problem", "other"), old("problem", name)) == old("problem", name)


def test_a_block_of_a_dotted_course_is_found_even_where_the_event_tells_no_course() -> None:
    key = "i4x://BerkeleyX/Stat_2.1x/video/a.b"
    module_id = usage_key_of_html_id("i4x-BerkeleyX-Stat_2_1x-video-a_b", None)
    assert module_id is not None
    assert found(module_id, key) == key


@pytest.mark.parametrize(
    "module_id", [old("problem", "gone"), old("html", "p"), new("problem", "gone"), "p", ""]
)
def test_a_block_that_is_not_there_is_not_found(module_id: str) -> None:
    assert found(module_id, old("problem", "p"), new("video", "p")) is None


def test_the_very_name_is_found_before_one_that_html_writes_alike() -> None:
    keys = [old("problem", "a.b"), old("problem", "a_b")]
    assert [found(key, *keys) for key in keys] == keys
    assert [found(key, *reversed(keys)) for key in keys] == keys
