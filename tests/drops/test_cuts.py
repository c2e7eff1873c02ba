"""Cuts: files with some columns or rows of an export, under a contract derived from its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.cuts import IN_EVERY_CUT, SHIPPED_CUTS, Cut, described_cuts, read_cuts
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.csv_file import read_csv, write_csv
from pipeline.drops.manifest import MANIFEST, build_manifest
from pipeline.drops.manifest_layout import manifest_bytes, parse_manifest
from pipeline.drops.parquet_file import write_parquet
from pipeline.drops.stage import stage_drops
from pipeline.drops.verify import verify_drop
from pipeline.paths import PROJECT_ROOT
from tests.audit.audits import audit_drops
from tests.audit.staged_drop import CONTRACTS, SETTINGS, Rows, change, table_of, whole_drop, write_export

CORE = CONTRACTS["account_core"]
AS_OF = datetime(2025, 1, 15, tzinfo=UTC)
RED = """
cuts:
  - cut: named_accounts
    of: account_core
    says: Accounts with a health score, for the board.
    columns: [health_score, revenue]
    filter: health_score is not null and data_as_of < timestamp '2025-01-15'
"""


class Mart:
    """The marts of the intact drop of the audit's tests; only account_core is read."""

    def read(self, mart: str, columns: object) -> object:
        raise AssertionError(f"{mart} was read out of its order")

    def read_in_order(self, mart: str, columns: object, order_by: object) -> object:
        return table_of(CONTRACTS[mart], whole_drop()[mart])


def own_cuts(folder: Path, text: str = RED) -> tuple[Cut, ...]:
    (folder / "cuts.yml").write_text(text)
    return read_cuts(folder / "cuts.yml", tuple(CONTRACTS.values()))


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A drop of account_core and its cut, with its manifest."""
    cuts = own_cuts(tmp_path)
    folder = tmp_path / "drop"
    (staged,) = stage_drops(Mart(), [CORE], {1: folder}, 1, cuts=cuts)  # type: ignore[arg-type]
    manifest = build_manifest(
        staged, [CORE], as_of=AS_OF, data_as_of=None, settings={}, inputs=[], checks=[], cuts=cuts
    )
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    return folder


def test_the_split_of_account_core_has_every_column_and_each_but_the_keys_once() -> None:
    cuts = read_cuts(SHIPPED_CUTS, contracts_in_folder(PROJECT_ROOT / "models"))
    assert {cut.of.name for cut in cuts} == {"account_core"}
    assert all(cut.columns[:2] == IN_EVERY_CUT for cut in cuts)
    named = [name for cut in cuts for name in cut.columns if name not in IN_EVERY_CUT]
    assert sorted([*named, *IN_EVERY_CUT]) == sorted(column.name for column in CORE.exported_columns)


def test_a_cuts_contract_follows_from_its_exports(tmp_path: Path) -> None:
    (cut,) = own_cuts(tmp_path)
    assert [column.name for column in cut.contract.columns] == ["account_id", "account_name", "health_score", "revenue"]
    assert all(column == CORE.column(column.name) for column in cut.contract.columns)
    assert (cut.contract.version, cut.contract.primary_key) == (CORE.version, CORE.primary_key)


def test_a_cut_has_the_rows_that_its_filter_keeps(drop: Path) -> None:
    (cut,) = own_cuts(drop.parent)
    rows = pq.read_table(drop / "named_accounts.parquet")
    assert rows["account_name"].to_pylist() == ["Acme"]
    assert rows.schema == cut.contract.arrow_schema
    csv = read_csv(drop / "named_accounts.csv", cut.contract)
    assert not isinstance(csv, str)
    assert csv["health_score"].to_pylist() == rows["health_score"].to_pylist()


def test_a_drop_with_a_cut_verifies_and_describes_how_the_cut_is_made(drop: Path) -> None:
    assert verify_drop(str(drop)) == []
    manifest = parse_manifest((drop / MANIFEST).read_bytes())
    assert [entry["name"] for entry in manifest["cuts"]] == ["named_accounts.csv", "named_accounts.parquet"]
    assert manifest["cuts"][0]["rows"] == 1
    (made,), (named,) = described_cuts(manifest, [CORE]), own_cuts(drop.parent)
    assert (made.columns, made.filter) == (named.columns, named.filter)


def test_a_cut_that_differs_from_its_export_is_a_fault(drop: Path) -> None:
    path = drop / "named_accounts.parquet"
    rows = pq.read_table(path)
    changed = rows.set_column(1, rows.schema.field(1), [["Acne"]])
    write_parquet(changed, path)
    write_csv(changed, drop / "named_accounts.csv")
    faults = verify_drop(str(drop))
    assert any("sha256" in fault and "named_accounts.parquet" in fault for fault in faults)
    assert "named_accounts.parquet: 1 of its rows are not rows of account_core" in faults


def test_a_missing_file_of_a_cut_is_a_fault(drop: Path) -> None:
    (drop / "named_accounts.csv").unlink()
    assert "named_accounts.csv: missing" in verify_drop(str(drop))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("cuts: 3", "is not a list of"),
        ("not: yaml: at all", "is not a list of"),
        (RED.replace("account_core", "account_cores"), "no export"),
        (RED.replace("revenue", "revenues"), "revenues"),
        (RED.replace("of: account_core", "of: estimates"), "account_name"),
        (RED.replace("health_score is not null", "health is"), "filter"),
        (RED.replace("named_accounts", "accounts"), "another cut or export"),
        (RED.replace("named_accounts", "../etc"), "lower-case letters, digits"),
        (RED.replace("says:", "sys:"), "says"),
        (RED + "    colour: red\n", "colour"),
    ],
)
def test_an_invalid_cut_is_named(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(WarehouseError) as fault:
        own_cuts(tmp_path, text)
    assert what in str(fault.value)
    assert "cuts.yml" in str(fault.value)


@pytest.mark.parametrize(
    ("spoil", "passes"),
    [(None, True), (change("account_core", {"account_id": 1}, account_name="Acne"), False)],
    ids=["as the export", "another name"],
)
def test_the_audit_checks_that_a_cuts_rows_are_its_exports(
    tmp_path: Path, spoil: Callable[[Rows], None] | None, passes: bool
) -> None:
    (cut,) = own_cuts(tmp_path)
    rows = whole_drop()
    of_cut = cut.rows(table_of(CORE, rows["account_core"]))
    if spoil is not None:
        spoil(rows)
    folder = tmp_path / "drop"
    write_export(folder, CORE.name, table_of(CORE, rows[CORE.name]))
    write_export(folder, cut.name, of_cut)
    result = audit_drops({1: folder}, [CORE, cut.contract], {cut.name: cut.rules}, as_of=AS_OF, settings=SETTINGS)
    (check,) = [check for check in result.checks if (check.export, check.name) == (cut.name, "rows_are_the_exports")]
    assert check.passed is passes
