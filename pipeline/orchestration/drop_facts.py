"""What Dagster's page shows about the drops: the staged and audited exports, and links to what was published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contracts.business_rules import read_rule_books
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.orchestration.asset_checks import (
    EXPORTS,
    audit_check_specs,
    audit_results,
    guard_check_specs,
    guard_results,
)
from pipeline.orchestration.audited_drops import AuditedDrops
from pipeline.orchestration.page.report_links import link_to
from pipeline.orchestration.release import Publication
from pipeline.orchestration.table_facts import PREVIEW_ROWS, contract_schema, personal_columns, preview, shown_columns
from pipeline.paths import EXPECTATIONS
from pipeline.settings import Settings
from pipeline.storage.urls import is_url


@dataclass(frozen=True)
class DropFacts:
    """The metadata of the exports of a run on the page."""

    contracts: Sequence[ExportContract]
    cuts: Sequence[Cut]
    manifest: Mapping[str, Any]

    def check_specs(self) -> list[dg.AssetCheckSpec]:
        """Return the checks of the exports and their cuts: all of the audit's, and the guards of exports."""
        guards = guard_check_specs([contract.name for contract in self.contracts])
        books = {**read_rule_books(EXPECTATIONS), **{cut.name: cut.rules for cut in self.cuts}}
        audited = [*self.contracts, *(cut.contract for cut in self.cuts)]
        return [
            *audit_check_specs(audited, books),
            *(spec for spec in guards if spec.asset_key.path[0] == EXPORTS),
        ]

    def checks(self, audited: AuditedDrops) -> Iterator[dg.AssetCheckResult]:
        """Return the result of every check."""
        yield from audit_results(audited.audit)
        yield from guard_results(audited.findings, self.check_specs())

    def exports(self, audited: AuditedDrops, seconds: float) -> Iterator[dg.MaterializeResult[Any]]:
        """Return the materialisation of every export, read from its staged files.

        `seconds` is the time for staging and auditing all of them, which happens in parallel.
        """
        nodes = {node["name"]: node for node in self.manifest["nodes"].values() if node["resource_type"] == "model"}
        made_from = [(contract, contract.name) for contract in self.contracts]
        made_from += [(cut.contract, cut.of.name) for cut in self.cuts]
        for contract, mart in made_from:
            files = {
                drop.organization_id: (drop.folder / file.name, file.rows)
                for drop in audited.drops
                for file in (*drop.files, *drop.cuts)
                if file.export == contract.name and file.name == f"{contract.name}.parquet"
            }
            metadata: dict[str, Any] = {
                "dagster/row_count": sum(rows for _, rows in files.values()),
                "dagster/column_schema": contract_schema(contract),
                "dagster/column_lineage": _from_mart(contract, mart),
                "seconds": round(seconds, 3),
                "rows by organization": {str(one): rows for one, (_, rows) in files.items()},
            }
            largest = max(files.values(), key=lambda file: file[1], default=None)
            hidden = personal_columns(nodes[mart])
            if largest is not None and (some := _preview(largest[0], shown_columns(contract, hidden))) is not None:
                metadata["preview"] = some
            yield dg.MaterializeResult(asset_key=[EXPORTS, contract.name], metadata=metadata)

    def links(self, publication: Publication, settings: Settings) -> dict[str, dg.MetadataValue]:
        """Link each organization's folder and business page, and the reports of the run."""
        links = {}
        for drop in publication.drops:
            name = f"organization {drop.organization_id}"
            links[f"{name}: folder"] = link_to(drop.location, settings)
            if not is_url(drop.location) and (Path(drop.location) / "index.html").exists():
                links[f"{name}: page"] = link_to(f"{drop.location}/index.html", settings)
        for number, page in enumerate(publication.reports, start=1):
            links[f"report {number}"] = link_to(page, settings)
        return links


def _from_mart(contract: ExportContract, mart: str) -> dg.TableColumnLineage:
    key = dg.AssetKey(["marts", mart])
    return dg.TableColumnLineage(
        {column.name: [dg.TableColumnDep(key, column.name)] for column in contract.exported_columns}
    )


def _preview(file: Path, shown: Mapping[str, bool]) -> dg.TableMetadataValue | None:
    with pq.ParquetFile(file) as parquet:
        rows = next(parquet.iter_batches(PREVIEW_ROWS), None)
    return None if rows is None else preview(pa.Table.from_batches([rows]), shown)
