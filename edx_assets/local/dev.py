"""`edx-assets dev`: Dagster's UI and daemon over the embedded servers, until it is interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from edx_assets.local.environment import local_environment


def run_dev(data: Path, port: int) -> int:
    """Run `dagster dev` on what the demo built; its exit code."""
    console = Console()
    if not (data / "institution" / "manifest.json").is_file():
        console.print(
            "There is no sample institution yet: run `edx-assets demo` (make demo) first."
        )
        return 1
    with local_environment(data) as variables:
        console.print(f"Dagster's UI: http://127.0.0.1:{port}  (Ctrl-C ends it)")
        console.print(
            f"MongoDB: {variables['EDX_MONGO_URI']}  S3: {variables['EDX_S3_ENDPOINT_URL']}"
        )
        command = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port)]
        workspace = Path("workspace.yaml")
        command += (
            ["-w", str(workspace)] if workspace.is_file() else ["-m", "edx_assets.definitions"]
        )
        process = subprocess.Popen(command, env=dict(os.environ))
        # a Ctrl-C reaches Dagster as well, which then ends by itself: only wait for it here
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()
