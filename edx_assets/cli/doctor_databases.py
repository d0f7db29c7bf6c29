"""What the doctor checks in MongoDB's databases: whether the user may do there what a run does."""

import secrets
from collections.abc import Iterator

from edx_assets.cli.finding import Finding
from edx_assets.edx.file_names import events_file
from edx_assets.loading.ledger import IMPORTS, MASTER
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.renaming import NO_RENAME, STAGING
from edx_assets.resources.store import Collection, Store, StoreError
from edx_assets.resources.store_causes import StoreRefusedError

_NEW = "a new database, as a course has"
_BY_NAME = (
    "the user may use no database but those that its role names: the new one of a course, or of an"
    " older package, is refused until it is granted"
)
_REMEDY = "grant it before its first load: docs/operation.md (A user for edx_assets)"


def database_findings(store: Store, org: str | None) -> Iterator[Finding]:
    """Tell whose the databases are; try every right in those that runs write to.

    What is tried leaves nothing behind. A user who has a role for all databases
    has one in a new database too. Any other needs a right in each course's: they are tried one by
    one.
    """
    master = store.full_name(MASTER)
    told = f"begin with {store.prefix}" if store.prefix else "have no prefix"
    yield Finding("MongoDB", "ok", f"names of databases {told} (EDX_DATABASE_PREFIX)")
    try:
        renames = _tries(store, MASTER)
    except StoreRefusedError as error:
        yield Finding("MongoDB", "failed", f"in {master}: {error}")
        return
    yield from _of_others(store, org)
    yield from _works(master, renames)
    if not renames:
        return
    try:
        yield from _works(_NEW, _tries(store, f"edx_assets_doctor_{secrets.token_hex(4)}"))
    except StoreRefusedError:
        yield from _in_each_course(store)


def _of_others(store: Store, org: str | None) -> Iterator[Finding]:
    """Whether another institution has loaded its days here: then both would be one."""
    entries = store.find(IMPORTS, {}, fields=["file"])
    files = {file.org.lower() for entry in entries if (file := events_file(entry["file"] or ""))}
    if org and (others := sorted(files - {org.lower()})):
        yield Finding(
            "MongoDB",
            "failed",
            f"{store.full_name(MASTER)} has tracking logs of {', '.join(others)}, not of {org}",
            "set EDX_DATABASE_PREFIX to a name of this institution's own, or correct EDX_ORG",
        )


def _in_each_course(store: Store) -> Iterator[Finding]:
    databases = [course["database"] for course in registered_courses(store)]
    refused: dict[str, str] = {}  # what is told, by database
    for database in databases:
        try:
            _tries(store, database)
        except StoreRefusedError as error:
            refused[database] = str(error)
    if refused:
        told = next(iter(refused.values()))
        yield Finding("MongoDB", "failed", f"in {', '.join(refused)}: {told}")
    elif databases:
        yield from _works(f"the databases of {len(databases)} courses", renames=True)
    yield Finding("MongoDB", "warning", _BY_NAME, _REMEDY)


def _tries(store: Store, database: str) -> bool:
    """Load a collection as runs do; whether the server can. A StoreRefusedError names the right."""
    if not store.renames_in(database):
        return False
    probe = Collection(database, f"{STAGING}_check_{secrets.token_hex(4)}")
    try:
        with store.replacing(probe, [[("checked", 1)]]) as staging:
            store.put(staging, {"_id": 1})
        if not store.delete(probe, {"_id": 1}):
            raise StoreError("the database did not give back what was written")
    finally:
        store.drop(probe)
    return True


def _works(where: str, renames: bool) -> Iterator[Finding]:
    if renames:
        yield Finding("MongoDB", "ok", f"writes, reads and deletes in {where}")
        yield Finding("MongoDB", "ok", f"replaces a collection in one step in {where}")
    else:
        found, remedy = NO_RENAME.split(": ")
        yield Finding("MongoDB", "failed", found, remedy)
