"""One kill: a run, a store or a gpg ends, the run is run again, and what is then true."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

from pymongo import MongoClient

from edx_assets.resources.lock import LOCKS
from edx_assets_tests.resources.deviations import RENAMES_IN_TWO_STEPS
from edx_assets_tests.soak.comparison import databases
from edx_assets_tests.torture.kills.bench import Bench, Undisturbed
from edx_assets_tests.torture.kills.reader import Reader
from edx_assets_tests.torture.kills.runs import gpg_of, kill
from edx_assets_tests.torture.kills.state import databases_of

WRONG = ("lost", "doubled", "half_seen", "leftovers", "crashes")
"""What a verdict lists."""

LONGEST = 180.0
"""Seconds after which a run counts as hanging."""


@dataclass(frozen=True)
class Blow:
    """What is killed, and when.

    Attributes:
        victim: `run`, with its gpg; `store`; `both` at once; or `gpg`.
        when: `before` a write has reached the store; `after` it was answered; at a `moment`; or at
            a change of the storage's `files`.
        at: the number of the write or change, from 0; or seconds.
    """

    victim: str
    when: str
    at: float

    def __str__(self) -> str:
        return f"{self.victim} {self.when} {self.at:.4g}"


@dataclass
class Verdict:
    """What a kill led to: whether anything was hit, and lists of what is wrong, a line each."""

    hit: bool = False
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    half_seen: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that is wrong."""
        return [f"{name}: {line}" for name in WRONG for line in getattr(self, name)]


def killed(bench: Bench, undisturbed: Undisturbed, blow: Blow, plain: bool) -> Verdict:
    """Kill, run again, and look.

    Args:
        bench: where.
        undisturbed: the scenario, and what it has to end like.
        blow: what is killed, and when.
        plain: run the scenario's plain run again, where it has one, and not the same.
    """
    verdict = Verdict()
    scenario = undisturbed.scenario
    bench.put_back(undisturbed.before)
    empties = bench.store.kind in RENAMES_IN_TWO_STEPS
    reader = Reader(undisturbed.before, undisturbed.after, scenario.name == "an update", empties)
    with reader.polling(bench.store.uri):
        _strike(bench, undisturbed, blow, verdict)
    with reader.polling(bench.store.uri):
        again = scenario.plain if plain and scenario.plain else scenario.work
        if code := _bounded(bench, lambda: bench.begin(again)):
            verdict.crashes.append(f"the run after it ended with {code}")
    verdict.half_seen += dict.fromkeys(reader.half)
    _compare(bench, undisturbed, verdict)
    return verdict


def _strike(bench: Bench, undisturbed: Undisturbed, blow: Blow, verdict: Verdict) -> None:
    over = threading.Event()
    ready = threading.Event()
    victim: list[int] = []

    def strike() -> None:
        ready.wait()
        if over.is_set():
            return
        if blow.victim in ("run", "both"):
            kill(victim[0])
        if blow.victim in ("store", "both"):
            bench.store.kill()
            bench.store.restart()
        verdict.hit = True

    proxy = bench.store.proxy
    if blow.when in ("before", "after"):
        proxy.arm(int(blow.at), blow.when == "after", strike)
    watch: Callable[[], object] | None = None
    if blow.victim == "gpg":
        watch = partial(_kill_gpg, victim, blow.at, over, verdict)
    elif blow.when == "moment":
        watch = partial(_at_moment, blow.at, over, strike)
    elif blow.when == "files":
        watch = partial(_at_change, bench.folders["files"], int(blow.at), over, strike)

    def begin() -> int:
        victim.append(bench.begin(undisturbed.scenario.work))
        ready.set()
        if watch:
            threading.Thread(target=watch, daemon=True).start()
        return victim[0]

    code = _bounded(bench, begin)
    over.set()
    proxy.arm()
    if code == HUNG:
        verdict.crashes.append("the run that was struck hung")


HUNG = -1000


def _bounded(bench: Bench, begin: Callable[[], int]) -> int:
    """A run's exit code; HUNG where it had to be ended."""
    pid = begin()
    hung: list[bool] = []

    def end() -> None:
        hung.append(True)
        kill(pid)

    guard = threading.Timer(LONGEST, end)
    guard.start()
    code = bench.runs.end()
    guard.cancel()
    return HUNG if hung else code


