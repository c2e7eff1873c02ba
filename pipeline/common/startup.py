"""Speeds up imports: without garbage collection, and without slow optional libraries that we do not use."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from pipeline.common.errors import Interruptions


@contextmanager
def quick_imports() -> Iterator[None]:
    """Disable garbage collection in the block, and freeze what it loads; interruptions are delayed until its end.

    Loaded modules stay in memory, and scanning them costs CPU: imports take 0.94 s instead of 1.12 in a run, and 1.95 s
    instead of 2.25 in the audit (2026-11-28, median of three).
    """
    with Interruptions.put_off():
        gc.disable()
        try:
            yield
        finally:
            gc.freeze()
            gc.enable()


class _Hider(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self.names:
            raise ModuleNotFoundError(f"{fullname} is hidden from this process", name=fullname)
        return None


def hide(*names: str) -> None:
    """Make the import of these modules fail from now on, as if they were not installed."""
    sys.meta_path.insert(0, _Hider(names))
