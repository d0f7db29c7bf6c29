"""Lines that stand in several files: the same in the end, in whichever order the files come."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.edx.collections import TRACKING
from edx_assets.edx.file_names import SiteDay, events_file
from edx_assets.loading.days import master
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.ledger import DUPLICATES, IMPORTS
from edx_assets.resources import lock
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.loading.days.deliveries import (
    FILES,
    Delivery,
    Lines,
    adds_up,
    deliver,
    line,
    load,
    state,
)
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal


def test_the_order_of_loading_makes_no_difference(
    store: Store, storage: Storage, mongo_uri: str
) -> None:
    states = []
    for order in permutations(FILES):
        empty(mongo_uri)
        load(store, storage, list(order))
        adds_up(store)
        states.append(state(store))
        assert states[-1] == states[0]
    owners = {record["timestamp"].second: record["load_file"] for record in states[0][TRACKING]}
    days = {second: events_file(name) for second, name in owners.items()}
    assert {second: (day.site, day.day.day) for second, day in days.items() if day} == {
        1: ("edx", 3),
        2: ("edx", 3),
        3: ("edx", 3),
        4: ("edge", 4),
        5: ("edge", 4),
        6: ("edx", 5),
        8: ("edx", 4),
    }
    assert len(states[0][DUPLICATES.name]) == 7


contents = st.none() | st.lists(st.integers(0, 9).map(line) | st.just(b"{"), max_size=6)
deliveries = st.lists(
    st.tuples(st.sampled_from(["edx", "edge"]), st.integers(3, 5), contents), max_size=8
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deliveries)
def test_files_late_corrected_and_gone_end_as_if_loaded_once_in_order(
    store: Store, storage: Storage, mongo_uri: str, deliveries: list[Delivery]
) -> None:
    empty(mongo_uri)
    load(store, storage, deliveries)
    adds_up(store)
    found = state(store)
    empty(mongo_uri)
    last: dict[tuple[str, int], Delivery] = {}
    for site, day, lines in deliveries:
        if lines is not None or (site, day) not in last:  # a file that has gone changes nothing
            last[site, day] = (site, day, lines)
    load(store, storage, [last[key] for key in sorted(last, key=lambda key: (key[1], key[0]))])
    assert found == state(store)


def killed_at(writes: int, store: Store, storage: Storage, day: SiteDay) -> bool:
    """Whether a load ended before its end, by a kill at this write."""
    try:
        load_day(Mortal(store, writes), storage, day)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("corrected", [[], [line(3), line(8), line(9)]])
def test_a_load_killed_at_any_write_is_put_right_by_the_next(
    store: Store,
    storage: Storage,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    corrected: Lines,
) -> None:
    """A late file that takes lines from others, is killed, and may be corrected before the next.

    The correction gives lines back: it is killed at every write as well. Another file of the same
    lines comes before the next load at every other write.
    """
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    late, correction = FILES[0], ("edx", 3, corrected)
    others, meanwhile = FILES[1:], [("edx", 6, [line(3), line(9), line(1), line(9)])]
    right = []
    for end in ([late], [late, correction]):
        empty(mongo_uri)
        load(store, storage, [*others, *end, *meanwhile])
        right.append(state(store))
    for first, killed in ((others, late), ([*others, late], correction)):
        for writes in range(1000):
            empty(mongo_uri)
            load(store, storage, first)
            if not killed_at(writes, store, storage, deliver(storage, killed)):
                break
            early, after = (meanwhile, []) if writes % 2 else ([], meanwhile)
            load(store, storage, [*early, correction, *after])
            assert state(store) == right[1], (killed, writes)
            load(store, storage, [late])
            assert state(store) == right[0], (killed, writes)
        assert writes > 4


def test_a_file_that_lost_lines_is_marked_until_it_is_counted(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(store, storage, FILES[1:])
    token = {entry["_id"]: entry["token"] for entry in store.find(IMPORTS, {})}

    def cut_off(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("edx_assets.loading.days.master._recount", cut_off)
        with pytest.raises(Killed):
            load(store, storage, [FILES[0]])
    marked = {entry["_id"]: entry for entry in store.find(IMPORTS, {"state": "loading"})}
    assert set(marked) == {"edx/2014-02-03", "edx/2014-02-04", "edge/2014-02-04", "edx/2014-02-05"}
    assert marked["edx/2014-02-04"]["was"]["token"] == token["edx/2014-02-04"]
    load(store, storage, [FILES[0]])
    entries = list(store.find(IMPORTS, {}))
    assert all(entry["state"] == "loaded" and "was" not in entry for entry in entries)
    assert all(entry["token"] != token.get(entry["_id"]) for entry in entries)
    adds_up(store)


def test_a_name_that_tells_no_day_comes_first() -> None:
    names = ["x.log", "a-edx-events-2014-02-03.log.gz.gpg", "a-edge-events-2014-02-03.log.gz.gpg"]
    assert sorted(names, key=master.rank) == [names[0], names[2], names[1]]
