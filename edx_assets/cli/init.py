"""`edx-assets init`: makes the files that an institution starts with, in the working folder.

What it asks is in `init_answers`. Whether that is right is asked of `doctor` afterwards.
"""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from edx_assets.cli.doctor import doctor
from edx_assets.cli.init_answers import (
    aws_answers,
    mongo_answer,
    passphrase_answer,
    setting_answers,
    setting_options,
)
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
_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


class InitError(FinalError):
    """An answer cannot be used; the message says what to do."""


@click.command()
@click.option("--org", help="Your institution's name as edX spells it.")
@click.option("--key", type=_FILE, help="File with your secret GPG key.")
@click.option("--passphrase-file", type=_FILE, help="File with the key's passphrase.")
@click.option("--mongo-uri-file", type=_FILE, help="File with MongoDB's connection string.")
@click.option(
    "--aws-credentials-file",
    type=_FILE,
    help="File with the AWS key for edX's buckets, in the form of ~/.aws/credentials.",
)
@setting_options
@click.pass_context
def init(ctx: click.Context, /, **flags: Any) -> None:
    """Make settings, a GnuPG home and Dagster's files in this folder; then run the doctor.

    What no flag gives is asked for. Away from a terminal, what has a default is not: it gets that.
    """
    init_folder(**flags)
    click.echo("Once the doctor finds all well, in this folder: dagster dev -w workspace.yaml")
    ctx.invoke(doctor)


def init_folder(
    org: str | None,
    key: Path | None,
    passphrase_file: Path | None,
    mongo_uri_file: Path | None,
    aws_credentials_file: Path | None,
    **settings: Any,
) -> None:
    """Make what is missing in the working folder; ask for what is needed and not given.

    What is there already stays as it is. `.env` is written last: a run that was broken off is
    repeated in full.

    Args:
        org: the institution's name.
        key: file with the secret key.
        passphrase_file: file with its passphrase.
        mongo_uri_file: file with the connection string.
        aws_credentials_file: file with the key for edX's buckets, as AWS's own programs read it.
        settings: those of `setting_options`, by their names; None where not given.

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
        **aws_answers(aws_credentials_file),
        "EDX_MONGO_URI": mongo_answer(mongo_uri_file),
        **setting_answers(settings),
        "EDX_GPG_PASSPHRASE_FILE": str(passphrase_file or _passphrase(here / "passphrase")),
        "EDX_GNUPG_HOME": str(here / "gnupg"),
        "EDX_STORAGE": str(here / "storage"),
        "EDX_COURSES_FILE": str(here / "courses.yaml"),
        "DAGSTER_HOME": str(here / "dagster"),
    }
    _write(env, "".join(f"{name}={_quoted(name, text)}\n" for name, text in values.items()), True)


def _passphrase(file: Path) -> Path:
    if not file.exists():
        _write(file, passphrase_answer() + "\n", private=True)
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
