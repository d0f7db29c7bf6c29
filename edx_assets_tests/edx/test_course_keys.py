"""Course keys: every spelling gives one canonical form, anything else gives None."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys.edx.keys import CourseKey

from edx_assets.edx.keys import course_key, course_parts

CHEM = "course-v1:McGillX+CHEM181x+1T2014"


@pytest.mark.parametrize(
    "spelling",
    [
        "McGillX/CHEM181x/1T2014",
        "course-v1:McGillX+CHEM181x+1T2014",
        "slashes:McGillX+CHEM181x+1T2014",
        "McGillX%2FCHEM181x%2F1T2014",
        "course-v1%3AMcGillX%2BCHEM181x%2B1T2014",
        "course-v1:McGillX%2BCHEM181x%2B1T2014",
        "McGillX/CHEM181x/1T2014\n",
        "McGillX/CHEM181x/1T2014%0A",
        "  course-v1:McGillX+CHEM181x+1T2014\r\n",
        "course-v1:McGillX+CHEM181x+1T2014+branch@draft-branch",
        "course-v1:McGillX+CHEM181x+1T2014+version@519665f6223ebd6980884f2b",
    ],
)
def test_every_spelling_comes_to_the_canonical_key(spelling: str) -> None:
    assert course_key(spelling) == CHEM


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("BerkeleyX/Stat_2.1x/1T2014", "course-v1:BerkeleyX+Stat_2.1x+1T2014"),
        ("MIT-x/6.002-x/2012_Fall", "course-v1:MIT-x+6.002-x+2012_Fall"),
        ("UniversitéX/Été/2014", "course-v1:UniversitéX+Été+2014"),
        ("course-v1:A+B~1+C:2", "course-v1:A+B~1+C:2"),
    ],
)
def test_parts_keep_their_characters(spelling: str, canonical: str) -> None:
    assert course_key(spelling) == canonical


def test_case_is_kept() -> None:
    assert course_key("mcgillx/chem181X/1t2014") == "course-v1:mcgillx+chem181X+1t2014"


@pytest.mark.parametrize(
    "spelling",
    ["ccx-v1:McGillX+CHEM181x+1T2014+ccx@3", "ccx-v1%3AMcGillX%2BCHEM181x%2B1T2014%2Bccx%403\n"],
)
def test_a_ccx_keeps_its_own_form(spelling: str) -> None:
    assert course_key(spelling) == "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "%",
        "McGillX",
        "McGillX/CHEM181x",
        "McGillX/CHEM181x/100%",
        "McGillX/CHEM181x/%2525",
        "McGillX/CHEM181x/1T2014/info",
        "McGillX//1T2014",
        "McGillX/CHEM 181x/1T2014",
        "McGillX/CHEM181x/1T\n2014",
        "McGillX/CHEM181x/1T2014\x00",
        "course-v1:McGillX+CHEM181x",
        "course-v1:McGillX+CHEM181x+1T2014+x",
        "course-v1:@519665f6223ebd6980884f2b",
        "course-v2:McGillX+CHEM181x+1T2014",
        "ccx-v1:McGillX+CHEM181x+1T2014",
        "ccx-v1:McGillX+CHEM181x+ccx@3",
        "library-v1:McGillX+Questions",
        "lib:McGillX:Questions",
        "i4x://McGillX/CHEM181x/problem/1",
        "block-v1:McGillX+CHEM181x+1T2014+type@problem+block@1",
    ],
)
def test_what_is_no_course_key_is_none(text: str) -> None:
    assert course_key(text) is None


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        (CHEM, ("McGillX", "CHEM181x", "1T2014")),
        ("ccx-v1:McGillX+CHEM181x+1T2014+ccx@3", ("McGillX", "CHEM181x", "1T2014_ccx_3")),
    ],
)
def test_parts_of_a_canonical_key(key: str, parts: tuple[str, str, str]) -> None:
    assert course_parts(key) == parts


@pytest.mark.parametrize("text", ["McGillX/CHEM181x/1T2014", CHEM + "\n", "McGillX", ""])
def test_parts_are_refused_of_any_other_spelling(text: str) -> None:
    with pytest.raises(ValueError, match="not a canonical course key"):
        course_parts(text)


_PART = st.text("aZ0é_.-", min_size=1, max_size=8)


@given(_PART, _PART, _PART)
def test_old_and_new_spelling_agree_and_parts_come_back(org: str, number: str, run: str) -> None:
    canonical = f"course-v1:{org}+{number}+{run}"
    assert course_key(f"{org}/{number}/{run}") == course_key(canonical) == canonical
    assert course_parts(canonical) == (org, number, run)


@given(st.text() | st.text("aZ0:/+@%_.~- ", max_size=30))
def test_any_text_is_either_a_course_key_or_none(text: str) -> None:
    for spelling in (text, f"course-v1:{text}", f"ccx-v1:{text}+ccx@1", f"A/B/{text}"):
        key = course_key(spelling)
        if key is not None:
            assert course_key(key) == key
            assert str(CourseKey.from_string(key)) == key
