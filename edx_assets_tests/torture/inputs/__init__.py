"""Hostile input: whatever a file holds, each piece of it is loaded, or kept with its reason.

Each case goes to a reader in a process whose memory is bounded, with its time limited: `readers`
lists what is read, `plan` how many cases of which kind there are. A share goes through the real
stages into a real server (`stages`).
"""


def run(short: bool, seed: int) -> dict[str, int]:
    """Try a million inputs, or some thousands, and tell what came of them."""
    # only here: the processes import this package, and `guided` has to come before the readers
    from edx_assets_tests.torture.inputs.plan import run_plan

    return run_plan(short, seed)