def _at_moment(seconds: float, over: threading.Event, strike: Callable[[], None]) -> None:
    if not over.wait(seconds):
        strike()


def _kill_gpg(run: list[int], seconds: float, over: threading.Event, verdict: Verdict) -> None:
    """SIGKILL to the first gpg that the run starts, some seconds after it was seen."""
    while not over.is_set():
        if gpg := gpg_of(run[0]):
            sleep(seconds)
            verdict.hit = _still(gpg)
            return
        sleep(0.0005)


def _still(pid: int) -> bool:
    try:
        if (Path("/proc") / str(pid) / "comm").read_text().strip() != "gpg":
            return False
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True


def _at_change(
    folder: Path, number: int, over: threading.Event, strike: Callable[[], None]
) -> None:
    """Strike at so many changes, after the first, of the names below a folder."""
    seen, changes = _names(folder), -1
    while not over.is_set():
        if (now := _names(folder)) != seen:
            seen, changes = now, changes + 1
            if changes == number:
                strike()
                return
        sleep(0.0005)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(map(str, folder.rglob("*")))
    except OSError:  # it changes meanwhile
        return []


def _compare(bench: Bench, undisturbed: Undisturbed, verdict: Verdict) -> None:
    ours, truth = databases(bench.store.uri), undisturbed.truth
    for database in sorted(ours.keys() | truth.keys()):
        here, there = ours.get(database, {}), truth.get(database, {})
        for name in sorted((here.keys() | there.keys()) - {LOCKS}):
            if (database, name) not in undisturbed.after.collections:
                continue  # it is among the leftovers
            have = {str(each["_id"]): each for each in here.get(name, [])}
            want = {str(each["_id"]): each for each in there.get(name, [])}
            gone = [key for key in want if have.get(key) != want[key]]
            place = f"{database}.{name}"
            verdict.lost += [f"{place} {key}{_fields(have, want, key)}" for key in gone]
            verdict.doubled += [f"{place} {key}" for key in have.keys() - want.keys()]
    for entry in ours.get("tracking_logs", {}).get("imports", []):
        held = entry.get("loaded", 0) + entry.get("duplicates", 0) + entry.get("rejected", 0)
        if entry.get("lines", 0) != held:
            verdict.lost.append(f"lines of {entry['_id']}: {entry.get('lines')} are not {held}")
    verdict.leftovers += _leftovers(bench, undisturbed)


def _fields(have: dict[str, Any], want: dict[str, Any], key: str) -> str:
    if key not in have:
        return ""
    names = {
        name for name in {*have[key], *want[key]} if have[key].get(name) != want[key].get(name)
    }
    return f" differs in {', '.join(sorted(names))}"


def _files(files: dict[str, bytes], undisturbed: Undisturbed) -> list[str]:
    """What is in the storage and should not be, or is not as it should be.

    A package's decrypted members come and go: whoever needs one decrypts it again.
    """
    should = undisturbed.files
    found = []
    for path in sorted(files.keys() | should.keys()):
        decrypted = "/courses/" in path and not path.startswith(".")
        if not decrypted and files.get(path) != should.get(path):
            kind = "file" if path not in should else "no or another file"
            found.append(f"{kind} {path}")
    return found


def _leftovers(bench: Bench, undisturbed: Undisturbed) -> list[str]:
    found = []
    with MongoClient[Any](bench.store.uri) as client:
        names = {(d, c) for d in databases_of(client) for c in client[d].list_collection_names()}
        held = [
            f"{database}.{LOCKS} {each['_id']}"
            for database, name in sorted(names)
            if name == LOCKS
            for each in client[database][name].find()
        ]
    known = undisturbed.after.collections.keys()
    found += [f"collection {'.'.join(place)}" for place in sorted(names - known)]
    found += [f"no collection {'.'.join(place)}" for place in sorted(known - names)]
    found += held
    found += _files(bench.files(), undisturbed)
    root = bench.folders["files"]
    modes = {path: path.stat().st_mode & 0o777 for path in root.rglob("*")}
    found += [
        f"mode {mode:o} of {path.relative_to(root)}"
        for path, mode in modes.items()
        if mode != (0o700 if path.is_dir() else 0o600)
    ]
    if (partitions := bench.partitions()) != undisturbed.partitions:
        found.append(f"partitions {partitions}")
    temporary = bench.folder / "tmp"
    found += [f"temporary {path.name}" for path in temporary.iterdir()]
    return found
