"""Who reads which database: the server's users and roles. Documents belong in `store`.

Each database that is granted has a role that reads it, and a user holds the roles of the databases
that they may read. Users and roles are in the database `admin`, where roles over others have to be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from edx_assets.errors import FinalError
from edx_assets.resources.store import Document, StoreError
from edx_assets.resources.store_causes import UNAUTHORIZED, StoreRefusedError, meaning

_ROLE = "edx_course_"


class AccessRefusedError(FinalError):
    """The user may not manage users and roles; the message says who may."""


class Roles(NamedTuple):
    """What a user holds: databases of which they have the role, and roles of another origin."""

    databases: list[str]
    others: list[str]


class Access:
    """The users and roles of a server.

    Args:
        client: pymongo's client.
        named: what errors call its connection string.
    """

    def __init__(self, client: MongoClient[Document], named: str) -> None:
        self._client, self._named = client, named

    def is_asked_for(self) -> bool:
        """Whether the server asks who one is. One that does not lets everybody read everything."""
        info = self._command("connectionStatus", 1)["authInfo"]
        return bool(info["authenticatedUsers"])

    def users(self) -> dict[str, Roles]:
        """Each user of `admin`, and what their roles are."""
        found: dict[str, Roles] = {}
        for user in self._command("usersInfo", 1)["users"]:
            databases = [
                str(role["role"]).removeprefix(_ROLE) for role in user["roles"] if _is_ours(role)
            ]
            others = [str(role["role"]) for role in user["roles"] if not _is_ours(role)]
            found[str(user["user"])] = Roles(sorted(databases), others)
        return found

    def grant(self, database: str, user: str, password: str | None) -> None:
        """Let a user read a database and nothing else of the server, beside what they read already.

        Args:
            database: its whole name.
            user: the user.
            password: of a user who is not there yet; without one, the user has to be there.
        """
        role = f"{_ROLE}{database}"
        if not self._command("rolesInfo", {"role": role, "db": "admin"})["roles"]:
            reads = [{"role": "read", "db": database}]
            self._command("createRole", role, privileges=[], roles=reads)
        if password is None:
            self._command("grantRolesToUser", user, roles=[role])
        else:
            self._command("createUser", user, pwd=password, roles=[role])

    def revoke(self, database: str, user: str) -> bool:
        """Take the role of a database from a user. Who then has no role is dropped: was it so?"""
        self._command("revokeRolesFromUser", user, roles=[f"{_ROLE}{database}"])
        [left] = self._command("usersInfo", {"user": user, "db": "admin"})["users"]
        if not left["roles"]:
            self._command("dropUser", user)
        return not left["roles"]

    def _command(self, name: str, value: Any, **arguments: Any) -> Document:
        with self._own_errors():
            return dict(self._client.admin.command(name, value, **arguments))

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        """The driver's own texts are never repeated: a command has the password."""
        try:
            yield
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == UNAUTHORIZED:
                raise AccessRefusedError(
                    f"the user of {self._named} may not manage users and roles: name a file with"
                    " the connection string of one who has the role userAdminAnyDatabase"
                    " (--mongo-uri-file), as docs/privacy.md shows (Who reads what)"
                ) from None
            told, final = meaning(error)
            told = told.replace("EDX_MONGO_URI", self._named)
            raise (StoreRefusedError if final else StoreError)(told) from None


def _is_ours(role: Document) -> bool:
    return role["db"] == "admin" and str(role["role"]).startswith(_ROLE)
