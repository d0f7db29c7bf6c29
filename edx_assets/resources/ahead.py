"""Doing one thing while the next is made ready: writing a batch, say, while the next is read."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` made of it, in order; one is worked on while the next is made.

    `work` runs in a thread of its own, one call at a time. At most two items are held.

    Raises:
        Whatever `items` or `work` raise; an item that is being worked on is finished before.
    """
    before: tuple[Item, Future[Result]] | None = None
    with ThreadPoolExecutor(1) as worker:
        for item in items:
            if before:
                yield before[0], before[1].result()
            before = item, worker.submit(work, item)
        if before:
            yield before[0], before[1].result()
