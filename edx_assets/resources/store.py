"""The document store: every call to the database that the project makes.

MongoDB 5.0's documented behaviour is what is relied on. No error of the driver leaves here as it
is: its text can hold documents.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, ReplaceOne
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, CollectionInvalid, PyMongoError

from edx_assets.edx.lines import batches
from edx_assets.errors import PassingError
from edx_assets.resources.ahead import ahead
from edx_assets.resources.renaming import (
    NO_RENAME,
    STAGING,
    indexes_early,
    renames_over,
    staged_name,
)
from edx_assets.resources.store_causes import StoreRefusedError, meaning

Document = dict[str, Any]
Index = Sequence[tuple[str, int]]

BATCH = 1000
"""Documents sent at once; what other lengths bring is measured by `benchmarks/ways.py`."""

BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends where it passes so many bytes: it is held in memory whole."""

_DUPLICATE = 11000


class Collection(NamedTuple):
    """A collection, and the database that it is in."""

    database: str
    name: str


class StoreError(PassingError):
    """The database refused or cannot be reached. Neither documents nor the connection are named."""


@dataclass
class Inserted:
    """What became of a batch: positions of duplicates, and of refused documents with the code."""

    duplicates: list[int] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)


class Store:
    """A MongoDB, or a server that speaks its protocol.

    Args:
        client: pymongo's client, with aware dates.
        prefix: how the name of every database begins. No other is ever read or written: a name
            that begins otherwise gets the prefix.
    """

    def __init__(self, client: MongoClient[Document], prefix: str = "") -> None:
        self._client = client
        self.prefix = prefix
        self.renames: bool | None = None
        """Whether the server can put one collection in another's place; None: not tried yet."""

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        """Insert encoded documents, each with an `_id`; those whose `_id` is there stay out.

        Duplicates are told from the write errors: servers differ in the counts they give.
        """
        inserted = Inserted()
        if not documents:
            return inserted
        with _own_errors():
            try:
                self._in(collection).insert_many(
                    [RawBSONDocument(document) for document in documents], ordered=False
                )
            except BulkWriteError as error:
                for write in error.details["writeErrors"]:
                    if write["code"] == _DUPLICATE:
                        inserted.duplicates.append(write["index"])
                    else:
                        inserted.refused[write["index"]] = write["code"]
                if error.details.get("writeConcernErrors"):
                    raise StoreError("the database did not confirm a write") from None
        return inserted

    def replace(self, collection: Collection, documents: Sequence[bytes]) -> None:
        """Insert encoded documents in place of those with their `_id`: a reader sees either."""
        raw = [RawBSONDocument(document) for document in documents]
        writes: list[ReplaceOne[Document]] = [
            ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in raw
        ]
        with _own_errors():
            self._in(collection).bulk_write(writes, ordered=False)

    def put(self, collection: Collection, document: Mapping[str, Any]) -> None:
        """Insert a document, or replace the one with its `_id`."""
        with _own_errors():
            self._in(collection).replace_one({"_id": document["_id"]}, document, upsert=True)

    def get(self, collection: Collection, key: Any) -> Document | None:
        """The document with this `_id`, or None."""
        with _own_errors():
            return self._in(collection).find_one({"_id": key})

    def find(
        self,
        collection: Collection,
        query: Document,
        sort: Index | None = None,
        fields: Sequence[str] | None = None,
    ) -> Iterator[Document]:
        """The documents that fit, as they stream in; sorted, and cut to top-level fields, if told.

        `_id` is always among the fields. Where the query names others beside it, its index is to
        serve; alone it needs no hint, with which secantusd-rs walks through the whole index.
        """
        hint = [("_id", 1)] if "_id" in query and len(query) > 1 else None
        cut = None if fields is None else ["_id", *fields]  # pymongo takes [] for all fields
        with _own_errors():
            yield from self._in(collection).find(query, cut, batch_size=BATCH, sort=sort, hint=hint)

    def find_raw(
        self, collection: Collection, query: Document, sort: Index | None = None
    ) -> Iterator[bytes]:
        """The documents that fit, encoded, as they stream in; sorted, if told."""
        with _own_errors():
            found = self._in(collection)
            batch: bytes
            for batch in found.find_raw_batches(query, batch_size=BATCH, sort=sort):  # type: ignore[assignment]
                start = 0
                while start < len(batch):
                    end = start + int.from_bytes(batch[start : start + 4], "little")
                    yield batch[start:end]
                    start = end

    def count(self, collection: Collection, query: Document | None = None) -> int:
        """How many documents fit, by `$group`: after a crash it counts better than the books."""
        pipeline: list[Document] = [{"$match": query}] if query else []
        pipeline.append({"$group": {"_id": None, "n": {"$sum": 1}}})
        with _own_errors():
            found = next(self._in(collection).aggregate(pipeline), None)
        return int(found["n"]) if found else 0

    def estimated_count(self, collection: Collection) -> int:
        """How many documents by the server's own books: at once, but after a crash off by some."""
        with _own_errors():
            return int(self._in(collection).estimated_document_count())

    def holds(self, collection: Collection, documents: int) -> bool:
        """Whether the collection has so many documents; it is counted if the books disagree."""
        return self.estimated_count(collection) == documents or self.count(collection) == documents

    def tally(
        self, collection: Collection, field: str, query: Document | None = None
    ) -> Iterator[tuple[Any, int]]:
        """The values of a top-level field that holds no document, each with how many have it.

        Those without the field count as None.
        """
        pipeline: list[Document] = [{"$match": query}] if query else []
        pipeline.append({"$group": {"_id": f"${field}", "n": {"$sum": 1}}})
        with _own_errors():
            for row in self._in(collection).aggregate(pipeline, allowDiskUse=True):
                yield row["_id"], int(row["n"])

    def update(self, collection: Collection, query: Document, fields: Document) -> int:
        """Set fields of the documents that fit; how many fitted."""
        with _own_errors():
            return self._in(collection).update_many(query, {"$set": fields}).matched_count

    def delete(self, collection: Collection, query: Document) -> int:
        """Delete the documents that fit; how many they were."""
        with _own_errors():
            return self._in(collection).delete_many(query).deleted_count

    def drop(self, collection: Collection) -> None:
        """Drop a collection; nothing happens where there is none."""
        with _own_errors():
            self._database(collection.database).drop_collection(collection.name)

    def index(self, collection: Collection, keys: Index, unique: bool = False) -> None:
        """Make an index where there is none yet."""
        with _own_errors():
            self._in(collection).create_index(list(keys), unique=unique)

    def databases(self) -> list[str]:
        """Names of the databases that can be read or written."""
        with _own_errors():
            names = self._client.list_database_names()
        return sorted(name for name in names if name.startswith(self.prefix))

    def collections(self, database: str) -> list[str]:
        """Names of a database's collections, those being loaded left out."""
        with _own_errors():
            names = self._database(database).list_collection_names()
        return sorted(name for name in names if not name.startswith(STAGING))

    @contextmanager
    def replacing(
        self, collection: Collection, indexes: Sequence[Index] = ()
    ) -> Iterator[Collection]:
        """Load a collection anew: what is inserted under the name given here takes its place.

        That is at the end, and not if an error comes before. A reader sees the old collection or
        the new one. Callers hold a lock, so that one alone stages under the name.

        Raises:
            StoreError: the server cannot do that, and nothing has been written; or another load,
                which took this one for dead, has dropped what was staged here.
        """
        if self.renames is None:
            self.renames = self.renames_in(collection.database, collection.name)
        if not self.renames:
            raise StoreError(NO_RENAME)
        database, name = self._database(collection.database), collection.name
        staging = collection._replace(name=staged_name(name))
        with _own_errors(), suppress(CollectionInvalid):
            database.create_collection(staging.name)
        try:
            with _own_errors():
                early = indexes_early(self._client)
            for keys in indexes if early else ():
                self.index(staging, keys)
            yield staging
            held = self.estimated_count(staging)
            for keys in indexes:
                self.index(staging, keys)  # which would make it anew, and empty
            if self.estimated_count(staging) < held:
                raise StoreError(f"another run is loading {name}: materialize this partition again")
            with _own_errors():
                self._in(staging).rename(name, dropTarget=True)
        finally:
            self.drop(staging)

    def clear_staged(self, database_name: str, names: Iterable[str]) -> None:
        """Drop what killed loads have staged for these collections; their lock must be held."""
        # not by its beginning alone: `teams_membership` is a collection beside `teams`
        staged = re.compile(rf"{STAGING}_({'|'.join(map(re.escape, names))})_[0-9a-f]{{8}}")
        with _own_errors():
            database = self._database(database_name)
            for name in database.list_collection_names():
                if staged.fullmatch(name):
                    database.drop_collection(name)

    def insert_all(
        self, collection: Collection, documents: Iterable[bytes]
    ) -> Iterator[tuple[list[bytes], Inserted]]:
        """Insert documents, each batch while the next is made; each, and what became of it."""
        yield from ahead(partial(self.insert, collection), batches(documents, BATCH, BATCH_BYTES))

    def renames_in(self, database: str, name: str = "trial") -> bool:
        """Whether the server can rename over a collection in this database: it is tried.

        Not all do that speak MongoDB's protocol, and one may answer that it did, having done
        nothing. What a trial that is killed leaves behind, `clear_staged` of `name` drops.
        """
        with _own_errors():
            return renames_over(self._database(database), staged_name(name), staged_name(name))

    def full_name(self, database: str) -> str:
        """The name of a database as the server has it."""
        return database if database.startswith(self.prefix) else self.prefix + database

    def version(self) -> str:
        """What the server says of its version; `?` where it does not."""
        with _own_errors():
            return str(self._client.admin.command("buildInfo").get("version", "?"))

    def _in(self, collection: Collection) -> MongoCollection[Document]:
        return self._database(collection.database)[collection.name]

    def _database(self, name: str) -> Database[Document]:
        return self._client[self.full_name(name)]


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except BSONError as error:  # of this side: a document is no BSON, or larger than BSON may be
        raise StoreError(f"a document cannot be stored or read: {type(error).__name__}") from None
    except PyMongoError as error:
        told, final = meaning(error)
        raise (StoreRefusedError if final else StoreError)(told) from None
