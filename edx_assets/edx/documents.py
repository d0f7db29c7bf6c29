"""BSON documents assembled from encoded elements (https://bsonspec.org/spec.html)."""

from struct import Struct

_length = Struct("<i").pack


def document_of(elements: bytes) -> bytes:
    """A document from its encoded elements."""
    return _length(len(elements) + 5) + elements + b"\0"


def elements_of(document: bytes) -> bytes:
    """A document's encoded elements."""
    return document[4:-1]
