"""The register of forgotten people: keyed hashes of their ids, e-mail addresses and names, in the state folder.

It contains nobody's address, name or id, so that it can be kept for as long as sources may still contain the person.
The replacements reveal nothing either: a label with the number of the entry, an id derived from the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

Role = Literal["stakeholder", "user"]

_FIRST_NEW_ID: Final = 700_000_000_000_000
"""New ids are above it, at most 2 ** 48 of them: whole numbers that JSON and spreadsheets represent exactly."""
_EMAIL: Final = re.compile(r"[\w.+\-%']+@[\w\-]+(?:\.[\w\-]+)+")
_WHOLE_NUMBER: Final = re.compile(r"(?<![\w.])(?P<id>\d{1,18})(?![\w.])")
_WORD: Final = re.compile(r"[^\W_]+(?:(?:['’\-]|&#39;)[^\W_]+)*")
"""A word of a name, such as `Lee`, `O'Neil`, `Smith-Jones`, or `O&#39;Neil` on a page."""


@dataclass(frozen=True)
class Known:
    """What identifies a person while the warehouse forgets them; it is only in memory."""

    ids: frozenset[tuple[Role, int, int]] = frozenset()
    """Role, organization and id."""
    emails: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    organizations: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Entry:
    """One person of the register. `day` is when they were forgotten; everything but the organizations is hashes."""

    entry: str
    day: str
    organizations: tuple[int, ...]
    ids: tuple[str, ...]
    emails: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    """The words of each name, in their order."""
    is_complete: bool = False

    @property
    def mark(self) -> str:
        """A hash of everything by which the person is recognised."""
        return hashlib.sha256(json.dumps(self._known_by).encode()).hexdigest()

    @property
    def _known_by(self) -> tuple[Any, ...]:
        return (self.entry, self.organizations, self.ids, self.emails, self.names)

    @property
    def label(self) -> str:
        """The replacement of the person's name or address."""
        return f"[forgotten {self.entry}]"


@dataclass(frozen=True)
class Forgotten:
    """The register: its entries, and the secret of its hashes."""

    entries: tuple[Entry, ...] = ()
    key: bytes = field(default=b"", repr=False)
    crm_organization_id: int = 0

    def __bool__(self) -> bool:
        """Return whether anyone is forgotten."""
        return bool(self.entries)

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of all entries."""
        return tuple(one.mark for one in self.entries)

    @property
    def interrupted(self) -> frozenset[str]:
        """The marks of people whom `warehouse forget` has not finished forgetting."""
        return frozenset(one.mark for one in self.entries if not one.is_complete)

    @cached_property
    def fingerprint(self) -> tuple[str, ...]:
        """A value that changes with the register and its rules; empty while nobody is forgotten."""
        if not self.entries:
            return ()
        content = json.dumps(self.marks)
        code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("forgotten*.py")))
        return (hashlib.sha256(content.encode() + code).hexdigest(),)

    def of(self, organization_id: int) -> OrganizationForgotten:
        """Return the forgotten people of an organization."""
        known = self._by_organization.get(organization_id)
        if known is None:
            entries = [one for one in self.entries if organization_id in one.organizations]
            known = OrganizationForgotten(self, organization_id, entries)
            self._by_organization[organization_id] = known
        return known

    @cached_property
    def _by_organization(self) -> dict[int, OrganizationForgotten]:
        return {}

    def without_people(self, texts: Any) -> Any:
        """Return an array of texts of any organization without forgotten people's addresses, names and ids."""
        if not self.entries or not len(texts):
            return texts
        import pyarrow as pa  # late: the command line reads the register before its helpers have started

        new = {text: self.without(text, with_ids=True) for text in texts.unique().to_pylist() if text is not None}
        return pa.array([None if text is None else new[text] for text in texts.to_pylist()], pa.string())

    def without(self, text: str, *, with_ids: bool = False) -> str:
        """Return a text of any organization without forgotten people; with `with_ids` also without their ids."""
        for one in {one for entry in self.entries for one in entry.organizations}:
            own = self.of(one)
            text = own.without(text)
            text = own.without_ids(text) if with_ids else text
        return text

    def hashed(self, *parts: str | int) -> str:
        """Hash facts about a person with the secret."""
        return hmac.digest(self.key, "\0".join(map(str, parts)).encode(), "sha256").hex()[:32]

    def find(self, known: Known) -> Entry | None:
        """Return the entry that has one of a person's ids or addresses."""
        ids, emails = set(self._ids(known)), {self.hashed("email", email) for email in known.emails}
        for one in self.entries:
            if not ids.isdisjoint(one.ids) or not emails.isdisjoint(one.emails):
                return one
        return None

    def with_person(self, known: Known, day: str) -> tuple[Forgotten, Entry]:
        """Return the register with a person, or with new facts about one in it, and the person's entry."""
        before = self.find(known)
        orders = {tuple(words) for name in known.names for words in _orders_of(name)}
        names = {tuple(self.hashed("word", word) for word in words) for words in orders}
        entry = Entry(
            before.entry if before else secrets.token_hex(4),
            before.day if before else day,
            tuple(sorted({*known.organizations, *(before.organizations if before else ())})),
            tuple(sorted({*self._ids(known), *(before.ids if before else ())})),
            tuple(sorted({*(self.hashed("email", one) for one in known.emails), *(before.emails if before else ())})),
            tuple(sorted({*names, *(before.names if before else ())})),
        )
        return replace(self, entries=(*(one for one in self.entries if one != before), entry)), entry

    def with_entry(self, entry: Entry) -> Forgotten:
        """Replace the entry with the same number."""
        return replace(self, entries=tuple(entry if one.entry == entry.entry else one for one in self.entries))

    def _ids(self, known: Known) -> Iterator[str]:
        return (self.hashed("id", *one) for one in known.ids)


