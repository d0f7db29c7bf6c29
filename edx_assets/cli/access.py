"""`edx-assets grant`, `revoke` and `access`: who reads which course's database.

What the server is asked is in `resources.access`.
"""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from edx_assets.cli.database import DATA, connection_string
from edx_assets.cli.options import JSON
from edx_assets.errors import FinalError
from edx_assets.exports.tables import find_course
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.access import Access
from edx_assets.resources.mongo import connect_access, institution_store
from edx_assets.resources.store import Store

_ALL = "ALL"
_PASSWORD_BYTES = 18
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_URI = click.option(
    "--mongo-uri-file",
    "uri_file",
    type=_FILE,
    help="File with the connection string of who may manage users, if not EDX_MONGO_URI.",
)
_OPEN = "warning: this server does not ask who one is: everybody reads everything (authorization)"


class AccessError(FinalError):
    """What was asked for cannot be done; the message says what to do."""


class _Server(NamedTuple):
    access: Access
    databases: dict[str, str]
    """The database of each course, by its whole name."""
    store: Store

    def named(self, course: str) -> dict[str, str]:
        """The databases of a course, or of all."""
        if course == _ALL:
            return self.databases
        partition = find_course(self.store, course)["_id"]
        return {partition: self.databases[partition]}


@click.command()
@click.argument("course")
@click.argument("user")
@click.option("--password-file", type=_FILE, help="File with a new user's password.")
@click.option("--ask", is_flag=True, help="Ask for a new user's password, which is not shown.")
@_URI
@DATA
def grant(
    course: str, user: str, password_file: Path | None, ask: bool, uri_file: Path | None, data: Path
) -> None:
    """Let USER read the database of COURSE, and nothing else of the server.

    COURSE is a course key, with @edge for a course on edge, the name of a database, or ALL: every
    course that there is now. A new user gets a password, which is shown once.
    """
    with _server(uri_file, data) as server:
        databases = server.named(course)
        known = user in server.access.users()
        given = _given(password_file, ask, user)
        if known and given:
            raise AccessError(
                f"{user} is there already and keeps the password: leave --password-file and --ask"
                f" out; for a new one, run `edx-assets revoke {_ALL} {user}` first"
            )
        password = None if known else given or _made()
        new = not known
        for partition, name in databases.items():
            server.access.grant(name, user, password if new else None)
            new = False
            click.echo(f"{user} reads {partition} (database {name})")
    if password and not given:
        click.echo(f"password of {user}, shown this once: {password}")


@click.command()
@click.argument("course")
@click.argument("user")
@_URI
@DATA
def revoke(course: str, user: str, uri_file: Path | None, data: Path) -> None:
    """Take from USER what `grant` gave. COURSE is as there; who has no role left is removed."""
    with _server(uri_file, data) as server:
        databases = server.named(course)
        held = server.access.users().get(user)
        if held is None:
            raise AccessError(f"{user} is no user in the database admin: see `edx-assets access`")
        if course != _ALL and not {*databases.values()} & {*held.databases}:
            raise AccessError(f"{user} does not read {course} by a grant: see `edx-assets access`")
        for partition, name in databases.items():
            if name in held.databases:
                removed = server.access.revoke(name, user)
                click.echo(f"{user} does not read {partition} any more")
                if removed:
                    click.echo(f"{user} had no other role and is removed")


@click.command()
@JSON
@_URI
@DATA
def access(as_json: bool, uri_file: Path | None, data: Path) -> None:
    """Show who reads which course by `grant`, and who has roles of another origin."""
    with _server(uri_file, data) as server:
        users = server.access.users()
        readers: dict[str, list[str]] = {partition: [] for partition in server.databases}
        courses = {name: partition for partition, name in server.databases.items()}
        for user, held in users.items():
            for name in held.databases:
                # what is no course of this institution is told by the name of its database
                readers.setdefault(courses.get(name, name), []).append(user)
    others = {user: held.others for user, held in users.items() if held.others}
    if as_json:
        click.echo(json.dumps({"readers": readers, "others": others}, indent=2))
        return
    for partition, who in readers.items():
        click.echo(f"{partition}: {', '.join(sorted(who)) or 'nobody'}")
    for user, roles in sorted(others.items()):
        click.echo(f"with roles of another origin: {user} ({', '.join(roles)})")


@contextmanager
def _server(uri_file: Path | None, data: Path) -> Iterator[_Server]:
    with connection_string(data) as uri:
        store = institution_store(uri=uri)
        courses = registered_courses(store)
        databases = {each["_id"]: store.full_name(each["database"]) for each in courses}
        named = "EDX_MONGO_URI"
        if uri_file is not None:
            uri, named = uri_file.read_text(encoding="utf-8").strip(), str(uri_file)
        managed = connect_access(uri, named)
        if not managed.is_asked_for():
            click.echo(_OPEN, err=True)
        yield _Server(managed, databases, store)


def _given(file: Path | None, ask: bool, user: str) -> str | None:
    if file is not None:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
        if not password:
            raise AccessError(f"{file} is empty: write the password into it")
        return password
    if ask:
        asked = click.prompt(f"Password of {user}", hide_input=True, confirmation_prompt=True)
        return str(asked)
    return None


def _made() -> str:
    """A new password, where it can be shown without ending in a file."""
    if not sys.stdout.isatty():
        raise AccessError(
            "there is no terminal to show a password on: name a file with one (--password-file)"
        )
    return secrets.token_urlsafe(_PASSWORD_BYTES)
