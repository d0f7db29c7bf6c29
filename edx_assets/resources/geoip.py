"""MaxMind's database of places as a Dagster resource: the file, and what it is.

Which of its facts are kept belongs in `datasets.places`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb
from dagster import ConfigurableResource
from maxminddb import InvalidDatabaseError, Reader

from edx_assets.resources.stored import digest_of
from edx_assets.settings import InvalidSettingError


class GeoIp(ConfigurableResource[Any]):
    """The `.mmdb` file of EDX_GEOIP_DB; an institution may have none."""

    file: str | None = None

    def path(self) -> Path | None:
        """Its path, or None."""
        return Path(self.file).expanduser() if self.file else None

    def digest(self) -> str | None:
        """The digest of its content; None without a file.

        Raises:
            InvalidSettingError: it cannot be read, or is no such database.
        """
        path = self.path()
        with self.opened():
            return _digest(path, path.stat().st_mtime_ns) if path else None

    @contextmanager
    def opened(self) -> Iterator[Reader | None]:
        """What reads it; None without a file.

        Raises:
            InvalidSettingError: it cannot be read, or is no such database.
        """
        path = self.path()
        if path is None:
            yield None
            return
        try:
            reader = maxminddb.open_database(path)
        except OSError as error:
            raise InvalidSettingError(
                f"EDX_GEOIP_DB: {path} cannot be read ({error.strerror}): correct the setting or"
                " the file's permissions"
            ) from None
        except InvalidDatabaseError:
            raise _damaged(path) from None
        with reader:
            try:
                yield reader
            except InvalidDatabaseError:
                raise _damaged(path) from None

    def check(self) -> str | None:
        """What it is and when it was built; None without a file.

        Raises:
            InvalidSettingError: it cannot be read, or is no such database.
        """
        with self.opened() as reader:
            if reader is None:
                return None
            facts = reader.metadata()
            return f"{facts.database_type} of {datetime.fromtimestamp(facts.build_epoch, UTC):%F}"


@lru_cache(maxsize=1)  # each dataset asks, and it has some 60 MB
def _digest(path: Path, _changed: int) -> str:
    return digest_of(path)


def _damaged(path: Path) -> InvalidSettingError:
    return InvalidSettingError(
        f"EDX_GEOIP_DB: {path} is damaged or no MaxMind database (.mmdb): download it again"
    )
