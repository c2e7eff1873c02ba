"""Folders as tools write them (source-schema, As tools write it): hive folders, other table formats, unusual names."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import land, rows, write_csv, write_parquet, write_workbook

TIER = ["id", "name"]


def landed(tmp_path: Path, table: str = "tier") -> LandedTable:
    return land("platform", tmp_path / "platform", tmp_path)[table]


def tiers(tmp_path: Path) -> list[tuple[int, int, str]]:
    return sorted((row["organization_id"], row["id"], row["name"]) for row in rows(landed(tmp_path)))


def test_hive_folders_add_their_column_to_files_of_every_format(tmp_path: Path) -> None:
    tier = tmp_path / "platform" / "tier"
    write_parquet(tier / "organization_id=1" / "part-0.parquet", {"id": [1], "name": ["a"]})
    write_csv(tier / "organization_id=2" / "part-0.csv", TIER, [("1", "b")])
    write_workbook(tier / "organization_id=3" / "part-0.xlsx", TIER, [[1, "c"]])
    assert tiers(tmp_path) == [(1, 1, "a"), (2, 1, "b"), (3, 1, "c")]


def test_hive_folders_may_be_nested_and_their_values_encoded(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "tier" / "organization_id=1" / "name=A%2FB%20%26%20C"
    write_parquet(folder / "part-0.parquet", {"id": [1, 2]})
    assert tiers(tmp_path) == [(1, 1, "A/B & C"), (1, 2, "A/B & C")]


def test_hive_folders_may_hold_the_tables(tmp_path: Path) -> None:
    for organization in (1, 2):
        folder = tmp_path / "platform" / f"organization_id={organization}"
        write_csv(folder / "tier.csv", TIER, [("1", f"of {organization}")])
        write_parquet(folder / "customer" / "part-0.parquet", {"id": [10], "name": ["Birch"]})
    assert tiers(tmp_path) == [(1, 1, "of 1"), (2, 1, "of 2")]
    assert [row["organization_id"] for row in rows(landed(tmp_path, "customer"))] == [1, 2]


def test_hives_name_for_null_is_null(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "tier" / "organization_id=1" / "name=__HIVE_DEFAULT_PARTITION__"
    write_parquet(folder / "part-0.parquet", {"id": [1]})
    assert [row["name"] for row in rows(landed(tmp_path))] == [None]


def test_a_column_of_the_file_may_repeat_the_value_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "tier" / "organization_id=1"
    columns = {"organization_id": pa.array([1, None], pa.int32()), "id": [1, 2], "name": ["a", "b"]}
    write_parquet(folder / "part-0.parquet", columns)
    assert tiers(tmp_path) == [(1, 1, "a"), (1, 2, "b")]


def test_a_column_of_the_file_that_contradicts_its_folder_stops_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "tier" / "organization_id=1"
    write_csv(folder / "part-0.csv", ["organization_id", *TIER], [("1", "1", "a"), ("2", "2", "b")])
    with pytest.raises(WarehouseError, match=r"tier/organization_id=1/part-0\.csv: .*organization_id 2.*folder"):
        landed(tmp_path)


def test_an_unused_column_of_a_hive_folder_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "tier" / "year=2024"
    write_csv(folder / "part-0.csv", ["organization_id", *TIER], [("1", "1", "a")])
    assert "columns that the schema does not know, left out: year" in landed(tmp_path).notices


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("_delta_log/00000000000000000000.json", "Delta Lake"),
        ("metadata/v1.metadata.json", "Apache Iceberg"),
        (".hoodie/hoodie.properties", "Apache Hudi"),
    ],
)
@pytest.mark.parametrize("at", ["platform/tier", "platform", "platform/tier/organization_id=1"])
def test_a_folder_of_another_table_format_is_refused_by_its_name(tmp_path: Path, at: str, mark: str, name: str) -> None:
    folder = tmp_path / "platform" / "tier" / "organization_id=1"
    write_parquet(folder / "part-0.parquet", {"id": [1], "name": ["old"]})
    (tmp_path / at / mark).parent.mkdir(parents=True)
    (tmp_path / at / mark).touch()
    with pytest.raises(WarehouseError, match=rf"{at}: this is a table of {name}"):
        landed(tmp_path)


def test_parts_are_read_in_natural_order_of_their_names(tmp_path: Path) -> None:
    for part in (10, 9):
        write_csv(tmp_path / "crm" / "contacts" / f"part-{part}.csv", ["id", "first_name"], [("c", f"of {part}")])
    table = land("crm", tmp_path / "crm", tmp_path)["contacts"]
    assert [row["first_name"] for row in rows(table)] == ["of 10"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_folder_of_parts_may_be_named_as_a_file(tmp_path: Path, suffix: str) -> None:
    """Spark writes such folders."""
    folder = tmp_path / "platform" / f"tier.{suffix}"
    write_csv(folder / "part-00000.csv", ["organization_id", *TIER], [("1", "1", "a")])
    (folder / "_SUCCESS").touch()
    assert tiers(tmp_path) == [(1, 1, "a")]


def test_files_that_tools_leave_beside_parts_are_ignored(tmp_path: Path) -> None:
    tier = tmp_path / "platform" / "tier"
    write_csv(tier / "part-0.csv", ["organization_id", *TIER], [("1", "1", "a")])
    for name in (
        "_SUCCESS",
        "._part-0.csv",
        ".part-0.csv.crc",
        "~$part-0.xlsx",
        "Thumbs.db",
        ".DS_Store",
        "desktop.ini",
    ):
        (tier / name).write_bytes(b"x")
    table = landed(tmp_path)
    assert (table.loaded, table.notices) == (1, ())


def odd_name(folder: Path, name: bytes) -> Path:
    """Create a file whose name is in Latin-1."""
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name))


def test_an_ignored_file_whose_name_is_not_utf_8_is_reported(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", TIER, [("1", "A")])
    for name in (b"caf\xe9 notes.txt", b"caf\xe9.csv"):
        odd_name(tmp_path / "crm", name).write_bytes(b"id,name\n1,A\n")
    with pytest.raises(WarehouseError, match=r"caf\\xe9\.csv: this name is not UTF-8"):
        land("crm", tmp_path / "crm", tmp_path)
    odd_name(tmp_path / "crm", b"caf\xe9.csv").unlink()
    notices = land("crm", tmp_path / "crm", tmp_path)["accounts"].notices
    assert r"caf\xe9 notes.txt: not CSV, Parquet or XLSX, left out" in notices


@pytest.mark.parametrize("source", ["lmn", "crm/accounts"])
def test_a_part_whose_name_is_not_utf_8_stops_the_run(tmp_path: Path, source: str) -> None:
    (tmp_path / source).mkdir(parents=True)
    odd_name(tmp_path / source, b"sch\xf6n.csv").write_bytes(b"CRM ID,Contact ID,CRM Name,id,name\n1,1,A,1,A\n")
    top = source.partition("/")[0]
    with pytest.raises(WarehouseError, match=r"sch\\xf6n\.csv: this name is not UTF-8.*\nTo do: rename it"):
        land(top, tmp_path / top, tmp_path)


@pytest.mark.parametrize("target", ["/dev/null", "/proc/self/environ"])
def test_a_link_to_system_files_is_refused(tmp_path: Path, target: str) -> None:
    write_csv(tmp_path / "crm" / "contacts.csv", ["id"], [("1",)])
    (tmp_path / "crm" / "accounts.csv").symlink_to(target)
    with pytest.raises(WarehouseError, match=r"accounts\.csv: this link leads to /.*which is not a source file"):
        land("crm", tmp_path / "crm", tmp_path)
