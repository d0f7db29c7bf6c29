"""What `edx-assets init` asks: each answer from its flag, or else from who sits at the terminal.

Secrets are read without echo. The files that the answers go into are written in `init`.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from edx_assets.setting_forms import a_bucket, a_date, a_prefix
from edx_assets.settings import Settings, variable

_FORMS: dict[str, Callable[[Any], Any]] = {
    "database_prefix": a_prefix,
    "events_bucket": a_bucket,
    "packages_bucket": a_bucket,
    "start_date": a_date,
}
"""The settings that have a default which many institutions keep, and how each is written."""


def _formed(form: Callable[[Any], Any]) -> Callable[[str], str]:
    """What click calls with an answer: one that is wrong is told, and asked for again."""

    def answer(given: str) -> str:
        try:
            return str(form(given)) if given else ""
        except ValueError as error:
            raise click.BadParameter(f"{given} {error}") from None

    return answer


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of the settings that have a default."""
    for name, form in reversed(_FORMS.items()):
        flag = f"--{name.replace('_', '-')}"
        added = click.option(flag, type=_formed(form), metavar="TEXT", help=_told(name))
        command = added(command)
    return command


def setting_answers(flags: Mapping[str, str | None]) -> dict[str, str]:
    """The variables of these settings, where they are not their defaults."""
    answers = {}
    for name, form in _FORMS.items():
        default = str(Settings.model_fields[name].default or "")
        answer = flags[name]
        if answer is None and sys.stdin.isatty():
            answer = click.prompt(_told(name), default=default, value_proc=_formed(form))
        if answer and answer != default:
            answers[variable(name)] = answer
    return answers


def aws_answers(file: Path | None) -> dict[str, str]:
    """AWS's own variables; none where its usual variables and files serve."""
    if file is not None:
        return {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    if not sys.stdin.isatty():
        return {}
    asked = "AWS access key id for edX's buckets (empty: it is in the environment or in ~/.aws)"
    if not (access_key := click.prompt(asked, default="", show_default=False)):
        return {}
    secret = click.prompt("AWS secret access key (not shown)", hide_input=True)
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret}


def mongo_answer(file: Path | None) -> str:
    """The connection string of MongoDB."""
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    return str(click.prompt("Connection string of MongoDB (not shown)", hide_input=True))


def passphrase_answer() -> str:
    """The passphrase of the key; empty for a key without one."""
    asked = "Passphrase of the key (not shown)"
    return str(click.prompt(asked, hide_input=True, default="", show_default=False))


def _told(name: str) -> str:
    """What a setting is, and what becomes of it where it is not given."""
    field = Settings.model_fields[name]
    told = str(field.description)
    return f"{told[0].upper()}{told[1:]}" + ("" if field.default else "; none if empty")
