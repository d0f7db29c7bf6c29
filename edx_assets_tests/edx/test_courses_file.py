"""The courses file: what it can contain, and how mistakes in it are reported."""

from datetime import UTC, datetime

import pytest

from edx_assets.edx.courses import CourseEntry, CoursesFileError, Window, read_courses_file

CHEM = "course-v1:McGillX+CHEM181x+1T2014"


def test_a_file_of_every_field() -> None:
    entries = read_courses_file(
        """
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
    assert read_courses_file("courses: []") == {}


@pytest.mark.parametrize(
    "written",
    ["2014-05-01", "'2014-05-01'", "2014-05-01 18:30:00", "2014-05-01T18:30:00Z", '"2014-05-01 "'],
)
def test_the_end_day_is_inclusive_however_it_is_written(written: str) -> None:
    (entry,) = read_courses_file(
        f"courses: [{{course_key: A/B/C, course_end: {written}}}]"
    ).values()
    assert entry.window == Window(None, datetime(2014, 5, 2, tzinfo=UTC))


def test_a_time_as_the_start_is_kept() -> None:
    text = "courses: [{course_key: A/B/C, enrolment_start: 2013-09-01 09:30:00}]"
    (entry,) = read_courses_file(text).values()
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
        read_courses_file(text)
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
        ("{course_key: A/B/C, enrolment_start: soon}", "a date is not written YYYY-MM-DD"),
        ("{course_key: A/B/C, course_end: 2014}", "a date is not written YYYY-MM-DD"),
        ("{course_key: A/B/C, course_end: 9999-12-31}", "a date is not written YYYY-MM-DD"),
        ("{course_key: A/B/C, course_end: '2014-02-30'}", "a date is not written YYYY-MM-DD"),
        ("{course_key: A/B/C, end: 2014-05-01}", "unknown end; known: course_end, course_key, "),
        ("{course_key: X/Y/Z}", "course-v1:X+Y+Z is listed twice"),
        ("{course_key: 'course-v1:X+Y+Z', site: edx}", "course-v1:X+Y+Z is listed twice"),
    ],
)
def test_a_mistake_is_told_with_the_number_of_its_course(item: str, told: str) -> None:
    with pytest.raises(CoursesFileError) as error:
        read_courses_file(f"courses:\n  - {{course_key: X/Y/Z}}\n  - {item}\n")
    assert str(error.value).startswith("course 2: ")
    assert told in str(error.value)


def test_a_date_that_does_not_exist_is_told() -> None:
    with pytest.raises(CoursesFileError, match="a date that does not exist"):
        read_courses_file("courses: [{course_key: A/B/C, course_end: 2014-02-30}]")
