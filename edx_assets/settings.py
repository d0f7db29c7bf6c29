"""The settings, from the environment or a `.env` file, each with its description."""

import os
from datetime import date
from pathlib import Path

from dotenv import load_dotenv
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from edx_assets.errors import FinalError


class MissingSettingError(FinalError):
    """A setting is needed and not set; the message names its variable and what it is for."""

    def __init__(self, name: str) -> None:
        variable = f"EDX_{name.upper()}"
        meaning = Settings.model_fields[name].description
        super().__init__(f"{variable} is not set: {meaning}. Set it in the environment or in .env")


class Settings(BaseSettings):
    """Every setting. Its variable is `EDX_` and its name in capitals.

    None is needed to load the definitions.
    """

    model_config = SettingsConfigDict(env_prefix="EDX_", extra="ignore", env_ignore_empty=True)

    org: str | None = Field(None, description="the institution's name as edX spells it (mcgillx)")
    events_bucket: str = Field("edx-course-data", description="S3 bucket of the tracking logs")
    packages_bucket: str = Field("course-data", description="S3 bucket of the database packages")
    s3_endpoint_url: str | None = Field(None, description="S3 server, if it is not Amazon's")
    storage: str | None = Field(None, description="folder for downloaded and decrypted files")
    gnupg_home: str | None = Field(None, description="GnuPG home with the secret key")
    gpg_passphrase: SecretStr | None = Field(
        None, description="passphrase of the secret key; set, but empty, if it has none"
    )
    gpg_passphrase_file: Path | None = Field(None, description="file with the passphrase")
    mongo_uri: SecretStr | None = Field(None, description="connection string of MongoDB")
    courses_file: Path | None = Field(None, description="YAML file with course windows")
    start_date: date = Field(date(2012, 9, 1), description="first day of tracking logs (UTC)")
    end_date: date | None = Field(None, description="last day of tracking logs, if they have ended")
    max_line_mb: int = Field(
        64,
        ge=1,
        description="longest line of a tracking log (MiB) that is read; longer ones are"
        " put into the quarantine by their first bytes, length and hash",
    )
    automation: bool = Field(
        False, description="whether sensors and the nightly reconcile are on from the start"
    )
    notice_webhook: SecretStr | None = Field(
        None, description="address (http, https) to which notices of failed runs are posted as JSON"
    )
    notice_smtp_host: str | None = Field(
        None, description="mail server (host or host:port) for notices of failed runs"
    )
    notice_mail_to: str | None = Field(
        None, description="who gets notices by mail: addresses separated by commas"
    )
    notice_mail_from: str | None = Field(None, description="the sender of notices by mail")
    ui_url: str | None = Field(
        None, description="address of Dagster's UI, for links (https://dagster.example.edu)"
    )

    @property
    def log_days(self) -> tuple[date, date]:
        """The first and last day of tracking logs; the last is far off if they have not ended."""
        return self.start_date, self.end_date or date.max


def load_settings() -> Settings:
    """The current settings; a `.env` file in the working folder adds what is not set.

    It is loaded into the process's environment, so it can contain the usual AWS variables too.
    """
    load_dotenv(Path.cwd() / ".env")
    return Settings()


def passphrase(settings: Settings) -> str:
    """The passphrase of the GPG key, from its variable or its file (without a final line end).

    It is empty where the variable is set and empty: the key has none.

    Raises:
        MissingSettingError: neither is set.
        OSError: the file cannot be read.
    """
    if settings.gpg_passphrase is not None:
        return settings.gpg_passphrase.get_secret_value()
    if settings.gpg_passphrase_file is not None:
        return settings.gpg_passphrase_file.read_text(encoding="utf-8").rstrip("\r\n")
    if "EDX_GPG_PASSPHRASE" in os.environ:
        return ""
    raise MissingSettingError("gpg_passphrase")
