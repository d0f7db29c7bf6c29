"""Faults of S3: slow, silent, broken off, refusing, and altering what it delivers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from edx_assets_tests.torture.faults.fault import Fault, Strike
from edx_assets_tests.torture.faults.s3_proxy import (
    Answer,
    Handler,
    answering,
    flipped_at,
    reset_at,
    silent,
    slow,
    truncated_at,
)
from edx_assets_tests.torture.faults.world import Given, World

Wrong = Callable[[Handler, Answer], None]

FOR_EVER = 10**6
_TOLD = (
    r"S3 (answered|did not answer).*(edx-assets doctor|materialize this partition again)"
    r"|arrived with another size or checksum"
)
_DENIED = r"S3 answered (AccessDenied|403).*check EDX_ORG"


def faults(short: bool) -> list[Fault]:
    """The faults of S3."""
    passing: dict[str, Callable[[Random], Wrong]] = {
        "resets in mid-body": lambda random: reset_at(random.random()),
        "answers 500": lambda _random: answering(500, "InternalError"),
        "answers 503": lambda _random: answering(503, "SlowDown"),
        "truncates": lambda random: truncated_at(random.random()),
        "flips a bit": lambda random: flipped_at(random.random()),
    }
    found = []
    for name, wrong in passing.items():
        found.append(
            Fault(f"S3 {name}, an object, for ever", _strikes(wrong, "object"), False, _TOLD)
        )
        if not short:
            once = _strikes(wrong, "object", 1)
            found.append(Fault(f"S3 {name}, an object, once", once, True, _TOLD))
            often = _strikes(wrong, "object", 7)  # more than one try of a step has
            found.append(Fault(f"S3 {name}, an object, for a while", often, None, _TOLD))
        if not short and name != "flips a bit":  # a listing has no checksum
            found.append(Fault(f"S3 {name}, all, for ever", _strikes(wrong, "any"), False, _TOLD))
            lists = _strikes(wrong, "listing", 2)
            found.append(Fault(f"S3 {name}, a listing, twice", lists, True, _TOLD))
    denied = _strikes(lambda _random: answering(403, "AccessDenied"), "object")
    found.append(Fault("S3 denies after listing", denied, False, _DENIED))
    if not short:
        found.append(Fault("S3 trickles", _strikes(lambda _random: slow, "any"), True, _TOLD))
        hushed = _strikes(lambda _random: silent, "object", 1)
        found.append(Fault("S3 is silent once", hushed, True, _TOLD))
        hushed = _strikes(lambda _random: silent, "any", bound=600)
        found.append(Fault("S3 is silent for ever", hushed, False, "S3 did not answer.*doctor"))
    return found


def _strikes(
    wrong: Callable[[Random], Wrong], of: str, times: int = FOR_EVER, bound: float = 150
) -> Strike:
    @contextmanager
    def strike(world: World, random: Random) -> Iterator[Given]:
        first = random.randint(0, 2) if times < FOR_EVER and of == "object" else 0
        with world.s3.going_wrong(wrong(random), of, first, times):
            yield Given(bound=bound, struck=lambda: world.s3.hits > 0)

    return strike
