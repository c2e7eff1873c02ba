"""Hides installed libraries from this process: slow ones that others import where they are, and that we don't use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


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
