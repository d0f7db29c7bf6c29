"""The world that faults happen in: servers behind proxies, small disks, and runs of their own.

Which faults there are belongs in the modules of each kind; what is made of them, in `__init__`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest
from dagster import DagsterInstance
from pymongo import MongoClient

from edx_assets.local.embedded_store import embedded_store
from edx_assets_tests.institution import PASSPHRASE, Institution, gpg_key, institution, s3_server
from edx_assets_tests.small_disk import small_disk_at
from edx_assets_tests.soak.comparison import Databases, databases
from edx_assets_tests.torture.faults.deliveries import COURSE, LEARNER, PACKAGE, Delivered
from edx_assets_tests.torture.faults.s3_proxy import S3Proxy, s3_proxy
from edx_assets_tests.torture.faults.stages import STAGES
from edx_assets_tests.torture.faults.store_proxy import StoreProxy, store_proxy
from edx_assets_tests.torture.faults.worker import Ended, Work, begin, ended

AWS_SECRET = "salix-caprea-secret"
SECRETS = (PASSPHRASE, AWS_SECRET, LEARNER)
"""What no event, log or output of a run may hold."""

_SYSTEM = {"admin", "config", "local"}
_DISKS = {"storage": 8, "tmp": 4, "dagster": 64}  # MiB
_ROOT = str(Path(__file__).parents[3])
_BOUND = 600  # seconds that a run may take, on a machine that has much else to do


@dataclass(frozen=True)
class Given:
    """What is other for the runs of a fault.

    Attributes:
        environment: variables; an empty one is not set.
        clock: as `faketime` takes it.
        beside: runs that go at the same time.
        bound: seconds that a run may take.
        struck: whether the fault has happened, after the run.
    """

    environment: dict[str, str] = field(default_factory=dict)
    clock: str = ""
    beside: tuple[Work, ...] = ()
    bound: float = _BOUND
    struck: Callable[[], bool] = lambda: True


class Keeper:
    """Starts and stops the store, from one thread: what handles signals is the main thread's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1)
        self._servers = ExitStack()

    def start(self) -> int:
        """Start it; its port."""
        store = self._servers.enter_context
        uri = self._thread.submit(store, embedded_store(self._folder)).result()
        return int(urlsplit(uri).port or 0)

    def stop(self) -> None:
        """Stop it."""
        self._thread.submit(self._servers.close).result()


@dataclass
class World:
    """An institution on proxies and small disks.

    Attributes:
        disks: the folders that are disks of their own; empty where mounting is refused.
        running: the process ids of runs.
        stage: what is run now.
        writes: how many writes each stage makes where nothing goes wrong.
    """

    folder: Path
    testx: Institution
    delivered: Delivered
    s3: S3Proxy
    store: StoreProxy
    environment: dict[str, str]
    disks: dict[str, Path]
    keeper: "Keeper"
    running: list[int] = field(default_factory=list)
    stage: Work = STAGES["days"]
    writes: dict[Work, int] = field(default_factory=dict)
    _runs: int = 0

    def run(self, work: Work, given: Given | None = None) -> list[Ended]:
        """Run, and whatever goes beside it; how each ended."""
        given = given or Given()
        environment = {**self.environment, **given.environment}
        answers, processes = [], []
        for each in (work, *given.beside):
            self._runs += 1
            answers.append(self.folder / "runs" / f"{self._runs}.json")
            if given.clock:
                return [self._run_under(given.clock, each, environment, answers[-1], given.bound)]
            processes.append(begin(each, environment, answers[-1]))
        self.running = [int(process.pid or 0) for process in processes]
        found = []
        deadline = monotonic() + given.bound
        for answer, process in zip(answers, processes, strict=True):
            process.join(max(0.0, deadline - monotonic()))
            found.append(_hanging(process) if process.is_alive() else ended(answer, process))
        self.running = []
        return found

    def _run_under(
        self, clock: str, work: Work, environment: dict[str, str], answer: Path, bound: float
    ) -> Ended:
        module = "edx_assets_tests.torture.faults.worker"
        command = ["faketime", "-f", clock, sys.executable, "-m", module]
        environment = environment | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        process = subprocess.Popen(
            [*command, json.dumps(asdict(work)), str(answer)], env=os.environ | environment
        )
        try:
            process.wait(bound)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return Ended(False, [], [f"it hangs: not at its end after {bound:.0f} s"])
        return ended(answer)

    def reset(self) -> None:
        """Nothing is loaded or stored, and S3 has what was delivered first."""
        with self._client() as client:
            for database in set(client.list_database_names()) - _SYSTEM:
                client.drop_database(database)
        storage = Path(self.environment["EDX_STORAGE"])
        for path in storage.iterdir() if storage.exists() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.delivered.reset()

    def databases(self) -> Databases:
        """All that the store holds."""
        return databases(self._uri(self.store.upstream))

    def leftovers(self) -> list[str]:
        """What no run may leave: staged collections, locks, temporary files."""
        found = []
        with self._client() as client:
            for database in set(client.list_database_names()) - _SYSTEM:
                names = client[database].list_collection_names()
                found += [f"{database}.{name}" for name in names if name.startswith("_loading")]
                if "_locks" in names and client[database]["_locks"].find_one():
                    found.append(f"{database}._locks")
        storage, temporary = Path(self.environment["EDX_STORAGE"]), Path(self.environment["TMPDIR"])
        found += [str(path) for path in storage.glob(".*")]
        found += [str(path) for path in temporary.iterdir()]
        return found

    def restart(self, hard: bool) -> None:
        """Start the store again; hard: it is killed."""
        record = json.loads((self.folder / "mongo" / "server.json").read_text())
        if hard:
            os.kill(record["pid"], signal.SIGKILL)
        self.keeper.stop()
        self.store.drop()
        self.store.upstream = self.keeper.start()

    @contextmanager
    def full(self, disk: str, left: int) -> Iterator[None]:
        """Leave so many bytes on a disk."""
        filler = self.disks[disk] / "filler"
        free = shutil.disk_usage(self.disks[disk]).free
        filler.write_bytes(b"\0" * max(0, free - left))
        try:
            yield
        finally:
            filler.unlink()

    def _client(self) -> MongoClient[dict[str, object]]:
        return MongoClient(self._uri(self.store.upstream))

    def _uri(self, port: int) -> str:
        return f"mongodb://127.0.0.1:{port}/?journal=true&serverMonitoringMode=poll"


