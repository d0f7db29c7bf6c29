"""Wrong settings at work: the definitions load, and the run and the tick say what is wrong."""

import socket
from pathlib import Path

import pytest
from dagster import DefaultSensorStatus, Failure, SensorDefinition

from edx_assets.definitions import build_defs
from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.institution import Institution, event, failure_text

LOGS, COURSES = "edx_tracking_logs_sensor", "courses_sensor"
PRIVATE = "s3same"

WRONG = [
    ("EDX_START_DATE", "1 Sept 2012", "EDX_START_DATE is not a date: write YYYY-MM-DD"),
    ("EDX_END_DATE", "2014-01-31", "EDX_END_DATE is before EDX_START_DATE"),
    ("EDX_S3_ENDPOINT_URL", f"{PRIVATE}:9000", "EDX_S3_ENDPOINT_URL is not a web address"),
    ("EDX_EVENTS_BUCKET", f"s3://{PRIVATE}", "EDX_EVENTS_BUCKET is not the name of a bucket"),
]
WRONG_IN_A_RUN = [
    *WRONG,
    ("EDX_STORAGE", "/proc/version", "EDX_STORAGE: /proc/version cannot be used as a folder"),
    ("EDX_GNUPG_HOME", "/nowhere", "EDX_GNUPG_HOME: /nowhere does not exist"),
    ("EDX_GNUPG_HOME", "/proc/version", "EDX_GNUPG_HOME: /proc/version is a file, not a folder"),
    ("EDX_GPG_PASSPHRASE_FILE", "/nowhere", "EDX_GPG_PASSPHRASE_FILE: /nowhere cannot be read"),
    ("EDX_MONGO_URI", f"mongodb://u:{PRIVATE}/x@h/", "percent-encode the user and the password"),
]
WRONG_IN_A_TICK = [
    *WRONG,
    ("EDX_AUTOMATION", f"please {PRIVATE}", "EDX_AUTOMATION is neither true nor false"),
    ("EDX_MONGO_URI", f"mongodb://u:{PRIVATE}@x@h/", "percent-encode the user and the password"),
    ("EDX_MONGO_URI", f"mongodb+srv://{PRIVATE}.invalid/", "DNS knows no such service"),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG_IN_A_RUN)
def test_a_run_says_what_is_wrong(
    testx: Institution, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    if name == "EDX_GPG_PASSPHRASE_FILE":
        monkeypatch.delenv("EDX_GPG_PASSPHRASE")
    monkeypatch.setenv(name, value)
    text = failure_text(testx.run_day("2014-02-03"))
    assert told in text
    for other in (PRIVATE, "pydantic", "Traceback", "ValidationError"):
        assert other not in text


@pytest.mark.parametrize(("name", "value", "told"), WRONG_IN_A_TICK)
def test_a_tick_says_what_is_wrong(
    automation: Automation,
    testx: Institution,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    told: str,
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    monkeypatch.setenv(name, value)
    with pytest.raises(Failure) as error:
        automation.tick(LOGS)
    assert told in str(error.value.description)
    assert PRIVATE not in str(error.value.description)
    assert automation.cursors.get(LOGS) is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("courses:\n- course_key: X/Y/Z\n".encode("utf-16"), "in UTF-16: save it as UTF-8"),
        (b"courses:\n- course_key: X/Y/Z\n  course_end: 2014-02-30\n", "course 1 (line 3)"),
        (None, "EDX_COURSES_FILE: "),
    ],
)
def test_a_courses_file_that_cannot_be_used(
    automation: Automation,
    testx: Institution,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes | None,
    told: str,
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    assert testx.run_day("2014-02-03").success
    courses = tmp_path / "courses.yaml"
    if content is not None:
        courses.write_bytes(content)
    monkeypatch.setenv("EDX_COURSES_FILE", str(courses))
    with pytest.raises(Failure) as error:
        automation.tick(COURSES)
    assert told in str(error.value.description)
    assert "courses file" in str(error.value.description) or content is None


def test_what_is_not_used_harms_nobody(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    testx.deliver("2014-02-03", [event(1)])
    monkeypatch.setenv("EDX_NOTICE_WEBHOOK", "no address")
    monkeypatch.setenv("EDX_UI_URL", "no address")
    monkeypatch.setenv("EDX_NOTICE_SMTP_HOST", "mail")
    assert testx.run_day("2014-02-03").success


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDX_NOTICE_WEBHOOK", "chat.example.edu/hook"),
        ("EDX_NOTICE_SMTP_HOST", "mail:smtp"),
        ("EDX_NOTICE_MAIL_TO", "czar@example.edu"),
    ],
)
def test_wrong_settings_of_notices_do_not_switch_them_off(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    [sensor] = [
        each for each in build_defs(load_settings()).sensors or [] if each.name == "failure_notices"
    ]
    assert isinstance(sensor, SensorDefinition)
    assert sensor.default_status == DefaultSensorStatus.RUNNING


def test_every_wrong_setting_at_once_still_has_definitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name, value, _told in [*WRONG_IN_A_RUN, *WRONG_IN_A_TICK]:
        monkeypatch.setenv(name, value)
    build_defs(load_settings()).get_repository_def().load_all_definitions()
