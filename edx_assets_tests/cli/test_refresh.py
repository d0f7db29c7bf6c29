"""`edx-assets refresh` and `rebuild`: courses brought up to date from the shell."""

from typing import Any

import pytest
from dagster import DagsterInstance

from edx_assets.loading.ledger import course_loads
from edx_assets.resources.store import Store
from edx_assets_tests.cli.commands import run, told
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members, sort

pytestmark = pytest.mark.usefixtures("instance")


def moments(store: Store) -> dict[str, Any]:
    return {name: load["loaded_at"] for name, load in course_loads(store, COURSE).items()}


def test_what_is_due_is_done_once(testx: Institution, store: Store) -> None:
    testx.deliver_package("2014-02-09", members())
    testx.deliver("2014-02-03", [event(1)])
    assert sort(testx, "2014-02-09").success
    assert testx.run_day("2014-02-03").success
    [whole] = told(run("refresh", "--json"))["runs"]
    assert whole["partition"] == COURSE
    assert {"course/auth_user", "course/report"} <= {*whole["assets"]}
    assert course_loads(store, COURSE)["tracking"]["documents"] == 1
    assert "Nothing to do" in run("refresh", DATABASE).stdout

    testx.deliver("2014-02-04", [event(2, time="2014-02-04T10:00:00+00:00")])
    assert testx.run_day("2014-02-04").success
    [behind] = told(run("refresh", COURSE, "--json"))["runs"]
    assert "course/tracking" in behind["assets"]
    assert "course/auth_user" not in behind["assets"]
    assert course_loads(store, COURSE)["tracking"]["documents"] == 2

    before = moments(store)
    assert run("rebuild", DATABASE).exit_code == 0
    after = moments(store)
    assert before.keys() == after.keys()
    assert all(after[name] > before[name] for name in ("auth_user", "tracking", "learners"))


@pytest.mark.parametrize("command", ["refresh", "rebuild"])
def test_an_unknown_course_gets_a_guess(
    testx: Institution,
    instance: DagsterInstance,
    command: str,
) -> None:
    testx.deliver("2014-02-03", [event(1, context={"course_id": COURSE, "org_id": "TestX"})])
    assert testx.run_day("2014-02-03").success
    ran = len(instance.get_runs())
    for wrong in ("course-v1:TestX+T110+2014", "testx_t101_2014", "T101"):
        result = run(command, wrong)
        assert result.exit_code == 1
        assert f"Did you mean {DATABASE}?" in result.stderr or f"mean {COURSE}?" in result.stderr
    assert len(instance.get_runs()) == ran
