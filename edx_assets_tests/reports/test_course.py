"""A course's report as its readers find it: in the storage, up to date, and by the command."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dagster import ExecuteInProcessResult

from edx_assets.cli.main import main
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    load_all,
    members,
    sort,
    structure,
)

NAME = "<b>Water & Fire</b>"


@pytest.fixture
def course(testx: Institution) -> Institution:
    """A course with a package, and a day of events of eleven learners; one of them is Ana."""
    testx.deliver(
        "2014-02-03",
        [event(n, context={"course_id": "TestX/T101/2014", "user_id": 7 + n}) for n in range(11)],
    )
    blocks = structure(start="2014-02-03T00:00:00Z", end="2014-02-10T12:00:00Z")
    blocks["i4x://TestX/T101/course/2014"]["metadata"]["display_name"] = NAME
    testx.deliver_package("2014-02-09", members(course_structure=json.dumps(blocks).encode()))
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    load_all(testx)
    return testx


def make(testx: Institution, *names: str, **form: Any) -> dict[str, Any]:
    """Materialize datasets and the report; the report's metadata."""
    wanted = [f"course/{name}" for name in (*names, "report")]
    config = {"course__report": {"config": form}} if form else None
    result = testx.run(*wanted, partition=COURSE, config=config)
    assert result.success, failure_text(result)
    return metadata_of(result)


def metadata_of(result: ExecuteInProcessResult) -> dict[str, Any]:
    [made] = result.asset_materializations_for_node("course__report")
    return {name: value.value for name, value in made.metadata.items()}


def page_of(testx: Institution) -> Path:
    return testx.folder / "files" / "reports" / f"{DATABASE}.html"


def without_time(page: str) -> str:
    return re.sub(r"(Report made</dt><dd>)[^<]+", r"\1", page)


def test_it_is_made_from_the_datasets_and_stays_until_one_changes(course: Institution) -> None:
    assert make(course, "tracking")["sections"] == 0
    made = make(course, "person_day")
    page = page_of(course)
    text = page.read_text()
    assert (made["outcome"], made["file"], made["records"]) == ("made", str(page), "10")
    assert page.stat().st_mode & 0o777 == 0o600
    assert "<h1>&lt;b&gt;Water &amp; Fire&lt;/b&gt;</h1>" in text
    assert "3 February 2014 to 10 February 2014" in text
    assert "2014-02-09, testx-2014-02-09.zip" in text
    assert "10 learners did something" in text
    assert "Not made yet: materialize course/forum_posts to see this." in text
    assert not re.search(r"\bana\b", text)

    assert make(course, "person_day")["outcome"] == "unchanged"
    assert page.read_text() == text
    assert make(course, rebuild=True)["outcome"] == "made"
    assert without_time(page.read_text()) == without_time(text)
    course.deliver("2014-02-04", [event(0, time="2014-02-04T10:00:00+00:00")])
    course.run_day("2014-02-04")
    assert make(course, "tracking", "person_day")["outcome"] == "made"
    assert "3 February 2014 to 4 February 2014" in page.read_text()
    assert not list((course.folder / "files").glob(".writing-*"))


def test_a_course_with_nothing_but_a_package_has_a_page_and_the_command_makes_it(
    course: Institution, tmp_path: Path
) -> None:
    target = tmp_path / "water.html"
    result = CliRunner().invoke(main, ["report", DATABASE, "--to", str(target)])
    assert result.output == f"made: {page_of(course)}\ncopied to {target}\n"
    text = target.read_text()
    assert page_of(course).read_text() == text
    assert "Not made yet: materialize course/person_day to see this." in text
    assert "&lt;b&gt;Water" in text
    assert "<svg" not in text
    again = CliRunner().invoke(main, ["report", COURSE])
    assert again.output == f"unchanged: {page_of(course)}\n"
    wrong = CliRunner().invoke(main, ["report", "T102"])
    assert wrong.exit_code == 1
    assert "T102 is no course here" in wrong.output
    assert make(course)["outcome"] == "unchanged"


def test_what_the_package_lacks_is_named(testx: Institution) -> None:
    testx.deliver_package("2014-02-09", members(forum=None))
    sort(testx, "2014-02-09")
    testx.run("course/course_structure", partition=COURSE)
    made = make(testx, "tracking", "forum_posts", "forum_events", "person_day")
    assert made["sections"] == 0
    assert "Forum by week" in made["without"]
    text = page_of(testx).read_text()
    assert "The course&#39;s package has no forum." in text
    assert "No learner has an event in the time of the course." in text
