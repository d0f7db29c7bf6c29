"""Notices: real failed runs, told to a real web server and a real mail server."""

import email.policy
import json
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from dagster import (
    AssetCheckResult,
    DagsterInstance,
    DefaultSensorStatus,
    SensorDefinition,
    asset,
    asset_check,
    materialize,
)

from edx_assets.automation.notices import NoticeNotSentError, notice_sensors
from edx_assets.definitions import build_defs
from edx_assets.loading.ledger import IMPORTS
from edx_assets.resources.store import Store
from edx_assets.settings import Settings, load_settings
from edx_assets_tests.automation.received import Received
from edx_assets_tests.automation.telling import evaluate, fail_with, hooked, tell
from edx_assets_tests.institution import Institution, event

LEARNER = "zoe_the_learner@example.org"


def posted(web: Received) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(web.bodies[-1])
    return told


def mailed(mail: Received) -> EmailMessage:
    message = BytesParser(policy=email.policy.default).parsebytes(mail.bodies[-1])
    assert isinstance(message, EmailMessage)
    return message


def test_a_failed_day_is_told_with_its_cause_and_remedy(
    testx: Institution, web: Received, mail: Received
) -> None:
    testx.deliver_raw("2014-02-03", b"not encrypted")
    ran = testx.run_day("2014-02-03")
    settings = hooked(
        web,
        notice_smtp_host=mail.address,
        notice_mail_to="czar@example.edu, deputy@example.edu",
        notice_mail_from="edx@example.edu",
        ui_url="https://dagster.example.edu/",
    )
    tell(testx.instance, ran.run_id, settings)
    told = posted(web)
    assert told["partition"] == "2014-02-03"
    assert told["assets"] == ["edx/daily_log", "edx/master_tracking", "edx/raw_log"]
    assert told["run_id"] == ran.run_id
    assert told["link"] == f"https://dagster.example.edu/runs/{ran.run_id}"
    assert len(told["causes"]) == 1
    assert "it is not GPG data: download it again" in told["causes"][0]
    assert told["remedy"] == "do what the cause says, then materialize the same partitions again"
    message = mailed(mail)
    assert message["To"] == "czar@example.edu, deputy@example.edu"
    assert message["From"] == "edx@example.edu"
    assert message["Subject"] == "edx_assets: a run of assets failed for 2014-02-03"
    assert message.get_content().split() == told["text"].split()
    assert "it is not GPG data" in message.get_content()


