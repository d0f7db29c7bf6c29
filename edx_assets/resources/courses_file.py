"""The courses file as a Dagster resource: only its path. It is parsed in `edx.courses`."""

from pathlib import Path
from typing import Any

from dagster import ConfigurableResource


class CoursesFile(ConfigurableResource[Any]):
    """The YAML file of EDX_COURSES_FILE with courses' windows; an institution may have none."""

    file: str | None = None

    def path(self) -> Path | None:
        """Its path, or None."""
        return Path(self.file).expanduser() if self.file else None
