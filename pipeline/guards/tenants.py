"""The source guard's checks of one organization's rows in a shared table: their words and their ids.

The shares of a whole table reveal nothing about a small organization. Counts are those of the sampled rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipeline.guards.findings import Finding, found, listed
from pipeline.guards.known_words import known_words_of
from pipeline.guards.references import references_of
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard


def judge_tenants_words(
    now: TableProfile, before: TableProfile | None, guards: Mapping[str, Guard]
) -> Iterator[Finding]:
    """Find organizations whose words changed, and new ones of whose words the rules know none."""
    for column, tenants in now.tenants_words.items():
        known = known_words_of(now.name, column)
        for organization_id, words in tenants.items():
            was = before.tenants_words.get(column, {}).get(organization_id) if before is not None else None
            place, one = f"{now.name}.{column}", int(organization_id)
            if was is None and known and not any(word.lower() in known for word in words):
                guard = guards["unknown_words"]
                says = f"the rules know none of its words; they know {listed(sorted(known))}"
                yield found(guard, "warn", place, says, now=listed(words), organization_id=one)
            if was is not None:
                yield from _moved_words(place, one, words, was, guards["moved_words"])


def _moved_words(
    place: str, organization_id: int, words: Mapping[str, int], was: Mapping[str, int], guard: Guard
) -> Iterator[Finding]:
    """Find the word whose share changed most, unless the organization has grown much and may use other words."""
    cells, cells_before = sum(words.values()), sum(was.values())
    if cells * 100 > cells_before * (100 + guard.thresholds["most_growth"]):
        return
    shares = {
        word: (Decimal(100 * was.get(word, 0)) / cells_before, Decimal(100 * words.get(word, 0)) / cells)
        for word in {*words, *was}
    }
    word = max(sorted(shares), key=lambda each: abs(shares[each][1] - shares[each][0]))
    before, now = shares[word]
    if abs(now - before) >= guard.thresholds["warn_points"]:
        says = f"the share of its word '{word[:40]}' changed"
        yield found(
            guard, "warn", place, says, before=f"{before:.0f} %", now=f"{now:.0f} %", organization_id=organization_id
        )


def judge_tenants_ids(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find organizations most of whose ids match no row, unless they did not at the last publication."""
    for reference in references_of(now.name):
        lost = now.lost_tenants.get(reference.column, {})
        was = before.lost_tenants.get(reference.column, {}) if before is not None else {}
        for organization_id, share in lost.items():
            if share > guard.thresholds["warn"] and organization_id not in was:
                says = f"many of its ids match no row of {reference.targets[0].name}"
                place, one = f"{now.name}.{reference.column}", int(organization_id)
                yield found(guard, "warn", place, says, now=f"{share} %", organization_id=one)
