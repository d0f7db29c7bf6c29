"""A trial of whether a server renames one collection over another, as MongoDB does.

What is renamed, and when, belongs in `store`.
"""

from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from edx_assets.resources.store_causes import UNAUTHORIZED


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
