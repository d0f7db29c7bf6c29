"""The overview is asked for when a run has failed, or what failed is mended; once for each."""

from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.institution import Institution, event

SENSOR = "overview_sensor"


def make(automation: Automation) -> None:
    job = automation.definitions().resolve_job_def("make_the_overview")
    assert job.execute_in_process(instance=automation.testx.instance).success


def test_it_follows_failures_and_what_mends_them(
    automation: Automation, testx: Institution
) -> None:
    make(automation)
    testx.deliver("2014-02-03", [event(1)])
    assert testx.run_day("2014-02-03").success
    assert automation.tick(SENSOR) == []  # nothing has failed

    testx.deliver_raw("2014-02-04", b"not encrypted")
    assert not testx.run_day("2014-02-04").success
    [first] = automation.tick(SENSOR)
    assert [each.run_key for each in automation.tick(SENSOR)] == [first.run_key]
    make(automation)
    assert automation.tick(SENSOR) == []

    testx.deliver("2014-02-04", [event(2)])
    assert testx.run_day("2014-02-04").success
    [second] = automation.tick(SENSOR)
    assert second.run_key != first.run_key
    make(automation)
    assert automation.tick(SENSOR) == []
