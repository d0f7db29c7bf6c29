"""`edx-assets init`: makes the files that an institution starts with, in the working folder.

Whether they are right is asked of `doctor`, which `main` runs afterwards.
"""

import os
from importlib.resources import files
from pathlib import Path

import click

from edx_assets.errors import FinalError
from edx_assets.resources.gnupg import Gnupg

_COURSES = """\
# Courses whose windows or keys are not those of their structure: see "A course's window".
courses: []
"""
_WORKSPACE = """\
load_from:
  - python_module:
      module_name: edx_assets.definitions
      location_name: edx_assets
"""
_PRIVATE = 0o600
_OPEN = 0o644


class InitError(FinalError):
    """An answer cannot be used; the message says what to do."""


def init_folder(
    org: str | None, key: Path | None, passphrase_file: Path | None, mongo_uri_file: Path | None
) -> None:
    """Make what is missing in the working folder; ask for what is needed and not given.

    What is there already stays as it is. `.env` is written last: a run that was broken off is
    repeated in full.

    Raises:
        InitError: an answer cannot be written into `.env`.
        GpgError: the file has no secret key that gpg can import.
    """
    here = Path.cwd()
    for name in ("gnupg", "storage", "dagster"):
        (here / name).mkdir(mode=0o700, exist_ok=True)
    _write(here / "dagster" / "dagster.yaml", (files("edx_assets") / "dagster.yaml").read_text())
    _write(here / "workspace.yaml", _WORKSPACE)
    _write(here / "courses.yaml", _COURSES)
    gnupg = Gnupg(home=str(here / "gnupg"))
    if key or not gnupg.secret_keys():
        gnupg.import_secret_key(key or Path(click.prompt("File with your secret GPG key")))
    env = here / ".env"
    if env.exists():
        click.echo(f"kept   {env}")
        return
    values = {
        "EDX_ORG": org or click.prompt("Institution, as edX spells it"),
        "EDX_MONGO_URI": mongo_uri_file.read_text().strip()
        if mongo_uri_file
        else click.prompt("Connection string of MongoDB (not shown)", hide_input=True),
        "EDX_GPG_PASSPHRASE_FILE": str(passphrase_file or _passphrase(here / "passphrase")),
        "EDX_GNUPG_HOME": str(here / "gnupg"),
        "EDX_STORAGE": str(here / "storage"),
        "EDX_COURSES_FILE": str(here / "courses.yaml"),
    }
    _write(env, "".join(f"{name}={_quoted(name, text)}\n" for name, text in values.items()), True)


def _passphrase(file: Path) -> Path:
    if not file.exists():
        asked = click.prompt("Passphrase of the key (not shown)", hide_input=True, default="")
        _write(file, asked + "\n", private=True)
    return file


def _quoted(name: str, text: str) -> str:
    """A value as `.env` has it; python-dotenv replaces `${…}` even between single quotes."""
    if "${" in text or "\n" in text or "\r" in text:
        raise InitError(f"{name} has a line break or ${{ in it: set it in the environment instead")
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _write(file: Path, text: str, private: bool = False) -> None:
    """Write a file that is not there yet, whole or not at all."""
    if file.exists():
        click.echo(f"kept   {file}")
        return
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    mode = _PRIVATE if private else _OPEN
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as stream:
        stream.write(text)
    new.rename(file)
    click.echo(f"wrote  {file}")
