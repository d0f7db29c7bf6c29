"""Faults of gpg: killed, without its agent, asking for a passphrase that it is not given."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Event, Thread

from edx_assets_tests.torture.faults.fault import Fault, Strike
from edx_assets_tests.torture.faults.world import Given, World, gpg_of, wait_a_little

_KILLED = r"gpg was killed \(signal 9\): materialize it again|gpg's agent cannot be reached"
_PASSPHRASE = r"EDX_GPG_PASSPHRASE"


def faults(short: bool) -> list[Fault]:
    """The faults of gpg."""
    found = [
        Fault("gpg is killed once", _killing("gpg", 1), True, _KILLED),
        Fault("gpg has no passphrase", _with({"EDX_GPG_PASSPHRASE": ""}), False, _PASSPHRASE),
    ]
    if short:
        return found
    wrong = {"EDX_GPG_PASSPHRASE": "another"}
    return [
        *found,
        Fault("gpg is killed again and again", _killing("gpg", 10**6), False, _KILLED),
        Fault("gpg has a wrong passphrase", _with(wrong), False, _PASSPHRASE),
        Fault("gpg has no agent", _no_agent, True, _KILLED),
        Fault("gpg's agent is killed meanwhile", _killing("gpg-agent", 1), True, _KILLED),
    ]


def _killing(program: str, times: int) -> Strike:
    @contextmanager
    def strike(world: World, _random: Random) -> Iterator[Given]:
        over = Event()
        struck: list[int] = []

        def watch() -> None:
            while not over.is_set() and len(struck) < times:
                for pid in gpg_of(world.running):
                    if pid not in struck:
                        with suppress(ProcessLookupError):
                            _kill(world, program, pid)
                            struck.append(pid)
                wait_a_little()

        watching = Thread(target=watch)
        watching.start()
        try:
            yield Given(struck=lambda: bool(struck))
        finally:
            over.set()
            watching.join()

    return strike


def _kill(world: World, program: str, gpg: int) -> None:
    if program == "gpg":
        os.kill(gpg, signal.SIGKILL)
    else:
        _end_agent(world)


def _end_agent(world: World) -> None:
    home = str(world.testx.gpg.gnupghome)
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)


@contextmanager
def _no_agent(world: World, _random: Random) -> Iterator[Given]:
    _end_agent(world)
    yield Given()


def _with(environment: dict[str, str]) -> Strike:
    @contextmanager
    def strike(world: World, _random: Random) -> Iterator[Given]:
        """Its agent has forgotten the passphrase; a pinentry that is asked for leaves a mark."""
        home = Path(str(world.testx.gpg.gnupghome))
        settings, mark = home / "gpg-agent.conf", home / "asked"
        usual = settings.read_text()
        program = home / "pinentry"
        program.write_text(f"#!/bin/sh\ntouch {mark}\nsleep 1000\n")
        program.chmod(0o700)
        settings.write_text(f"{usual}pinentry-program {program}\n")
        _end_agent(world)
        try:
            yield Given(environment=environment)
        finally:
            settings.write_text(usual)
            _end_agent(world)
            if mark.exists():
                raise AssertionError("gpg has asked for a passphrase by pinentry")

    return strike
