"""Settings: from the environment and `.env`, and what is said where one is missing."""

import os
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from edx_assets.resources.mongo import institution_store
from edx_assets.settings import (
    InvalidSettingError,
    MissingSettingError,
    Settings,
    load_settings,
    passphrase,
)

VARIABLES = {
    "EDX_ORG": "McGillX",
    "EDX_EVENTS_BUCKET": "events",
    "EDX_PACKAGES_BUCKET": "packages",
    "EDX_S3_ENDPOINT_URL": "http://127.0.0.1:9000",
    "EDX_STORAGE": "/srv/edx",
    "EDX_STORAGE_ENDPOINT_URL": "http://127.0.0.1:9001",
    "EDX_STORAGE_PROFILE": "ours",
    "EDX_SCRATCH": "/scratch",
    "EDX_GNUPG_HOME": "/srv/gnupg",
    "EDX_GPG_PASSPHRASE": "correct horse",
    "EDX_GPG_PASSPHRASE_FILE": "/srv/passphrase",
    "EDX_MONGO_URI": "mongodb://czar:battery@db.example.edu/",
    "EDX_MONGO_URI_FILE": "/srv/mongo_uri",
    "EDX_DATABASE_PREFIX": "mcgillx_",
    "EDX_COURSES_FILE": "/srv/courses.yaml",
    "EDX_DATASETS": "/srv/datasets",
    "EDX_GEOIP_DB": "/srv/GeoLite2-City.mmdb",
    "EDX_START_DATE": "2014-02-03",
    "EDX_END_DATE": "2016-12-31",
    "EDX_MAX_LINE_MB": "7",
    "EDX_RETRY_SECONDS": "3",
    "EDX_KEEP_RAW_DAYS": "90",
    "EDX_KEEP_DECRYPTED_DAYS": "2",
    "EDX_KEEP_PACKAGES": "3",
    "EDX_RETIRE": "pseudonymise",
    "EDX_AUTOMATION": "True",
    "EDX_NOTICE_WEBHOOK": "https://chat.example.edu/hooks/staple",
    "EDX_NOTICE_SMTP_HOST": "mail.example.edu:25",
    "EDX_NOTICE_MAIL_TO": "czar@example.edu",
    "EDX_NOTICE_MAIL_FROM": "edx@example.edu",
    "EDX_NOTICE_SMTP_TLS": "starttls",
    "EDX_NOTICE_SMTP_USER": "edx",
    "EDX_NOTICE_SMTP_PASSWORD": "horseshoe",
    "EDX_NOTICE_SMTP_PASSWORD_FILE": "/srv/password",
    "EDX_UI_URL": "https://dagster.example.edu",
}
SECRETS = ("correct horse", "horseshoe", "battery", "db.example.edu", "staple")


def plain(settings: Settings) -> dict[str, str]:
    """Every setting as its variable would hold it."""
    return {
        f"EDX_{name.upper()}": value.get_secret_value()
        if isinstance(value, SecretStr)
        else f"{value}"
        for name, value in settings
    }


def test_every_setting_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert plain(settings) == VARIABLES
    assert (settings.start_date, settings.end_date) == (date(2014, 2, 3), date(2016, 12, 31))
    assert settings.courses_file == Path("/srv/courses.yaml")


def test_nothing_is_needed() -> None:
    settings = load_settings()
    defaults = {
        "events_bucket": "edx-course-data",
        "packages_bucket": "course-data",
        "start_date": date(2012, 9, 1),
        "max_line_mb": 64,
        "retry_seconds": 10,
        "retire": "delete",
        "automation": False,
    }
    assert {name: value for name, value in settings if value is not None} == defaults


