"""How a contract is read from dbt: from its manifest, and from the YAML alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import yaml

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.read_contracts import contract_from_dict, contracts_from_manifest, contracts_from_yaml

YAML = """
models:
  - name: visits
    description: >
      Visits to an account's sites.
      One row per visit.
    config:
      contract: {enforced: true}
      meta: {export: true, version: "2.1.0", primary_key: [visit_id], tenant: organization_id}
    columns:
      - name: visit_id
        data_type: bigint
        description: The visit.
        constraints: [{type: not_null}]
        config: {meta: {source: visit.id, rules: [D24]}}
      - name: organization_id
        data_type: bigint
        constraints: [{type: not_null}]
        config: {meta: {exported: false}}
      - name: label
        data_type: varchar(20)
        config: {meta: {allowed: [Red, Green], classification: personal}}
      - name: score
        data_type: numeric(5, 2)
        config: {meta: {range: [0, 100]}}
      - name: parts
        data_type: text
        config: {meta: {json: true}}
      - name: held_at
        data_type: timestamp
  - name: not_exported
    columns: [{name: anything, data_type: hugeint}]
"""


def in_manifest(text: str) -> dict[str, Any]:
    """Convert the models of a YAML file to the form of dbt's manifest."""
    nodes = {
        f"model.account_warehouse.{model['name']}": {
            **model,
            "resource_type": "model",
            "original_file_path": "models/marts/visits.sql",
            "patch_path": "account_warehouse://models/marts/visits.yml",
            "columns": {column["name"]: column for column in model["columns"]},
        }
        for model in yaml.safe_load(text)["models"]
    }
    return {"nodes": {**nodes, "test.account_warehouse.unique": {"resource_type": "test"}}}


def visits(text: str = YAML) -> ExportContract:
    (contract,) = contracts_from_yaml({"models/visits.yml": text})
    return contract


def test_only_exported_models_have_a_contract() -> None:
    assert [contract.name for contract in contracts_from_manifest(in_manifest(YAML))] == ["visits"]


def test_the_manifest_and_the_yaml_give_the_same_contract() -> None:
    assert contracts_from_manifest(in_manifest(YAML)) == (visits(),)


def test_a_contract_has_everything_from_the_yaml() -> None:
    contract = visits()
    assert (contract.name, contract.version, contract.primary_key) == ("visits", "2.1.0", ("visit_id",))
    assert contract.tenant == "organization_id"
    assert contract.description == "Visits to an account's sites. One row per visit."
    assert contract.column("visit_id") == ContractColumn(
        "visit_id", "bigint", nullable=False, description="The visit.", source="visit.id", rules=("D24",)
    )
    assert contract.column("label").allowed == ("Red", "Green")
    assert contract.column("score").range == (Decimal(0), Decimal(100))
    assert contract.column("parts").is_json
    assert contract.column("label").classification == "personal"


def test_a_column_may_stay_out_of_the_drop() -> None:
    assert [column.name for column in visits().columns][1] == "organization_id"
    assert [column.name for column in visits().exported_columns] == ["visit_id", "label", "score", "parts", "held_at"]


@pytest.mark.parametrize(
    ("data_type", "arrow_type"),
    [
        ("bigint", pa.int64()),
        ("integer", pa.int32()),
        ("boolean", pa.bool_()),
        ("date", pa.date32()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("text", pa.string()),
        ("varchar(100)", pa.string()),
        ("numeric(12,2)", pa.decimal128(12, 2)),
        ("numeric(38,0)", pa.decimal128(38, 0)),
    ],
)
def test_each_type_has_its_place_in_parquet(data_type: str, arrow_type: pa.DataType) -> None:
    assert ContractColumn("x", data_type).arrow_type == arrow_type


def test_length_precision_and_scale_come_from_the_type() -> None:
    varchar, numeric, text = (ContractColumn("x", kind) for kind in ("varchar(50)", "numeric(10,4)", "text"))
    assert (varchar.max_length, varchar.precision, varchar.scale) == (50, None, None)
    assert (numeric.max_length, numeric.precision, numeric.scale) == (None, 10, 4)
    assert (text.max_length, text.precision, text.scale) == (None, None, None)


def test_the_parquet_schema_has_the_exported_columns_in_order() -> None:
    schema = visits().arrow_schema
    assert schema.names == ["visit_id", "label", "score", "parts", "held_at"]
    assert [field.nullable for field in schema] == [False, True, True, True, True]


def test_a_drops_manifest_gives_back_the_contract() -> None:
    contract = visits()
    again = contract_from_dict(contract.as_dict())
    assert again.as_dict() == contract.as_dict()
    assert again.arrow_schema == contract.arrow_schema


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("numeric(5, 2)", "numeric", "score has the data_type 'numeric'"),
        ("timestamp", "timestamptz", "held_at has the data_type 'timestamptz'"),
        ('version: "2.1.0"', 'version: "2"', "the version '2', which is not MAJOR.MINOR.PATCH"),
        ('version: "2.1.0", ', "", "the export visits has no version"),
        ("primary_key: [visit_id]", "primary_key: [label]", "'label' of visits is not an exported not-null column"),
        ("primary_key: [visit_id]", "primary_key: [organization_id]", "is not an exported not-null column"),
        ("tenant: organization_id", "tenant: tenant_id", "no column 'tenant_id' to cut it by organization"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_by_name(before: str, after: str, message: str) -> None:
    assert before in YAML
    with pytest.raises(WarehouseError, match=r"models/visits\.yml") as caught:
        visits(YAML.replace(before, after))
    assert message in str(caught.value)
