"""Usage keys: the plain form of each spelling, and the course and block that it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys.edx.keys import UsageKey

from edx_assets.edx.keys import block_of, course_of_usage, usage_key, usage_key_in

OLD = "i4x://McGillX/CHEM181x/problem/Week_1"
NEW = "block-v1:McGillX+CHEM181x+1T2014+type@problem+block@Week_1"
CCX = "ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@problem+block@Week_1"


@pytest.mark.parametrize(
    "spelling",
    [
        OLD,
        "i4x:;_;_McGillX;_CHEM181x;_problem;_Week_1",
        "i4x:%3B_%3B_McGillX%3B_CHEM181x%3B_problem%3B_Week_1",
        "i4x%3A%2F%2FMcGillX%2FCHEM181x%2Fproblem%2FWeek_1",
        OLD + "@draft",
        OLD + "/problem_get",
        OLD + "\n",
        OLD + "%0A",
    ],
)
def test_every_old_spelling_comes_to_the_plain_one(spelling: str) -> None:
    assert usage_key(spelling) == OLD


@pytest.mark.parametrize(
    "spelling",
    [
        NEW,
        "block-v1%3AMcGillX%2BCHEM181x%2B1T2014%2Btype%40problem%2Bblock%40Week_1",
        NEW + "\n",
        NEW + "/block-v1:McGillX+CHEM181x+1T2014+type@vertical+block@v",
    ],
)
def test_every_new_spelling_comes_to_the_plain_one(spelling: str) -> None:
    assert usage_key(spelling) == NEW


@pytest.mark.parametrize(
    "key",
    [
        CCX,
        "i4x://MIT.x/6.002x/video/S1-V1.2",
        "i4x://edX/DemoX/video/a:b",
        "block-v1:A-b+C.d+E_f+type@drag-and-drop-v2+block@4e2e~1.0",
        "block-v1:UniversitéX+Été+2014+type@html+block@à",
    ],
)
def test_plain_keys_stay_as_they_are(key: str) -> None:
    assert usage_key(key) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Week_1",
        "a0effb954cca4759994f1ac9e9434bf4",
        "i4x://",
        "i4x://McGillX/CHEM181x/problem",
        "i4x://McGillX/CHEM181x/problem/",
        "i4x://McGillX~/CHEM181x/problem/Week_1",
        "i4x://McGillX/CHEM 181x/problem/Week_1",
        "i4x-McGillX-CHEM181x-problem-Week_1",
        "block-v1:McGillX+CHEM181x+1T2014",
        "block-v1:McGillX+CHEM181x+type@problem+block@Week_1",
        "block-v1:McGillX+CHEM181x+1T2014+type@problem",
        "course-v1:McGillX+CHEM181x+1T2014",
        "asset-v1:McGillX+CHEM181x+1T2014+type@asset+block@a.png",
        "/c4x/McGillX/CHEM181x/asset/a.png",
    ],
)
def test_what_is_no_usage_key_is_none(text: str) -> None:
    assert usage_key(text) is None
    assert block_of(text) is None


@pytest.mark.parametrize("key", [OLD, NEW, CCX, OLD + "@draft", NEW.replace(":", "%3A")])
def test_a_block_is_the_same_in_every_spelling(key: str) -> None:
    assert block_of(key) == ("problem", "Week_1")


@pytest.mark.parametrize(
    ("key", "course"),
    [
        (OLD, "McGillX/CHEM181x"),
        (NEW, "course-v1:McGillX+CHEM181x+1T2014"),
        (CCX, "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3"),
        ("lib-block-v1:McGillX+Questions+type@problem+block@1", None),
        ("lb:McGillX:Questions:problem:1", None),
        ("block-v1:version@519665f6223ebd6980884f2b+type@problem+block@1", None),
        ("Week_1", None),
    ],
)
def test_the_course_of_a_usage_key(key: str, course: str | None) -> None:
    assert course_of_usage(key) == course


@pytest.mark.parametrize(
    ("course", "key"),
    [
        ("McGillX/CHEM181x/1T2014", OLD),
        ("McGillX%2FCHEM181x%2F1T2014", OLD),
        ("course-v1:McGillX+CHEM181x+1T2014", NEW),
        ("course-v1%3AMcGillX%2BCHEM181x%2B1T2014", NEW),
        ("ccx-v1:McGillX+CHEM181x+1T2014+ccx@3", CCX),
    ],
)
def test_a_block_named_in_a_course_takes_the_course_s_spelling(course: str, key: str) -> None:
    assert usage_key_in(course, "problem", "Week_1") == key


@pytest.mark.parametrize(
    ("course", "name"), [("no course", "Week_1"), ("A/B/C", "Week 1"), ("course-v1:A+B+C", "")]
)
def test_no_usage_key_is_made_of_what_cannot_be_one(course: str, name: str) -> None:
    assert usage_key_in(course, "problem", name) is None


_PART = st.text("aZ0é_.-", min_size=1, max_size=6)
_ODD_PART = st.text("a0é_.~-:%;@ ", min_size=1, max_size=4)
_CATEGORY = st.sampled_from(["problem", "video", "drag-and-drop-v2", "Été", "x.y", "a:b"])


def _keys(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda form, org, number, run, category, name: form.format(
            org=org, number=number, run=run, category=category, name=name
        ),
        st.sampled_from(
            [
                "i4x://{org}/{number}/{category}/{name}",
                "block-v1:{org}+{number}+{run}+type@{category}+block@{name}",
                "ccx-block-v1:{org}+{number}+{run}+ccx@5+type@{category}+block@{name}",
            ]
        ),
        *(part, part, part),
        _CATEGORY,
        part,
    )


@given(_keys(_PART))
def test_plain_keys_of_any_characters_are_accepted(key: str) -> None:
    assert usage_key(key) == key


@given(_keys(_PART) | _keys(_ODD_PART))
def test_what_is_accepted_is_a_usage_key_by_the_grammar(text: str) -> None:
    key = usage_key(text)
    block = block_of(text)
    assert (key is None) == (block is None)
    if key is not None:
        parsed = UsageKey.from_string(key)
        assert str(parsed) == key
        assert block == (parsed.block_type, parsed.block_id)
