"""The part of the torture that kills: at which moments, how often, and what was found."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic

from rich.console import Console

from edx_assets_tests.torture.kills.bench import Undisturbed, bench, clear
from edx_assets_tests.torture.kills.case import WRONG, Blow, Verdict, killed

SHORT = 12
MOMENTS, CHANGES, STORES, BOTH, GPGS = 12, 8, 3, 3, 3
"""Kills of each scenario beside those at its writes: at random moments, at changes of the storage,
of the store, of both, of gpg."""

Case = tuple[Undisturbed, Blow, bool]


def run(short: bool, seed: int, only: int | None = None) -> dict[str, int]:
    """Kill, run again, compare; figures by name.

    Args:
        short: the form that the test suite runs.
        seed: of what is drawn.
        only: end after so many kills.
    """
    console = Console()
    figures: Counter[str] = Counter()
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    try:
        with bench(folder) as (made, undisturbed):
            if not short:
                for each in undisturbed:
                    told = f"{each.scenario.name}: {len(each.writes)} writes, {each.seconds:.1f} s"
                    console.print(told, highlight=False)
            for number, (of, blow, plain) in enumerate(_cases(undisturbed, short, Random(seed))):
                started = monotonic()
                verdict = killed(made, of, blow, plain)
                _count(figures, verdict)
                if verdict.wrong or not short:
                    what = f"{number} {of.scenario.name}, {blow}{' (plain)' if plain else ''}"
                    told = f"{what}: {'hit' if verdict.hit else 'missed'}"
                    console.print(
                        f"{told}, {monotonic() - started:.1f} s", highlight=False, soft_wrap=True
                    )
                for line in verdict.wrong:
                    console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
                if figures["kills"] == only:
                    break
    finally:
        clear(folder)
    return {name: figures[name] for name in ("kills", *WRONG)}


def _count(figures: Counter[str], verdict: Verdict) -> None:
    figures["kills"] += verdict.hit
    for name in WRONG:
        figures[name] += len(getattr(verdict, name))


def _cases(undisturbed: list[Undisturbed], short: bool, random: Random) -> Iterator[Case]:
    if short:
        for number in range(SHORT):
            each = undisturbed[number % len(undisturbed)]
            victim = "both" if number % 5 == 4 else "run"
            when = random.choice(("before", "after"))
            yield each, Blow(victim, when, random.randrange(len(each.writes))), bool(number % 2)
        return
    cases = [
        (each, blow, random.random() < 0.5) for each in undisturbed for blow in _blows(each, random)
    ]
    random.shuffle(cases)
    yield from cases


def _blows(each: Undisturbed, random: Random) -> Iterator[Blow]:
    writes = len(each.writes)
    for write in range(writes):
        yield Blow("run", "before", write)
        yield Blow("run", "after", write)
    for _ in range(MOMENTS):
        yield Blow("run", "moment", random.uniform(0, each.seconds))
    if any(asset.split("/")[0] in ("edx", "packages") for asset in each.scenario.work.assets):
        for change in range(CHANGES):
            yield Blow("run", "files", change)
    for _ in range(STORES):
        yield Blow("store", random.choice(("before", "after")), random.randrange(writes))
    for _ in range(BOTH):
        yield Blow("both", random.choice(("before", "after")), random.randrange(writes))
    if each.scenario.name not in ("an extraction", "an update"):
        for _ in range(GPGS):
            yield Blow("gpg", "moment", random.uniform(0, 0.01))
