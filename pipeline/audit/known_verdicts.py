"""Verdicts that this process has reached before, by the content that they depend on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from pipeline.storage.local_files import content_hash

Made = TypeVar("Made")


class KnownVerdicts:
    """The verdicts of this audit and the previous one in this process.

    A verdict is reused if the bytes of the files, their contract, the rules and the values that these use are the same;
    the caller lists all of it in `content`, with files by their current hashes. With `remembers` off, everything is
    checked and nothing hashed, because the audit of a run is the only one of its process.
    """

    def __init__(self, *, remembers: bool) -> None:
        self._remembers = remembers
        self._before: dict[Hashable, Any] = {}
        self._now: dict[Hashable, Any] = {}

    def begin(self) -> None:
        """Start the next audit: verdicts that the last one did not use are forgotten."""
        self._before, self._now = self._now, {}

    def hashes(self, folders: Mapping[int, Path], *names: str) -> Hashable:
        """Return the hashes of the files of these names in every organization's folder, or None."""
        if not self._remembers:
            return None
        return tuple(
            (organization_id, name, content_hash(folder / name) if (folder / name).exists() else None)
            for organization_id, folder in sorted(folders.items())
            for name in names
        )

    def of(self, content: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made of this content before, else make it."""
        made = self.find(content)
        if made is None:
            made = make()
            self.keep(content, made)
        return cast(Made, made)

    def find(self, content: Hashable) -> Any:
        """Return what was made of this content before, or None."""
        made = self._before.get(content)
        if made is not None:
            self._now[content] = made
        return made

    def keep(self, content: Hashable, made: object) -> None:
        """Keep what was made of this content for the next audit."""
        if self._remembers:
            self._now[content] = made
