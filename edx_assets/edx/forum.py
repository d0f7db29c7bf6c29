"""The forum: mongoexport's JSON lines, a thread or a comment each."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from bson.json_util import JSONOptions, loads

from edx_assets.edx.lines import BadLine, numbered

_OPTIONS: Any = JSONOptions(tz_aware=True, tzinfo=UTC)


def read_forum(lines: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
    """Each post with its ids as ObjectIds and its dates as dates, or as a `BadLine`.

    `$date` is understood as integer milliseconds, as an ISO string and as `{"$numberLong": …}`:
    mongoexport wrote each in its time.
    """
    for number, line in numbered(lines):
        if not line.strip():
            yield BadLine(number, "blank", line)
            continue
        try:
            post = loads(line.decode("utf-8", "replace"), json_options=_OPTIONS)
        except Exception:  # of eight classes, where a value is not what its `$name` says
            yield BadLine(number, "not_json", line)
            continue
        if isinstance(post, dict) and "_id" in post:
            yield post
        else:
            yield BadLine(number, "not_a_post", line)
