"""Every database of two stores, document by document."""

from typing import Any

from bson import decode
from pymongo import MongoClient

from edx_assets.datasets.definition import datasets

Databases = dict[str, dict[str, list[Any]]]

MOMENTS = frozenset({"load_date", "loaded_at", "token"})
"""When something was loaded, and what tells one load from another: never the same twice."""
_SYSTEM = {"admin", "config", "local"}


def databases(uri: str) -> Databases:
    """All that a store holds, but moments of loading and what is reckoned from their tokens."""
    found: Databases = {}
    with MongoClient[dict[str, Any]](uri) as client:
        for database in sorted(set(client.list_database_names()) - _SYSTEM):
            for collection in sorted(client[database].list_collection_names()):
                documents = [
                    plain(each, collection) for each in client[database][collection].find()
                ]
                if documents:
                    of_database = found.setdefault(database, {})
                    of_database[collection] = sorted(documents, key=lambda each: str(each["_id"]))
    return found


def differences(ours: Databases, theirs: Databases) -> list[str]:
    """Where two differ, a line each: database, collection, how many documents; no content."""
    told = []
    for database in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(database, {}), theirs.get(database, {})
        for collection in sorted(here.keys() | there.keys()):
            left, right = here.get(collection, []), there.get(collection, [])
            if left != right:
                other = [each for each in left if each not in right]
                missing = [each for each in right if each not in left]
                keys = {str(each["_id"]) for each in other + missing}
                told.append(
                    f"{database}.{collection}: {len(left)} documents, {len(right)} by the backfill;"
                    f" {len(other)} and {len(missing)} are not in the other: {sorted(keys)[:5]}"
                )
    return told


def plain(document: dict[str, Any], collection: str) -> dict[str, Any]:
    """A document of a collection without moments and what is reckoned from tokens."""
    plain = {name: value for name, value in document.items() if name not in MOMENTS}
    if collection == "duplicates":  # the record as the other file would bring it
        held = decode(plain["document"])
        plain["document"] = {name: held[name] for name in held if name not in MOMENTS}
    if collection == "imports":  # a file that came twice, unchanged, keeps the first one's time
        plain.pop("delivered", None)
    if collection == "tracking_files":  # rows of file, token, counts
        plain["files"] = [[row[0], *row[2:]] for row in plain["files"]]
    of_tokens = collection in ("course_loads", "_loads") and plain["_id"].rpartition("/")[2]
    if of_tokens == "tracking" or of_tokens in datasets():
        plain["source"] = plain["source"][:1]  # the second is a digest of tokens
    return plain
