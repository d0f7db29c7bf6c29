"""The files of which a course's tracking holds shares, as the ledger keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass

from edx_assets.loading.courses.binding import Share
from edx_assets.loading.courses.window_files import Marks
from edx_assets.loading.ledger import TRACKING_FILES
from edx_assets.resources.store import Store


@dataclass
class Extracted:
    """A file's share in a course's tracking, and the file's mark when it was extracted."""

    mark: str
    share: Share


Files = dict[str, Extracted]


def extracted_files(store: Store, partition: str) -> Files:
    """What was noted last; nothing where nothing was."""
    entry = store.get(TRACKING_FILES, partition)
    rows = entry["files"] if entry else []
    return {file: Extracted(mark, Share(*share)) for file, mark, *share in rows}


def note_files(store: Store, partition: str, files: Files) -> None:
    """Note the files: each a row (name, mark, share), for a course can have thousands."""
    rows = [[file, each.mark, *each.share.row()] for file, each in sorted(files.items())]
    store.put(TRACKING_FILES, {"_id": partition, "files": rows})


def marks_of(files: Files) -> Marks:
    """The marks alone."""
    return {file: each.mark for file, each in files.items()}


def events_of(files: Iterable[Extracted]) -> int:
    """How many events files' shares are."""
    return sum(each.share.events for each in files)
