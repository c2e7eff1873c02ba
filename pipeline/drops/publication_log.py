"""The log of what was published, rolled back, accepted and forgotten: one line per entry, chained by hashes.

Each organization has one file, `publications.jsonl`, next to its drops, and a copy in the state folder. The chain and
the other copy reveal where a log was altered, cut or reordered. Entries are appended, never changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.common.instants import instant_text
from pipeline.drops.catalog import drop_folders, organization_place
from pipeline.drops.manifest import MANIFEST
from pipeline.storage.local_files import write_whole
from pipeline.storage.minisign import SUFFIX, PublicKey, SigningKey
from pipeline.storage.place import Place

LOG: Final = "publications.jsonl"
FIRST: Final = "0" * 64
"""The predecessor hash of the first entry."""

Event = Literal["began", "published", "accepted", "rolled back", "forgot"]


class PublicationLog:
    """The log of one organization; `own` is the folder of the copies in the state folder."""

    def __init__(self, own: Path, exports: Place, organization_id: int, signer: SigningKey | None = None) -> None:
        self.own = own / f"{organization_id}.jsonl"
        self.organization_id = organization_id
        self.drops_folder = organization_place(exports, organization_id)
        self.signer = signer

    def add_publication(self, drop: str, accepted: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """Log a published drop with the findings accepted for it, unless it is already logged."""
        digest = manifest_digest(self.drops_folder, drop)
        lines = self.lines()
        if _drops(lines).get(drop) == digest:
            return
        events: list[tuple[Event, Mapping[str, Any]]] = [] if lines else list(self._beginning(drop))
        events.append(("published", {"drop": drop, "manifest_sha256": digest}))
        for one in accepted:
            facts = {name: one.get(name) for name in ("guard", "place", "who", "why")}
            events.append(("accepted", {"drop": drop, **facts}))
        self._append(events, at)

    def add_forgetting(self, drop: str, was: str, entry: str, at: datetime) -> None:
        """Log a drop that replaces `was` without a forgotten person, unless it is already logged."""
        digest = manifest_digest(self.drops_folder, drop)
        if _drops(self.lines()).get(drop) != digest:
            self.add("forgot", at, {"drop": drop, "entry": entry, "manifest_sha256": digest, "was": was})

    def add(self, event: Event, at: datetime, facts: Mapping[str, Any]) -> None:
        """Append an entry."""
        self._append([(event, facts)], at)

    def _append(self, events: Sequence[tuple[Event, Mapping[str, Any]]], at: datetime) -> None:
        """Append entries to both copies. If these differ, both keep their content; `verify --log` shows where."""
        shared, own = self._shared_lines(), self._own_lines()
        before = (
            shared if shared[: len(own)] == own else own
        )  # another state folder may have appended to the shared log
        lines: list[str] = []
        for event, facts in events:
            listed = [*before, *lines]
            entry = {
                **facts,
                "at": instant_text(at),
                "event": event,
                "number": len(before) + len(lines) + 1,
                "organization_id": self.organization_id,
                "previous": _hash_of(listed[-1]) if listed else FIRST,
            }
            lines.append(_line(entry))
        content = _text([*shared, *lines]).encode()
        if self.signer is not None:
            comment = f"organization {self.organization_id}, {len(before) + len(lines)} entries"
            self.drops_folder.write(f"{LOG}{SUFFIX}", self.signer.sign(content, comment))
        self.drops_folder.write(LOG, content)
        # last: if the process is killed before this, the next entry completes the copy from the one next to the drops
        self.own.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.own, _text([*before, *lines]))

    def lines(self) -> list[str]:
        """Return the lines of the entries: those of the state folder, if it has any."""
        return self._own_lines() or self._shared_lines()

    def faults(self, key: PublicKey | None = None) -> list[str]:
        """List where the log was altered, cut or reordered, and which drops it lacks; nothing if it is intact.

        The copy in the state folder is only compared if it exists; with a `key`, the log must have its signature.
        """
        shared, own = self._shared_lines(), self._own_lines()
        found = chain_faults(shared)
        if own:
            found += [f"the state folder's copy, {fault}" for fault in chain_faults(own)]
            found += _differences(shared, own)
        if key is not None:
            signature = self.drops_folder.read(f"{LOG}{SUFFIX}")
            fault = "missing" if signature is None else key.fault(self.drops_folder.read(LOG) or b"", signature)
            found += [f"{LOG}{SUFFIX}: {fault}"] if fault else []
        return [*found, *self._unknown_drops(shared)]

    def _beginning(self, drop: str) -> Iterator[tuple[Event, Mapping[str, Any]]]:
        """Start a log with the drops that were published before there was one."""
        others = {
            name: manifest_digest(self.drops_folder, name) for name in drop_folders(self.drops_folder) if name != drop
        }
        yield "began", {"drops": {name: digest for name, digest in others.items() if digest}}

    def _unknown_drops(self, lines: Sequence[str]) -> list[str]:
        listed, found = _drops(lines), []
        for name in drop_folders(self.drops_folder):
            digest = manifest_digest(self.drops_folder, name)
            if digest is not None and name not in listed:
                found.append(f"{name}: is published but not in the log: the log was cut, or no run published this drop")
            elif digest is not None and listed[name] != digest:
                found.append(f"{name}: its manifest is not the one that was published")
        return found

    def _shared_lines(self) -> list[str]:
        """Return the lines of the log next to the drops."""
        return (self.drops_folder.read(LOG) or b"").decode("utf-8", "replace").splitlines()

    def _own_lines(self) -> list[str]:
        return self.own.read_text(encoding="utf-8", errors="replace").splitlines() if self.own.exists() else []


def chain_faults(lines: Sequence[str]) -> list[str]:
    """List where a chain of entries was altered, cut or reordered. This does not detect a missing end."""
    entries = [_read(line) for line in lines]
    present = {entry["number"] for entry in entries if entry}
    found, expected, before = [], 1, FIRST
    for place, entry in enumerate(entries, 1):
        if entry is None:
            found.append(f"line {place}: was altered")
            expected, before = expected + 1, ""
            continue
        number = entry["number"]
        if number != expected:
            if number > expected and expected not in present:
                found.append(f"line {place}: {_entries(expected, number - 1)} missing before it: cut")
            else:
                found.append(f"line {place}: is entry {number} instead of entry {expected}: reordered")
        elif before not in ("", entry["previous"]):
            found.append(f"line {place}: does not follow from the line before it: altered")
        expected, before = number + 1, entry["hash"]
    return found


def manifest_digest(drops_folder: Place, drop: str) -> str | None:
    """Return the SHA-256 of a drop's manifest; None if it has none and is therefore no drop."""
    content = drops_folder.child(drop).read(MANIFEST)
    return None if content is None else hashlib.sha256(content).hexdigest()


