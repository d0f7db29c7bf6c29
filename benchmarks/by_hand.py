"""A day's file loaded by hand: `gpg -d | gunzip | mongoimport`, where the programs are there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from isal import igzip
from pymongo import MongoClient

from benchmarks.generator import write_log
from benchmarks.measure import Measure, in_turns, median, ratio
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import empty, scratch_store
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.lines import load_lines
from edx_assets.local.sample.delivery import new_key
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import connect

STAGE = "by hand"
_BY_HAND = "bench_by_hand"


def by_hand(uri: str, home: Path, encrypted: Path) -> Measure:
    """Decrypt, unpack and import in one pipe; lines that are no JSON are left out."""
    empty(uri)
    secret = ["--pinentry-mode", "loopback", "--passphrase-file", str(home / "passphrase")]
    gpg = ["gpg", "--batch", "--quiet", "--homedir", str(home / "gnupg"), *secret, "-d"]
    target = ["--db", _BY_HAND, "--collection", "tracking", "--quiet"]
    settings = home / "mongoimport.yaml"  # on the command line everybody could read it
    settings.touch(mode=0o600)
    settings.write_text(f"uri: {json.dumps(uri)}\n")
    importing = ["mongoimport", "--config", str(settings), *target]
    measure = Measure()
    with measure.running():
        decrypting = subprocess.Popen([*gpg, str(encrypted)], stdout=subprocess.PIPE)
        unpacking = subprocess.Popen(
            ["gunzip", "-c"], stdin=decrypting.stdout, stdout=subprocess.PIPE
        )
        done = subprocess.run(importing, stdin=unpacking.stdout, capture_output=True, check=False)
        if decrypting.wait() or unpacking.wait():
            raise RuntimeError("gpg or gunzip failed")
    with MongoClient[dict[str, object]](uri) as client:
        measure.events = client[_BY_HAND]["tracking"].count_documents({})
    if not measure.events:
        raise RuntimeError(f"mongoimport imported nothing (exit code {done.returncode})")
    return measure


def ours(uri: str, home: Path, encrypted: Path, decrypted: Path) -> Measure:
    """Decrypt, then load as the stages do."""
    empty(uri)
    os.environ["EDX_GPG_PASSPHRASE_FILE"] = str(home / "passphrase")
    os.environ.pop("EDX_GPG_PASSPHRASE", None)
    store = connect(uri)
    master.prepare(store)
    counts = DayCounts()
    measure = Measure()
    with measure.running():
        Gnupg(home=str(home / "gnupg")).decrypt(encrypted, decrypted)
        with igzip.open(decrypted, "rb") as lines:
            load_lines(store, lines, "bench.log.gz", "edx", counts)
    measure.events = counts.loaded
    return measure


def rows(plan: Plan) -> list[Row]:
    """Our load, decryption included, against the pipe into the same server."""
    figure = "our load, of the pipe's"
    missing = [name for name in ("gpg", "gunzip", "mongoimport") if shutil.which(name) is None]
    if missing:
        note = f"not measured: no {' and no '.join(missing)} on the PATH"
        return [Row(STAGE, figure, None, "times", note=note)]
    events = plan.stored(20_000)
    log = write_log(plan.work / f"real-{events}.log.gz", events)
    home = plan.work / "by-hand"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    encrypted, decrypted = home / "day.log.gz.gpg", home / "day.log.gz"
    with new_key(home) as key:
        encrypted.write_bytes(key.encrypted(log.read_bytes()))
    with scratch_store(plan) as uri:
        tasks = {
            "pipe": (by_hand, uri, home, encrypted),
            "ours": (ours, uri, home, encrypted, decrypted),
        }
        found = in_turns(plan.repeats, tasks)
    return [
        Row(STAGE, "gpg | gunzip | mongoimport", median(found["pipe"], "rate"), "events/s"),
        Row(STAGE, "our decryption and load", median(found["ours"], "rate"), "events/s"),
        Row(STAGE, figure, ratio(found["ours"], found["pipe"]), "times"),
    ]
