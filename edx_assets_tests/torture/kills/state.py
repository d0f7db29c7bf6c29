"""All that a run changes, to be kept and put back: databases, storage, and Dagster's own."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import CollectionInvalid

_SYSTEM = {"admin", "config", "local"}
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


@dataclass(frozen=True)
class Kept:
    """A collection's documents and the keys of its indexes but the first."""

    documents: list[RawBSONDocument]
    indexes: list[list[tuple[str, Any]]]


@dataclass(frozen=True)
class State:
    """What there was at a moment: collections by database and name, and folders with copies."""

    collections: dict[tuple[str, str], Kept]
    folder: Path


def keep(uri: str, folders: dict[str, Path], copies: Path) -> State:
    """Keep everything.

    Args:
        uri: the store.
        folders: folders to copy, by a name for each.
        copies: a folder that is not there yet.
    """
    collections = {}
    with MongoClient[Any](uri) as client:
        for database in databases_of(client):
            for name in client[database].list_collection_names():
                held = client[database].get_collection(name, codec_options=_RAW)
                keys = [
                    list(index["key"].items())
                    for index in client[database][name].list_indexes()
                    if index["name"] != "_id_"
                ]
                collections[database, name] = Kept(list(held.find()), keys)
    for name, folder in folders.items():
        shutil.copytree(folder, copies / name)
    return State(collections, copies)


def put_back(state: State, uri: str, folders: dict[str, Path]) -> None:
    """Let everything be as it was."""
    with MongoClient[Any](uri) as client:
        for database in databases_of(client):
            client.drop_database(database)
        for (database, name), kept in state.collections.items():
            try:
                client[database].create_collection(name)
            except CollectionInvalid:
                continue
            if kept.documents:
                client[database][name].insert_many(kept.documents)
            for keys in kept.indexes:
                client[database][name].create_index(keys)
    for name, folder in folders.items():
        shutil.rmtree(folder)
        shutil.copytree(state.folder / name, folder)


def databases_of(client: MongoClient[Any]) -> list[str]:
    """The names of all databases but the server's own."""
    return sorted(set(client.list_database_names()) - _SYSTEM)
