"""Work on one item while the next is made: order, overlap, and errors from either side."""

from collections.abc import Iterator
from threading import Event

import pytest

from edx_assets.resources.ahead import ahead


def test_every_item_comes_with_its_result_in_order() -> None:
    assert list(ahead(lambda n: n * n, range(5))) == [(n, n * n) for n in range(5)]
    assert list(ahead(lambda n: n, [])) == []


def test_the_next_item_is_made_while_one_is_worked_on() -> None:
    made = Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    assert list(ahead(lambda _item: made.wait(10), items())) == [(1, True), (2, True)]


def test_an_error_of_the_work_ends_it() -> None:
    taken = []

    def items() -> Iterator[int]:
        for n in range(1, 10):
            taken.append(n)
            yield n

    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda n: 1 // (n - 2), items()))
    assert taken == [1, 2, 3]


def test_an_error_of_the_items_lets_the_work_at_hand_end() -> None:
    done: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        raise KeyError

    with pytest.raises(KeyError):
        list(ahead(done.append, items()))
    assert done == [1]
