"""The courses file: what it can contain, and how mistakes in it are reported."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.courses import CourseEntry, Window
from edx_assets.edx.courses_file import CoursesFileError, read_courses_file

CHEM = "course-v1:McGillX+CHEM181x+1T2014"


def test_a_file_of_every_field() -> None:
    entries = read_courses_file(
        b"""
        courses:
          - course_key: McGillX/CHEM181x/1T2014
            spellings: [McGillX/Chem181x/1T2014, McGillX/CHEM181x]
            enrolment_start: 2013-09-01
            course_end: 2014-05-01
          - course_key: course-v1:McGillX+CHEM181x+1T2014
            site: edge
          - course_key: ccx-v1:McGillX+CHEM181x+1T2014+ccx@3
        """
    )
    assert entries == {
        (CHEM, "edx"): CourseEntry(
            CHEM,
            "edx",
            ("course-v1:McGillX+Chem181x+1T2014", "McGillX/CHEM181x"),
            Window(datetime(2013, 9, 1, tzinfo=UTC), datetime(2014, 5, 2, tzinfo=UTC)),
        ),
        (CHEM, "edge"): CourseEntry(CHEM, "edge"),
        ("ccx-v1:McGillX+CHEM181x+1T2014+ccx@3", "edx"): CourseEntry(
            "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3"
        ),
    }


def test_a_file_may_list_no_course() -> None:
    assert read_courses_file(b"courses: []") == {}


@pytest.mark.parametrize(
    "written",
    ["2014-05-01", "'2014-05-01'", "2014-05-01 18:30:00", "2014-05-01T18:30:00Z", '"2014-05-01 "'],
)
def test_the_end_day_is_inclusive_however_it_is_written(written: str) -> None:
    (entry,) = read_courses_file(
        f"courses: [{{course_key: A/B/C, course_end: {written}}}]".encode()
    ).values()
    assert entry.window == Window(None, datetime(2014, 5, 2, tzinfo=UTC))


def test_a_time_as_the_start_is_kept() -> None:
    text = "courses: [{course_key: A/B/C, enrolment_start: 2013-09-01 09:30:00}]"
    (entry,) = read_courses_file(text.encode()).values()
    assert entry.window == Window(datetime(2013, 9, 1, 9, 30, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no list `courses:`"),
        ("[]", "no list `courses:`"),
        ("courses:", "no list `courses:`"),
        ("courses: {course_key: A/B/C}", "no list `courses:`"),
        ("course: []", "no list `courses:`"),
        ("courses:\n  - course_key: [\n", "not YAML at line 3"),
        ("courses:\n\t- course_key: A/B/C\n", "not YAML at line 2"),
        ("courses: \x07", "not YAML"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, told: str) -> None:
    with pytest.raises(CoursesFileError) as error:
        read_courses_file(text.encode())
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("A/B/C", "expected `course_key"),
        ("{}", "is not a course key"),
        ("{site: edx}", "is not a course key"),
        ("{course_key: A/B}", "'A/B' is not a course key"),
        ("{course_key: 5}", "5 is not a course key"),
        ("{course_key: A/B/C, site: prod}", "site is 'prod'; it must be edx or edge"),
        ("{course_key: A/B/C, spellings: A/B/D}", "spellings is not a list"),
        (
            "{course_key: A/B/C, enrolment_start: soon}",
            "is not a date that exists, written YYYY-MM-DD",
        ),
        ("{course_key: A/B/C, course_end: 2014}", "is not a date that exists, written YYYY-MM-DD"),
        (
            "{course_key: A/B/C, course_end: 9999-12-31}",
            "is not a date that exists, written YYYY-MM-DD",
        ),
        (
            "{course_key: A/B/C, course_end: '2014-02-30'}",
            "is not a date that exists, written YYYY-MM-DD",
        ),
        ("{course_key: A/B/C, end: 2014-05-01}", "unknown end; known: course_end, course_key, "),
        ("{course_key: X/Y/Z}", "course-v1:X+Y+Z is listed twice"),
        ("{course_key: 'course-v1:X+Y+Z', site: edx}", "course-v1:X+Y+Z is listed twice"),
    ],
)
def test_a_mistake_is_told_with_the_number_of_its_course(item: str, told: str) -> None:
    with pytest.raises(CoursesFileError) as error:
        read_courses_file(f"courses:\n  - {{course_key: X/Y/Z}}\n  - {item}\n".encode())
    assert str(error.value).startswith("the courses file: course 2 (line 3): ")
    assert told in str(error.value)


@pytest.mark.parametrize("field", ["enrolment_start", "course_end"])
@pytest.mark.parametrize(
    "written", ["2014-02-30", "2014-13-01", "'30.2.2014'", "2014-02-30 18:00:00", "2014-2-1"]
)
def test_a_bad_date_is_told_with_its_course_and_line(field: str, written: str) -> None:
    text = f"""# ours
