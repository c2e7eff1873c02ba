"""A small run with two organizations with interleaved rows, and facts made by hand for the page."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.audit.results import AuditResult, Check, FailedRow
from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.drops.manifest import build_manifest
from pipeline.drops.publish_to_folder import FolderDestination
from pipeline.drops.stage import StagedDrop, stage_drops
from pipeline.guards.findings import Finding
from pipeline.ingest.landing.landed_table import LandedTable, SourceFile
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.ingest.tables import source_table
from pipeline.report.facts import RunFacts
from pipeline.report.gather import figures_to_keep, gather_facts
from pipeline.report.measured_run import RunOutcome, measure_run
from pipeline.report.plots import draw_plots
from pipeline.report.sources import measure_sources
from pipeline.run_plan import RunPlan
from pipeline.state.history import METRICS_SCHEMA
from pipeline.state.runs import OrganizationOutcome, RunRecord
from pipeline.storage.place import open_place
from tests.drops.made_drops import MadeMarts

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)
CRM = 1


def contract(name: str, key: Sequence[str], tenant: str, **columns: str) -> ExportContract:
    """Make a contract; a type that ends with ! may not be null."""
    made = tuple(
        ContractColumn(column, kind.rstrip("!"), nullable=not kind.endswith("!")) for column, kind in columns.items()
    )
    return ExportContract(name, "1.0.0", "", tuple(key), tenant, made)


CORE = contract(
    "account_core",
    ["account_id"],
    "organization_id",
    account_id="bigint!",
    organization_id="bigint!",
    account_name="varchar(100)",
    health_score="numeric(5,2)",
    health_score_label="varchar(20)",
    renewal_date="date",
)
REVENUE = contract(
    "account_revenue_by_year",
    ["account_id", "year"],
    "crm",
    account_id="text!",
    year="integer!",
    revenue="numeric(18,2)",
    segment="text",
)
AT_RISK = contract("at_risk_accounts", ["account_id"], "crm", account_id="text!", renewal_date="date")
CONTRACTS = (CORE, REVENUE, AT_RISK)


def account(account_id: int, organization_id: int, **values: Any) -> dict[str, Any]:
    """Make a row of account_core."""
    return {"account_id": account_id, "organization_id": organization_id, **values}


ACCOUNTS = [
    account(1, 1, account_name="Oak", health_score=Decimal("12.50"), health_score_label="Red"),
    account(2, 2, account_name="Elm", health_score=Decimal("100.00"), health_score_label="Green"),
    account(3, 1, account_name=None, health_score=Decimal("75.00"), health_score_label="Yellow"),
    account(4, 2, account_name="Fir", renewal_date=date(2025, 12, 31)),
    account(5, 1, account_name="Ash", health_score=Decimal("75.01"), health_score_label="Green"),
    account(6, 1, renewal_date=date(2025, 1, 1)),
    account(7, 1, renewal_date=date(2024, 12, 31)),
    account(8, 1, renewal_date=date(2026, 1, 1)),
]
REVENUES = [
    {"account_id": "a", "year": 2024, "revenue": Decimal("100.10"), "segment": "A"},
    {"account_id": "b", "year": 2024, "revenue": Decimal("-20.00"), "segment": "C"},
    {"account_id": "a", "year": 2025, "revenue": Decimal("0.25"), "segment": "D"},
]
RISKS = [{"account_id": "a", "renewal_date": date(2025, 3, 1)}, {"account_id": "b", "renewal_date": date(2025, 3, 31)}]

REJECTS = [
    ("crm", "accounts", "accounts.csv", 7, "annual_revenue", "much", "not an amount", "cell nulled"),
    ("crm", "accounts", "accounts.csv", 3, "annual_revenue", "lots-and-lots", "not an amount", "cell nulled"),
    ("crm", "accounts", "accounts.csv", 9, "annual_revenue", "some", "not an amount", "cell nulled"),
    ("crm", "accounts", "accounts.csv", 8, "annual_revenue", "few", "not an amount", "cell nulled"),
    ("platform", "customer", "customer.csv", 2, "revenue", "marker-of-a-reject", "not an amount", "cell nulled"),
]
METRICS = [
    (AS_OF, "archive_conflicts", "all", 3),
    (AS_OF, "rows_read", "platform.customer", 6),
    (AS_OF, "platform_rows_ignored", "organization 2, note, unknown customer", 41),
    (AS_OF, "platform_rows_ignored", "organization 1, note, unknown customer", 17),
    (datetime(2025, 1, 8), "archive_conflicts", "all", 2),
    (datetime(2025, 1, 1), "archive_conflicts", "all", 99),
]


def marts(accounts: Sequence[Mapping[str, Any]] = tuple(ACCOUNTS)) -> MadeMarts:
    """Make the marts of the three exports."""
    rows = {"account_core": accounts, "account_revenue_by_year": REVENUES, "at_risk_accounts": RISKS}
    return MadeMarts(
        {
            made.name: pa.Table.from_pylist(
                [dict(row) for row in rows[made.name]], pa.schema([(c.name, c.arrow_type) for c in made.columns])
            )
            for made in CONTRACTS
        }
    )


def landed(folder: Path, source: str, name: str, rows: Sequence[dict[str, Any]], rejected: int = 0) -> LandedTable:
    """Land a table."""
    table = source_table(source, name)
    folder.mkdir(exist_ok=True)
    part = folder / f"{source}-{name}.parquet"
    numbered = [{**row, "_row": number} for number, row in enumerate(rows, start=2)]
    pq.write_table(pa.Table.from_pylist(numbered, table.arrow_schema), part)
    file = SourceFile(f"{name}.csv", 100, "0" * 64)
    return LandedTable(table, (part,), True, (file,), len(rows) + rejected, len(rows), rejected, (), "")


def customer(customer_id: int, organization_id: int, updated_at: datetime) -> dict[str, Any]:
    """Make a row of the platform's customers."""
    return {"id": customer_id, "organization_id": organization_id, "updated_at": updated_at}


