"""A PostgreSQL of the tests' own, which asks for a password; skipped where there is none."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from edx_assets_tests.deploy.proxy import free_port

PASSWORD = "battery-staple"
_PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Postgres:
    """Its address without the password, and the file that has it."""

    url: str
    passfile: Path


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    other = shutil.which("initdb")
    return found[-1].parent if found else Path(other).parent if other else None


def has_user() -> bool:
    """Whether somebody may run it: it refuses root."""
    return os.geteuid() != 0 or "postgres" in {each.pw_name for each in pwd.getpwall()}


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with the empty database and the user `dagster`."""
    found, port = programs(), free_port()
    assert found
    user = None if os.geteuid() else "postgres"
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        if user:
            shutil.chown(folder, user)
            shutil.chown(folder / "password", user)
        init = [found / "initdb", "-D", folder / "data", "-U", "dagster", "-A", "scram-sha-256"]
        command = [*map(str, init), f"--pwfile={folder / 'password'}", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)
        options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "fsync=off"]
        server = subprocess.Popen(
            [str(found / "postgres"), "-D", str(folder / "data"), *options],
            user=user,
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        try:
            passfile = folder / "pgpass"
            passfile.write_text(f"127.0.0.1:{port}:*:dagster:{PASSWORD}\n")
            passfile.chmod(0o600)
            address = ["-h", "127.0.0.1", "-p", str(port), "-U", "dagster"]
            ready = [str(found / "pg_isready"), *address]
            until = monotonic() + _PATIENCE
            while subprocess.run(ready, capture_output=True, check=False).returncode:
                assert monotonic() < until, "PostgreSQL does not start"
                sleep(0.1)
            variables = {**os.environ, "PGPASSFILE": str(passfile)}
            create = [str(found / "createdb"), *address, "dagster"]
            subprocess.run(create, check=True, env=variables, cwd=folder)
            yield Postgres(f"postgresql+psycopg2://dagster@127.0.0.1:{port}/dagster", passfile)
        finally:
            server.terminate()
            server.wait(_PATIENCE)
