"""How Dagster's page describes assets before any run: owners, kinds, columns, freshness.

Runs on the command line skip it, because nobody sees it there and it takes time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

import dagster as dg

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.contracts.read_contracts import contracts_from_manifest, meta_of
from pipeline.ingest.schema import SourceTable
from pipeline.orchestration.asset_checks import EXPORTS
from pipeline.orchestration.table_facts import contract_schema, source_schema
from pipeline.settings import Settings

_SOURCE_TEXTS: Final = {
    "lmn": "LMN's workbooks: estimates, contacts, leads, jobsites.",
    "crm": "The CRM's accounts with their estimates, contacts and other records.",
    "platform": "The customer-success platform's tables.",
}
_DROP_TEXTS: Final = {
    "staged": "The files of every organization's drop, next to the published ones; readers do not see them yet.",
    "audited": "The staged files after Great Expectations and the guards have judged them.",
    "published": "The drops that `latest` names, with their reports. The marts that people query come with them.",
}
_WEEKS_OF_GRACE: Final = 2


@dataclass(frozen=True)
class AssetCatalog:
    """The specs of all assets, as the page shows them."""

    settings: Settings
    manifest: Mapping[str, Any]

    @cached_property
    def contracts(self) -> tuple[ExportContract, ...]:
        """The contracts of the exports."""
        return contracts_from_manifest(self.manifest)

    @property
    def _owners(self) -> list[str]:
        return list(self.settings.owners)

    @property
    def _freshness(self) -> dg.FreshnessPolicy:
        """Late after the schedule's week and a day, missing after a second week."""
        return dg.FreshnessPolicy.time_window(
            fail_window=timedelta(weeks=_WEEKS_OF_GRACE), warn_window=timedelta(weeks=1, days=1)
        )

    def source(self, table: SourceTable) -> dg.AssetSpec:
        """Describe a landed source table."""
        text = next(
            (
                node["description"]
                for node in self.manifest["sources"].values()
                if (node["source_name"], node["name"]) == (table.source, table.name)
            ),
            "",
        )
        return dg.AssetSpec(
            [table.source, table.name],
            group_name=table.source,
            kinds={"parquet"},
            description=text or f"`{table.name}` of: {_SOURCE_TEXTS[table.source]}",
            owners=self._owners,
            tags={"layer": "source"},
            metadata={"dagster/column_schema": source_schema(table), "key": ", ".join(table.key)},
            freshness_policy=self._freshness,
        )

    def run_tables(self) -> list[dg.AssetSpec]:
        """Describe the tables that each run writes for its models; they have no step of their own."""
        return [
            dg.AssetSpec(
                ["run", node["name"]],
                group_name="run",
                kinds={"parquet"},
                description=node["description"],
                owners=self._owners,
                tags={"layer": "source"},
            )
            for node in self.manifest["sources"].values()
            if node["source_name"] == "run"
        ]

    def model(self, spec: dg.AssetSpec, node: Mapping[str, Any]) -> dg.AssetSpec:
        """Complete the spec of a seed or model with what its YAML, its folder and its contract say about it."""
        layer = node["config"].get("schema") or "main"
        folder = str(node["fqn"][-2]) if len(node["fqn"]) > 2 else layer
        stored = "view" if node["config"].get("materialized") == "view" else "table"
        metadata: dict[str, Any] = {"model": node["original_file_path"].removeprefix("../")}
        contract = next((contract for contract in self.contracts if contract.name == node["name"]), None)
        if contract is not None:
            metadata |= {
                "dagster/column_schema": contract_schema(contract),
                "contract version": contract.version,
                "primary key": ", ".join(contract.primary_key),
            }
        return spec.replace_attributes(
            description=spec.description or f"A {node['resource_type']} of dbt: {node['name']}.",
            owners=self._owners,
            kinds={"dbt", self.settings.target, stored},
            tags={"layer": layer, "domain": folder, **({"export": "true"} if meta_of(node).get("export") else {})},
            metadata=metadata,
        )

    def exports(self, cuts: Sequence[Cut]) -> list[dg.AssetSpec]:
        """Describe the staged files of every export and cut, which the audit reads."""
        made_from = [(contract, dg.AssetKey(["marts", contract.name])) for contract in self.contracts]
        made_from += [(cut.contract, dg.AssetKey([EXPORTS, cut.of.name])) for cut in cuts]
        return [
            dg.AssetSpec(
                [EXPORTS, contract.name],
                deps=[origin],
                group_name="drops",
                description=f"{contract.description} Its files in every organization's drop.",
                owners=self._owners,
                kinds={"parquet", "csv"},
                tags={"layer": "drop", "export": "true"},
                metadata={"dagster/column_schema": contract_schema(contract), "contract version": contract.version},
            )
            for contract, origin in made_from
        ]

    def notifications(self, lists: Iterable[str]) -> list[dg.AssetSpec]:
        """Describe the lists that a refresh publishes between two drops."""
        contracts = {contract.name: contract for contract in self.contracts}
        return [
            dg.AssetSpec(
                ["notifications", name],
                group_name="notifications",
                description=f"{contracts[name].description} As LMN and the CRM are now: a refresh reads both.",
                owners=self._owners,
                kinds={"parquet", "csv"},
                tags={"layer": "notifications"},
                metadata={"dagster/column_schema": contract_schema(contracts[name])},
            )
            for name in lists
        ]

    def drop(self, spec: dg.AssetSpec) -> dg.AssetSpec:
        """Add descriptions to the spec of a step of the drops, and its expected freshness to the published ones."""
        name = spec.key.path[-1]
        return spec.replace_attributes(
            description=_DROP_TEXTS[name],
            owners=self._owners,
            tags={"layer": "drop"},
            freshness_policy=self._freshness if name == "published" else None,
        )
