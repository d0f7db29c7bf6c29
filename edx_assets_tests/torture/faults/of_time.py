"""Faults of time: several runs at once, and a clock that jumps."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from edx_assets_tests.torture.faults.deliveries import DAYS
from edx_assets_tests.torture.faults.fault import Fault, Strike
from edx_assets_tests.torture.faults.worker import Work
from edx_assets_tests.torture.faults.world import Given, World

_TOLD = r"materialize (this|the) (partition|day)|another run"
_CLOCK = r"."


def beside(short: bool) -> list[Fault]:
    """Two to four runs of the same partition, and of neighbouring ones, at the same time."""
    return [
        Fault(f"{many} runs at once", _beside(many), None, _TOLD)
        for many in ((3,) if short else (2, 3, 4))
    ]


def clocks() -> list[Fault]:
    """A clock that has gone back or ahead; none where `faketime` is not installed."""
    if not shutil.which("faketime"):
        return []
    return [
        Fault(f"the clock is {by} off", _clock(by), None, _CLOCK) for by in ("-3h", "+2d", "+400d")
    ]


def _beside(many: int) -> Strike:
    @contextmanager
    def strike(world: World, random: Random) -> Iterator[Given]:
        same = world.stage
        others = [same, *(Work(same.assets, partition=day) for day in DAYS if same.days)]
        yield Given(beside=tuple(random.choice(others) for _ in range(many - 1)))

    return strike


def _clock(by: str) -> Strike:
    @contextmanager
    def strike(_world: World, _random: Random) -> Iterator[Given]:
        yield Given(clock=by)

    return strike