class OrganizationForgotten:
    """The forgotten people of one organization, prepared for searching."""

    def __init__(self, register: Forgotten, organization_id: int, entries: Sequence[Entry]) -> None:
        self._register = register
        self._organization_id = organization_id
        self._ids = {one for entry in entries for one in entry.ids}
        self._emails = {one: entry.label for entry in entries for one in entry.emails}
        self._names: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for entry in entries:
            for words in entry.names:
                self._names.setdefault(words[0], []).append((words, entry.label))
        self._words: dict[str, str] = {}
        self._new_ids: dict[tuple[Role, int], int | None] = {}
        self._texts: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Return whether anyone is forgotten in it."""
        return bool(self._ids or self._emails or self._names)

    def new_ids(self, role: Role, ids: Iterable[int | None]) -> dict[int, int]:
        """Return the new ids of those of these ids that belong to forgotten people."""
        found = {}
        for one in (one for one in ids if one is not None):
            if (role, one) not in self._new_ids:
                self._new_ids[role, one] = self._new_id(role, one)
            if (new := self._new_ids[role, one]) is not None:
                found[one] = new
        return found

    def _new_id(self, role: Role, one: int) -> int | None:
        if self._register.hashed("id", role, self._organization_id, one) not in self._ids:
            return None
        digest = self._register.hashed("new id", role, self._organization_id, one)
        return _FIRST_NEW_ID + int(digest[:12], 16)

    def without(self, text: str) -> str:
        """Replace the addresses and whole names of forgotten people in a text by labels."""
        known = self._texts.get(text)
        if known is None:
            known = self._without_names(_EMAIL.sub(self._without_email, text)) if len(text) > 2 else text
            if len(self._texts) < _MOST_TEXTS:
                self._texts[text] = known
        return known

    def without_ids(self, text: str, pattern: re.Pattern[str] = _WHOLE_NUMBER) -> str:
        """Replace the ids of forgotten people by 0 among the numbers that `pattern` finds."""

        def without(found: re.Match[str]) -> str:
            number = int(found["id"])
            is_theirs = any(self.new_ids(role, [number]) for role in ("stakeholder", "user"))
            return found[0].replace(found["id"], "0") if is_theirs else found[0]

        return pattern.sub(without, text)

    def is_person(self, *parts: str | None) -> bool:
        """Return whether a text, such as an address or a first and last name, only names a forgotten person."""
        text = " ".join(part.strip() for part in parts if part)
        return bool(text) and re.fullmatch(r"\[forgotten [0-9a-f]{8}\]", self.without(text)) is not None

    def _without_email(self, found: re.Match[str]) -> str:
        return self._emails.get(self._register.hashed("email", found[0].lower()), found[0])

    def _without_names(self, text: str) -> str:
        if not self._names or len(text) < _SHORTEST_NAME:
            return text
        words = list(_WORD.finditer(text))
        hashes = [self._hash_of(_normal_word(found[0])) for found in words]
        parts, end, at = [], 0, 0
        while at < len(words):
            match = next(
                (
                    (name, label)
                    for name, label in self._names.get(hashes[at], ())
                    if tuple(hashes[at : at + len(name)]) == name and (len(name) > 1 or len(words) == 1)
                ),
                None,
            )
            if match is None:
                at += 1
                continue
            name, label = match
            parts += [text[end : words[at].start()], label]
            end = words[at + len(name) - 1].end()
            at += len(name)
        return "".join(parts) + text[end:]

    def _hash_of(self, word: str) -> str:
        if word not in self._words:
            self._words[word] = self._register.hashed("word", word)
        return self._words[word]


NOBODY: Final = Forgotten()
_SHORTEST_NAME: Final = 2
_MOST_TEXTS: Final = 100_000


def normal_email(text: str) -> str:
    """Return an address in the form in which it is compared."""
    return text.strip().lower()


def _normal_word(word: str) -> str:
    """Return a word of a name in the form in which it is compared."""
    return word.replace("&#39;", "'").replace("’", "'").casefold()


def _orders_of(name: str) -> Collection[Sequence[str]]:
    """Return the words of a name in their order, and with the last one first, as in `Lee, Ann`."""
    words = [_normal_word(found[0]) for found in _WORD.finditer(name)]
    if len(words) < 2:
        return [words] if words else []
    return [words, [words[-1], *words[:-1]]]
