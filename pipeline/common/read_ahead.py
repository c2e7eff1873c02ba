"""Iterates one step ahead in a second thread: for items that Arrow or DuckDB produce while Python works."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items in their order, each produced in another thread while the caller uses the previous one."""

    def make_one() -> list[Item]:
        return list(islice(items, 1))

    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(make_one)
        while made := coming.result():
            coming = pool.submit(make_one)
            yield from made
