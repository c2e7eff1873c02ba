"""Compares the rows of drops with the same rows of the last published drops: stable cells, counts, dates, and keys.

Each organization is compared separately, so that large ones do not hide the fault of a small one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from pipeline.common.scratch_database import numbered_rows, quoted, read_parquet, scratch_connection
from pipeline.guards.drop_figures import DropFiles


@dataclass(frozen=True)
class KeptColumns:
    """An export's key, and its columns by how they change within a week.

    `steady` columns change in few rows, `slow` ones in less than half of them. `rising` ones never fall: counts of past
    events, last dates, and flags that stay true.
    """

    key: tuple[str, ...]
    steady: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    rising: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptRows:
    """The compared rows of an export in the drop before, and what became of them.

    `rows` were compared, and `gone` of them are missing now. Of the remaining rows, `filled` counts each column's cells
    that had a value (counts: above 0), `changed` the cells of steady and slow columns that differ or are empty now, and
    `fallen` the cells of rising columns that are empty or lower now (counts: by more than a tenth).
    """

    rows: int = 0
    gone: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    fallen: Mapping[str, int] = field(default_factory=dict)


def _columns(key: str, steady: str = "", slow: str = "", rising: str = "") -> KeptColumns:
    return KeptColumns(*(tuple(names.split()) for names in (key, steady, slow, rising)))


KEPT: Final[Mapping[str, KeptColumns]] = {
    "account_core": _columns(
        "account_id",
        "crm_id app_id account_name domain parent_account_id",
        "tier_id journey_id status churn_date owner_id contract_start_date",
        "lifecycle_event_qbr lifecycle_event_renewal lifecycle_event_commercial_discussion "
        "lifecycle_event_churn_notification lifecycle_event_churn_risk lifecycle_event_highly_positive "
        "lifecycle_event_extremely_negative lifecycle_event_account_personnel_changes "
        "lifecycle_event_org_personnel_changes lifecycle_event_exec_touchbase lifecycle_event_expansion_opp "
        "lifecycle_event_onboarding last_engagement last_reach_out last_touch last_touch_dm total_activity "
        "stakeholders_count users_count",
    ),
    "account_communication_stats": _columns(
        "account_id",
        rising="total_emails team_sent_emails team_last_sent_email_date account_sent_emails "
        "account_last_sent_email_date email_last_touch_dm email_positive_sentiment email_neutral_sentiment "
        "email_negative_sentiment total_meetings meeting_time_hours last_meeting_date last_dm_meeting_date "
        "total_chat_messages team_sent_chat_messages team_last_sent_chat_date account_sent_chat_messages "
        "account_last_sent_chat_date last_dm_chat_date chat_positive_sentiment chat_neutral_sentiment "
        "chat_negative_sentiment submitted_tickets ticket_comments last_ticket_opened_date",
    ),
    "account_keys": _columns("account_id", "crm_account_id lmn_crm_id", "platform_revenue platform_renewal_date"),
    "account_topic_fact": _columns(
        "account_id topic_id",
        "topic_name parent_topic_name",
        rising="topic_positive_sentiment topic_neutral_sentiment topic_negative_sentiment topic_total_activity "
        "topic_total_emails topic_total_chat topic_total_video topic_total_tickets",
    ),
    "accounts": _columns(
        "id",
        "lmn_crm_id name account_type icp_status address_1 city state postal_code country created_date is_archived",
        "status is_customer is_prospect",
        "archived has_contacts has_completed_scorecard",
    ),
    "estimates": _columns(
        "id",
        "account_id estimate_type division address price_used contract_start contract_end estimate_date archived",
        "status pipeline_status salesperson",
        "is_won",
    ),
    "insight_snapshot": _columns("account_id insight_type", rising="last_detected_date"),
    "lifecycle_event_history": _columns("event_id", "account_id event_type event_date"),
    "meeting_summary": _columns("meeting_id", "account_id meeting_date meeting_duration_minutes"),
    "stakeholder_fact": _columns(
        "stakeholder_id",
        "account_id stakeholder_name stakeholder_type stakeholder_gs_role "
        "stakeholder_touch_frequency stakeholder_muted stakeholder_opted_out",
        rising="stakeholder_last_received_email stakeholder_last_sent_email stakeholder_sent_emails "
        "stakeholder_emails_positive stakeholder_emails_negative stakeholder_emails_neutral "
        "stakeholder_attended_meetings stakeholder_accepted_meetings stakeholder_invited_meetings "
        "stakeholder_last_attended_meeting stakeholder_sent_chat_messages stakeholder_submitted_tickets",
    ),
    "team_dimension": _columns(
        "team_member_id",
        "team_member_email team_member_name team_member_department team_member_has_access "
        "team_member_excluded_from_analysis",
    ),
    "topic_dimension": _columns("topic_id", "topic_name parent_topic_id"),
}
"""The compared columns of each export, without columns that people reorder, scores, and figures that shrink with time.
"""

_WHERE: Final[Mapping[str, str]] = {"price_used": "is_won"}
"""Columns that are only compared in rows where another column was true: the price of an open estimate may change."""
_MOST_COMPARED: Final = 5_000
"""Compared rows per export and drop, at most; larger exports are sampled by the hashes of their keys."""
_BY_NAME: Final = "union_by_name = true"
"""Columns are found by name, because the drop before may have an older contract."""


def measure_kept_rows(now: Mapping[int, DropFiles], before: Mapping[int, DropFiles]) -> dict[int, dict[str, KeptRows]]:
    """Compare organizations' drops with those before; return the figures by organization and export.

    One query serves the drops of many organizations.
    """
    measured: dict[int, dict[str, KeptRows]] = {organization_id: {} for organization_id in now}
    with closing(scratch_connection()) as connection:
        for export, columns in KEPT.items():
            by_size: dict[int, list[tuple[int, Path, Path]]] = defaultdict(list)
            for one, is_now in now.items():
                file, earlier = is_now.parquet.get(export), before[one].parquet.get(export)
                if file is not None and earlier is not None:
                    by_size[pq.read_metadata(earlier).num_rows // _MOST_COMPARED + 1].append((one, file, earlier))
            for every, drops in by_size.items():
                for organization_id, kept in _measure(connection, columns, drops, every):
                    measured[organization_id][export] = kept
    return measured


def _measure(
    connection: duckdb.DuckDBPyConnection, columns: KeptColumns, drops: Sequence[tuple[int, Path, Path]], every: int
) -> Iterator[tuple[int, KeptRows]]:
    """Compare an export's rows in drops of about the same size, one row in `every` of each."""
    files = {"now": [(one, now) for one, now, _ in drops], "before": [(one, before) for one, _, before in drops]}
    known = _columns_of(connection, files["now"]) & _columns_of(connection, files["before"])
    compared = {*columns.key, *columns.steady, *columns.slow, *columns.rising}
    types = {name: kind for name, kind in sorted(known) if name in compared}
    if not types.keys() >= set(columns.key):
        return
    is_sampled = f"hash({', '.join(map(quoted, columns.key))}) % {every} = 0" if every > 1 else "true"
    rows = {
        name: f"(from ({numbered_rows(connection, f'{name}_kept', own, 'drop_of', _BY_NAME)}) where {is_sampled})"
        for name, own in files.items()
    }
    key = ", ".join(["drop_of", *map(quoted, columns.key)])
    names = [name for name in types if name not in columns.key]
    tests = [test for name in names for test in _tests(name, types, columns)]
    found = connection.execute(
        f"select drop_of, count(*), count(*) filter (where now.{quoted(columns.key[0])} is null)"
        f"{''.join(f', count(*) filter (where {test})' for test in tests)} "
        f"from {rows['before']} as before left join {rows['now']} as now using ({key}) group by drop_of"
    ).fetchall()
    for organization_id, compared_rows, gone, *counts in found:
        differing = dict(zip(names, counts[1::2], strict=True))
        yield (
            organization_id,
            KeptRows(
                compared_rows,
                gone,
                dict(zip(names, counts[::2], strict=True)),
                {name: count for name, count in differing.items() if name not in columns.rising},
                {name: count for name, count in differing.items() if name in columns.rising},
            ),
        )


