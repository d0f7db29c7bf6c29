"""A gpg that decrypts the first file and hangs at the second."""

import os
import shutil
from pathlib import Path

import pytest


def gpg_that_hangs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put it on the PATH; the file that it writes its process id to once it hangs."""
    programs = folder / "programs"
    programs.mkdir()
    second = folder / "second"
    hanging = programs / "gpg"
    hanging.write_text(
        f"#!/bin/sh\n[ -e {second} ] && echo $$ > {second} && exec sleep 600\n"
        f'touch {second}\nexec {shutil.which("gpg")} "$@"\n'
    )
    hanging.chmod(0o700)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return second
