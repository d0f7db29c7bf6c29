"""`python -m edx_assets_tests.torture.inputs.worker`: one process's share of the cases.

Arguments: a folder for inputs that end wrong, the seed, and for each share how its cases are made
(`mutation` or `hypothesis`), its reader, the number of its first case and how many there are. Each
case follows from the seed, the reader and its number.
"""

import os
import sys
from functools import partial
from pathlib import Path
from random import Random

from edx_assets_tests.torture.inputs.generation import generated
from edx_assets_tests.torture.inputs.readers import READERS
from edx_assets_tests.torture.inputs.trial import CURRENT, Trial, limit


def main(folder: str, seed: str, *shares: str) -> None:
    """Try the cases of the shares, and print what was found."""
    trial = Trial(Path(folder))
    for name in shares[1::4]:
        READERS[name].case(Random(0))  # what it starts from is made before memory is bounded
    generated(0, 1, bytes)  # which builds tables of characters
    current = os.open(Path(folder) / CURRENT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    limit()
    for kind, name, first, count in zip(*(shares[n::4] for n in range(4)), strict=True):
        reader = READERS[name]
        if kind == "hypothesis":
            os.pwrite(current, b"%-60s" % f"{name}, hypothesis".encode(), 0)
            generated(int(seed), int(count), partial(trial.try_input, name, reader.check))
            continue
        for number in range(int(first), int(first) + int(count)):
            os.pwrite(current, b"%-60s" % f"{name}, case {number}".encode(), 0)
            try:
                content = reader.case(Random(f"{seed} {name} {number}"))
            except (MemoryError, RecursionError):  # it is made within the same bounds
                continue
            trial.try_input(name, reader.check, content)
    trial.report()


if __name__ == "__main__":
    main(*sys.argv[1:])
