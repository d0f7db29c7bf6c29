"""Commands as a person or a program gives them."""

import json
from typing import Any

from click.testing import CliRunner, Result

from edx_assets.cli.main import main


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(result: Result) -> dict[str, Any]:
    """What `--json` prints."""
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed
