"""Staging: each organization's own rows, in key order, in the contract's types, as Parquet and CSV."""

from __future__ import annotations

import errno
import hashlib
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.contracts.contract import ExportContract
from pipeline.drops.manifest import build_manifest
from pipeline.drops.stage import StagedDrop, organizations, stage_drops
from tests.drops.made_drops import AS_OF, CONTRACTS, DEAL_ROWS, DEALS, PLACES, MadeMarts, marts

DEALS_CSV = (
    "deal_id,title,note,amount,rate,visits,is_open,due,seen_at\n"
    '2,"",,1234567.80,,,false,,2025-01-14T12:00:00.250000Z\n'
    '10,"Lawn, hedge","said ""yes""\nand left",-5.00,0.5000,-3,true,2025-02-28,2025-01-14T23:59:59Z\n'
)
PLACES_CSV = 'place_id,region,tags\nc,Nord,\na,Süd,[]\nb,Süd,"[""a"",""b""]"\n'


def test_the_exact_bytes_of_the_csv_files(stage: Callable[..., StagedDrop]) -> None:
    drop = stage()
    assert (drop.folder / "deals.csv").read_bytes() == DEALS_CSV.encode()
    assert (drop.folder / "places.csv").read_bytes() == PLACES_CSV.encode()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_parquet_has_the_contracts_types_and_nullability(contract: object, stage: Callable[..., StagedDrop]) -> None:
    assert isinstance(contract, type(DEALS))
    file = pq.ParquetFile(stage().folder / f"{contract.name}.parquet")
    assert file.schema_arrow.equals(contract.arrow_schema)
    columns = [file.schema.column(at) for at in range(len(file.schema))]
    required = [column.name for column in columns if column.max_definition_level == 0]
    assert required == [column.name for column in contract.exported_columns if not column.nullable]


def test_a_forbidden_null_is_written_for_the_audit_to_find(stage: Callable[..., StagedDrop]) -> None:
    places = [{"place_id": None, "region": "Nord", "tags": None}]
    rows = pq.read_table(stage(places=places).folder / "places.parquet")
    assert rows["place_id"].to_pylist() == [None]
    assert rows.schema.field("place_id").nullable


def test_parquet_is_zstd_with_logical_types(stage: Callable[..., StagedDrop]) -> None:
    file = pq.ParquetFile(stage().folder / "deals.parquet")
    logical = {file.schema.column(at).name: str(file.schema.column(at).logical_type) for at in range(9)}
    assert logical["amount"] == "Decimal(precision=12, scale=2)"
    assert logical["due"] == "Date"
    assert logical["seen_at"].startswith("Timestamp(isAdjustedToUTC=true, timeUnit=microseconds")
    assert logical["title"] == "String"
    group = file.metadata.row_group(0)
    assert {group.column(at).compression for at in range(group.num_columns)} == {"ZSTD"}


def test_an_organization_gets_exactly_its_own_rows(stage: Callable[..., StagedDrop], tmp_path: Path) -> None:
    drop = stage(tmp_path / "two", organization_id=2)
    assert pq.read_table(drop.folder / "deals.parquet")["deal_id"].to_pylist() == [3]
    assert pq.read_table(drop.folder / "places.parquet").num_rows == 0
    assert (drop.folder / "places.csv").read_text() == "place_id,region,tags\n"


def test_a_column_that_is_not_exported_is_in_no_file(stage: Callable[..., StagedDrop]) -> None:
    drop = stage()
    assert "organization_id" not in pq.read_schema(drop.folder / "deals.parquet").names
    assert "organization_id" not in (drop.folder / "deals.csv").read_text().splitlines()[0]


def test_the_order_of_the_mart_does_not_matter(stage: Callable[..., StagedDrop], tmp_path: Path) -> None:
    first = stage(tmp_path / "first")
    second = stage(tmp_path / "second", deals=DEAL_ROWS[::-1])
    assert [file.sha256 for file in first.files] == [file.sha256 for file in second.files]


def test_text_keys_are_sorted_by_their_bytes(stage: Callable[..., StagedDrop]) -> None:
    rows = [{"place_id": name, "region": "x", "tags": None} for name in ("b", "Z", "a", "ä", "É", "10", "9", "")]
    drop = stage(places=rows)
    assert pq.read_table(drop.folder / "places.parquet")["place_id"].to_pylist() == [
        *("", "10", "9", "Z", "a", "b", "É", "ä")
    ]


