"""What the end-to-end tests look at: the manifest, the store, and the status of what was built."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from click.testing import CliRunner

from edx_assets.cli.main import main
from edx_assets.resources.store import Store


class Built(NamedTuple):
    """A sample institution's manifest, and the store that it was loaded into."""

    manifest: dict[str, Any]
    store: Store


def status_now() -> dict[str, Any]:
    """What `edx-assets status --json` prints, but the free disk space: others write there too."""
    result = CliRunner().invoke(main, ["status", "--json"])
    assert result.exit_code == 0, result.output
    status: dict[str, Any] = json.loads(result.output)
    free = status["storage"].pop("free")
    assert free is None or free > 0
    return status


def databases(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The manifest's courses, each with the name of its database."""
    names = {(c["course_key"], c["site"]): c["database"] for c in status_now()["courses"]}
    for course in manifest["courses"]:
        yield course, names[course["course_key"], course["site"]]
