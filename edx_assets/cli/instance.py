"""The Dagster instance that records a command's runs: that of DAGSTER_HOME, or else the demo's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterInstance

from edx_assets.cli.database import local_extra, names_database, no_database
from edx_assets.errors import FinalError
from edx_assets.settings import Settings, load_settings


class NoInstanceError(FinalError):
    """Dagster's instance is not named, or is not there, so no run can be made."""


def dagster_home() -> Path:
    """The folder that DAGSTER_HOME names.

    Raises:
        NoInstanceError: it is not set, or names no folder.
    """
    load_settings()  # a `.env` may have it
    named = os.environ.get("DAGSTER_HOME")
    if not named:
        made = Path.cwd() / "dagster"
        remedy = f"export DAGSTER_HOME={made}" if (made / "dagster.yaml").is_file() else ""
        raise NoInstanceError(
            "DAGSTER_HOME is not set, so there is nowhere to record a run: set it to the folder of"
            f" your Dagster instance{f' ({remedy})' if remedy else ''}"
        )
    folder = Path(named).expanduser()
    if not folder.is_absolute() or not folder.is_dir():
        raise NoInstanceError(
            f"DAGSTER_HOME is {named}, which is no folder by its whole path: correct it, or make"
            " the folder"
        )
    return folder


@contextmanager
def servers_of(data: Path) -> Iterator[None]:
    """The settings' servers; where no database is set, the demo's, and settings that point to them.

    Raises:
        InvalidSettingError: there is neither a database nor a demo.
    """
    if names_database(load_settings()):
        yield
        return
    with local_extra():
        from edx_assets.local.environment import has_institution, local_environment
    if not has_institution(data):
        raise no_database(data)
    with local_environment(data):
        yield


def settings_and_resources() -> tuple[Settings, dict[str, Any]]:
    """The settings and the resources as they are now: within `servers_of`, perhaps the demo's.

    Raises:
        InvalidSettingError: the days of tracking logs are wrong.
    """
    # imported here: at the top it would read the settings before they name the demo's
    from edx_assets.definitions import build_resources

    settings = load_settings()
    settings.require("start_date", "end_date")
    return settings, build_resources(settings)


@contextmanager
def instance_of(data: Path) -> Iterator[DagsterInstance]:
    """The instance of DAGSTER_HOME; where no database is set, the demo's, with its servers.

    Raises:
        NoInstanceError: DAGSTER_HOME does not name a folder.
        InvalidSettingError: there is neither a database nor a demo.
    """
    with servers_of(data):
        dagster_home()
        with DagsterInstance.get() as instance:
            yield instance
