"""Builds the explanation of an account's columns; `render` formats it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.explain.account_rows import columns_named, evidence_of_rows, is_of_accounts, is_one_row, rows_having
from pipeline.explain.column_evidence import read_evidence
from pipeline.explain.column_groups import group_of
from pipeline.explain.evidence import Evidence
from pipeline.explain.identity import Identity, find_account
from pipeline.explain.published import Published
from pipeline.explain.queries import Queries, Row, open_queries
from pipeline.explain.rule_texts import RuleText, rule_text
from pipeline.settings import Settings

TABLES: Final = ("account_core", "account_communication_stats", "accounts")
"""The exports with one row per account, which are explained completely. Columns of others are explained by name."""

CHANNEL_ROWS: Final = "channels"
"""The row set that explains a null in a customer's communication column."""

_CHANNEL_RULE: Final = "D36"
_NO_ROW: Final = "the export has no row of this account"


@dataclass(frozen=True)
class EvidenceRows:
    """A piece of evidence with its rows."""

    evidence: Evidence
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class ExplainedColumn:
    """A column of an export, for one account; with several rows, it has no value but shows the rows.

    `rules` and `evidence` are set if one column was requested; `note` says why there is no value.
    """

    table: str
    contract: ContractColumn
    group: str
    value: Any
    note: str | None = None
    rules: tuple[RuleText, ...] = ()
    evidence: tuple[EvidenceRows, ...] = ()

    @property
    def name(self) -> str:
        """The column's name."""
        return self.contract.name


@dataclass(frozen=True)
class Explanation:
    """The explanation of an account; with `is_story`, of one column in full, for each table that has it."""

    account: Identity
    as_of: datetime
    selected_year: int
    columns: tuple[ExplainedColumn, ...]
    is_story: bool
    drop: str | None = None
    """The published drop that is explained; None if nothing has been published."""
    remark: str | None = None
    """A remark for unusual cases, such as a last build that was held back."""


def explain_account(
    settings: Settings, identifier: str, column: str | None = None, organization: int | None = None
) -> Explanation:
    """Explain an account's columns, or one of them (`name` or `table.name`) with its rules and evidence.

    It explains what was published last; if that is not from the last build, without the rows behind it. WarehouseError
    for an unknown or ambiguous account or column.
    """
    with open_queries(settings) as queries:
        chosen = choose_columns(column, queries.manifest)
        account = find_account(queries.identities(), identifier, organization)
        return explain_columns(queries, account, chosen, is_story=column is not None)


def explain_columns(
    queries: Queries, account: Identity, chosen: Mapping[str, Sequence[ContractColumn]], *, is_story: bool
) -> Explanation:
    """Explain the chosen columns of an account, by table."""
    published = queries.published(account.organization_id)
    if not published.is_last_build:
        return _explain_published(queries, account, chosen, published, is_story=is_story)
    whole = {table: columns for table, columns in chosen.items() if table in TABLES}
    explained = list(_with_evidence(queries, account, whole, is_story=is_story)) if whole else []
    explained += _of_other_exports(queries, account, chosen)
    return Explanation(
        account,
        queries.plan.as_of,
        queries.plan.selected_year,
        tuple(explained),
        is_story,
        published.drop,
        published.remark,
    )


def _with_evidence(
    queries: Queries, account: Identity, chosen: Mapping[str, Sequence[ContractColumn]], *, is_story: bool
) -> Iterator[ExplainedColumn]:
    """Explain columns of the tables with one row per account, with the rows behind them if one was requested."""
    project = read_evidence(queries.manifest)
    channels = project.named_rows[CHANNEL_ROWS]
    evidence = {(table, c.name): project.of(table, c.name) for table in chosen for c in chosen[table] if is_story}
    wanted = {piece.query for pieces in evidence.values() for piece in (*pieces, *channels)}
    about = queries.about(account, [*chosen, *wanted])
    read: dict[Evidence, tuple[Row, ...]] = {}

    def evidence_rows(piece: Evidence) -> EvidenceRows:
        if piece not in read:
            read[piece] = tuple(about.evidence(piece))
        return EvidenceRows(piece, read[piece])

    for table, columns in chosen.items():
        row = about.row(table)
        for contract in columns:
            value = row.get(contract.name)
            pieces = evidence.get((table, contract.name), ())
            if is_story and value is None and account.is_customer and _CHANNEL_RULE in contract.rules:
                pieces = (*pieces, *channels)
            rows = tuple(map(evidence_rows, pieces))
            cited = _cited(contract, rows) if is_story else ()
            yield _explained(account, table, contract, value, cited, rows)