def test_the_described_sizes_and_hashes_are_those_of_the_files(stage: Callable[..., StagedDrop]) -> None:
    drop = stage()
    assert [file.name for file in drop.files] == ["deals.csv", "deals.parquet", "places.csv", "places.parquet"]
    for file in drop.files:
        content = (drop.folder / file.name).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert file.rows == {"deals": 2, "places": 3}[file.export]
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=drop.folder, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_a_value_that_does_not_fit_is_staged_for_the_audit_to_name(stage: Callable[..., StagedDrop]) -> None:
    tables = marts()
    wide = tables["deals"].set_column(5, "rate", pa.array(["12.5", None, "x"]))
    folder = stage().folder.parent / "misfit"
    stage_drops(MadeMarts({**tables, "deals": wide}), CONTRACTS, {1: folder}, 1)
    assert pq.read_schema(folder / "deals.parquet").field("rate").type == pa.string()


def test_an_export_is_reported_when_its_files_are_complete_in_every_folder(tmp_path: Path) -> None:
    folders = {1: tmp_path / "1", 2: tmp_path / "2"}
    announced: list[tuple[str, list[int]]] = []

    def on_export(contract: ExportContract) -> None:
        files = [pq.ParquetFile(folder / f"{contract.name}.parquet") for folder in folders.values()]
        announced.append((contract.name, [file.metadata.num_rows for file in files]))

    drops = stage_drops(marts(), CONTRACTS, folders, 1, on_export=on_export)
    rows = {
        name: [f.rows for d in drops for f in d.files if f.name == f"{name}.parquet"] for name in ("deals", "places")
    }
    assert sorted(announced) == sorted(rows.items())


def test_organizations_are_those_with_rows_and_that_of_a_configured_crm() -> None:
    assert organizations(marts(), CONTRACTS, None) == [1, 2]
    assert organizations(marts(), CONTRACTS, 7) == [1, 2, 7]
    assert organizations(marts(deals=[]), CONTRACTS, 1) == [1]
    assert organizations(marts(deals=[]), CONTRACTS, None) == []


def test_the_manifest_describes_each_file_by_its_contract(stage: Callable[..., StagedDrop]) -> None:
    drop = stage()
    manifest = build_manifest(drop, CONTRACTS, as_of=AS_OF, data_as_of=AS_OF, settings={}, inputs=[], checks=[])
    files = {file["name"]: file for file in manifest["files"]}
    assert set(files) == {file.name for file in drop.files}
    assert files["places.csv"]["contract_version"] == PLACES.version
    assert files["places.csv"]["primary_key"] == ["region", "place_id"]
    assert [column["name"] for column in files["deals.csv"]["schema"]] == [c.name for c in DEALS.exported_columns]
    assert files["deals.parquet"]["schema"][1]["type"] == "varchar(40)"


def test_the_order_of_the_contracts_does_not_matter(tmp_path: Path) -> None:
    (drop,) = stage_drops(marts(), CONTRACTS[::-1], {1: tmp_path / "1"}, 1)
    assert [file.name for file in drop.files] == sorted(file.name for file in drop.files)


def test_the_manifest_separates_as_of_from_data_as_of(stage: Callable[..., StagedDrop]) -> None:
    """D3: extracted_at is as_of, data_as_of comes from the data."""
    data_as_of = AS_OF - timedelta(days=1)
    manifest = build_manifest(stage(), CONTRACTS, as_of=AS_OF, data_as_of=data_as_of, settings={}, inputs=[], checks=[])
    assert (manifest["as_of"], manifest["extracted_at"]) == ("2025-01-15T00:00:00Z", "2025-01-15T00:00:00Z")
    assert manifest["data_as_of"] == "2025-01-14T00:00:00Z"


def test_a_full_disk_is_reported_with_the_file(
    tmp_path: Path, stage: Callable[..., StagedDrop], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "Error writing bytes to file")  # as Arrow says it

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="No space left") as raised:
        stage(tmp_path / "staged")
    assert Path(str(raised.value.filename)).parent == tmp_path / "staged"
