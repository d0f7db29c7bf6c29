"""HTML ids: the dashed names of blocks in pages, and therefore in browser events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys.edx.locator import BlockUsageLocator

from edx_assets.edx.keys import html_id, usage_key_of_html_id


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("i4x://McGillX/CHEM181x/problem/Week_1", "i4x-McGillX-CHEM181x-problem-Week_1"),
        ("i4x://BerkeleyX/Stat_2.1x/video/a.b", "i4x-BerkeleyX-Stat_2_1x-video-a_b"),
        ("i4x://McGillX/CHEM181x/video/a__b._c", "i4x-McGillX-CHEM181x-video-a_b_c"),
        ("block-v1:A+B+C+type@video+block@4e2eeecf", "4e2eeecf"),
        ("ccx-block-v1:A+B+C+ccx@1+type@video+block@4e2eeecf", "4e2eeecf"),
    ],
)
def test_how_a_block_is_written_in_html(key: str, written: str) -> None:
    assert html_id(key) == written


@pytest.mark.parametrize(
    ("written", "course", "key"),
    [
        ("i4x-edX-DemoX-video-abc", None, "i4x://edX/DemoX/video/abc"),
        ("i4x-edX-DemoX-video-a-b-c", None, "i4x://edX/DemoX/video/a-b-c"),
        ("i4x-edX-DemoX-video-abc", "edX/DemoX/2014", "i4x://edX/DemoX/video/abc"),
        ("i4x-edX-DemoX-video-abc", "course-v1:edX+DemoX+2014", "i4x://edX/DemoX/video/abc"),
        ("i4x-X-Stat_2_1x-video-abc", "X/Stat_2.1x/1T2014", "i4x://X/Stat_2.1x/video/abc"),
        ("i4x-MIT_x-6_002x-video-abc", "MIT.x/6.002x/2012", "i4x://MIT.x/6.002x/video/abc"),
        ("i4x-My-Org-Lit-101-video-abc", "My-Org/Lit-101/R", "i4x://My-Org/Lit-101/video/abc"),
        ("i4x-edX-DemoX-video-abc", "Other/Course/2014", "i4x://edX/DemoX/video/abc"),
        ("i4x-edX-DemoX-video-abc", "not a course", "i4x://edX/DemoX/video/abc"),
    ],
)
def test_dots_and_dashes_come_back_from_the_course(
    written: str, course: str | None, key: str
) -> None:
    assert usage_key_of_html_id(written, course) == key


@pytest.mark.parametrize(
    "text", ["", "i4x-", "i4x-edX-DemoX-video", "i4x-edX-DemoX", "edX-DemoX-video-a", "4e2eeecf"]
)
@pytest.mark.parametrize("course", [None, "edX/DemoX/2014"])
def test_what_is_no_html_id_is_none(text: str, course: str | None) -> None:
    assert usage_key_of_html_id(text, course) is None


_PART = st.text("aZ09é_.-", min_size=1, max_size=6)
_CATEGORY = st.sampled_from(["problem", "video", "combinedopenended"])


@given(_PART, _PART, _CATEGORY, st.text("aZ09é_.:-", min_size=1, max_size=8))
def test_html_ids_are_those_that_the_platform_writes(
    org: str, number: str, category: str, name: str
) -> None:
    key = f"i4x://{org}/{number}/{category}/{name}"
    assert html_id(key) == BlockUsageLocator.from_string(key).html_id()


@given(_PART, _PART, _CATEGORY, st.from_regex(r"[aZ09é-]+(_[aZ09é-]+){0,2}", fullmatch=True))
def test_a_name_of_plain_characters_comes_back_whatever_its_course(
    org: str, number: str, category: str, name: str
) -> None:
    key = f"i4x://{org}/{number}/{category}/{name}"
    assert usage_key_of_html_id(html_id(key), f"{org}/{number}/run") == key
