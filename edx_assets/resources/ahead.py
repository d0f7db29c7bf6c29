"""Processing one item while the next is prepared: writing a batch while the next is read, say."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Yield each item with the result of `work`, in order; `work` runs while the next is prepared.

    `work` runs in a thread of its own, one call at a time. At most two items are in memory.

    Raises:
        Whatever `items` or `work` raise; an item that is in progress is finished first.
    """
    before: tuple[Item, Future[Result]] | None = None
    with ThreadPoolExecutor(1) as worker:
        for item in items:
            if before:
                yield before[0], before[1].result()
            before = item, worker.submit(work, item)
        if before:
            yield before[0], before[1].result()