@pytest.mark.parametrize("prefix", ["", "edx_", "EDX_ASSETS_"])
def test_other_variables_are_not_read(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name.replace("EDX_", prefix or "X_"), "of somebody else")
    org = "of somebody else" if prefix == "edx_" else None  # case aside, as pydantic has it
    if prefix == "edx_":
        monkeypatch.delenv("edx_START_DATE")
        monkeypatch.delenv("edx_END_DATE")
        monkeypatch.delenv("edx_AUTOMATION")
        monkeypatch.delenv("edx_MAX_LINE_MB")
    assert load_settings().org == org


def test_a_dotenv_fills_what_is_not_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "".join(f'{name}="{value}"\n' for name, value in VARIABLES.items())
    )
    assert plain(load_settings()) == VARIABLES


def test_the_environment_wins_over_the_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("EDX_ORG=file\nEDX_STORAGE=/file\nEDX_EVENTS_BUCKET=file\n")
    monkeypatch.setenv("EDX_ORG", "environment")
    monkeypatch.setenv("EDX_STORAGE", "")
    settings = load_settings()
    assert settings.org == "environment"
    assert settings.events_bucket == "file"
    assert settings.storage is None  # set to nothing, so that the file's does not count


def test_aws_variables_may_stand_in_the_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AWS_ACCESS_KEY_ID=AKIA\nAWS_PROFILE=edx\n")
    load_settings()
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIA"
    assert os.environ["AWS_PROFILE"] == "edx"


def test_a_dotenv_of_a_folder_above_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("EDX_ORG=above\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert load_settings().org is None


def test_settings_are_those_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for org in ("McGillX", "MITx"):
        monkeypatch.setenv("EDX_ORG", org)
        assert load_settings().org == org


def test_empty_values_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    empty = load_settings()
    for name in VARIABLES:
        monkeypatch.delenv(name)
    assert empty == load_settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    for secret in SECRETS:
        assert secret not in shown
    assert "McGillX" in shown


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("correct horse", "correct horse"),
        ("correct horse\n", "correct horse"),
        ("correct horse\r\n", "correct horse"),
        (" correct horse \n", " correct horse "),
        ("clé\n", "clé"),
        ("", ""),
    ],
)
def test_the_passphrase_from_its_file(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "passphrase").write_bytes(content.encode())
    settings = Settings(gpg_passphrase_file=tmp_path / "passphrase")
    assert passphrase(settings) == expected


def test_the_passphrase_of_the_variable_wins(tmp_path: Path) -> None:
    settings = Settings(
        gpg_passphrase=SecretStr("variable"), gpg_passphrase_file=tmp_path / "not there"
    )
    assert passphrase(settings) == "variable"


def test_a_passphrase_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettingError, match=r"FILE: .*not there cannot"):
        passphrase(Settings(gpg_passphrase_file=tmp_path / "not there"))


def test_an_empty_passphrase_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", "")
    assert passphrase(load_settings()) == ""


def test_no_passphrase() -> None:
    with pytest.raises(MissingSettingError, match="EDX_GPG_PASSPHRASE is not set"):
        passphrase(Settings())


@pytest.mark.parametrize("name", Settings.model_fields)
def test_what_is_missing_is_named_and_explained(name: str) -> None:
    text = str(MissingSettingError(name))
    assert f"EDX_{name.upper()}" in VARIABLES
    assert text.startswith(
        f"EDX_{name.upper()} is not set: {Settings.model_fields[name].description}"
    )
    assert Settings.model_fields[name].description
    assert text.endswith("Set it in the environment or in .env")


def test_the_connection_string_comes_from_a_file_too(
    mongo_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingSettingError, match="EDX_MONGO_URI is not set"):
        institution_store()
    (tmp_path / "uri").write_text(f"{mongo_uri}\n")
    monkeypatch.setenv("EDX_MONGO_URI_FILE", str(tmp_path / "uri"))
    assert institution_store().version()
    (tmp_path / "uri").unlink()
    with pytest.raises(InvalidSettingError, match=r"EDX_MONGO_URI_FILE: .* cannot be read"):
        institution_store()
