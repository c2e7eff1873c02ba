"""Made-up profiles of source tables for the guards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.guards.findings import Finding
from pipeline.guards.source_guard import judge_sources
from pipeline.guards.source_profile import SourceState, TableProfile
from pipeline.guards.thresholds import guards

THIS_WEEK = datetime(2025, 1, 15, tzinfo=UTC)
LAST_WEEK = datetime(2025, 1, 8, tzinfo=UTC)


def profile(name: str = "crm.accounts", rows: int = 100, **changes: Any) -> TableProfile:
    """Make the profile of a table with this many rows, all loaded, and values in all ids and lmn_crm_ids."""
    source, table = name.split(".")
    columns = ("id", "lmn_crm_id")
    fields: dict[str, Any] = {
        "read": rows,
        "loaded": rows,
        "columns": columns,
        "headers": columns,
        "values": dict.fromkeys(columns, rows),
    }
    return TableProfile(source, table, is_configured=True, **{**fields, **changes})


def judged(
    now: TableProfile | list[TableProfile],
    before: TableProfile | list[TableProfile] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Return the guards' findings for a run's tables compared with last week's."""
    tables = now if isinstance(now, list) else [now]
    earlier = before if isinstance(before, list | None) else [before]
    return judge_sources(
        SourceState(tables, THIS_WEEK), earlier and SourceState(earlier, LAST_WEEK), (), guards(overrides)
    )


def said(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Return each finding's guard, level and place."""
    return [(finding.guard, finding.level, finding.place) for finding in findings]
