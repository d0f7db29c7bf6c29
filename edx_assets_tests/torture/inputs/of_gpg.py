"""Hostile gpg files: each decrypts to what was encrypted, or is refused and leaves nothing."""

import atexit
import os
import resource
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from random import Random

import gnupg

from edx_assets.resources.gnupg import DecryptionError, Gnupg
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.reader import LostError, Reader
from edx_assets_tests.torture.inputs.trial import MOST_SECONDS, HangError

_PLAIN = (b"", b"x", b"a line\n" * 500, bytes(range(256)) * 40)
_OPTIONS: tuple[list[str], ...] = (
    *([], ["--compress-algo", "none"], ["--compress-algo", "bzip2"], ["--disable-mdc"]),
    *(["--throw-keyids"], ["--for-your-eyes-only"], ["--armor"]),
)


@cache
def _key() -> tuple[gnupg.GPG, str]:
    """A key of this process's own."""
    # only here: it imports all of Dagster, which other readers' processes do without
    from edx_assets_tests.institution import PASSPHRASE, gpg_key

    stack = ExitStack()
    atexit.register(stack.close)
    os.environ["EDX_GPG_PASSPHRASE"] = PASSPHRASE
    return stack.enter_context(gpg_key())


@cache
def _encrypted(plain: int, options: int) -> bytes:
    gpg, fingerprint = _key()
    made = gpg.encrypt(
        _PLAIN[plain], fingerprint, armor=False, always_trust=True, extra_args=_OPTIONS[options]
    )
    return bytes(made.data)


def _odd_gpg(random: Random) -> bytes:
    content = _encrypted(random.randrange(len(_PLAIN)), random.randrange(len(_OPTIONS)))
    return mutated(random, content) if random.random() < 0.9 else content


def _check_gpg(content: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(content)
        try:
            Gnupg(home=_key()[0].gnupghome).decrypt(source, target)
        except DecryptionError:
            assert not target.exists(), "part of a refused file stays"
        else:
            if target.read_bytes() not in _PLAIN:
                raise LostError("it decrypts to what was not encrypted")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if after.ru_utime - before.ru_utime > MOST_SECONDS:
        raise HangError


READERS = [Reader("gpg files", 4_000, _odd_gpg, _check_gpg)]
