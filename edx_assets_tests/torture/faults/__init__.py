"""Faults of everything that a run uses: how it ends, and that one plain rerun makes it good."""

from random import Random

from rich.console import Console

from edx_assets_tests.torture.faults.campaign import Campaign, plan
from edx_assets_tests.torture.faults.world import world


def run(short: bool, seed: int) -> dict[str, int]:
    """Let the faults happen; how many, and what went wrong.

    Those are `faults`; documents that are `lost` or `doubled`; `leftovers`; and `crashes`: ends of
    runs that are not as the docs say. Such are an error that nobody foresaw or that names no
    remedy, a hang, a secret or a learner in what the run says, a failure that a retry should have
    mended.
    """
    console = Console(highlight=False, markup=False, soft_wrap=True)
    random = Random(seed)
    with world() as made:
        campaign = Campaign(made, console.print)
        campaign.learn()
        for faults in plan(short, made.disks, random):
            campaign.cycle(faults, random)
        missing = {"storage", "tmp", "dagster"} - made.disks.keys()
    if missing:
        console.print("no disk could be mounted here: no disk was full")
    return {
        name: campaign.figures[name]
        for name in ("faults", "lost", "doubled", "leftovers", "crashes")
    }