courses:
  - course_key: X/Y/Z
    course_end: 2014-02-28

  - course_key: A/B/C
    site: edge
    {field}: {written}
"""
    with pytest.raises(CoursesFileError) as error:
        read_courses_file(text.encode())
    assert str(error.value) == (
        f"the courses file: course 2 (line 8): {field} of course-v1:A+B+C is not a date that"
        " exists, written YYYY-MM-DD"
    )


def test_a_window_that_ends_before_it_starts_is_told() -> None:
    text = b"courses: [{course_key: A/B/C, enrolment_start: 2014-05-02, course_end: 2014-05-01}]"
    with pytest.raises(CoursesFileError, match=r"line 1.*course_end of course-v1:A\+B\+C is bef"):
        read_courses_file(text)


def test_a_line_of_a_course_that_is_written_elsewhere() -> None:
    text = b"a: &a\n  course_key: A/B/C\n  course_end: soon\ncourses:\n  - <<: *a\n"
    with pytest.raises(CoursesFileError, match=r"course 1 \(line 3\): course_end of course-v1:A"):
        read_courses_file(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_a_byte_order_mark_and_without(encoding: str) -> None:
    text = "courses: [{course_key: X/Y/Z, spellings: [X/É/Z]}]  # là"
    (entry,) = read_courses_file(text.encode(encoding)).values()
    assert entry.spellings == ("course-v1:X+É+Z",)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-16", "in UTF-16: save it as UTF-8"),
        ("utf-16-le", "in UTF-16: save it as UTF-8"),
        ("utf-16-be", "in UTF-16: save it as UTF-8"),
        ("latin-1", r"not in UTF-8 \(line 3\): save it as UTF-8"),
    ],
)
def test_another_encoding_is_told_with_the_remedy(encoding: str, told: str) -> None:
    text = "courses:\n  - course_key: X/Y/Z\n    spellings: [X/É/Z]\n"
    with pytest.raises(CoursesFileError, match=told):
        read_courses_file(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        *("courses: !!int x", "courses: !!int ''", "courses: !!bool x", "courses: !!timestamp x"),
        "courses: !!timestamp [1]",
    ],
)
def test_odd_yaml_is_told(text: str) -> None:
    with pytest.raises(CoursesFileError, match="not YAML"):
        read_courses_file(text.encode())


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Eight lists, each of nine times the one before: 43 million texts, if they were written out."""


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("{course_key: *i}", "is not a course key"),
        ("{course_key: A/B/C, site: *i}", "it must be edx or edge"),
        ("{course_key: A/B/C, spellings: *i}", "in spellings is not a text"),
        ("{course_key: A/B/C, spellings: [5]}", "5 in spellings is not a text: put it in quotes"),
        (f"{{course_key: A/{'b' * 5000}}}", "bbbbb' is not a course key"),
        (f"{{course_key: 0x{'f' * 5000}}}", "a long number is not a course key"),
        (f"{{{', '.join(f'k{n}: 1' for n in range(999))}}}", "unknown k0, k1, k10, k100, k101; kn"),
    ],
)
def test_a_mistake_of_any_size_is_told_in_a_short_message(item: str, told: str) -> None:
    with pytest.raises(CoursesFileError) as error:
        read_courses_file(f"{LAUGHS}courses:\n  - {item}\n".encode())
    assert told in str(error.value)
    assert len(str(error.value)) < 300


@given(st.binary() | st.text().map(lambda text: f"courses:\n  - {text}\n".encode()))
def test_whatever_the_file_holds_it_is_read_or_told(content: bytes) -> None:
    with suppress(CoursesFileError):
        read_courses_file(content)
