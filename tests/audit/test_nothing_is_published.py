"""A drop that breaks its contract is not published, whatever the break: the last drop stays, and `latest` names it.

The code of a run from the marts to the drops, with marts made by hand. The break is made in the staged file, where the
audit has to find it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit import AuditProcess
from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import in_order
from pipeline.contracts.contract import ExportContract
from pipeline.dbt.build_record import Build
from pipeline.drops.account_changes import OUTCOMES
from pipeline.drops.destination import open_destination
from pipeline.drops.stage import StagedDrop, stage_drops
from pipeline.engines import NOBODY, HeldBack, WrittenMart
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.orchestration import audited_drops, column_limits, drop_descriptions, verdict
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.release import Release
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.history import METRICS, METRICS_SCHEMA
from tests.audit.contract_breaks import FACTS, KINDS
from tests.audit.staged_drop import AS_OF, CONTRACTS, SETTINGS, Row, table_of, whole_drop, write_export
from tests.orchestration.runs import run_context

APPLICABLE = [
    pytest.param(kind, contract.name, column.name, id=f"{kind}-{contract.name}-{column.name}")
    for kind, (apply, _) in KINDS.items()
    for contract in FACTS
    for column in contract.exported_columns
    if apply(table_of(contract, whole_drop()[contract.name]), column) is not None
]

FACTS_AND_HISTORY = [*FACTS, CONTRACTS["duplicate_at_risk_estimates"]]


OF_THE_PAGE = {
    "account_health": pa.schema(
        [
            *(
                ("organization_id", pa.int64()),
                ("account_id", pa.int64()),
                ("score", pa.string()),
                ("part", pa.string()),
            ),
            *(
                ("position", pa.int64()),
                ("contribution", pa.decimal128(9, 4)),
                ("published_score", pa.decimal128(5, 2)),
            ),
        ]
    ),
    "division_revenue": pa.schema(
        [
            *(("organization_id", pa.int64()), ("year", pa.int32()), ("division", pa.string())),
            *(("contracts", pa.int32()), ("accounts", pa.int32()), ("revenue", pa.decimal128(18, 2))),
        ]
    ),
}


class Marts:
    """An engine with the marts of the intact drop, and no metrics or rejects."""

    name = "duckdb"

    def __init__(self) -> None:
        self.rows = whole_drop()

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Return a mart as an engine does: all its columns, timestamps without a zone."""
        if mart == METRICS:
            return METRICS_SCHEMA.empty_table()
        if mart == drop_descriptions.REJECTS:
            return REJECTS_SCHEMA.empty_table()
        if mart == audited_drops.OUTCOMES_MART:
            return OUTCOMES.empty_table()
        if mart in OF_THE_PAGE:
            return OF_THE_PAGE[mart].empty_table()
        if mart == column_limits.SHORTENED:
            return column_limits.SHORTENED_SCHEMA.empty_table()
        if mart == column_limits.UNHELD:
            return column_limits.UNHELD_SCHEMA.empty_table()
        contract = CONTRACTS[mart]
        return pa.table({name: self._column(contract, name) for name in columns})

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Return a mart as an engine does, sorted."""
        return in_order(self.read(mart, columns), order_by)

    def _column(self, contract: ExportContract, name: str) -> pa.Array:
        kind = contract.column(name).arrow_type
        kept: list[Row] = self.rows[contract.name]
        default = 1 if name == contract.tenant else None
        return pa.array(
            [row.get(name, default) for row in kept], pa.timestamp("us") if kind == pa.timestamp("us", "UTC") else kind
        )

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Do nothing."""

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[WrittenMart] = ()
    ) -> None:
        """Do nothing."""

    def commit_written(self, written: Sequence[WrittenMart]) -> None:
        """Do nothing."""


@pytest.fixture(scope="module")
def auditor() -> Iterator[AuditProcess]:
    with AuditProcess() as process:
        yield process


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory, auditor: AuditProcess) -> Path:
    """The exports folder after one good run."""
    folder: Path = tmp_path_factory.mktemp("exports")
    run(folder, auditor)
    return folder


@pytest.fixture(scope="module")
def exports_of_facts(tmp_path_factory: pytest.TempPathFactory, auditor: AuditProcess) -> Path:
    """The same for the two fact tables and the table that runs keep, which is faster."""
    folder: Path = tmp_path_factory.mktemp("facts")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("pipeline.orchestration.resources.EXPECTATIONS", folder / "no rules")
        run(folder, auditor, FACTS_AND_HISTORY)
    return folder


