"""What the page shows of a table: row count, columns with descriptions, lineage, and a few rows.

No preview shows free text, which may name or describe a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import dagster as dg
import pyarrow as pa

from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.read_contracts import meta_of
from pipeline.dbt.runner import NodeResult
from pipeline.engines import Engine
from pipeline.ingest.schema import SourceTable
from pipeline.orchestration.column_lineage import Lineage, compiled_sql
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import write_whole

PREVIEW_ROWS: Final = 5
FAILING_ROWS: Final = 20
COLUMNS_FILE: Final = "columns.json"

Facts = dict[str, Any]
"""Metadata of a materialisation, by Dagster's names."""


def contract_schema(contract: ExportContract) -> dg.TableSchema:
    """Return the columns of an export as Dagster shows them."""
    return dg.TableSchema([_contract_column(column, contract) for column in contract.exported_columns])


def _contract_column(column: ContractColumn, contract: ExportContract) -> dg.TableColumn:
    is_key = (column.name,) == contract.primary_key
    return dg.TableColumn(
        column.name,
        column.data_type,
        column.description or None,
        dg.TableColumnConstraints(nullable=column.nullable, unique=is_key, other=list(column.rules)),
    )


def source_schema(table: SourceTable) -> dg.TableSchema:
    """Return the columns of a source table, each with the headers that identify it."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                str(column.arrow_type),
                f"{column.kind.value}, by the header {' or '.join(column.headers)}"
                + (f"; one of {', '.join(column.allowed)}" if column.allowed else ""),
                dg.TableColumnConstraints(nullable=not column.required, unique=(column.name,) == table.key),
            )
            for column in table.columns
        ]
    )


def preview(rows: pa.Table, shown: Mapping[str, bool] | None = None) -> dg.TableMetadataValue | None:
    """Return a few rows without free texts, or None; `shown` returns whether the contract allows a column."""
    names = [
        field.name
        for field in rows.schema
        if (shown or {}).get(field.name, not _is_text(field.type) or _is_key(field.name))
    ]
    if not names:
        return None
    return _table(rows.select(names).slice(0, PREVIEW_ROWS))


def _table(rows: pa.Table) -> dg.TableMetadataValue:
    records = rows.to_pylist()
    columns = [dg.TableColumn(field.name, str(field.type)) for field in rows.schema]
    return dg.MetadataValue.table(
        [dg.TableRecord({name: _plain(value) for name, value in record.items()}) for record in records],
        dg.TableSchema(columns),
    )


def shown_columns(contract: ExportContract, personal: Iterable[str] = ()) -> dict[str, bool]:
    """Return which columns of an export a preview shows: no free text, and none that its contract calls personal."""
    hidden = set(personal)
    return {
        column.name: column.name not in hidden
        and (not pa.types.is_string(column.arrow_type) or _is_key(column.name) or column.allowed is not None)
        for column in contract.columns
    }


def personal_columns(node: Mapping[str, Any]) -> list[str]:
    """List the columns that a model's YAML classifies as personal."""
    return [name for name, column in node["columns"].items() if meta_of(column).get("classification") == "personal"]


def _is_text(arrow_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type) or pa.types.is_nested(arrow_type)
    ) or str(arrow_type) in ("string_view", "binary")


