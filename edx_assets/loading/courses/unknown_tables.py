"""The stage course/unknown_tables: load the package's tables that are not in the catalogue."""

from edx_assets.edx.collections import catalogue
from edx_assets.errors import FinalError, PassingError, can_pass, foreseen
from edx_assets.loading.courses.collection import forget_collection, load_collection
from edx_assets.loading.courses.package import course_package
from edx_assets.loading.ledger import course_loads
from edx_assets.loading.registry import course_database
from edx_assets.loading.stage import Metadata
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store


def load_unknown_tables(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    partition: str,
    day: str | None = None,
    rebuild: bool = False,
) -> Metadata:
    """Load every table of a course's package that is not in the catalogue.

    The types of their columns are inferred. A table of an older package that this one lacks is
    dropped. The metadata name the tables: they should be added to the schema.

    Raises:
        FinalError, PassingError: tables failed, each for its own reason; the others are loaded.
        StageMissingError: no package with the course has been sorted.
    """
    package = course_package(store, partition, day)
    database = course_database(store, partition, day)
    known = catalogue()
    unknown = [member["table"] for member in package["tables"] if member["table"] not in known]
    loaded = {}
    failures: list[Exception] = []
    for table in unknown:
        try:
            loaded[table] = load_collection(
                store, storage, gnupg, partition, table, day, rebuild=rebuild
            )["documents"]
        except Exception as error:  # also what nobody foresaw harms this table alone
            failures.append(foreseen(error))
    gone = []
    if day is None:
        loads = course_loads(store, partition)
        names = [name for name, load in loads.items() if "package" in load]
        gone = [name for name in names if name not in known and name not in unknown]
        for name in gone:
            forget_collection(store, partition, Collection(database, name))
    if failures:
        text = "\n".join(str(error) for error in failures)
        kind = PassingError if any(map(can_pass, failures)) else FinalError
        raise kind(f"{len(failures)} of {len(unknown)} unknown tables failed:\n{text}")
    return {
        "database": database,
        "package": package["date"],
        "outcome": "loaded" if loaded else "none: the schema knows every table",
        "documents": sum(loaded.values()),
        **({"tables": loaded} if loaded else {}),
        **({"dropped": ", ".join(gone)} if gone else {}),
        "failed_exports": len(package["failed_exports"]),
    }
