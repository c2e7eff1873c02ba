"""Texts that nobody wrote on purpose: garbled by a wrong encoding, or names of rows that were made to try things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

NAMED: Final = ("lmn.contacts_export", "crm.accounts", "platform.customer")
"""Tables of accounts, which have names."""


def judge_garbled(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find columns in which most letters beyond the English ones are garbled, as they were not when last published."""
    for column, cells in now.garbled_texts.items():
        if cells >= guard.thresholds["least"] and (before is None or column not in before.garbled_texts):
            says = "letters are garbled, as by a wrong encoding"
            yield found(guard, "warn", f"{now.name}.{column}", says, now=f"{cells:,} sampled cells")


def judge_test_rows(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find accounts that have the names of tests, and had not when last published."""
    was = before.test_rows if before is not None else 0
    if now.test_rows - was >= guard.thresholds["least"]:
        says = "accounts have names such as 'Test'"
        yield found(guard, "warn", now.name, says, before=f"{was:,} rows", now=f"{now.test_rows:,} sampled rows")