def sources(folder: Path, organizations: Sequence[int] = (1, 2)) -> list[LandedTable]:
    """Land the CRM's accounts, the platform's customers, and a missing table."""
    customers = [
        customer(1, 1, datetime(2025, 1, 10)),
        customer(2, 2, datetime(2025, 1, 14, 12)),
        customer(3, 1, datetime(2025, 1, 11)),
        customer(4, 2, datetime(2025, 1, 2)),
        customer(5, 1, datetime(2025, 2, 1)),
    ]
    absent = source_table("platform", "note")
    return [
        landed(folder, "crm", "accounts", [{"id": "a", "name": "A", "created_at": datetime(2025, 1, 12)}], rejected=2),
        landed(folder, "platform", "customer", [c for c in customers if c["organization_id"] in organizations], 1),
        LandedTable(absent, (), False, (), 0, 0, 0, (), ""),
    ]


def rejects_table(rows: Sequence[tuple[Any, ...]] = tuple(REJECTS)) -> pa.Table:
    """Make the mart of rejects."""
    return pa.Table.from_pylist([dict(zip(REJECTS_SCHEMA.names, row, strict=True)) for row in rows], REJECTS_SCHEMA)


def metrics_table(rows: Sequence[tuple[Any, ...]] = tuple(METRICS)) -> pa.Table:
    """Make the mart of metrics."""
    made = [
        {"as_of": as_of.replace(tzinfo=None), "metric": metric, "dimension": dimension, "value": Decimal(value)}
        for as_of, metric, dimension, value in rows
    ]
    return pa.Table.from_pylist(made, METRICS_SCHEMA)


def failed_row(organization_id: int, account_id: int, value: str) -> FailedRow:
    """Name a row that failed a check of the health score."""
    return FailedRow(organization_id, {"account_id": str(account_id)}, {"health_score": value})


