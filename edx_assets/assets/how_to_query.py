"""What the UI shows of `course/tracking` beside its runs: the fields, and how they are queried.

What each field is belongs in docs/records.md; no setting and no secret is read here.
"""

from typing import Any

from dagster import MetadataValue, TableSchema

from edx_assets.assets.column_schema import table_column
from edx_assets.edx.collections import TRACKING
from edx_assets.edx.personal import personal_fields

_FIELDS = (
    ("_id", "ObjectId", "made from the event's second and a hash of its line"),
    ("timestamp", "date", "the event's `time` (UTC, milliseconds)"),
    ("time", "text", "the same as edX wrote it"),
    ("event_type", "text", "what happened: `play_video`, `problem_check`, or a request's path"),
    ("name", "text", "the event's name, where it has one beside its type"),
    ("event_source", "text", "`browser`, `server` or `mobile`"),
    ("event", "document or text", "what the event tells; parsed where it is an object"),
    ("context", "document", "course, user and path as the site knew them"),
    ("user_id", "integer", "the learner's id, as in the tables"),
    ("username", "text", "the learner's username"),
    ("course_id", "text", "the canonical course key"),
    ("module_id", "text", "usage key of the block that the event is about"),
    ("thread_id", "text", "id of the forum's thread that the event is about"),
    ("comment_id", "text", "id of the response or comment that the event is about"),
    ("session", "text", "the browser's session"),
    ("page", "text", "URL of the page, of a browser's event"),
    ("referer", "text", "URL of the page before it"),
    ("ip", "text", "the learner's address"),
    ("agent", "text", "the learner's browser"),
    ("parent_data", "document", "names and places of the chapter, sequential and vertical above"),
    ("metadata", "document", "the block's metadata in the course structure"),
    ("site", "text", "`edx` or `edge`"),
    ("load_file", "text", "the file that brought it"),
    ("load_date", "date", "when it was loaded"),
)
"""Name, type and meaning of the fields, those that are used most first."""

_QUERY = """\
```js
// mongosh "mongodb://USER:PASSWORD@HOST:27017/?authSource=admin"
use McGillX_CHEM181x_1T2014   // the course's database: `database` in the newest metadata
// the ten most played videos
db.tracking.aggregate([
  {$match: {event_type: "play_video", module_id: {$exists: true}}},
  {$group: {_id: "$module_id", plays: {$sum: 1}}},
  {$sort: {plays: -1}}, {$limit: 10}])
```"""


def tracking_metadata() -> dict[str, Any]:
    """The columns of a course's tracking, an example query, and the form of a connection string."""
    personal = personal_fields(TRACKING) or {}
    columns = [
        table_column(name, kind, meaning, str(personal.get(name, "")))
        for name, kind, meaning in _FIELDS
    ]
    return {
        "dagster/column_schema": TableSchema(columns=columns),
        "example_query": MetadataValue.md(_QUERY),
    }
