"""What a source table's texts show beside those of the last run: words that are gone, long texts that are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

_SHOWN: Final = 5
"""Words that a finding names."""


def judge_words(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find words that a good part of a column's cells had and none has any more."""
    for column, earlier in before.words.items():
        words = now.words.get(column)
        if not words:  # the guard lost_column reports a column without values
            continue
        lost = [
            word
            for word, cells in earlier.items()
            if word not in words
            and cells >= guard.thresholds["least"]
            and Decimal(100 * cells) / sum(earlier.values()) >= guard.thresholds["warn"]
        ]
        if lost:
            says = "a word of the column is gone" if len(lost) == 1 else f"{len(lost)} words of the column are gone"
            new = listed(word for word in words if word not in earlier)
            is_now = f"the new words {new}" if new else "no new word"
            yield found(guard, "warn", f"{now.name}.{column}", says, before=listed(lost), now=is_now)


def judge_lengths(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find long texts that are cut: the longest is shorter than it was, and many cells are exactly that long."""
    for column, length in now.longest.items():
        was, cells = before.longest.get(column, 0), now.at_longest[column]
        share = Decimal(100 * cells) / now.values[column]
        if length < was and cells >= guard.thresholds["least"] and share >= guard.thresholds["warn"]:
            says = "many of its texts end at the same length"
            longest, is_now = f"{was:,} characters at most", f"{length:,}, {cells:,} of {now.values[column]:,} texts"
            yield found(guard, "warn", f"{now.name}.{column}", says, before=longest, now=is_now)


def listed(words: Iterable[str]) -> str:
    """Name some words: `'positive', 'negative'`."""
    named = [f"'{word[:40]}'" for word in words]
    more = len(named) - _SHOWN
    return ", ".join(named[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
