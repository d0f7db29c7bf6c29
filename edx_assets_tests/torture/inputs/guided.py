"""`python -m edx_assets_tests.torture.inputs.guided`: inputs that coverage guides (atheris).

Arguments as `worker`'s, for one reader. libFuzzer mutates, in turns with this project's mutations;
what reaches code that nothing reached before is kept, and mutated further.
"""

import os
import sys
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["edx_assets.edx", "edx_assets.loading"]):
    from edx_assets_tests.torture.inputs.readers import READERS
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.trial import Trial, limit

_LONGEST = 1 << 16  # bytes of an input
_FIRST = 50  # cases to start from


def main(folder: str, seed: str, _kind: str, name: str, first: str, count: str) -> None:
    """Try so many inputs, and print what was found."""
    reader = READERS[name]
    trial = Trial(Path(folder))
    corpus = Path(folder) / "corpus"
    corpus.mkdir()
    for number in range(_FIRST):
        case = reader.case(Random(f"{seed} guided {name} {int(first) + number}"))
        (corpus / str(number)).write_bytes(case[:_LONGEST])

    def use(content: bytes) -> None:
        trial.try_input(name, reader.check, content)
        if trial.findings.inputs == int(count):
            trial.report()
            os._exit(0)  # libFuzzer would go on

    def change(content: bytes, longest: int, number: int) -> bytes:
        random = Random(number)
        if random.random() < 0.3:
            return bytes(atheris.Mutate(content, len(content) + 16))[:longest]
        made = reader.case(random) if random.random() < 0.2 else mutated(random, content)
        return made[:longest]

    arguments = [f"-seed={int(seed) + 1}", f"-max_len={_LONGEST}", "-timeout=60", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], use, custom_mutator=change)
    limit()
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