def _differences(shared: Sequence[str], own: Sequence[str]) -> list[str]:
    """List how the log next to the drops differs from the state folder's copy."""
    for place, (one, other) in enumerate(zip(shared, own, strict=False), 1):
        if one != other:
            return [f"line {place}: differs from the state folder's copy"]
    if len(shared) < len(own):
        return [f"ends after entry {len(shared)}, the state folder's copy has {len(own)}: cut"]
    if len(own) < len(shared):
        return [
            f"the state folder's copy ends after entry {len(own)}, the log next to the drops has {len(shared)}: cut"
        ]
    return []


def _drops(lines: Sequence[str]) -> dict[str, str]:
    """Return the digest of each drop's manifest in the log."""
    listed: dict[str, str] = {}
    for entry in map(_read, lines):
        if entry and entry["event"] == "began":
            listed |= entry["drops"]
        elif entry and entry["event"] in ("published", "forgot"):
            listed[entry["drop"]] = entry["manifest_sha256"]
    return listed


def _read(line: str) -> dict[str, Any] | None:
    """Read an entry; None if it is not in our format."""
    try:
        entry = json.loads(line)
        if _line({name: value for name, value in entry.items() if name != "hash"}) == line and entry["number"] > 0:
            return dict(entry)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return None


def _hash_of(line: str) -> str:
    """Return the hash in an entry, or, if it is not in our format, that of its line."""
    entry = _read(line)
    return str(entry["hash"]) if entry else _digest(line)


def _line(entry: Mapping[str, Any]) -> str:
    """Write an entry with the hash of its content."""
    return _json({**entry, "hash": _digest(_json(entry))})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
