"""The stage course/unknown_tables: tables that the schema does not know, loaded all the same."""

from edx_assets.edx.schema import tables
from edx_assets.loading.courses.collection import course_database, course_package, load_collection
from edx_assets.loading.days.files import Metadata
from edx_assets.loading.ledger import COURSE_LOADS, MASTER, forget_course_load
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

KNOWN_OTHERS = frozenset(
    {"course_structure", "course_export", "forum", "tracking", "learners", "quarantine"}
)
"""Collections that are no tables: an unknown table of such a name is not loaded over them."""


def load_unknown_tables(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    partition: str,
    day: str | None = None,
    anew: bool = False,
) -> Metadata:
    """Load every table of a course's package that the schema does not know.

    Their columns' types are inferred. A table that an older package brought and this one lacks is
    dropped. The metadata name the tables: the schema wants them described.

    Raises:
        As `load_collection`.
    """
    package = course_package(store, partition, day)
    database = course_database(store, partition, day)
    known = tables().keys() | KNOWN_OTHERS
    unknown = [table for table in map(_name, package["tables"]) if table not in known]
    loaded = {
        table: load_collection(store, storage, gnupg, partition, table, day, anew=anew)["documents"]
        for table in unknown
    }
    gone = []
    if day is None:
        earlier = store.find(MASTER, COURSE_LOADS, {"partition": partition})
        names = [load["collection"] for load in earlier]
        gone = [name for name in names if name not in known and name not in loaded]
        for name in gone:
            forget_course_load(store, partition, database, name)
    return {
        "database": database,
        "package": package["date"],
        "outcome": "loaded" if loaded else "none: the schema knows every table",
        "documents": sum(loaded.values()),
        **({"tables": loaded} if loaded else {}),
        **({"dropped": ", ".join(gone)} if gone else {}),
        "failed_exports": len(package["failed_exports"]),
    }


def _name(member: dict[str, str]) -> str:
    return member["table"]
