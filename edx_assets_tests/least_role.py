"""The role that docs/operation.md gives the user, on a real server that speaks TLS alone."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from edx_assets_tests.resources.authority import Authority
from edx_assets_tests.resources.secured import PASSWORD, running, server_with_tls

Admin = MongoClient[dict[str, Any]]

_PAGE = Path(__file__).parents[1] / "docs" / "operation.md"
_NAMED = '"McGillX_CHEM181x_1T2014"'
_ADMIN = "administrator"


def role() -> dict[str, Any]:
    """The argument of `createRole` on the page, which is JSON."""
    return dict(json.loads(_argument(r"db\.createRole\((\{.*?\n\})\)")))


def grant(database: str) -> list[dict[str, Any]]:
    """The privileges that the page grants for a course, for one in this database."""
    text = _argument(r'db\.grantPrivilegesToRole\("edxAssets", (\[\{.*?\n\}\])\)')
    assert _NAMED in text
    return list(json.loads(text.replace(_NAMED, json.dumps(database))))


def _argument(call: str) -> str:
    found = re.search(call, _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, call
    return found[1]


@dataclass(frozen=True)
class Secured:
    """A server that asks for a client certificate and a user; connection strings of its two."""

    uri: str
    admin: str


@contextmanager
def secured(folder: Path, kind: str) -> Iterator[Secured]:
    """A server of a kind whose user has the role."""
    authority = Authority(folder / "authority")
    with (
        running(kind, folder / "data") as address,
        MongoClient[Any](f"mongodb://{address}/?journal=true") as client,
    ):
        made = role()
        client.admin.command("createRole", made.pop("role"), **made)
        client.admin.command("createUser", "edx_assets", pwd=PASSWORD, roles=["edxAssets"])
        client.admin.command("createUser", _ADMIN, pwd=PASSWORD, roles=["root"])
    certificates = authority.issue("127.0.0.1"), authority.file
    with server_with_tls(folder / "data", *certificates, kind=kind) as address:
        place = (
            f"{PASSWORD}@{address}/?authSource=admin&tls=true&tlsCAFile={authority.file}"
            f"&tlsCertificateKeyFile={authority.issue('client')}"
        )
        yield Secured(f"mongodb://edx_assets:{place}", f"mongodb://{_ADMIN}:{place}")
