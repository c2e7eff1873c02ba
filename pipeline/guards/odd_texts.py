"""Texts that nobody wants in a drop: letters garbled by a wrong encoding, and names of test accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

NAMED: Final = ("lmn.contacts_export", "crm.accounts", "platform.customer")
"""The tables of accounts, which have a column `name`."""


def judge_garbled(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find columns in which most non-English letters are garbled, unless they were at the last publication."""
    for column, cells in now.garbled_texts.items():
        if cells >= guard.thresholds["least"] and (before is None or column not in before.garbled_texts):
            says = "letters are garbled, probably by a wrong encoding"
            yield found(guard, "warn", f"{now.name}.{column}", says, now=f"{cells:,} sampled cells")


def judge_test_rows(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find tables with more accounts that are named as tests than at the last publication."""
    was = before.test_rows if before is not None else 0
    if now.test_rows - was >= guard.thresholds["least"]:
        says = "accounts have names such as 'Test'"
        yield found(guard, "warn", now.name, says, before=f"{was:,} rows", now=f"{now.test_rows:,} sampled rows")
