"""Faults of disks: one is full, in every stage."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from random import Random

from edx_assets_tests.torture.faults.fault import Fault, Strike
from edx_assets_tests.torture.faults.world import Given, World

_TOLD = r"disk is full.*make room where EDX_STORAGE is"
_MOST = {"storage": 700_000, "tmp": 20_000, "dagster": 400_000}
"""Bytes below which the room is drawn that is left: a run needs about so many."""


def faults(short: bool, disks: Collection[str]) -> list[Fault]:
    """The faults of those disks that could be mounted."""
    found = {
        "storage": [
            Fault("the storage has no room", _full("storage", 0.0), False, _TOLD),
            *(Fault("the storage has little room", _full("storage"), None, _TOLD) for _ in "123"),
        ],
        "tmp": [Fault("TMPDIR has no room", _full("tmp", 0.0), None, _TOLD)],
        "dagster": [
            Fault("DAGSTER_HOME has no room", _full("dagster", 0.0), None, "", ours=False),
            Fault("DAGSTER_HOME has little room", _full("dagster"), None, "", ours=False),
        ],
    }
    of_disks = [fault for disk in found if disk in disks for fault in found[disk]]
    return of_disks[:1] if short else of_disks


def _full(disk: str, share: float | None = None) -> Strike:
    @contextmanager
    def strike(world: World, random: Random) -> Iterator[Given]:
        part = random.random() if share is None else share
        with world.full(disk, int(_MOST[disk] * part)):
            yield Given(environment={"DAGSTER_HOME": str(world.folder / "dagster")})

    return strike
