"""What a fault is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random

from edx_assets_tests.torture.faults.world import Given, World

Strike = Callable[[World, Random], AbstractContextManager[Given]]


@dataclass(frozen=True)
class Fault:
    """A fault, and how the run that it strikes has to end.

    Attributes:
        name: what goes wrong.
        strike: makes it go wrong while the context lasts.
        heals: the run succeeds all the same; or it fails; or either (None).
        told: a pattern of what a failure says: the cause, and the remedy.
        ours: it is not Dagster's own records that cannot be written, which Dagster has to tell.
    """

    name: str
    strike: Strike
    heals: bool | None
    told: str
    ours: bool = True
