"""The forum: JSON lines written by mongoexport, one per thread or comment."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from bson.json_util import JSONOptions, loads

from edx_assets.edx.lines import BadLine, numbered
from edx_assets.edx.reasons import Reason
from edx_assets.edx.user_ids import user_id_of

_OPTIONS: Any = JSONOptions(tz_aware=True, tzinfo=UTC)


def read_forum(lines: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
    """Each post, with ids as ObjectIds and dates as dates, or a `BadLine`.

    `$date` can be integer milliseconds, an ISO string or `{"$numberLong": …}`: different versions
    of mongoexport wrote all three.
    """
    for number, line in numbered(lines):
        if not line.strip():
            yield BadLine(number, Reason.BLANK, line)
            continue
        try:
            post = loads(line.decode("utf-8", "replace"), json_options=_OPTIONS)
        except Exception:  # one of eight classes, if a value does not match its `$name`
            yield BadLine(number, Reason.NOT_JSON, line)
            continue
        if isinstance(post, dict) and "_id" in post:
            yield _with_user_ids(post)
        else:
            yield BadLine(number, Reason.NOT_A_POST, line)


def _with_user_ids(post: dict[str, Any]) -> dict[str, Any]:
    """The post with user ids as integers, as in the tables; the forum stores them as text."""
    for document, name in ((post, "author_id"), (post.get("endorsement"), "user_id")):
        if isinstance(document, dict):
            user_id = user_id_of(document.get(name))
            if user_id is not None:
                document[name] = user_id
    return post
