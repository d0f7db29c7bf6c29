"""Rows of a package that is being loaded, without retired learners.

What is loaded already is in `rows`.
"""

from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.lines import BadLine, Row, row_of
from edx_assets.edx.retired import Retired
from edx_assets.edx.retired_rows import (
    identifiers_in,
    is_in_raw,
    is_own,
    keys_of,
    without_retired,
)


class RetiredRows:
    """Leaves out rows of retired learners, and remembers what other rows know them by.

    Args:
        retired: the retired learners.
        collection: the collection that the rows are for.
        partition: the course's partition key.

    Attributes:
        keys: the hashes of the keys of the rows that were left out.
        learners: the identifiers in rows of retired learners.
        met: whether any row is one's, or names one.
    """

    def __init__(self, retired: Retired, collection: str, partition: str) -> None:
        self._retired, self._collection, self._partition = retired, collection, partition
        self.keys: set[bytes] = set()
        self.learners = Identifiers()
        self.met = False

    def left(self, row: Row | BadLine) -> Row | BadLine | None:
        """What is left of a row without retired learners; None if nothing is."""
        if isinstance(row, BadLine):
            return None if self.is_in(row.raw) else row
        told = without_retired(self._retired, self._collection, self._partition, row)
        if told is row:
            return row
        self.met = True
        if is_own(self._retired, self._collection, row):
            self.learners |= identifiers_in(self._collection, row)
        if told is None:
            self.keys |= key_hashes(self._retired, self._collection, self._partition, row)
            return None
        return row_of(row.number, row.raw, told)

    def is_in(self, raw: bytes) -> bool:
        """Whether a line that cannot be loaded is a retired learner's, or names one."""
        found = is_in_raw(self._retired, self._collection, raw)
        self.met |= found
        return found


def key_hashes(
    retired: Retired, collection: str, partition: str, row: dict[str, object]
) -> set[bytes]:
    """The hashes of the keys by which rows of other tables refer to a row."""
    return {retired.row_hash(f"{partition} {of}", value) for of, value in keys_of(collection, row)}