def _explained(
    account: Identity,
    table: str,
    contract: ContractColumn,
    value: Any,
    cited: Iterable[str],
    evidence: tuple[EvidenceRows, ...] = (),
) -> ExplainedColumn:
    return ExplainedColumn(
        table=table,
        contract=contract,
        group=group_of(table, contract.name),
        value=value,
        note=_why_no_value(account, table, contract) if value is None else None,
        rules=tuple(map(rule_text, cited)),
        evidence=evidence,
    )


def _explain_published(
    queries: Queries,
    account: Identity,
    chosen: Mapping[str, Sequence[ContractColumn]],
    published: Published,
    *,
    is_story: bool,
) -> Explanation:
    """Explain columns as they were published: value and rules only, because the rows no longer exist."""
    explained = []
    for table, columns in chosen.items():
        if table not in TABLES:
            continue
        row = queries.published_row(table, account)
        for contract in columns:
            cited = contract.rules if is_story else ()
            explained.append(_explained(account, table, contract, row.get(contract.name), cited))
    explained += _of_other_exports(queries, account, chosen)
    return Explanation(
        account,
        published.as_of,
        published.selected_year,
        tuple(explained),
        is_story,
        published.drop,
        published.remark,
    )


def _of_other_exports(
    queries: Queries, account: Identity, chosen: Mapping[str, Sequence[ContractColumn]]
) -> Iterator[ExplainedColumn]:
    """Explain columns of exports with none, one or several rows per account, by their published rows."""
    contracts = {contract.name: contract for contract in contracts_from_manifest(queries.manifest)}
    for table in (table for table in chosen if table not in TABLES):
        contract, having = contracts[table], rows_having(contracts[table], account)
        rows = [] if having is None else queries.published_rows(table, having, contract.primary_key)
        for column in chosen[table]:
            rules = tuple(map(rule_text, column.rules))
            if is_one_row(contract):
                value = rows[0][column.name] if rows else None
                yield ExplainedColumn(table, column, table, value, None if rows else _NO_ROW, rules)
            else:
                piece = evidence_of_rows(contract, column)
                shown = tuple({name: row[name] for name in piece.shows} for row in rows)
                note = f"{plural(len(rows), 'row')} of the account, each with its own" if rows else _NO_ROW
                yield ExplainedColumn(table, column, table, None, note, rules, (EvidenceRows(piece, shown),))


def _cited(contract: ContractColumn, evidence: Iterable[EvidenceRows]) -> list[str]:
    """List the rules of a column, then those that its evidence names."""
    of_rows = [rule for piece in evidence if piece.rows for rule in piece.evidence.rules]
    named = [row["rule"] for piece in evidence for row in piece.rows if "rule" in row]
    return list(dict.fromkeys([*contract.rules, *of_rows, *named]))


def choose_columns(column: str | None, manifest: Mapping[str, Any]) -> dict[str, list[ContractColumn]]:
    """Choose the columns to explain, by table: all, or those of a name; WarehouseError for an unknown name."""
    contracts = {contract.name: contract for contract in contracts_from_manifest(manifest)}
    tables = {table: contracts[table] for table in TABLES}
    if column is None:
        return {table: list(contract.exported_columns) for table, contract in tables.items()}
    wanted = column.strip().lower()
    others = [contract for name, contract in contracts.items() if name not in TABLES and is_of_accounts(contract)]
    chosen = dict(columns_named(wanted, [*tables.values()])) or dict(columns_named(wanted, others))
    if not chosen:
        raise _unknown_column(column, [*tables.values(), *others])
    return chosen


def _unknown_column(column: str, tables: Sequence[ExportContract]) -> WarehouseError:
    names = [name for table in tables for c in table.exported_columns for name in (c.name, f"{table.name}.{c.name}")]
    near = difflib.get_close_matches(column.strip().lower(), dict.fromkeys(names), n=3)
    return WarehouseError(
        f"no column of {', '.join(table.name for table in tables)} has that name",
        where=column,
        remedy=f"similar names: {', '.join(near)}" if near else "leave out COLUMN to see all columns",
    )


def _why_no_value(account: Identity, table: str, contract: ContractColumn) -> str | None:
    """Return why a null value is impossible for this kind of account."""
    if table == "accounts" and account.crm_account_id is None:
        return "no CRM account links to this customer, so accounts has no row for it"
    computed = contract.source is None or not contract.source.startswith(("accounts", "system"))
    if table != "accounts" and not account.is_customer and computed:
        return "no customer links to this CRM account: values from the platform are null (D24, D26, D36)"
    return None
