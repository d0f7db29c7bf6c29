"""Two Celery workers with disks of their own and a bucket, one of which is killed in mid-run.

It says what is loaded, and how soon.

`python -m edx_assets_tests.deploy.celery_trial`: no test of the suite, since it needs Redis,
PostgreSQL and the extra `celery`, and takes minutes.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.entries import DayState
from edx_assets.loading.ledger import MASTER_TRACKING, day_entries
from edx_assets.local.embedded_store import embedded_store
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store
from edx_assets_tests.deploy.compose import DEPLOY, service
from edx_assets_tests.deploy.postgres import postgres
from edx_assets_tests.deploy.proxy import free_port
from edx_assets_tests.institution import Institution, event, gpg_key, institution, s3_server

FIRST, DAYS, EVENTS = date(2014, 2, 3), 30, 3000
_PATIENCE = 600  # seconds
_NAMES = ("one", "other")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def until(true: Callable[[], object], what: str) -> float:
    """Wait for it; the seconds that it took."""
    started = monotonic()
    while not true():
        assert monotonic() - started < _PATIENCE, what
        sleep(0.2)
    return monotonic() - started


@contextmanager
def process(
    command: list[str], home: Path, **variables: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with a group of its own, killed whole at the end."""
    with (home / f"{Path(command[0]).name}.log").open("wb") as log:
        made = subprocess.Popen(
            command,
            cwd=home,
            env=os.environ | variables,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield made
        finally:
            if made.poll() is None:
                os.killpg(made.pid, signal.SIGKILL)
                made.wait()


def home_in(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(mode=0o700)
    shutil.copy(DEPLOY / "celery" / "dagster.yaml", made)
    shutil.copy(DEPLOY / "celery" / "worker.yaml", made)
    return made


def worker(home: Path) -> "list[str]":
    """The command of docs/deployment.md."""
    program = str(Path(sys.executable).with_name("dagster-celery"))
    start = ["worker", "start", "-A", "dagster_celery.app", "-y", "worker.yaml", "-n", home.name]
    return [program, *start, "--", "--concurrency=1", "--disable-prefetch"]


def loaded(store: Store) -> list[str]:
    return [entry["date"] for entry in day_entries(store) if entry["state"] == DayState.LOADED]


def started(instance: DagsterInstance) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED])))


def deliver(here: Institution, day: SiteDay, events: int) -> None:
    time = f"{day.day}T10:00:00.000000+00:00"
    here.deliver(f"{day.day}", [event(1, username=f"{day}{n}", time=time) for n in range(events)])


def main() -> None:
    """Deliver a month; kill a worker; see that all is loaded once, and say how long it took."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="celery-", dir="/tmp"))
        )
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        endpoint = stack.enter_context(s3_server(folder / "s3"))
        uri = stack.enter_context(embedded_store(folder / "mongo"))
        key = stack.enter_context(gpg_key())
        here = stack.enter_context(institution(folder, endpoint, uri, patch, key))
        here.s3.create_bucket(Bucket="ours")
        days = [SiteDay("edx", FIRST + timedelta(each)) for each in range(DAYS)]
        for day in days:
            deliver(here, day, EVENTS)
        say(f"delivered {DAYS} days of {EVENTS} events")
        server = stack.enter_context(postgres())
        port, grpc = str(free_port()), str(free_port())
        for name, value in {
            "EDX_STORAGE": "s3://ours/edx",
            "EDX_STORAGE_ENDPOINT_URL": endpoint,
            "EDX_SCRATCH": str(folder / "scratch"),
            "DAGSTER_POSTGRES_URL": server.url,
            "PGPASSFILE": str(server.passfile),
            "CELERY_BROKER": f"redis://127.0.0.1:{port}/0",
            "EDX_AUTOMATION": "true",
            "EDX_START_DATE": f"{days[0].day}",
            "EDX_END_DATE": f"{FIRST + timedelta(DAYS)}",
        }.items():
            patch.setenv(name, value)
        redis = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", ""]
        stack.enter_context(process(redis, folder))
        home = home_in(folder, "dagster")
        (home / "workspace.yaml").write_text(
            (DEPLOY / "workspace.yaml")
            .read_text()
            .replace("host: code", "host: 127.0.0.1")
            .replace("4000", grpc)
        )
        patch.setenv("DAGSTER_HOME", str(home))
        instance = stack.enter_context(DagsterInstance.from_config(str(home)))
        launcher: Any = instance.run_launcher
        workers = {}
        for name in _NAMES:
            own = home_in(folder, name)
            settings = {"DAGSTER_HOME": str(own), "EDX_SCRATCH": str(own / "scratch")}
            workers[name] = stack.enter_context(process(worker(own), own, **settings))
        changes = {
            "4000": grpc,
            "0.0.0.0": "127.0.0.1",  # noqa: S104
            "/etc/dagster/workspace.yaml": str(home / "workspace.yaml"),
            "/etc/edx/courses.yaml": "",
            "/run/secrets/aws_credentials": "",
        }
        mine = ("EDX_", "AWS_", "DAGSTER_P", "PGPASS", "CELERY_")
        given = {name: value for name, value in os.environ.items() if name.startswith(mine)}
        for name in ("code", "daemon"):
            stack.enter_context(service(name, changes, given, home))
        store = connect(uri)
        took = until(lambda: len(loaded(store)) >= 5 and started(instance), "no run has started")
        say(f"{len(loaded(store))} days were loaded after {took:.0f} s")
        [run, *_others] = started(instance)
        active = launcher.celery.control.inspect(timeout=5).active()
        [busy] = [host.partition("@")[0] for host, tasks in active.items() if tasks][:1]
        os.killpg(workers[busy].pid, signal.SIGKILL)
        killed = monotonic()
        say(f"killed the worker {busy}, which executed {run.run_id[:8]}: {len(loaded(store))} days")
        until(lambda: started(instance) == [] or run not in started(instance), "the run goes on")
        say(f"its run was given up after {monotonic() - killed:.0f} s")
        until(lambda: len(loaded(store)) == DAYS, "days are missing")
        say(f"all {DAYS} days were loaded {monotonic() - killed:.0f} s after the kill")
        until(lambda: all(run.is_finished for run in instance.get_runs()), "a run goes on")
        say(f"the last run ended {monotonic() - killed:.0f} s after the kill")
        entries = list(day_entries(store))
        assert store.count(MASTER_TRACKING) == DAYS * EVENTS
        assert {(each["lines"], each["loaded"], each["duplicates"]) for each in entries} == {
            (EVENTS, EVENTS, 0)
        }
        for each in instance.get_runs():
            parent = each.tags.get("dagster/parent_run_id", "none")
            say(f"run {each.run_id[:8]}: {each.status.value}, retries {parent[:8]}")
        left = [path for name in _NAMES for path in (folder / name / "scratch").rglob("*.gz*")]
        say(f"nothing lost, nothing doubled; {len(left)} files left on the workers' disks")
        deliver(here, SiteDay("edx", FIRST + timedelta(DAYS)), 20 * EVENTS)
        until(lambda: started(instance), "no run has started")
        [run] = started(instance)
        sleep(2)
        launcher.terminate(run.run_id)
        took = until(lambda: all(run.is_finished for run in instance.get_runs()), "it goes on")
        [now] = instance.get_runs(RunsFilter(run_ids=[run.run_id]))
        assert now.status == DagsterRunStatus.CANCELED, now.status
        say(f"a run that was terminated was canceled after {took:.0f} s")


if __name__ == "__main__":
    main()
