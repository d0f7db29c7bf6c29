"""What a block's own XML file tells of it, whatever the file holds."""

from typing import Any

import pytest

from edx_assets.edx.export_blocks import block_facts


def problem(*response_types: str, items: int = 0, has_solution: bool = False) -> dict[str, Any]:
    return {"response_types": [*response_types], "items": items, "has_solution": has_solution}


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ("<problem/>", problem()),
        (
            "<problem><p/><stringresponse><textline/></stringresponse></problem>",
            problem("stringresponse", items=1),
        ),
        (
            "<problem><choiceresponse><label/><div><checkboxgroup><choice/><choice/></checkboxgroup>"
            "</div></choiceresponse><text><optionresponse><optioninput/><optioninput/>"
            "</optionresponse><choiceresponse><checkboxgroup/></choiceresponse></text>"
            "<solution/></problem>",
            problem("choiceresponse", "optionresponse", items=4, has_solution=True),
        ),
        (
            "<problem><textline/><response><textline/></response><customresponse/></problem>",
            problem("customresponse"),
        ),
        (
            "<problem><customresponse><textline/><solution>x</solution></customresponse>"
            "<textline/></problem>",
            problem("customresponse", items=1, has_solution=True),
        ),
    ],
)
def test_a_problem_tells_what_it_asks(content: str, facts: dict[str, Any]) -> None:
    assert block_facts("problem", content.encode()) == facts


def test_a_video_tells_how_long_it_is() -> None:
    video = b'<video youtube="1.00:abc"><video_asset duration="61.5"><x/></video_asset></video>'
    assert block_facts("video", video) == {"duration": "61.5", "youtube": "1.00:abc"}
    assert block_facts("video", b"<video/>") == {"duration": None, "youtube": None}


@pytest.mark.parametrize(
    ("attribute", "groups"),
    [
        (
            '{"0": "i4x://T/T1/vertical/a", "1": "block-v1:T+T1+1+type@vertical+block@b"}',
            [
                {"group_id": "0", "category": "vertical", "name": "a"},
                {"group_id": "1", "category": "vertical", "name": "b"},
            ],
        ),
        ('{"0": 5, "1": "no key"}', []),
        ("[1]", []),
        ("{", []),
        ("", []),
    ],
)
def test_a_split_test_tells_what_each_group_sees(
    attribute: str, groups: list[dict[str, Any]]
) -> None:
    content = f"<split_test user_partition_id='50' group_id_to_child='{attribute}'/>".encode()
    assert block_facts("split_test", content) == {"user_partition_id": "50", "groups": groups}
    nothing = block_facts("split_test", b"<split_test/>")
    assert nothing == {"user_partition_id": None, "groups": []}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"\0",
        b"<problem>",
        b"<problem/><problem/>",
        b"<problem>&nbsp;</problem>",
        b'<?xml version="1.0" encoding="nonsense"?><problem/>',
        b'<!DOCTYPE p [<!ENTITY a "x">]><problem>&a;</problem>',
    ],
)
def test_what_is_no_xml_tells_nothing(content: bytes) -> None:
    assert block_facts("problem", content) is None


def test_a_deep_file_is_read() -> None:
    deep = b"<problem>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</problem>"
    assert block_facts("problem", deep) == problem()