def test_a_range_is_told_as_one_with_each_days_cause(testx: Institution, web: Received) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver_raw("2014-02-04", b"not encrypted")
    testx.deliver_raw("2014-02-05", b"not encrypted either")
    stages = [f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")]
    ran = testx.run(*stages, days=("2014-02-03", "2014-02-05"))
    tell(testx.instance, ran.run_id, hooked(web))
    told = posted(web)
    assert told["partition"] == "2014-02-03 to 2014-02-05"
    assert "2 of 3 days failed" in told["causes"][0]
    assert told["causes"][0].count("it is not GPG data") == 2
    assert told["link"] == ""


def test_a_blocking_check_is_told_with_its_counts(
    testx: Institution, store: Store, web: Received
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    entry = store.get(IMPORTS, "edx/2014-02-03")
    assert entry is not None
    store.put(IMPORTS, entry | {"lines": 2})
    ran = testx.run_day("2014-02-03")
    tell(testx.instance, ran.run_id, hooked(web))
    assert (
        "the check lines_accounted_for of edx/master_tracking 2014-02-03: 2 lines = 1 loaded"
        in posted(web)["causes"][0]
    )
    assert "the check's description" in posted(web)["remedy"]


def wrapped() -> Exception:
    error = RuntimeError(f"could not load {LEARNER}")
    error.__cause__ = KeyError(LEARNER)
    return error


@pytest.mark.parametrize(
    ("error", "told_class"),
    [
        (lambda: ValueError(f"could not read {LEARNER}"), "ValueError"),
        (lambda: KeyError(LEARNER), "KeyError"),
        (wrapped, "KeyError"),
    ],
)
def test_of_an_unknown_exception_only_the_class_and_the_place_are_told(
    instance: DagsterInstance,
    web: Received,
    mail: Received,
    error: Callable[[], Exception],
    told_class: str,
) -> None:
    run_id = fail_with(instance, error)
    log = str(instance.all_logs(run_id))
    assert LEARNER in log  # what Dagster itself keeps
    settings = hooked(
        web, notice_smtp_host=mail.address, notice_mail_to="a@b.c", notice_mail_from="d@e.f"
    )
    tell(instance, run_id, settings)
    assert posted(web)["causes"][0].startswith(told_class)
    assert posted(web)["assets"] == ["broken"]
    assert "not to be sent on" in posted(web)["remedy"]
    for body in (*web.bodies, *mail.bodies):
        assert b"zoe" not in body
        assert b"example.org" not in body


def test_the_place_is_in_this_packages_code(instance: DagsterInstance, web: Received) -> None:
    run_id = fail_with(instance, lambda: ValueError("x"))
    tell(instance, run_id, hooked(web))
    assert ".py, line " in posted(web)["causes"][0]
    assert "in broken" in posted(web)["causes"][0]


def test_a_blocking_check_of_a_step_of_its_own_is_told_once(
    instance: DagsterInstance, web: Received
) -> None:
    @asset
    def good() -> None:
        """Made without trouble."""

    @asset_check(asset=good, blocking=True)
    def counted() -> AssetCheckResult:
        return AssetCheckResult(passed=False, description="3 of 4")

    ran = materialize([good, counted], instance=instance, raise_on_error=False)
    tell(instance, ran.run_id, hooked(web))
    assert posted(web)["causes"] == ["the check counted of good: 3 of 4"]
    assert "the check's description" in posted(web)["remedy"]


def test_one_way_that_fails_does_not_keep_the_other_and_is_told_without_its_address(
    instance: DagsterInstance, web: Received, mail: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = fail_with(instance, lambda: ValueError("x"))
    web.answer = 500
    settings = hooked(
        web, notice_smtp_host=mail.address, notice_mail_to="a@b.c", notice_mail_from="d@e.f"
    )
    with pytest.raises(NoticeNotSentError) as failure:
        tell(instance, run_id, settings)
    assert "EDX_NOTICE_WEBHOOK: the server answered 500" in str(failure.value)
    assert len(mail.bodies) == 1
    for address in ("http://127.0.0.1:1/secret-part", "secret-part", "file:///secret-part"):
        run_id = fail_with(instance, lambda: ValueError("x"))
        monkeypatch.setenv("EDX_NOTICE_WEBHOOK", address)
        with pytest.raises(NoticeNotSentError) as failure:
            tell(instance, run_id, load_settings())
        assert "secret-part" not in str(failure.value)


def test_a_mail_without_addresses_is_refused_by_the_name_of_the_setting(
    instance: DagsterInstance, mail: Received
) -> None:
    run_id = fail_with(instance, lambda: ValueError("x"))
    with pytest.raises(NoticeNotSentError, match="EDX_NOTICE_MAIL_TO is not set"):
        tell(instance, run_id, Settings(notice_smtp_host=mail.address))


def test_nothing_is_sent_and_the_sensor_is_off_where_no_way_is_set(
    instance: DagsterInstance, web: Received
) -> None:
    run_id = fail_with(instance, lambda: ValueError("x"))
    skipped = tell(instance, run_id, Settings())
    assert "EDX_NOTICE_WEBHOOK" in str(skipped)
    for settings, status in (
        (Settings(), DefaultSensorStatus.STOPPED),
        (hooked(web), DefaultSensorStatus.RUNNING),
    ):
        assert [each.default_status for each in notice_sensors(settings)] == [status, status]
    assert web.bodies == []


def test_the_definitions_have_the_sensor_and_do_not_show_the_webhook(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, web: Received
) -> None:
    monkeypatch.setenv("EDX_NOTICE_WEBHOOK", web.address)
    settings = load_settings()
    assert "secret-part" not in repr(settings)
    sensors = {sensor.name: sensor for sensor in build_defs(settings).sensors or []}
    sensor = sensors["failure_notices"]
    assert isinstance(sensor, SensorDefinition)
    run_id = fail_with(instance, lambda: ValueError("x"))
    evaluate(sensor, instance, run_id)
    assert len(web.bodies) == 1
