"""A course with a few tables, as the stages leave them: database, storage and ledger."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import bson
import pyarrow as pa
import pyarrow.parquet as pq
from bson import ObjectId

from edx_assets.datasets.course import file_of
from edx_assets.datasets.definition import Dataset, read
from edx_assets.datasets.engine import attach, engine, make
from edx_assets.exports.course import export_course
from edx_assets.exports.formats import Format
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import note_course_load
from edx_assets.loading.registry import register_course, registered_course
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.resources.stored import digest_of

KEY, DATABASE = "course-v1:TestX+T101+2014", "TestX_T101_2014"
LOADED = datetime(2014, 3, 2, 10, tzinfo=UTC)

HEAD = """\
-- What each learner said.
--
-- Grain: one row for each word.
-- Source: made up.
-- Needs: words
--
-- | column | type | meaning |
-- |---|---|---|
"""
WORDS = read(
    "said",
    HEAD
    + """\
-- | user_id | BIGINT | the learner |
-- | time | TIMESTAMP | when it was said (UTC) |
-- | day | DATE | that day |
-- | word | VARCHAR | the word |
-- | points | DOUBLE | what it is worth |
-- | good | BOOLEAN | whether it is right |
-- | more | JSON | more of it |
SELECT user_id, time, time::DATE AS day, word, points, good, more::JSON AS more FROM words
""",
)
KNOWN: dict[str, Dataset] = {"said": WORDS}
AT = datetime(2014, 2, 3, 10, 0, 0, 123000)
Word = tuple[int, datetime | None, str | None, float | None, bool | None, str | None]
POST = {"_id": ObjectId("50f1dd4ae05f6d2600000001"), "body": "=1+1\n", "votes": {"count": 2}}
ENROLLED = {
    "_id": 2,
    "id": 3_000_000_000,
    "user_id": 7,
    "course_id": KEY,
    "created": datetime(2014, 1, 5, 10, tzinfo=UTC),
    "is_active": "perhaps",
    "mode": None,
    "reason": "new",
}
SAID: list[Any] = [
    (7, AT, '=HYPERLINK("http://x")', 1.5, True, '{"a": [1, "=1"]}'),
    (7, None, "", None, None, None),
    (8, None, None, 0.1, False, '"x"'),
    (8, AT, 'NA, "é"\nß', 1e300, True, None),
]


def course(store: Store, key: str = KEY, site: str = "edx") -> str:
    """A registered course; its partition."""
    return register_course(store, key, site)


def hold(
    store: Store,
    name: str,
    documents: Sequence[dict[str, Any]],
    partition: str = KEY,
    **load: Any,
) -> None:
    """A collection of a course, and what the ledger says of it."""
    here = Collection(registered_course(store, partition)["database"], name)
    store.drop(here)
    store.insert(here, [bson.encode(document) for document in documents])
    entry = {
        "documents": len(documents),
        "source": ["one"],
        "loaded_at": LOADED,
        "package": "2014-03-02",
    }
    note_course_load(store, partition, here, CourseLoad(**(entry | load)))  # type: ignore[typeddict-item]


def say(
    store: Store,
    storage: Storage,
    folder: Path,
    words: Sequence[Word],
    partition: str = KEY,
    dataset: Dataset = WORDS,
) -> Path:
    """The dataset `said` of a course, with these words; its file."""
    database = registered_course(store, partition)["database"]
    names = ("user_id", "time", "word", "points", "good", "more")
    kinds = (pa.int64(), pa.timestamp("us"), pa.string(), pa.float64(), pa.bool_(), pa.string())
    cells = list(zip(*words, strict=True)) or [()] * len(names)
    table = pa.table({name: pa.array(c, k) for name, c, k in zip(names, cells, kinds, strict=True)})
    scratch = Path(mkdtemp(dir=folder, prefix="making-"))
    pq.write_table(table, scratch / "words.parquet")
    key = file_of(database, dataset.name)
    with engine(scratch) as session:
        attach(session, {"words": scratch / "words.parquet"})
        rows = make(session, dataset, scratch / "made.parquet")
    with storage.writing(key) as path:
        path.write_bytes((scratch / "made.parquet").read_bytes())
    load = CourseLoad(
        documents=rows,
        source=[f"3-{dataset.digest}", "x"],
        loaded_at=LOADED,
        content=digest_of(scratch / "made.parquet"),
    )
    note_course_load(store, partition, Collection(database, dataset.name), load)
    return Path(storage.address_of(key))


def export(
    store: Store, storage: Storage, to: Path, form: str = "parquet", *only: str
) -> dict[str, Any]:
    target, manifest = export_course(store, storage, KEY, to, Format(form), KNOWN, only)
    assert target == to / DATABASE
    assert json.loads((target / "manifest.json").read_text()) == manifest
    return manifest


def word(learner: int, text: str | None = "x") -> Any:
    """What a learner said, without a time."""
    return (learner, None, text, None, None, None)
