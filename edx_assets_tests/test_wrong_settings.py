"""Settings that are wrong: each is told by its variable, its form and the remedy."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from edx_assets.cli.unknown_settings import unknown_variables
from edx_assets.settings import (
    InvalidSettingError,
    Settings,
    load_settings,
    variable,
)

SECRET = "5ecret"
README = Path(__file__).parents[1] / "README.md"

WRONG = [
    ("EDX_START_DATE", f"yesterday {SECRET}", "is not a date: write YYYY-MM-DD"),
    ("EDX_START_DATE", "01/09/2012", "is not a date: write YYYY-MM-DD"),
    ("EDX_START_DATE", "2014-02-30", "is not a date: write YYYY-MM-DD"),
    ("EDX_START_DATE", "20140228", "is not a date: write YYYY-MM-DD"),
    ("EDX_START_DATE", "1393545600", "is not a date: write YYYY-MM-DD"),
    ("EDX_END_DATE", "2014-02-28T10:00:00", "is not a date: write YYYY-MM-DD"),
    ("EDX_END_DATE", "2012-08-31", "is before EDX_START_DATE: correct one of them"),
    ("EDX_AUTOMATION", f"please {SECRET}", "is neither true nor false: write one of them"),
    ("EDX_S3_ENDPOINT_URL", f"{SECRET}:9000", "write it from http:// or https:// on"),
    ("EDX_S3_ENDPOINT_URL", "s3://bucket", "write it from http:// or https:// on"),
    ("EDX_S3_ENDPOINT_URL", "http://host:port", "write it from http:// or https:// on"),
    ("EDX_S3_ENDPOINT_URL", f"http://me:{SECRET}@s3.example.edu", "without a user and a password"),
    ("EDX_UI_URL", f"https://{SECRET}@dagster.example.edu", "without a user and a password"),
    ("EDX_EVENTS_BUCKET", f"s3://{SECRET}", "write the name alone, without s3://"),
    ("EDX_PACKAGES_BUCKET", f"{SECRET}/folder", "write the name alone, without s3://"),
    ("EDX_STORAGE", f"S3://{SECRET}", "is neither a folder nor s3://bucket/folder"),
    ("EDX_STORAGE", f"s3://{SECRET}_/a", "is neither a folder nor s3://bucket/folder"),
    ("EDX_STORAGE", f"s3://bucket/../{SECRET}", "is neither a folder nor s3://bucket/folder"),
    ("EDX_STORAGE", f"gs://bucket/{SECRET}", "is neither a folder nor s3://bucket/folder"),
    ("EDX_STORAGE_ENDPOINT_URL", "s3.example.edu", "write it from http:// or https:// on"),
    ("EDX_NOTICE_WEBHOOK", f"chat.example.edu/{SECRET}", "write it from http:// or https:// on"),
    ("EDX_NOTICE_WEBHOOK", f"file:///{SECRET}", "write it from http:// or https:// on"),
    ("EDX_UI_URL", "dagster.example.edu", "write it from http:// or https:// on"),
    ("EDX_NOTICE_SMTP_HOST", "mail.example.edu:smtp", "write host or host:port"),
    ("EDX_NOTICE_SMTP_HOST", "mail.example.edu:", "write host or host:port"),
    ("EDX_NOTICE_SMTP_HOST", "mail.example.edu:99999", "write host or host:port"),
    ("EDX_NOTICE_SMTP_HOST", f"smtp://{SECRET}", "write host or host:port"),
    ("EDX_NOTICE_SMTP_HOST", f"me:{SECRET}@mail.example.edu", "write host or host:port"),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG)
def test_a_wrong_value_is_told_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv("EDX_NOTICE_MAIL_TO", "a@b.c")
    monkeypatch.setenv("EDX_NOTICE_MAIL_FROM", "d@e.f")
    monkeypatch.setenv("EDX_NOTICE_SMTP_HOST", "mail")
    monkeypatch.setenv(name, value)
    settings = load_settings()
    setting = name.removeprefix("EDX_").lower()
    settings.require(*({*Settings.model_fields} - {setting}))  # it harms itself alone
    with pytest.raises(InvalidSettingError) as error:
        settings.require(setting)
    text = str(error.value)
    assert text.startswith(f"{name} ")
    assert told in text
    assert SECRET not in text + repr(settings)


def test_all_that_is_wrong_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"EDX_ORG": "X", "EDX_START_DATE": "x", "EDX_AUTOMATION": "x"}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.invalid.keys() == {"start_date", "automation"}
    assert (settings.org, settings.start_date) == ("X", date(2012, 9, 1))
    with pytest.raises(InvalidSettingError, match=r"EDX_START_DATE.*; EDX_AUTOMATION"):
        settings.require("start_date", "automation")


@pytest.mark.parametrize("given", [*range(1, 7)])
def test_half_of_what_mail_needs(monkeypatch: pytest.MonkeyPatch, given: int) -> None:
    names = ["EDX_NOTICE_SMTP_HOST", "EDX_NOTICE_MAIL_TO", "EDX_NOTICE_MAIL_FROM"]
    there = [name for bit, name in enumerate(names) if given & 1 << bit]
    for name in there:
        monkeypatch.setenv(name, "example.edu")
    with pytest.raises(InvalidSettingError) as error:
        load_settings().require("notice_smtp_host", "notice_mail_to", "notice_mail_from")
    for name in set(names) - set(there):
        assert f"{name} is not set, but {there[0]} is" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("start_date", " 2014-02-28 ", date(2014, 2, 28)),
        ("automation", "TRUE", True),
        ("automation", "on", True),
        ("automation", "0", False),
        ("s3_endpoint_url", "http://[::1]:9000", "http://[::1]:9000"),
        ("s3_endpoint_url", " https://s3.example.edu ", "https://s3.example.edu"),
        ("notice_webhook", "https://chat/x?y=z", SecretStr("https://chat/x?y=z")),
        ("ui_url", "http://localhost:3000/dagster", "http://localhost:3000/dagster"),
        ("events_bucket", "edx-course-data ", "edx-course-data"),
    ],
)
def test_a_right_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: object
) -> None:
    monkeypatch.setenv(variable(name), value)
    settings = load_settings()
    settings.require(name)
    assert getattr(settings, name) == expected


@pytest.mark.parametrize("host", ["mail", "mail.example.edu:25", "127.0.0.1:2525", "[::1]:25"])
def test_a_right_mail_server(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("EDX_NOTICE_SMTP_HOST", host)
    assert load_settings().notice_smtp_host == host


@pytest.mark.parametrize("content", ["EDX_ORG=Universität".encode("latin-1"), b"\xff\xfeE\0"])
def test_a_dotenv_that_is_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(InvalidSettingError, match=r"^\.env .* cannot be read .*UTF-8"):
        load_settings().require("org")


def test_a_dotenv_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("EDX_ORG=X\n".encode("utf-8-sig"))
    assert load_settings().org == "X"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("EDX_STORGE", "EDX_STORAGE"),
        ("EDX_GPG_HOME", "EDX_GNUPG_HOME"),
        ("EDX_MONGO_URL", "EDX_MONGO_URI"),
        ("EDX_STARTDATE", "EDX_START_DATE"),
        ("edx_stat_date", "EDX_START_DATE"),
        ("EDX_PLATFORM_HOST", None),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest(name: str, nearest: str | None) -> None:
    assert unknown_variables({name: "x", "EDX_ORG": "x", "PATH": "x"}) == {name: nearest}


@pytest.mark.parametrize("name", ["EDX_TEST_MONGO_URI", "EDX_BENCH_MONGO_URI", "edx_org", "EDXX"])
def test_names_that_are_none_of_ours_or_right(name: str) -> None:
    assert unknown_variables({name: "x"}) == {}


def test_the_readme_lists_every_setting_with_its_default() -> None:
    listed: dict[str, str] = {}
    for line in README.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `EDX_"):
            names, _meaning, default = (cell.strip() for cell in line.strip("|").split("|"))
            for name in names.replace(" or ", ", ").split(", "):
                listed[name.strip("`")] = default.strip("`")
    defaults = {variable(name): field.default for name, field in Settings.model_fields.items()}
    assert listed == {
        name: "" if default is None else str(default).lower() for name, default in defaults.items()
    }
