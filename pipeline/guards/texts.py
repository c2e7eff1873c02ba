"""Compares the texts of a source table with the last publication: words that are gone, long texts that were cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipeline.guards.findings import Finding, found, listed
from pipeline.guards.known_words import is_looked_for
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard


def judge_words(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find words that many cells of a column had and none has now, and renamed words that the rules look for."""
    for column, earlier in before.words.items():
        words = now.words.get(column)
        if not words:  # the guard lost_column reports a column without values
            continue
        new = {word: cells for word, cells in words.items() if word not in earlier}
        lost = [
            word
            for word, cells in earlier.items()
            if word not in words
            and (
                _is_common(cells, earlier, guard)
                or (is_looked_for(now.name, column, word) and _is_renamed(cells, new, guard))
            )
        ]
        if lost:
            says = "a word of the column is gone" if len(lost) == 1 else f"{len(lost)} words of the column are gone"
            is_now = f"the new words {listed(new)}" if new else "no new word"
            yield found(guard, "warn", f"{now.name}.{column}", says, before=listed(lost), now=is_now)


def _is_common(cells: int, words: Mapping[str, int], guard: Guard) -> bool:
    share = Decimal(100 * cells) / sum(words.values())
    return cells >= guard.thresholds["least"] and share >= guard.thresholds["warn"]


def _is_renamed(cells: int, new: Mapping[str, int], guard: Guard) -> bool:
    """Return whether a new word has about as many cells as the lost one had."""
    return cells >= guard.thresholds["least_renamed"] and any(cells <= 2 * n <= 4 * cells for n in new.values())


def judge_lengths(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find texts that were cut: the longest is shorter than before, and many cells have exactly that length."""
    for column, length in now.longest.items():
        was, cells = before.longest.get(column, 0), now.at_longest[column]
        share = Decimal(100 * cells) / now.values[column]
        if length < was and cells >= guard.thresholds["least"] and share >= guard.thresholds["warn"]:
            says = "many of its texts end at the same length"
            longest, is_now = f"{was:,} characters at most", f"{length:,}, {cells:,} of {now.values[column]:,} texts"
            yield found(guard, "warn", f"{now.name}.{column}", says, before=longest, now=is_now)