PASSED = Check("account_core", "account_id.not_null", "column", "error", "account_id is never null", True, rows=8)
WARNED = Check(
    *("account_core", "parents_exist", "rule", "warn", "a parent is an account of the drop", False, ("D24",)),
    rows=8,
    failed=1,
    failed_by_organization={1: 1},
    samples=(FailedRow(1, {"account_id": "3"}, {"parent_account_id": "77"}),),
)
FAILED = Check(
    *("account_core", "health_score.range", "column", "error", "health_score is between 0 and 100", False, ("D37",)),
    rows=8,
    failed=3,
    failed_by_organization={1: 2, 2: 1},
    samples=(failed_row(1, 1, "101.50"), failed_row(2, 2, "102.75"), failed_row(1, 3, "-1.00")),
)
MISNAMED = Check(
    *("account_core", "columns.names", "file", "error", "the files have the contract's columns", False),
    rows=2,
    failed=2,
    failed_by_organization={1: 1, 2: 1},
    problem="organization 1: missing domain\n  extra domian\norganization 2: missing marker-of-two",
)


def plan(as_of: datetime = AS_OF) -> RunPlan:
    """Make the plan of a run."""
    return RunPlan(as_of, 2025, {"crm_organization_id": CRM, "at_risk_days": 180}, ())


FELL = Finding("rows", "warn", "crm.accounts", "its number of rows changed by -30 %", "see it", "100 rows", "70 rows")
EMPTIED = Finding("lost_table", "stop", "crm.contacts", "the table has no rows any more", "bring it", "9 rows", "none")
"""A guard's warning, and one that stops."""


@dataclass
class MadeRun:
    """A run for reports: change the fields that should differ, then gather."""

    folder: Path
    as_of: datetime = AS_OF
    checks: tuple[Check, ...] = (PASSED,)
    accounts: Sequence[Mapping[str, Any]] = tuple(ACCOUNTS)
    organizations: Sequence[int] = (1, 2)
    rejects: Sequence[tuple[Any, ...]] = tuple(REJECTS)
    metrics: Sequence[tuple[Any, ...]] = tuple(METRICS)
    problem: WarehouseError | None = None
    findings: Sequence[Finding] = ()
    records: Sequence[RunRecord] = ()
    staged: dict[int, StagedDrop] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.destination = FolderDestination(open_place(str(self.folder / "exports")))

    def measured(self, unread: tuple[str, ...] = ()) -> Any:
        """Measure the run."""
        audit = AuditResult(self.checks) if self.checks else None
        problem = self.problem or (audit.problem() if audit else None)
        return measure_run(
            plan(self.as_of),
            measure_sources(sources(self.folder / "landing", self.organizations), self.as_of),
            rejects_table(self.rejects),
            metrics_table(self.metrics),
            RunOutcome(audit, problem, self.findings, unread=unread),
            self.records,
        )

    def stage(self, organization_id: int) -> tuple[StagedDrop, dict[str, Any]]:
        """Stage the organization's drop again."""
        folder = self.destination.staging_folder(organization_id, "run")
        shutil.rmtree(folder, ignore_errors=True)
        (drop,) = stage_drops(marts(self.accounts), CONTRACTS, {organization_id: folder}, CRM)
        manifest = build_manifest(
            drop, CONTRACTS, as_of=self.as_of, data_as_of=self.as_of, settings={}, inputs=[], checks=[]
        )
        return drop, manifest

    def facts(self, organization_id: int = 1) -> RunFacts:
        """Return an organization's facts."""
        drop, manifest = self.stage(organization_id)
        return self.facts_of(drop, manifest)

    def facts_of(self, drop: StagedDrop, manifest: Mapping[str, Any]) -> RunFacts:
        """Gather an organization's facts from its staged drop."""
        one = drop.organization_id
        plots = draw_plots({one: drop.folder}, plan(self.as_of))[one]
        place = self.destination.place
        return gather_facts(self.measured(), place, one, drop, manifest, CONTRACTS, plots=plots)

    def publish(self, organization_id: int = 1) -> str:
        """Publish the organization's drop; return its name."""
        drop = self.destination.put(*self.stage(organization_id))
        self.destination.point(drop)
        return Path(drop.location).name

    def record(self, organization_id: int = 1) -> RunRecord:
        """Return the record of a run that published the organization's drop."""
        facts = self.facts(organization_id)
        outcome = OrganizationOutcome(organization_id, facts.name, is_new=True)
        figures = {"organizations": {str(organization_id): figures_to_keep(facts)}}
        return RunRecord("made", self.as_of, self.as_of, "published", (outcome,), figures=figures)
