"""Iterating one step ahead: no item is lost or reordered, and errors come at their place."""

import threading
from collections.abc import Iterator

import pytest

from pipeline.common.read_ahead import read_ahead


@pytest.mark.parametrize("items", [[], [1], [3, 1, 2], [None, None]])
def test_all_items_come_in_order(items: list[object]) -> None:
    assert list(read_ahead(iter(items))) == items


def test_the_next_item_is_made_while_one_is_in_use() -> None:
    begun = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        begun.set()
        yield 2

    ahead = read_ahead(items())
    next(ahead)
    assert begun.wait(timeout=60)
    assert list(ahead) == [2]


def test_only_one_item_is_made_ahead() -> None:
    made = []

    def items() -> Iterator[int]:
        for item in range(5):
            made.append(item)
            yield item

    for at, _ in enumerate(read_ahead(items())):
        assert len(made) <= at + 2


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="torn"):
        next(ahead)
