"""The settings, from the environment or a `.env` file, each with its description.

How a value has to be written is in `setting_forms`.
"""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

from dotenv import load_dotenv
from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from edx_assets.errors import FinalError
from edx_assets.setting_forms import (
    a_bucket,
    a_count,
    a_date,
    a_mail_server,
    a_prefix,
    a_retirement,
    a_security,
    a_storage,
    a_truth,
    an_address,
)

PREFIX = "EDX_"
"""How the variables of all settings begin."""
MAIL = ("notice_smtp_host", "notice_mail_to", "notice_mail_from")
"""The settings of notices by mail, which need each other."""
LOGIN = ("notice_smtp_tls", "notice_smtp_user", "notice_smtp_password", "notice_smtp_password_file")
"""Those of how the mail server is spoken to."""
TLS, STARTTLS, NO_TLS = "tls", "starttls", "none"
"""How a mail server is spoken to: with TLS from the first byte, after the greeting, or without."""
_DOTENV = ".env"


class MissingSettingError(FinalError):
    """A setting is needed and not set; the message names its variable and what it is for."""

    def __init__(self, name: str) -> None:
        meaning = Settings.model_fields[name].description
        super().__init__(
            f"{variable(name)} is not set: {meaning}. Set it in the environment or in .env"
        )


class InvalidSettingError(FinalError):
    """A setting cannot be used; the message names its variable, its form and the remedy."""


class Settings(BaseSettings):
    """Every setting. Its variable is `EDX_` and its name in capitals.

    None is needed to load the definitions, and none stops them: one whose value is wrong has its
    default, and who uses it asks `require` for it, which says what is wrong.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    org: str | None = Field(None, description="the institution's name as edX spells it (mcgillx)")
    events_bucket: Annotated[str, BeforeValidator(a_bucket)] = Field(
        "edx-course-data", description="S3 bucket of the tracking logs"
    )
    packages_bucket: Annotated[str, BeforeValidator(a_bucket)] = Field(
        "course-data", description="S3 bucket of the database packages"
    )
    s3_endpoint_url: Annotated[str | None, BeforeValidator(an_address)] = Field(
        None, description="S3 server, if it is not Amazon's"
    )
    storage: Annotated[str | None, BeforeValidator(a_storage)] = Field(
        None, description="folder, or s3://bucket/folder, for downloaded and decrypted files"
    )
    storage_endpoint_url: Annotated[str | None, BeforeValidator(an_address)] = Field(
        None, description="S3 server of the storage's bucket, if it is not Amazon's"
    )
    storage_profile: str | None = Field(
        None, description="AWS profile for the storage's bucket, if it is not the usual one"
    )
    scratch: str | None = Field(
        None, description="private folder for files of the storage's bucket while they are used"
    )
    gnupg_home: str | None = Field(None, description="GnuPG home with the secret key")
    gpg_passphrase: SecretStr | None = Field(
        None, description="passphrase of the secret key; set, but empty, if it has none"
    )
    gpg_passphrase_file: Path | None = Field(None, description="file with the passphrase")
    mongo_uri: SecretStr | None = Field(None, description="connection string of MongoDB")
    mongo_uri_file: Path | None = Field(None, description="file with the connection string")
    database_prefix: Annotated[str | None, BeforeValidator(a_prefix)] = Field(
        None, description="how the names of the institution's databases begin (mcgillx_)"
    )
    courses_file: Path | None = Field(None, description="YAML file with course windows")
    geoip_db: Path | None = Field(
        None, description="MaxMind's database of places (GeoLite2 City, .mmdb)"
    )
    datasets: Path | None = Field(
        None, description="folder with .sql files of datasets of your own"
    )
    start_date: Annotated[date, BeforeValidator(a_date)] = Field(
        date(2012, 9, 1), description="first day of tracking logs (UTC)"
    )
    end_date: Annotated[date | None, BeforeValidator(a_date)] = Field(
        None, description="last day of tracking logs, if they have ended"
    )
    max_line_mb: Annotated[int, BeforeValidator(a_count)] = Field(
        64,
        description="longest line of a tracking log (MiB) that is read; longer ones are"
        " put into the quarantine by their first bytes, length and hash",
    )
    retry_seconds: Annotated[int, BeforeValidator(a_count)] = Field(
        10,
        description="seconds after which a run first tries again what can pass; the second and"
        " last time it waits three times as long",
    )
    keep_raw_days: Annotated[int | None, BeforeValidator(a_count)] = Field(
        None, description="days to keep a downloaded tracking log after its last use"
    )
    keep_decrypted_days: Annotated[int | None, BeforeValidator(a_count)] = Field(
        None, description="days to keep a decrypted file after its last use"
    )
    keep_packages: Annotated[int | None, BeforeValidator(a_count)] = Field(
        None, description="how many of the newest database packages to keep"
    )
    retire: Annotated[str, BeforeValidator(a_retirement)] = Field(
        "delete",
        description="what becomes of retired learners' data: delete, or pseudonymise, which keeps"
        " their events and rows under a keyed pseudonym",
    )
    automation: Annotated[bool, BeforeValidator(a_truth)] = Field(
        False, description="whether sensors and the nightly reconcile are on from the start"
    )
    notice_webhook: Annotated[SecretStr | None, BeforeValidator(an_address)] = Field(
        None, description="address (http, https) to which notices of failed runs are posted as JSON"
    )
    notice_smtp_host: Annotated[str | None, BeforeValidator(a_mail_server)] = Field(
        None, description="mail server (host or host:port) for notices of failed runs"
    )
    notice_mail_to: str | None = Field(
        None, description="who gets notices by mail: addresses separated by commas"
    )
    notice_mail_from: str | None = Field(None, description="the sender of notices by mail")
    notice_smtp_tls: Annotated[str | None, BeforeValidator(a_security)] = Field(
        None,
        description="how the mail server is spoken to: tls, starttls or none; if not set, tls on"
        " port 465, starttls on port 587 or with a password, else none",
    )
    notice_smtp_user: str | None = Field(None, description="user at the mail server")
    notice_smtp_password: SecretStr | None = Field(None, description="password at the mail server")
    notice_smtp_password_file: Path | None = Field(None, description="file with that password")
    ui_url: Annotated[str | None, BeforeValidator(an_address)] = Field(
        None, description="address of Dagster's UI, for links (https://dagster.example.edu)"
    )
    _wrong: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def log_days(self) -> tuple[date, date]:
        """The first and last day of tracking logs; the last is far off if they have not ended."""
        return self.start_date, self.end_date or date.max

    @property
    def invalid(self) -> dict[str, str]:
        """What is wrong, by the setting's name: a sentence without the value."""
        return _half_of_mail(self) | _half_of_login(self) | self._wrong

    def is_given(self, name: str) -> bool:
        """Whether a setting is set, rightly or wrongly."""
        return getattr(self, name) is not None or name in self.invalid

    def require(self, *names: str) -> None:
        """See that what is going to be used can be used.

        Raises:
            InvalidSettingError: one of these settings is wrong, or `.env` cannot be read.
        """
        if wrong := [told for name, told in self.invalid.items() if name in (_DOTENV, *names)]:
            raise InvalidSettingError("; ".join(wrong))


