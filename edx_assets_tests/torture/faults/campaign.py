"""The faults one after the other: how each one's run ends, and what a rerun makes of it."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from edx_assets_tests.soak.comparison import Databases
from edx_assets_tests.torture.faults import of_gpg, of_s3, of_the_disk, of_the_store, of_time
from edx_assets_tests.torture.faults.fault import Fault
from edx_assets_tests.torture.faults.stages import STAGES
from edx_assets_tests.torture.faults.worker import Ended
from edx_assets_tests.torture.faults.world import SECRETS, World

_SHORT = {"days": 2, "anew": 2, "package": 1, "course": 1}
"""How many faults of each stage the short form has."""

_S3_STAGES = ("days", "anew", "package")


@dataclass
class Campaign:
    """What has been done so far.

    Attributes:
        figures: `faults`, `lost`, `doubled`, `leftovers`, `crashes`.
        tell: is given a line for each fault, and for whatever is wrong.
    """

    world: World
    tell: Callable[[str], None]
    figures: Counter[str] = field(default_factory=Counter)
    truths: dict[str, Databases] = field(default_factory=dict)

    def learn(self) -> None:
        """Take the clean world through the stages, for what is true after each."""
        self.world.reset()
        for stage, work in STAGES.items():
            self._prepare(stage)
            self.world.store.seen = 0
            (clean,) = self.world.run(work)
            self.world.writes[work] = self.world.store.seen
            if not clean.success:
                raise AssertionError(f"{stage} fails without a fault: {_summary([clean])}")
            self.truths[stage] = self.world.databases()

    def cycle(self, faults: dict[str, Fault], random: Random) -> None:
        """Take an empty world through the stages, each of which has a fault or none."""
        self.world.reset()
        last = max((n for n, stage in enumerate(STAGES) if stage in faults), default=-1)
        for stage in list(STAGES)[: last + 1]:
            self._prepare(stage)
            fault = faults.get(stage)
            what = f"{stage}: {fault.name}" if fault else f"{stage}: nothing"
            if fault and not self._strike(fault, stage, what, random):
                self.tell(f"{what}: did not happen")
            (again,) = self.world.run(STAGES[stage])
            if not again.success:
                self._wrong("crashes", what, "the rerun fails", _summary([again]))
            if not self._compare(stage, what):
                return  # what comes after it would be wrong as well

    def _prepare(self, stage: str) -> None:
        if stage == "anew":
            self.world.delivered.anew()

    def _strike(self, fault: Fault, stage: str, what: str, random: Random) -> bool:
        self.world.stage = STAGES[stage]
        with fault.strike(self.world, random) as given:
            ends = self.world.run(STAGES[stage], given)
            happened = given.struck()
        if happened:
            self.figures["faults"] += 1
            self.tell(f"{what}: {_summary(ends)}")
        for end in ends:
            for problem in _problems(fault, end, happened):
                self._wrong("crashes", what, problem)
        return happened

    def _compare(self, stage: str, what: str) -> bool:
        before = self.figures.total()
        ours, truth = self.world.databases(), self.truths[stage]
        for database in sorted(ours.keys() | truth.keys()):
            here, there = ours.get(database, {}), truth.get(database, {})
            for name in sorted(here.keys() | there.keys()):
                self._differ(what, f"{database}.{name}", here.get(name, []), there.get(name, []))
        for left_over in self.world.leftovers():
            self._wrong("leftovers", what, left_over)
        return self.figures.total() == before

    def _differ(self, what: str, where: str, ours: list[Any], truth: list[Any]) -> None:
        left = {str(each["_id"]): each for each in ours}
        right = {str(each["_id"]): each for each in truth}
        lost = sorted(key for key in right if left.get(key) != right[key])
        if lost:
            fields = [
                n for n, value in right[lost[0]].items() if left.get(lost[0], {}).get(n) != value
            ]
            self._wrong("lost", what, f"{where}: {lost[:3]}: {fields}", number=len(lost))
        if doubled := sorted(left.keys() - right.keys()):
            self._wrong("doubled", what, f"{where}: {doubled[:3]}", number=len(doubled))

    def _wrong(self, figure: str, what: str, *told: str, number: int = 1) -> None:
        self.figures[figure] += number
        self.tell(f"WRONG ({number} {figure}): {what}: {': '.join(told)}")


def plan(short: bool, disks: Collection[str], random: Random) -> Iterator[dict[str, Fault]]:
    """The cycles: for each, the fault of each stage that has one.

    Args:
        short: a few of them, not all.
        disks: which disks can be full.
        random: which fault comes when.
    """
    of_stage: dict[str, list[Fault]] = {}
    for stage in STAGES:
        found = [*of_the_store.faults(short), *of_gpg.faults(short), *of_time.beside(short)]
        found += of_the_disk.faults(short, disks)
        if stage in _S3_STAGES:
            found += of_s3.faults(short)
        if not short:
            found += of_time.clocks()
        of_stage[stage] = random.sample(found, len(found))
    if short:
        of_stage = {stage: found[: _SHORT[stage]] for stage, found in of_stage.items()}
    for number in range(max(map(len, of_stage.values()))):
        yield {stage: found[number] for stage, found in of_stage.items() if number < len(found)}


def _problems(fault: Fault, end: Ended, happened: bool) -> Iterator[str]:
    if fault.ours:
        yield from end.unforeseen
    for secret in SECRETS:
        if secret in end.said:
            yield f"{secret!r} is in what the run says"
    if not happened or not fault.ours:
        return
    if end.success and fault.heals is False:
        yield "the run succeeds, and should not"
    if not end.success and fault.heals:
        yield f"the run does not heal: {end.failures}"
    if not end.success and not any(re.search(fault.told, text, re.S) for text in end.failures):
        yield f"the run does not tell the cause and the remedy: {end.failures}"


def _summary(ends: list[Ended]) -> str:
    told = []
    for end in ends:
        why = " | ".join(end.failures + end.unforeseen)[:400].replace("\n", " / ")
        told.append(f"{'done' if end.success else 'failed'}, {end.retries} retries {why}".strip())
    return "; ".join(told)
