"""BSON documents: MongoDB's limits, and documents assembled from encoded elements.

Sources: https://bsonspec.org/spec.html, https://www.mongodb.com/docs/manual/reference/limits/
"""

from struct import Struct

MAX_DOCUMENT = 16 * 1024 * 1024  # bytes: MongoDB's limit for one document
MAX_DEPTH = 100  # levels of objects and arrays: MongoDB's limit; a browser can send more

_length = Struct("<i").pack


def document_of(elements: bytes) -> bytes:
    """A document from its encoded elements."""
    return _length(len(elements) + 5) + elements + b"\0"


def elements_of(document: bytes) -> bytes:
    """A document's encoded elements."""
    return document[4:-1]


def within(before: bytes, document: bytes, after: bytes) -> bytes:
    """A document with more elements before and after its own."""
    length = len(before) + len(document) + len(after)
    # joined, it is copied once: `+` copies it three times, which takes twice as long
    return b"".join((_length(length), before, document[4:-1], after, b"\0"))
