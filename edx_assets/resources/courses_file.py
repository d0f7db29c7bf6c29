"""The courses file as a Dagster resource: where the institution keeps its courses' windows."""

from pathlib import Path
from typing import Any

from dagster import ConfigurableResource


class CoursesFile(ConfigurableResource[Any]):
    """The YAML file that EDX_COURSES_FILE names; an institution may have none."""

    file: str | None = None

    def path(self) -> Path | None:
        """Its path, or None."""
        return Path(self.file).expanduser() if self.file else None
