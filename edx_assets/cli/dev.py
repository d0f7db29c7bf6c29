"""`edx-assets dev`: runs Dagster's UI and daemon on the embedded servers until interrupted."""

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import yaml
from rich.console import Console

from edx_assets.cli.dev_reload import LOCATION, follow
from edx_assets.local.environment import local_environment, require_institution
from edx_assets.local.shared_process import ServerError
from edx_assets.resources.file_locks import held_alone

_PATIENCE = 20  # seconds: Dagster needs some to stop its daemon, web server and code server


def run_dev(data: Path, port: int) -> int:
    """Run `dagster dev` on what the demo built; return its exit code.

    Raises:
        ServerError: there is no demo, or the port is in use.
    """
    console = Console()
    require_institution(data)
    if _in_use(port):
        raise ServerError(f"Port {port} is in use: choose another (--port), or end what uses it")
    with ExitStack() as running:
        if not running.enter_context(held_alone(running_file(data))):
            raise ServerError(f"Another `edx-assets dev` runs on {data}: end it first")
        variables = running.enter_context(local_environment(data))
        console.print(f"Dagster's UI: http://127.0.0.1:{port}  (Ctrl-C stops it)")
        console.print(
            f"MongoDB: {variables['EDX_MONGO_URI']}  S3: {variables['EDX_S3_ENDPOINT_URL']}"
        )
        console.print(
            "Sensors are on: a file put into the bucket reaches its courses within a minute."
            " Try it in another terminal: edx-assets deliver --new-day --wait"
        )
        command = [sys.executable, "-W", "ignore", "-m", "dagster", "dev"]
        command += ["-h", "127.0.0.1", "-p", str(port), "-w", str(_workspace(variables))]
        # a shell starts background jobs with SIGINT ignored, and Dagster would never stop
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # not here: Dagster puts what a `.env` in its folder has in place of the demo's settings
        home = variables["DAGSTER_HOME"]
        process = subprocess.Popen(command, cwd=home, env=dict(os.environ), start_new_session=True)
        try:
            return follow(process, variables["EDX_S3_ENDPOINT_URL"], port)
        except KeyboardInterrupt:
            return 0
        finally:
            _end(process)


def running_file(data: Path) -> Path:
    """The file that `edx-assets dev` holds while it runs on a demo."""
    path = data / "dagster" / "dev.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return path


def _workspace(variables: dict[str, str]) -> Path:
    """Write the file that names the demo's definitions to Dagster, beside its other files."""
    module = {"module_name": "edx_assets.cli.demo_definitions", "location_name": LOCATION}
    path = Path(variables["DAGSTER_HOME"]) / "workspace.yaml"
    path.write_text(yaml.safe_dump({"load_from": [{"python_module": module}]}), encoding="utf-8")
    return path


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop Dagster as Ctrl-C does, so that it stops its own processes; if it does not, kill it."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