def variable(name: str) -> str:
    """The variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def load_settings() -> Settings:
    """The current settings; a `.env` file in the working folder adds what is not set.

    It is loaded into the process's environment, so it can contain the usual AWS variables too.
    """
    wrong = {}
    try:
        load_dotenv(Path.cwd() / _DOTENV, encoding="utf-8-sig")  # Windows writes a mark before it
    except (OSError, ValueError) as error:  # its text could be a line of the file
        wrong[_DOTENV] = (
            f".env in the working folder cannot be read ({type(error).__name__}): make it a text"
            " file in UTF-8 that you may read"
        )
    try:
        settings = Settings()
    except ValidationError as error:
        # a message of pydantic's own would hold the value
        for each in error.errors(include_url=False, include_input=False):
            name = str(each["loc"][0])
            told = each.get("ctx", {}).get("error", "cannot be used: correct it")
            wrong[name] = f"{variable(name)} {told}"
        fields = Settings.model_fields
        settings = Settings(**{name: fields[name].default for name in wrong.keys() & fields})
    if settings.end_date and settings.end_date < settings.start_date:
        wrong["end_date"] = (
            "EDX_END_DATE is before EDX_START_DATE: correct one of them (YYYY-MM-DD)"
        )
        settings.end_date = None
    settings._wrong = wrong
    return settings


def _half_of_mail(settings: Settings) -> dict[str, str]:
    """What mail needs and has not, once a part of it is set."""
    given = [name for name in MAIL if getattr(settings, name) or name in settings._wrong]
    return {
        name: f"{variable(name)} is not set, but {variable(given[0])} is: notices by mail need"
        f" {', '.join(map(variable, MAIL[:2]))} and {variable(MAIL[2])}"
        for name in MAIL
        if given and name not in given
    }


def _half_of_login(settings: Settings) -> dict[str, str]:
    """What a login at the mail server needs and has not, and a password that all could read."""
    user, password, file = LOGIN[1:]
    given = [name for name in (password, file) if getattr(settings, name) is not None]
    if given and not settings.notice_smtp_user:
        return {user: f"{variable(user)} is not set, but {variable(given[0])} is: set both"}
    if settings.notice_smtp_user and not given:
        told = f"set {variable(password)} or {variable(file)}"
        return {password: f"{variable(password)} is not set, but {variable(user)} is: {told}"}
    if given and settings.notice_smtp_tls == NO_TLS:
        told = "is none: no password is sent without TLS; write tls or starttls"
        return {LOGIN[0]: f"{variable(LOGIN[0])} {told}"}
    return {}


def passphrase(settings: Settings) -> str:
    """The passphrase of the GPG key, from its variable or its file (without a final line end).

    None in either is that of a key without a passphrase, once either variable is there.

    Raises:
        MissingSettingError: neither is set.
        InvalidSettingError: the file cannot be read.
    """
    return secret(settings, "gpg_passphrase")


def secret(settings: Settings, name: str) -> str:
    """A secret from its variable, or else from the file that the variable with `_FILE` names.

    Raises:
        MissingSettingError: neither is set.
        InvalidSettingError: the file cannot be read.
    """
    value, file = getattr(settings, name), getattr(settings, f"{name}_file")
    if value is not None:
        return str(value.get_secret_value())
    if file is not None:
        told = f"{variable(f'{name}_file')}: {file}"
        try:
            text = Path(file).expanduser().read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidSettingError(f"{told} is not text in UTF-8: save it as UTF-8") from None
        except OSError as error:
            raise InvalidSettingError(
                f"{told} cannot be read ({error.strerror}): correct the setting or the file's"
                " permissions"
            ) from None
        return text.rstrip("\r\n")
    if variable(name) in os.environ:
        return ""
    raise MissingSettingError(name)


def existing_folder(name: str, folder: str) -> Path:
    """A folder that a setting names and that has to be there.

    Raises:
        InvalidSettingError: it is not there, or is not a folder.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise InvalidSettingError(f"{variable(name)}: {path} {what}: correct the setting")
    return path