def _columns_of(connection: duckdb.DuckDBPyConnection, files: list[tuple[int, Path]]) -> set[tuple[str, str]]:
    """Return the names and types of the columns that any of the files has."""
    rows = read_parquet([path for _, path in files], _BY_NAME)
    return {(name, kind) for name, kind, *_ in connection.execute(f"describe select * from {rows}").fetchall()}


def _tests(name: str, types: Mapping[str, str], columns: KeptColumns) -> tuple[str, str]:
    """Return two SQL conditions: a row of both drops had a value in the column, and that value changed or fell."""
    was, is_now = f"before.{quoted(name)}", f"now.{quoted(name)}"
    is_kept = f"now.{quoted(columns.key[0])} is not null and {was} is not null"
    kind = types[name]
    if _WHERE.get(name) in types:
        is_kept += f" and before.{quoted(_WHERE[name])}"
    if name not in columns.rising:
        if kind == "VARCHAR":  # case-insensitively, as the rules read texts: a corrected case is no fault
            was, is_now = f"lower({was})", f"lower({is_now})"
        return is_kept, f"{is_kept} and {is_now} is distinct from {was}"
    if kind == "BOOLEAN":
        is_kept += f" and {was}"
    elif not kind.startswith(("TIMESTAMP", "DATE")):
        is_kept += f" and {was} > 0"
        was = f"0.9 * {was}"  # a source that only keeps some months loses a few events of each account every week
    return is_kept, f"{is_kept} and coalesce({is_now} < {was}, true)"