def run(folder: Path, auditor: AuditProcess, contracts: Sequence[ExportContract] = tuple(CONTRACTS.values())) -> None:
    settings = Settings(exports=str(folder), state=folder.parent / "state")
    decisions: dict[str, Any] = {name: value for name, value in SETTINGS.items() if name != "selected_year"}
    plan = RunPlan(AS_OF.replace(tzinfo=UTC), 2025, decisions, ())
    context = run_context(settings, plan=plan, auditor=auditor)
    built = BuiltRun(
        run=context,
        run_id="run",
        engine=Marts(),
        contracts=contracts,
        landed=[],
        build=Build(plan, "duckdb", "project", {}),
        destination=open_destination(settings, context.workspace),
    )
    Release(built).publish()


def published(folder: Path) -> dict[str, Any]:
    """Return what a reader sees: the drops, the one that `latest` names, and leftover files."""
    organization = folder / "1"
    folders = [path for path in organization.iterdir() if not path.is_symlink()]
    drops = sorted(path.name for path in folders if (path / "manifest.json").exists())
    staged = [path.name for path in folders if path.name.startswith(".staging-")]
    return {"drops": drops, "latest": (organization / "latest").resolve().name, "staged": staged}


def staging(break_it: Callable[[ExportContract, Path], None]) -> Callable[..., list[StagedDrop]]:
    """Stage as a run does, but break the files of an export before the audit reads them."""

    def stage(*arguments: Any, on_export: Callable[[ExportContract], None], **keywords: Any) -> list[StagedDrop]:
        (folder,) = arguments[2].values()

        def on_whole_export(contract: ExportContract) -> None:
            break_it(contract, folder)
            on_export(contract)

        return stage_drops(*arguments, on_export=on_whole_export, **keywords)

    return stage


def staging_broken(export: str, kind: str, column: str) -> Callable[..., list[StagedDrop]]:
    """Stage as a run does, but with one column of one file broken."""

    def break_it(contract: ExportContract, folder: Path) -> None:
        if contract.name == export:
            broken = KINDS[kind][0](pq.read_table(folder / f"{export}.parquet"), contract.column(column))
            assert broken is not None
            write_export(folder, export, broken)

    return staging(break_it)


def assert_not_published(
    kind: str,
    export: str,
    column: str,
    exports: Path,
    auditor: AuditProcess,
    monkeypatch: pytest.MonkeyPatch,
    contracts: Sequence[ExportContract] = tuple(CONTRACTS.values()),
) -> None:
    before = published(exports)
    monkeypatch.setattr(audited_drops, "stage_drops", staging_broken(export, kind, column))
    with pytest.raises(WarehouseError, match="nothing was published") as caught:
        run(exports, auditor, contracts)
    assert export in str(caught.value)
    assert column in str(caught.value)
    assert published(exports) == before
    assert before["latest"] in before["drops"]


@pytest.mark.parametrize("export", ["account_core", "account_communication_stats"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_break_of_each_kind_keeps_the_last_drop(
    kind: str, export: str, exports: Path, auditor: AuditProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = "account_id" if kind == "null_in_not_null" else "extracted_at"
    assert_not_published(kind, export, column, exports, auditor, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "export", "column"), APPLICABLE)
def test_no_break_is_published(
    kind: str,
    export: str,
    column: str,
    exports_of_facts: Path,
    auditor: AuditProcess,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("pipeline.orchestration.resources.EXPECTATIONS", tmp_path)  # only the contract has to find it
    assert_not_published(kind, export, column, exports_of_facts, auditor, monkeypatch, FACTS_AND_HISTORY)


def test_a_broken_business_rule_keeps_the_last_drop(
    exports: Path, auditor: AuditProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published(exports)

    def all_are_red(contract: ExportContract, folder: Path) -> None:
        if contract.name == "account_core":
            table = pq.read_table(folder / "account_core.parquet")
            labels = pa.array(["Red"] * table.num_rows, pa.string())
            place = table.column_names.index("health_score_label")
            write_export(folder, "account_core", table.set_column(place, "health_score_label", labels))

    monkeypatch.setattr(audited_drops, "stage_drops", staging(all_are_red))
    with pytest.raises(WarehouseError, match="the health label is Red up to 50"):
        run(exports, auditor)
    assert published(exports) == before


def test_another_order_of_columns_under_the_old_version_is_stopped(
    exports: Path, auditor: AuditProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published(exports)

    accounts = CONTRACTS["accounts"]

    def as_published(_: dict[str, Any]) -> list[ExportContract]:
        return [dataclasses.replace(accounts, columns=accounts.columns[::-1])]

    monkeypatch.setattr(verdict, "contracts_of_drop", as_published)
    with pytest.raises(WarehouseError, match=r"accounts 1\.\d\.0, new major version 2\.0\.0"):
        run(exports, auditor)
    assert published(exports) == before
    pages = [page.read_text() for page in (exports / "1" / "reports").glob("*-failed-*.html")]
    assert any("new major version 2.0.0" in page for page in pages)


def test_the_same_run_again_publishes_nothing_new(exports: Path, auditor: AuditProcess) -> None:
    before = published(exports)
    run(exports, auditor)
    assert published(exports) == before
    assert len(before["drops"]) == 1
