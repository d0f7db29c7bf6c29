"""The ledger's list of files that a course's tracking was extracted from, with their shares."""

from collections.abc import Iterable
from dataclasses import dataclass

from edx_assets.loading.courses.binding import Share
from edx_assets.loading.courses.window_files import Marks
from edx_assets.loading.ledger import TRACKING_FILES
from edx_assets.resources.store import Store


@dataclass
class Extracted:
    """A file's share of a course's tracking, and the file's mark when it was extracted."""

    mark: str
    share: Share


Files = dict[str, Extracted]


def extracted_files(store: Store, partition: str) -> Files:
    """The files recorded at the last extraction; empty if there was none."""
    entry = store.get(TRACKING_FILES, partition)
    rows = entry["files"] if entry else []
    return {file: Extracted(mark, Share(*share)) for file, mark, *share in rows}


def note_files(store: Store, partition: str, files: Files) -> None:
    """Record the files, each as a row (name, mark, share): a course can have thousands."""
    rows = [[file, each.mark, *each.share.row()] for file, each in sorted(files.items())]
    store.put(TRACKING_FILES, {"_id": partition, "files": rows})


def marks_of(files: Files) -> Marks:
    """The files' marks."""
    return {file: each.mark for file, each in files.items()}


def events_of(files: Iterable[Extracted]) -> int:
    """The number of events in the shares of some files."""
    return sum(each.share.events for each in files)