@contextmanager
def world() -> Iterator[World]:
    """A world in which nothing is loaded yet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PYTHONPATH", _ROOT)  # wherever the tests' processes are started
        key = stack.enter_context(gpg_key())
        endpoint = stack.enter_context(s3_server(folder / "s3"))
        keeper = Keeper(folder / "mongo")
        port = keeper.start()
        stack.callback(keeper.stop)
        s3 = stack.enter_context(s3_proxy(endpoint))
        proxy = stack.enter_context(store_proxy(port))
        testx = stack.enter_context(institution(folder, endpoint, "mongodb://unused/", patch, key))
        (folder / "runs").mkdir()
        disks = stack.enter_context(_disks(folder))
        shutil.copy(str(files("edx_assets") / "dagster.yaml"), folder / "dagster")
        environment = {
            **{name: value for name, value in os.environ.items() if name.startswith("EDX_")},
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
            "TMPDIR": str(folder / "tmp"),
            "EDX_STORAGE": str(folder / "storage" / "files"),
            "EDX_S3_ENDPOINT_URL": s3.endpoint,
            "EDX_MONGO_URI": f"mongodb://127.0.0.1:{proxy.port}/?journal=true"
            "&serverMonitoringMode=poll&serverSelectionTimeoutMS=2000",
            "EDX_END_DATE": "2014-02-28",
            "EDX_RETRY_SECONDS": "1",
        }
        with DagsterInstance.from_config(str(folder / "dagster")) as instance:
            instance.add_dynamic_partitions("packages", [PACKAGE])
            instance.add_dynamic_partitions("courses", [COURSE])
        made = World(folder, testx, Delivered(testx), s3, proxy, environment, disks, keeper)
        yield made


@contextmanager
def _disks(folder: Path) -> Iterator[dict[str, Path]]:
    """Folders that are small disks of their own, where this user may mount any."""
    with ExitStack() as stack:
        yield {
            name: folder / name
            for name, size in _DISKS.items()
            if stack.enter_context(small_disk_at(folder / name, size))
        }


def _hanging(process: BaseProcess) -> Ended:
    process.kill()
    process.join()
    return Ended(False, [], ["it hangs: not at its end after its bound"])


def gpg_of(pids: list[int]) -> list[int]:
    """The gpg processes that these processes have started."""
    found = []
    for pid in pids:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError, ValueError):
                for child in map(int, children.read_text().split()):
                    if Path(f"/proc/{child}/comm").read_text().strip() == "gpg":
                        found.append(child)
    return found


def wait_a_little() -> None:
    """Let the others do something."""
    sleep(0.002)
