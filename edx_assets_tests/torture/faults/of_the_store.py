"""Faults of the store: it refuses, drops connections, cannot be written to, is started again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random

from edx_assets_tests.torture.faults.fault import Fault, Strike
from edx_assets_tests.torture.faults.store_proxy import AFTER, BEFORE, READ_ONLY, THEN
from edx_assets_tests.torture.faults.world import Given, World

FOR_EVER = 10**6
_TOLD = r"the database answered \w+: .*EDX_MONGO_URI|materialize this partition again"


def faults(short: bool) -> list[Fault]:
    """The faults of the store."""
    found = [
        Fault("the store drops a connection with a write", _strikes(BEFORE, 1), True, _TOLD),
        Fault("the store drops a connection after a write", _strikes(AFTER, 1), True, _TOLD),
        Fault("the store is killed in mid-load", _restarted(hard=True), True, _TOLD),
    ]
    if short:
        return found
    return [
        *found,
        Fault("the store refuses connections", _refusing, False, _TOLD),
        Fault("the store drops every write", _strikes(BEFORE, FOR_EVER), False, _TOLD),
        Fault(
            "the store does every write and tells of none", _strikes(AFTER, FOR_EVER), False, _TOLD
        ),
        Fault("the store drops connections for a while", _strikes(BEFORE, 2), True, _TOLD),
        Fault("the store's answers are lost for a while", _strikes(AFTER, 2), True, _TOLD),
        Fault("the store is read-only for a while", _strikes(READ_ONLY, 2), True, _TOLD),
        Fault("the store stays read-only", _strikes(READ_ONLY, FOR_EVER), False, _TOLD),
        Fault("the store is restarted in mid-load", _restarted(hard=False), True, _TOLD),
    ]


def _strikes(kind: str, times: int) -> Strike:
    @contextmanager
    def strike(world: World, random: Random) -> Iterator[Given]:
        with world.store.going_wrong(kind, random.randrange(world.writes[world.stage]), times):
            yield Given(struck=lambda: world.store.hits > 0)

    return strike


def _restarted(hard: bool) -> Strike:
    @contextmanager
    def strike(world: World, random: Random) -> Iterator[Given]:
        act: Callable[[], None] = partial(world.restart, hard)
        with world.store.going_wrong(THEN, random.randrange(world.writes[world.stage]), 1, act):
            yield Given(struck=lambda: world.store.hits > 0)

    return strike


@contextmanager
def _refusing(world: World, _random: Random) -> Iterator[Given]:
    with world.store.refusing():
        yield Given()