def _is_key(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def _plain(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class TableMeasures:
    """Measures relations that dbt has built: seeds, models and the raw tables that they read, by dbt's unique id.

    `contracts` give the exports' columns; `lineage` is the known lineage of columns.
    """

    def __init__(
        self, manifest: Mapping[str, Any], contracts: Sequence[ExportContract], engine: Engine, lineage: Lineage
    ) -> None:
        self._manifest = manifest
        self._contracts = {contract.name: contract for contract in contracts}
        self._engine = engine
        self._lineage = lineage
        self._keys = {
            relation_key(node): key_of
            for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
            if node.get("relation_name")
            for key_of in [_asset_path(node)]
        }
        self._described = _described_columns(contracts)
        self._personal = {column.name for contract in contracts for column in contract.personal_columns}

    def measure(self, unique_ids: Sequence[str]) -> dict[str, Facts]:
        """Return the facts of each of these seeds and models."""
        counts = self._counts(unique_ids)
        return {
            unique_id: {**self._facts(unique_id), "dagster/row_count": counts[unique_id]} for unique_id in unique_ids
        }

    def failing_rows(self, failed: Sequence[NodeResult], workspace: Workspace) -> dict[str, Facts]:
        """Return the first failing rows of each failed data test: by their SQL keys, without personal ones."""
        facts: dict[str, Facts] = {}
        for result in failed:
            node = self._manifest["nodes"].get(result.unique_id, {})
            path = compiled_sql(node, workspace) if node.get("resource_type") == "test" else None
            if path is not None and path.is_file():
                sql = path.read_text(encoding="utf-8")
                rows = self._engine.query(f"select * from (\n{sql}\n) as failing limit {FAILING_ROWS}")
                facts[result.unique_id] = {
                    "failing rows": _table(
                        rows.drop_columns([name for name in rows.column_names if name in self._personal])
                    )
                }
        return facts

    def keep_columns(self, workspace: Workspace) -> None:
        """Write the columns of all relations, from which the lineage is made."""
        relations = [*self._built(), *self._manifest["sources"].values()]
        schema: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
        for node in relations:
            columns = {field.name: "unknown" for field in self._engine.query(_select(node, 0)).schema}
            database = schema.setdefault(str(node["database"]), {})
            database.setdefault(str(node["schema"]), {})[node.get("identifier") or node["alias"]] = columns
        write_whole(workspace.dbt_target / COLUMNS_FILE, json.dumps(schema))

    def _built(self) -> list[Mapping[str, Any]]:
        return [
            node
            for node in self._manifest["nodes"].values()
            if node["resource_type"] in ("model", "seed") and node["config"].get("materialized") != "ephemeral"
        ]

    def _counts(self, unique_ids: Sequence[str]) -> dict[str, int]:
        if not unique_ids:
            return {}
        selects = [
            f"select {number} as number, count(*) as rows from {self._manifest['nodes'][unique_id]['relation_name']}"
            for number, unique_id in enumerate(unique_ids)
        ]
        counted = self._engine.query(" union all ".join(selects)).to_pylist()
        return {unique_ids[row["number"]]: row["rows"] for row in counted}

    def _facts(self, unique_id: str) -> Facts:
        node = self._manifest["nodes"][unique_id]
        rows = self._engine.query(_select(node, PREVIEW_ROWS))
        contract = self._contracts.get(node["name"])
        shown = shown_columns(contract, personal_columns(node)) if contract else None
        facts: Facts = {
            "dagster/table_name": relation_key(node),
            "dagster/column_schema": self._schema(node, rows.schema, contract),
        }
        if (some := preview(rows, shown)) is not None:
            facts["preview"] = some
        if (lineage := self._column_lineage(unique_id)) is not None:
            facts["dagster/column_lineage"] = lineage
        return facts

    def _schema(self, node: Mapping[str, Any], schema: pa.Schema, contract: ExportContract | None) -> dg.TableSchema:
        if contract is not None:
            return contract_schema(contract)
        own = {name: " ".join(str(column["description"]).split()) for name, column in node["columns"].items()}
        return dg.TableSchema(
            [
                dg.TableColumn(field.name, str(field.type), own.get(field.name) or self._described.get(field.name))
                for field in schema
            ]
        )

    def _column_lineage(self, unique_id: str) -> dg.TableColumnLineage | None:
        columns = self._lineage.get(unique_id)
        if columns is None:
            return None
        deps = {
            name: [
                dg.TableColumnDep(self._keys[relation], column) for relation, column in pairs if relation in self._keys
            ]
            for name, pairs in columns.items()
        }
        return dg.TableColumnLineage({name: found for name, found in deps.items() if found})


def relation_key(node: Mapping[str, Any]) -> str:
    """Return the name of a node's relation without its database: `marts.accounts`."""
    return f"{node['schema']}.{node.get('identifier') or node['alias']}"


def _asset_path(node: Mapping[str, Any]) -> dg.AssetKey:
    if node["resource_type"] == "source":
        return dg.AssetKey([node["source_name"], node["name"]])
    return dg.AssetKey([node["config"].get("schema") or "main", node["name"]])


def _select(node: Mapping[str, Any], rows: int) -> str:
    return f"select * from {node['relation_name']} limit {rows}"


def _described_columns(contracts: Sequence[ExportContract]) -> dict[str, str]:
    """Return the descriptions of columns that mean the same in all exports that have them."""
    texts: dict[str, set[str]] = {}
    for contract in contracts:
        for column in contract.columns:
            texts.setdefault(column.name, set()).add(column.description)
    return {name: next(iter(found)) for name, found in texts.items() if len(found) == 1}
