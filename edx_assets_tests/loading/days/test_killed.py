"""A load that is killed in the middle, for real, and what the next run makes of it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

from edx_assets.loading.ledger import IMPORTS, MASTER_TRACKING
from edx_assets.resources.store import Store
from edx_assets_tests.institution import Institution, event

_LOAD = """
import sys
from datetime import date
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
load_day(Mongo().store(), Storage(place=sys.argv[1]), SiteDay("edx", date(2014, 2, 3)))
"""
_EVENTS = 30_000


def test_a_killed_load_is_done_again_and_exactly(testx: Institution, store: Store) -> None:
    lines = [json.dumps(event(n % 3600, n=n)).encode() for n in range(_EVENTS)]
    testx.deliver("2014-02-03", [*lines, lines[0], b"{"])
    testx.run("edx/raw_log", "edx/daily_log", partition="2014-02-03")
    folder = testx.folder / "files"
    process = subprocess.Popen([sys.executable, "-c", _LOAD, str(folder)], cwd=Path.cwd())
    deadline = monotonic() + 60
    while not store.get(IMPORTS, "edx/2014-02-03") or not store.count(MASTER_TRACKING):
        assert monotonic() < deadline
        assert process.poll() is None
        sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    entry = store.get(IMPORTS, "edx/2014-02-03")
    assert entry is not None
    assert entry["state"] == "loading"
    assert 0 < store.count(MASTER_TRACKING) < _EVENTS
    assert testx.run_day("2014-02-03").success
    entry = store.get(IMPORTS, "edx/2014-02-03")
    assert entry is not None
    assert (entry["lines"], entry["loaded"]) == (_EVENTS + 2, _EVENTS)
    assert (entry["duplicates"], entry["rejected"]) == (1, 1)
    assert store.count(MASTER_TRACKING) == _EVENTS
