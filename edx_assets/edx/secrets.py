"""Credentials of other services in a course's settings: which fields hold them, and their removal.

A study needs none of them, and its database is copied and handed on.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

SECRET_FIELDS = (
    # openedx-platform, xmodule/course_block.py: `id:key:secret` of each LTI tool of the course
    "lti_passports",
    # the same: {"course_video_upload_token": …}; edX redacts both in the exports that it hands on
    # (edx-analytics-pipeline, obfuscation of course packages)
    "video_upload_pipeline",
    "course_video_upload_token",
    # openedx-platform, xmodule/modulestore/inheritance.py: key of a server for content questions
    "xqa_key",
    # xblock-lti-consumer, lti_xblock.py: a private RSA key among the block's settings
    "lti_1p3_block_key",
    # xblock-lti-consumer, models.py (LtiConfiguration), also posted by Studio's pages for live
    # sessions and discussions
    "lti_1p1_client_secret",
    "lti_1p3_private_key",
    # OAuth 1 and 2, as other blocks call them
    "oauth_consumer_secret",
    "consumer_secret",
    "client_secret",
    # RecommenderXBlock, recommender.py: `s3_configuration`
    "aws_secret_key",
    "aws_secret_access_key",
)

_LEVELS = 200  # deeper than any document that can be stored: what is below is left out
REMOVED = "removed"
_FIELDS = frozenset(SECRET_FIELDS)
_IN_TEXT = re.compile(rf"(?<=[\"'])(?:{'|'.join(SECRET_FIELDS)})\\*[\"']\s*:\s*")
"""A field's name in JSON, which may be in a string of JSON, or in Python's notation.

It begins at the name: from each backslash on, a row of them would take the square of its length.
"""


def _after_underscore(name: str) -> str:
    return f"{name.partition('_')[2]}(?<={name})"


_ANY_NAME = f"_(?:{'|'.join(map(_after_underscore, SECRET_FIELDS))})"
"""Any of the names. All have an underscore, and it is rare: begun with it, the search takes a
quarter of the time."""
_NAME_IN_LINE = re.compile(_ANY_NAME.encode())
_NAME_IN_TEXT = re.compile(_ANY_NAME)


def may_have_secrets(line: bytes) -> bool:
    """Whether a raw line is worth a closer look."""
    return _NAME_IN_LINE.search(line) is not None


def text_may_have_secrets(text: str) -> bool:
    """The same of a text."""
    return _NAME_IN_TEXT.search(text) is not None


def without_secrets(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without fields of credentials, at any depth, and in strings of JSON as well."""
    return {key: _without(value, _LEVELS) for key, value in mapping.items() if key not in _FIELDS}


def _without(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return text_without_secrets(value)
    if not isinstance(value, dict | list):
        return value
    if not levels:
        return None
    if isinstance(value, list):
        return [_without(item, levels - 1) for item in value]
    return {key: _without(v, levels - 1) for key, v in value.items() if key not in _FIELDS}


def text_without_secrets(text: str) -> str:
    """The text without such fields; one that is no JSON (cut short, say) ends before the value."""
    if not text_may_have_secrets(text):
        return text
    try:
        parsed = orjson.loads(text)
        found = _without(parsed, _LEVELS)
        return text if found == parsed else orjson.dumps(found).decode()
    except (ValueError, RecursionError):
        field = _IN_TEXT.search(text)
        return f"{text[: field.end()]}{REMOVED}" if field else text


def bytes_without_secrets(line: bytes) -> bytes:
    """The same of a raw line, in any encoding that contains ASCII."""
    if not may_have_secrets(line):
        return line
    text = line.decode("utf-8", "surrogateescape")
    return text_without_secrets(text).encode("utf-8", "surrogateescape")
