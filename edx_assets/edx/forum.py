"""The forum: JSON lines written by mongoexport, one per thread or comment."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from bson import Regex
from bson.json_util import JSONOptions, object_pairs_hook

from edx_assets.edx.lines import BadLine, LongLine, Row, numbered, row_of
from edx_assets.edx.reasons import Reason
from edx_assets.edx.user_ids import user_id_of
from edx_assets.edx.values import read_json

_OPTIONS: Any = JSONOptions(tz_aware=True, tzinfo=UTC)

_OF_POST = ("author_id", "closed_by_id", "closed_by", "deleted_by")
_LISTS = ("abuse_flaggers", "historical_abuse_flaggers")
_WITHIN = {
    "votes": ("up", "down"),
    "endorsement": ("user_id",),
    "edit_history": ("author_id",),
    "at_position_list": ("user_id",),
}
"""Fields that hold user ids. Sources: the models of cs_comments_service (`content.rb`,
`comment.rb`, `comment_thread.rb`, `edit_history.rb`, `at_user_observer.rb`) and of openedx/forum.
What readers have seen (`read_states`) is of users, who are not in the export."""


def read_forum(lines: Iterable[bytes]) -> Iterator[Row | BadLine]:
    """Each post, with ids as ObjectIds and dates as dates, or a `BadLine`.

    `$date` can be integer milliseconds, an ISO string or `{"$numberLong": …}`: different versions
    of mongoexport wrote all three. A value that does not match its `$name` stays an object.
    """
    for number, line in numbered(lines):
        if type(line) is LongLine:
            yield BadLine(number, Reason.LINE_TOO_LONG, line)
            continue
        text = line.decode("utf-8", "replace").removeprefix("\ufeff")
        if not text.strip():
            yield BadLine(number, Reason.BLANK, line)
            continue
        try:
            post = read_json(text, pairs=_value)
        except ValueError:
            yield BadLine(number, Reason.NOT_JSON, line)
            continue
        if isinstance(post, dict) and "_id" in post and not _unread(post["_id"]):
            yield row_of(number, line, _with_user_ids(post))
        else:
            yield BadLine(number, Reason.NOT_A_POST, line)


def _value(pairs: list[tuple[str, Any]]) -> Any:
    """An object of extended JSON as the BSON value that it stands for, or as it is."""
    try:
        return object_pairs_hook(pairs, _OPTIONS)
    except Exception:  # one of eight classes, if a value does not match its `$name`
        return dict(pairs)


def _unread(post_id: Any) -> bool:
    """Whether an `_id` is one that MongoDB refuses: `{"$oid": "no id"}`, a list, a pattern."""
    if isinstance(post_id, dict):
        return any(name.startswith("$") for name in post_id)
    return isinstance(post_id, list | Regex)


def _with_user_ids(post: dict[str, Any]) -> dict[str, Any]:
    """The post with user ids as integers, as in the tables; the forum stores them as text."""
    for name in (*_OF_POST, *_LISTS):
        _as_integers(post, name)
    for name, fields in _WITHIN.items():
        held = post.get(name)
        for each in held if isinstance(held, list) else [held]:
            for field in fields:
                _as_integers(each, field)
    return post


def _as_integers(document: Any, name: str) -> None:
    """Make a field's user id, or its list of user ids, integers; what is none stays as it is."""
    if not isinstance(document, dict) or name not in document:
        return
    value = document[name]
    if isinstance(value, list):
        document[name] = [_integer(each) for each in value]
    else:
        document[name] = _integer(value)


def _integer(value: Any) -> Any:
    user_id = user_id_of(value)
    return value if user_id is None else user_id
