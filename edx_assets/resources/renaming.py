"""Where servers differ: whether one renames a collection over another, and when it wants indexes.

What is renamed, and when, belongs in `store`.
"""

import secrets
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from edx_assets.resources.store_causes import UNAUTHORIZED

NO_RENAME = (
    "this server cannot replace a collection in one step (renameCollection with dropTarget): "
    "use MongoDB 5.0 or newer"
)


STAGING = "_loading"
"""The names of collections that are not for readers begin so."""


def staged_name(name: str) -> str:
    """A name beside that of a collection, which nobody has."""
    return f"{STAGING}_{name}_{secrets.token_hex(4)}"


def renames_over(database: Database[dict[str, Any]], old: str, new: str) -> bool:
    """Make two collections, rename `new` over `old`, drop both; whether it was done.

    Raises:
        PyMongoError: the user may not do that, or the server failed.
    """
    database[old].insert_one({"_id": "old"})
    database[new].insert_one({"_id": "new"})
    try:
        database[new].rename(old, dropTarget=True)
    except OperationFailure as refused:
        if refused.code == UNAUTHORIZED:  # that is of the user, not of the server
            raise
        return False
    finally:
        names = [document["_id"] for document in database[old].find()]
        database.drop_collection(old)
        database.drop_collection(new)
    return names == ["new"]


def indexes_early(client: MongoClient[dict[str, Any]]) -> bool:
    """Whether indexes have to be there before the documents.

    secantusd-rs makes an index in one transaction. One that is larger than its cache it tries for
    ever: with 256 MB, the third of a collection of 150,000 records.
    """
    return "secantusVersion" in client.admin.command("buildInfo")
