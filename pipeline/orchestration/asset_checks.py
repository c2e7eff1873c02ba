"""The audit's checks and the guards as Dagster's asset checks: their specs, and the results of a run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import dagster as dg

from pipeline.audit import AuditResult
from pipeline.audit.check_list import list_checks
from pipeline.audit.results import Check
from pipeline.contracts.business_rules import RuleBook
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.lists import LISTS
from pipeline.guards.findings import Finding
from pipeline.guards.gone_rows import LASTING
from pipeline.guards.kept_rows import KEPT
from pipeline.guards.odd_texts import NAMED
from pipeline.guards.thresholds import guards
from pipeline.ingest.landing.record import SOURCES
from pipeline.ingest.schema import Kind
from pipeline.ingest.tables import SOURCE_TABLES

EXPORTS: Final = "exports"
"""The first part of the keys of staged exports: the audit reads their files, not the marts."""

_Where = Literal["tables", "sources", "exports"] | tuple[str, ...]
_FIRST_TABLES: Final = {"lmn": "estimates_list", "crm": "accounts", "platform": "customer"}
"""The table of each source that shows findings about the whole source."""
_FLAGS: Final = frozenset({Kind.BOOL})
_DATES: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.TRIMMED, Kind.CODE})
_AMOUNTS: Final = frozenset({Kind.MONEY, Kind.RATE})


_LASTING_TABLES: Final = tuple(name.replace(".", "/") for name in sorted(LASTING))
_NAMED_TABLES: Final = tuple(name.replace(".", "/") for name in NAMED)
_KEPT_EXPORTS: Final = tuple(f"exports/{name}" for name in KEPT)


@dataclass(frozen=True)
class GuardPlace:
    """The assets that a guard checks: every source table, every source, every export, or the named assets.

    For source tables, `kinds` names the columns that a table must have for the guard to apply.
    """

    where: _Where
    may_stop: bool
    kinds: frozenset[Kind] = frozenset(Kind)


GUARD_PLACES: Final[Mapping[str, tuple[GuardPlace, ...]]] = {
    "unread_file": (GuardPlace("sources", may_stop=True),),
    "near_header": (GuardPlace("tables", may_stop=True),),
    "lost_table": (GuardPlace("tables", may_stop=True),),
    "lost_column": (GuardPlace("tables", may_stop=True),),
    "deleted_rows": (GuardPlace("tables", may_stop=False),),
    "twin_rows": (GuardPlace("tables", may_stop=False),),
    "far_days": (GuardPlace("tables", may_stop=False, kinds=frozenset({Kind.TIMESTAMP})),),
    "fewer_values": (GuardPlace("tables", may_stop=False),),
    "needed_table": (
        GuardPlace(("platform/customer", "crm/accounts"), may_stop=True),
        GuardPlace(("lmn/estimates_list", "crm/estimates"), may_stop=False),
    ),
    "needed_column": (GuardPlace("tables", may_stop=False),),
    "rejected_share": (GuardPlace("tables", may_stop=True),),
    "nulled_share": (GuardPlace("tables", may_stop=True),),
    "flag_share": (GuardPlace("tables", may_stop=False, kinds=_FLAGS),),
    "flags_flipped": (GuardPlace("tables", may_stop=False, kinds=_FLAGS),),
    "dates_swapped": (GuardPlace("tables", may_stop=False, kinds=_DATES),),
    "steady_columns": (GuardPlace("tables", may_stop=False),),
    "unknown_ids": (GuardPlace("tables", may_stop=False), GuardPlace(("exports/account_keys",), may_stop=False)),
    "reversed_pairs": (GuardPlace("tables", may_stop=False, kinds=_DATES | _AMOUNTS),),
    "unknown_words": (GuardPlace("tables", may_stop=False, kinds=_TEXTS),),
    "lost_words": (GuardPlace("tables", may_stop=False, kinds=_TEXTS),),
    "moved_words": (GuardPlace("tables", may_stop=False, kinds=_TEXTS),),
    "one_value": (GuardPlace("tables", may_stop=False),),
    "unlike_copies": (GuardPlace("tables", may_stop=False),),
    "past_rows": (GuardPlace("tables", may_stop=False),),
    "texts_cut": (GuardPlace("tables", may_stop=False, kinds=_TEXTS),),
    "garbled_texts": (GuardPlace("tables", may_stop=False, kinds=_TEXTS),),
    "test_rows": (GuardPlace(_NAMED_TABLES, may_stop=False),),
    "amounts": (GuardPlace("tables", may_stop=True, kinds=_AMOUNTS),),
    "few_rows": (GuardPlace("tables", may_stop=False),),
    "shortened": (GuardPlace("exports", may_stop=False),),
    "freshness": (GuardPlace("tables", may_stop=False),),
    "later_rows": (GuardPlace("sources", may_stop=False),),
    "rows": (GuardPlace("tables", may_stop=True), GuardPlace("exports", may_stop=True)),
    "null_rate": (GuardPlace("exports", may_stop=True),),
    "kept_cells": (GuardPlace(_KEPT_EXPORTS, may_stop=False),),
    "fallen_figures": (GuardPlace(_KEPT_EXPORTS, may_stop=False),),
    "gone_rows": (GuardPlace(_LASTING_TABLES, may_stop=False), GuardPlace(_KEPT_EXPORTS, may_stop=False)),
    "kept_keys": (GuardPlace(("exports/account_core",), may_stop=True),),
    "crm_organization": (GuardPlace(("exports/account_keys",), may_stop=False),),
    "link_rate": (GuardPlace(("exports/estimates",), may_stop=True),),
    "closed_years": (GuardPlace(("exports/account_revenue_by_year",), may_stop=True),),
    "current_revenue": (
        GuardPlace(("exports/account_revenue_by_year",), may_stop=True),
        GuardPlace(("exports/estimates",), may_stop=False),
    ),
    "at_risk": (
        GuardPlace(("exports/at_risk_accounts",), may_stop=True),
        GuardPlace(("exports/estimates",), may_stop=False),
    ),
    "segments": (GuardPlace(("exports/account_revenue_by_year",), may_stop=False),),
    "health_labels": (GuardPlace(("exports/account_core",), may_stop=False),),
    "two_truths": (GuardPlace(("exports/account_core",), may_stop=False),),
}
"""The assets of each guard in guards.yml."""


def audit_check_specs(
    contracts: Sequence[ExportContract], rule_books: Mapping[str, RuleBook]
) -> list[dg.AssetCheckSpec]:
    """Make a spec of every check of the audit, on the staged export that it reads."""
    return [
        dg.AssetCheckSpec(
            check_name(check.name),
            asset=dg.AssetKey([EXPORTS, check.export]),
            description=f"{check.says} ({', '.join(check.rules)})" if check.rules else check.says,
            blocking=check.severity == "error",
        )
        for check in list_checks(contracts, rule_books)
    ]


def guard_check_specs(exports: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """Make a spec of every guard on every asset that it checks: source tables, and these exports."""
    texts = guards()
    names = list(exports)
    return [
        dg.AssetCheckSpec(
            guard,
            asset=key,
            description=f"{texts[guard].says}. To do: {texts[guard].remedy}",
            blocking=place.may_stop,
        )
        for guard, places in GUARD_PLACES.items()
        for place in places
        for key in _keys(place, names, guard)
    ]


def _keys(place: GuardPlace, exports: Sequence[str], guard: str) -> list[dg.AssetKey]:
    where = place.where
    if where == "tables":
        checked = [table for table in SOURCE_TABLES if place.kinds & {column.kind for column in table.columns}]
        return [dg.AssetKey([table.source, table.name]) for table in checked]
    if where == "sources":
        return [dg.AssetKey([source, _FIRST_TABLES[source]]) for source in SOURCES]
    if where == "exports":
        judged = [name for name in exports if name not in LISTS or guard != "rows"]
        return [dg.AssetKey([EXPORTS, name]) for name in judged]
    keys = [dg.AssetKey(key.split("/")) for key in where]
    return [key for key in keys if key.path[0] != EXPORTS or key.path[1] in exports]


def check_name(name: str) -> str:
    """Return the name of a check in the characters that Dagster allows: `status.allowed` is `status_allowed`."""
    return re.sub(r"\W", "_", name)


def audit_results(audit: AuditResult) -> Iterator[dg.AssetCheckResult]:
    """Yield the result of every check of an audit, with the keys of failing rows but not their cells."""
    for check in audit.checks:
        yield dg.AssetCheckResult(
            passed=check.passed,
            asset_key=[EXPORTS, check.export],
            check_name=check_name(check.name),
            severity=dg.AssetCheckSeverity.ERROR if check.severity == "error" else dg.AssetCheckSeverity.WARN,
            description=None if check.passed else f"{check.says}: not so in {check.failed:,} of {check.rows:,}",
            metadata=_audit_metadata(check),
        )


def _audit_metadata(check: Check) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {
        "rows": dg.MetadataValue.int(check.rows),
        "failed": dg.MetadataValue.int(check.failed),
    }
    if check.rules:
        metadata["rules"] = dg.MetadataValue.text(", ".join(check.rules))
    if check.problem:
        metadata["problem"] = dg.MetadataValue.text(check.problem)
    if check.samples:
        rows = [{"organization_id": str(row.organization_id), **_texts(row.key)} for row in check.samples]
        columns = [dg.TableColumn(name) for name in rows[0]]
        metadata["failing rows"] = dg.MetadataValue.table(
            [dg.TableRecord(row) for row in rows], dg.TableSchema(columns)
        )
    return metadata


def _texts(key: Mapping[str, str | None]) -> dict[str, str]:
    return {name: "" if value is None else value for name, value in key.items()}


def guard_results(findings: Iterable[Finding], specs: Iterable[dg.AssetCheckSpec]) -> Iterator[dg.AssetCheckResult]:
    """Yield the result of every guard of these specs: passed if there is no finding, or it was accepted."""
    found: defaultdict[tuple[dg.AssetKey, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[asset_of(finding), finding.guard].append(finding)
    for spec in specs:
        if spec.name in GUARD_PLACES:
            yield _guard_result(spec, found[spec.asset_key, spec.name])


def _guard_result(spec: dg.AssetCheckSpec, findings: Sequence[Finding]) -> dg.AssetCheckResult:
    failed = [finding for finding in findings if finding.level != "tell" and finding.accepted is None]
    stops = any(finding.stops for finding in findings)
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=spec.asset_key,
        check_name=spec.name,
        severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
        description="\n".join(map(str, failed)) or None,
        metadata={"findings": dg.MetadataValue.json([finding.as_dict() for finding in findings])} if findings else {},
    )


def asset_of(finding: Finding) -> dg.AssetKey:
    """Return the asset of a finding: `crm.accounts.status`, `crm/notes.csv` or `account_core.domain`."""
    if "/" in finding.place and (source := finding.place.partition("/")[0]) in SOURCES:
        return dg.AssetKey([source, _FIRST_TABLES[source]])
    first, *others = finding.place.split(".")
    if first not in SOURCES:
        return dg.AssetKey([EXPORTS, first])
    tables = {table.name for table in SOURCE_TABLES if table.source == first}
    return dg.AssetKey([first, others[0] if others and others[0] in tables else _FIRST_TABLES[first]])
