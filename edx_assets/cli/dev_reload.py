"""Following the demo's bucket while `edx-assets dev` runs: a later day becomes a partition."""

import json
import subprocess
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from botocore.exceptions import BotoCoreError, ClientError

from edx_assets.local.delivered_days import newest_day

LOCATION = "edx_assets"
"""The name of the code location."""

_SECONDS = 2  # between two looks at the bucket
_PATIENCE = 60  # seconds that a reload may take
_RELOAD = (
    f'mutation {{ reloadRepositoryLocation(repositoryLocationName: "{LOCATION}")'
    " { __typename } }"
)


def follow(process: subprocess.Popen[bytes], endpoint_url: str, port: int) -> int:
    """Wait for Dagster's end; reload its definitions when the newest day changes.

    Args:
        process: `dagster dev`.
        endpoint_url: the S3 server's.
        port: of Dagster's UI.

    Returns:
        Dagster's exit code.
    """
    known = newest_day(endpoint_url)
    while True:
        try:
            return process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        try:
            newest = newest_day(endpoint_url)
        except (BotoCoreError, ClientError):  # the next look may succeed
            continue
        if newest != known and _reload(port):
            known = newest


def _reload(port: int) -> bool:
    """Have the code location reloaded; whether it was: not while the UI is still starting."""
    request = Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": _RELOAD}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_PATIENCE) as answer:
            told = json.load(answer)
    except (URLError, OSError, ValueError):
        return False
    reloaded = (told.get("data") or {}).get("reloadRepositoryLocation") or {}
    return bool(reloaded.get("__typename") == "WorkspaceLocationEntry")
