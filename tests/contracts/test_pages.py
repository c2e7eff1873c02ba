"""The pages made from the contracts are fresh, complete, and valid by the standard's own schema.

`odcs-v3.2.0.schema.json` is the JSON schema of the Open Data Contract Standard 3.2.0, as Bitol publishes it
(Apache-2.0).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.contracts.business_rules import read_rule_books
from pipeline.contracts.compatibility import diff_contracts
from pipeline.contracts.contract_states import contracts_from_odcs
from pipeline.contracts.pages import DICTIONARY, ODCS_FOLDER, pages, stale_pages, write_pages
from pipeline.contracts.read_contracts import contracts_in_folder

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = contracts_in_folder(ROOT / "models")
SCHEMA = json.loads((Path(__file__).parent / "odcs-v3.2.0.schema.json").read_text())


def test_no_page_is_stale() -> None:
    assert stale_pages(ROOT) == [], "run `python -m pipeline.contracts.pages`"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the pages and of their sources."""
    for folder in ("models", "expectations", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_a_changed_contract_makes_its_pages_stale(project: Path) -> None:
    model = project / "models/marts/renewals/at_risk_accounts.yml"
    model.write_text(model.read_text().replace('version: "1.0.0"', 'version: "1.1.0"'))
    changed = [ODCS_FOLDER / "at_risk_accounts.odcs.yaml", DICTIONARY]

    assert stale_pages(project) == sorted(changed)
    assert write_pages(project) == sorted(changed)
    assert stale_pages(project) == []


def test_a_changed_rule_makes_its_pages_stale(project: Path) -> None:
    rules = project / "expectations/accounts.yml"
    rules.write_text(rules.read_text().replace("no two accounts have the same lmn_crm_id", "lmn_crm_id is unique"))
    assert stale_pages(project) == sorted([ODCS_FOLDER / "accounts.odcs.yaml", DICTIONARY])


def test_a_page_without_a_contract_is_stale_and_removed(project: Path) -> None:
    left_over = project / ODCS_FOLDER / "old_export.odcs.yaml"
    left_over.write_text("kind: DataContract\n")
    assert write_pages(project) == [ODCS_FOLDER / "old_export.odcs.yaml"]
    assert not left_over.exists()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_an_odcs_file_is_valid_and_equals_the_contract(contract: object) -> None:
    name = contract.name  # type: ignore[attr-defined]
    content = yaml.safe_load((ROOT / ODCS_FOLDER / f"{name}.odcs.yaml").read_text())

    jsonschema.Draft201909Validator(SCHEMA).validate(content)
    assert diff_contracts([contract], contracts_from_odcs(content)).changes == ()  # type: ignore[list-item]


def test_the_schema_refuses_an_invalid_contract() -> None:
    content = yaml.safe_load((ROOT / ODCS_FOLDER / "accounts.odcs.yaml").read_text())
    content["schema"][0]["properties"][0]["logicalType"] = "varchar"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(SCHEMA).validate(content)


def test_the_dictionary_has_every_column_and_rule() -> None:
    page = pages(CONTRACTS, read_rule_books(ROOT / "expectations"))[DICTIONARY]
    for contract in CONTRACTS:
        section = page.split(f"\n## {contract.name}\n")[1].split("\n## ")[0]
        for position, column in enumerate(contract.exported_columns, start=1):
            assert f"| {position} | `{column.name}` | {column.data_type}" in section
    for book in read_rule_books(ROOT / "expectations").values():
        for rule in book.rules:
            assert f"- {rule.severity}: {rule.says} (`{rule.name}`" in page


def test_every_exported_column_is_described() -> None:
    silent = [
        f"{contract.name}.{column.name}"
        for contract in CONTRACTS
        for column in contract.exported_columns
        if not column.description or not column.source
    ]
    assert silent == []
