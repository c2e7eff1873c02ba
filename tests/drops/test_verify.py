"""`warehouse verify`: each kind of damage is named in one line, and nothing makes it crash."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.drops.csv_file import write_csv
from pipeline.drops.manifest import MANIFEST, drop_name, with_hashes
from pipeline.drops.manifest_layout import hashed_bytes, manifest_bytes, parse_manifest
from pipeline.drops.publish_to_folder import FolderDestination
from pipeline.drops.stage import CHECKSUMS, StagedDrop
from pipeline.drops.verify import verify_drop
from pipeline.storage.place import open_place
from tests.drops.made_drops import CONTRACTS, DEAL_ROWS, DEALS, PLACES, manifest_of, publish


class Published:
    """A published drop, and ways to break it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def faults(self, contracts: Any = CONTRACTS) -> list[str]:
        return verify_drop(str(self.folder), contracts)

    def edit_manifest(self, edit: Callable[[dict[str, Any]], object], *, rehash: bool = True) -> None:
        """Change the manifest; with `rehash`, correct its hash and the folder's name, too."""
        path = self.folder / MANIFEST
        manifest = parse_manifest(path.read_bytes())
        edit(manifest)
        if rehash:
            manifest = with_hashes(manifest)
        path.write_bytes(manifest_bytes(manifest))
        if rehash:
            self.folder = self.folder.rename(self.folder.with_name(drop_name(manifest)))

    def rewrite(self, name: str, content: bytes) -> None:
        """Replace a file's content, and update manifest and checksums: only the content can reveal it."""
        (self.folder / name).write_bytes(content)

        def correct(manifest: dict[str, Any]) -> None:
            for file in manifest["files"]:
                if file["name"] == name:
                    file["bytes"] = len(content)
                    file["sha256"] = hashlib.sha256(content).hexdigest()
            lines = [f"{file['sha256']}  {file['name']}\n" for file in manifest["files"]]
            (self.folder / CHECKSUMS).write_text("".join(lines))

        self.edit_manifest(correct)

    def rewrite_parquet(self, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
        """Replace the table of a Parquet file, and update manifest and checksums."""
        scratch = self.folder.parent / "scratch.parquet"
        pq.write_table(change(pq.ParquetFile(self.folder / name).read()), scratch)
        self.rewrite(name, scratch.read_bytes())
        scratch.unlink()


@pytest.fixture
def drop(tmp_path: Path, stage: Callable[..., StagedDrop]) -> Published:
    return published(tmp_path, stage, csv_safe=False)


@pytest.fixture
def safe_drop(tmp_path: Path, stage: Callable[..., StagedDrop]) -> Published:
    return published(tmp_path, stage, csv_safe=True)


def published(tmp_path: Path, stage: Callable[..., StagedDrop], *, csv_safe: bool) -> Published:
    destination = FolderDestination(open_place(str(tmp_path / "exports")))
    staged = stage(destination.staging_folder(1, "run"), csv_safe=csv_safe)
    return Published(Path(publish(destination, staged, manifest_of(staged)).location))


def test_an_unchanged_drop_has_no_faults(drop: Published) -> None:
    assert drop.faults() == []
    assert drop.faults(()) == []


def test_an_unchanged_drop_with_safe_files_has_no_faults(safe_drop: Published) -> None:
    assert safe_drop.faults() == []


def test_a_copy_and_latest_verify_like_the_drop(drop: Published, tmp_path: Path) -> None:
    copy_of = shutil.copytree(drop.folder, tmp_path / "mail" / drop.folder.name)
    assert verify_drop(str(copy_of)) == []
    assert verify_drop(str(copy_of.rename(tmp_path / "mail" / "last-week"))) == []
    assert verify_drop(str(drop.folder.parent / "latest")) == []
    assert verify_drop(f"{drop.folder}/") == []


def test_a_folder_without_a_manifest_is_no_drop(drop: Published, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert verify_drop(str(tmp_path / "file")) == [f"{tmp_path / 'file'}: is a file; name the folder of the drop"]
    assert verify_drop(str(tmp_path / "nowhere")) == [f"{tmp_path / 'nowhere'}: there is no such folder"]
    (drop.folder / MANIFEST).unlink()
    assert drop.faults() == ["manifest.json: missing, so this folder is not a drop"]


# the files


@pytest.mark.parametrize("name", ["deals.csv", "deals.parquet", CHECKSUMS])
def test_a_missing_file(name: str, drop: Published) -> None:
    (drop.folder / name).unlink()
    assert drop.faults() == [f"{name}: missing"]


@pytest.mark.parametrize("name", ["more.csv", ".hidden", "manifest.json.bak"])
def test_an_extra_file(name: str, drop: Published) -> None:
    (drop.folder / name).write_text("x")
    assert drop.faults() == [f"{name}: is there, but not in the manifest"]


def test_an_extra_folder(drop: Published) -> None:
    (drop.folder / "deeper").mkdir()
    assert drop.faults() == ["deeper: is there, but not in the manifest"]


def test_many_extra_files_are_counted(drop: Published) -> None:
    for number in range(30):
        (drop.folder / f"x{number:02d}").write_text("x")
    faults = drop.faults()
    assert len(faults) == 6
    assert faults[-1] == "25 more files that the manifest doesn't list"


def test_a_file_that_is_cut_short(drop: Published) -> None:
    path = drop.folder / "deals.csv"
    path.write_bytes(path.read_bytes()[:-30])
    assert drop.faults()[0].startswith("deals.csv: has ")
    assert any(fault.startswith("deals.csv: sha256 is ") for fault in drop.faults())


@pytest.mark.parametrize("name", ["deals.csv", "deals.parquet", "places.csv", "places.parquet"])
def test_any_flipped_bit_is_found(name: str, drop: Published) -> None:
    path = drop.folder / name
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        assert any(fault.startswith(f"{name}: sha256 is ") for fault in drop.faults()), at
    path.write_bytes(whole)
    assert drop.faults() == []


def test_a_link_in_place_of_a_file(drop: Published, tmp_path: Path) -> None:
    moved = (drop.folder / "deals.csv").rename(tmp_path / "deals.csv")
    (drop.folder / "deals.csv").symlink_to(moved)
    assert drop.faults() == ["deals.csv: is not a file"]


def test_a_folder_or_a_pipe_in_place_of_a_file(drop: Published) -> None:
    (drop.folder / "deals.csv").unlink()
    (drop.folder / "deals.csv").mkdir()
    (drop.folder / CHECKSUMS).unlink()
    os.mkfifo(drop.folder / CHECKSUMS)
    assert drop.faults() == ["deals.csv: is not a file", "SHA256SUMS: is not the manifest's list of hashes"]
    (drop.folder / MANIFEST).unlink()
    os.mkfifo(drop.folder / MANIFEST)
    assert drop.faults() == ["manifest.json: missing, so this folder is not a drop"]


def test_checksums_of_another_drop(drop: Published) -> None:
    (drop.folder / CHECKSUMS).write_text("0" * 64 + "  deals.csv\n")
    assert drop.faults() == ["SHA256SUMS: is not the manifest's list of hashes"]


# the content, with correct size and hash


def test_row_counts_of_both_forms(drop: Published) -> None:
    def one_more(manifest: dict[str, Any]) -> None:
        for file in manifest["files"]:
            file["rows"] += file["export"] == "deals"

    drop.edit_manifest(one_more)
    assert drop.faults() == [
        "deals.parquet: has 2 rows, the manifest says 3",
        "deals.csv: has 2 rows, the manifest says 3",
    ]


def test_a_missing_moved_or_retyped_column(drop: Published) -> None:
    original = (drop.folder / "deals.parquet").read_bytes()
    drop.rewrite_parquet("deals.parquet", lambda table: table.drop_columns(["visits"]))
    assert drop.faults() == ["deals.parquet: column visits is missing"]
    drop.rewrite("deals.parquet", original)
    drop.rewrite_parquet("deals.parquet", lambda table: table.select(table.column_names[::-1]))
    assert drop.faults() == ["deals.parquet: the columns are in another order than in the manifest"]
    drop.rewrite("deals.parquet", original)
    drop.rewrite_parquet("deals.parquet", lambda table: table.append_column("more", pa.array([1, 2])))
    assert drop.faults() == ["deals.parquet: column more is not in the manifest"]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("deal_id", pa.int32()),
        ("visits", pa.int64()),
        ("amount", pa.decimal128(13, 2)),
        ("amount", pa.decimal128(12, 3)),
        ("rate", pa.float64()),
        ("seen_at", pa.timestamp("us")),
        ("seen_at", pa.timestamp("ms", tz="UTC")),
        ("due", pa.timestamp("us")),
        ("is_open", pa.int8()),
    ],
)
def test_a_column_of_another_type(column: str, kind: pa.DataType, drop: Published) -> None:
    def retype(table: pa.Table) -> pa.Table:
        at = table.column_names.index(column)
        return table.set_column(at, column, table[column].cast(kind, safe=False))

    drop.rewrite_parquet("deals.parquet", retype)
    faults = drop.faults()
    assert len(faults) == 1
    assert faults[0].startswith(f"deals.parquet: column {column} is ")


def test_a_duplicate_key_is_named(drop: Published) -> None:
    def repeat(table: pa.Table) -> pa.Table:
        return table.set_column(0, "deal_id", pa.array([10, 10]))

    drop.rewrite_parquet("deals.parquet", repeat)
    assert "deals.parquet: the key deal_id 10 occurs in 2 rows" in drop.faults()


def test_a_compound_key_is_one_key(drop: Published) -> None:
    def same_place(table: pa.Table) -> pa.Table:
        return table.set_column(0, "place_id", pa.array(["a", "a", "b"]))

    drop.rewrite_parquet("places.parquet", same_place)  # (Nord, a), (Süd, a), (Süd, b)
    assert not any("occurs in" in fault for fault in drop.faults())
    drop.rewrite_parquet("places.parquet", lambda t: t.set_column(1, "region", pa.array(["x", "x", "y"])))
    assert "places.parquet: the key region x, place_id a occurs in 2 rows" in drop.faults()


def test_a_forbidden_null_and_a_too_long_text(drop: Published) -> None:
    drop.rewrite_parquet("deals.parquet", lambda t: t.set_column(0, "deal_id", pa.array([2, None], pa.int64())))
    assert "deals.parquet: column deal_id must not be null and is in 1 rows" in drop.faults()
    drop.rewrite_parquet("deals.parquet", lambda t: t.set_column(1, "title", pa.array(["é" * 40, "é" * 41])))
    assert "deals.parquet: column title is longer than varchar(40) in 1 rows" in drop.faults()


@pytest.mark.parametrize(
    ("column", "nullable", "fault"),
    [
        ("deal_id", True, "column deal_id may be null by the file's schema, and must not by the manifest"),
        ("title", False, "column title must not be null by the file's schema, and may by the manifest"),
    ],
)
def test_a_column_with_different_nullability_in_the_file(
    column: str, nullable: bool, fault: str, drop: Published
) -> None:
    def declare(table: pa.Table) -> pa.Table:
        at = table.column_names.index(column)
        return table.set_column(at, table.schema.field(at).with_nullable(nullable), table[column])

    drop.rewrite_parquet("deals.parquet", declare)
    assert drop.faults() == [f"deals.parquet: {fault}"]


CELLS: list[tuple[str, Any, str]] = [
    ("title", "x", 'row deal_id 2, column title: x, but "" in the Parquet file'),
    ("note", "", 'row deal_id 2, column note: "", but null in the Parquet file'),
    ("title", None, 'row deal_id 2, column title: null, but "" in the Parquet file'),
    ("amount", Decimal("1234567.81"), "row deal_id 2, column amount: 1234567.81, but 1234567.80 in the Parquet file"),
    ("rate", Decimal("0.0000"), "row deal_id 2, column rate: 0.0000, but null in the Parquet file"),
    ("visits", 0, "row deal_id 2, column visits: 0, but null in the Parquet file"),
    ("is_open", True, "row deal_id 2, column is_open: True, but False in the Parquet file"),
    (
        "seen_at",
        datetime(2025, 1, 14, 12, 0, 0, 250001),
        "row deal_id 2, column seen_at: 2025-01-14 12:00:00.250001+00:00, "
        "but 2025-01-14 12:00:00.250000+00:00 in the Parquet file",
    ),
]


@pytest.mark.parametrize(("column", "value", "fault"), CELLS)
def test_a_csv_cell_that_differs_from_the_parquet_file(column: str, value: Any, fault: str, drop: Published) -> None:
    rows = pq.ParquetFile(drop.folder / "deals.parquet").read()
    at = rows.column_names.index(column)
    kind = rows.schema.field(column).type
    changed = rows.set_column(at, column, pa.array([value, rows[column][1].as_py()], kind))
    write_csv(changed, drop.folder.parent / "changed.csv")
    drop.rewrite("deals.csv", (drop.folder.parent / "changed.csv").read_bytes())
    assert drop.faults() == [f"deals.csv: {fault}"]


def test_a_csv_with_the_same_values_in_another_form_has_no_faults(drop: Published) -> None:
    """Another version may have written them like this: only the audit checks the form."""
    as_written = (drop.folder / "deals.csv").read_bytes()
    otherwise = as_written.replace(b"1234567.80", b"1234567.8").replace(b"12:00:00.250000Z", b"12:00:00.25Z")
    assert otherwise != as_written
    drop.rewrite("deals.csv", otherwise)
    assert drop.faults() == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"deal_id,title\n", "the header is not the manifest's list of columns"),
        (b"", "the header is not the manifest's list of columns"),
        (b"\xff\xfe\n", "the header is not the manifest's list of columns"),
    ],
)
def test_a_csv_with_another_header(content: bytes, fault: str, drop: Published) -> None:
    drop.rewrite("deals.csv", content)
    assert drop.faults() == [f"deals.csv: {fault}"]


def test_an_unreadable_csv(drop: Published) -> None:
    header = (drop.folder / "deals.csv").read_bytes().splitlines()[0]
    drop.rewrite("deals.csv", header + b"\nten,,,,,,,,\n")
    faults = drop.faults()
    assert len(faults) == 1
    assert faults[0].startswith("deals.csv: can't be read as its contract says (")


def test_a_date_outside_the_calendar(drop: Published) -> None:
    def far(table: pa.Table) -> pa.Table:
        days = pa.array([3_000_000, None], pa.int32()).cast(pa.date32())
        return table.set_column(table.column_names.index("due"), "due", days)

    drop.rewrite_parquet("deals.parquet", far)
    (fault, _) = drop.faults()
    assert fault == "deals.csv: row deal_id 2, column due: null, but 10183-09-21 in the Parquet file"


def test_an_unsafe_cell_in_a_safe_csv(safe_drop: Published) -> None:
    exact = (safe_drop.folder / "deals.csv").read_bytes()
    assert b"\xef\xbb\xbf" + exact == (safe_drop.folder / "deals.safe.csv").read_bytes(), (
        "nothing to neutralise in this tenant"
    )
    safe_drop.rewrite("deals.safe.csv", exact.replace(b'2,""', b"2,=1+1"))
    assert safe_drop.faults() == ['deals.safe.csv: row deal_id 2, column title: =1+1, but "" in the Parquet file']


def test_a_file_that_is_not_parquet(drop: Published) -> None:
    drop.rewrite("deals.parquet", b"PAR1 not at all PAR1")
    faults = drop.faults()
    assert len(faults) == 1
    assert faults[0].startswith("deals.parquet: is not a readable Parquet file (")


def test_text_that_is_not_utf_8(drop: Published) -> None:
    def damage(table: pa.Table) -> pa.Table:
        titles = pa.array([b"\x83\xff", b""]).view(pa.string())
        return table.set_column(table.column_names.index("title"), "title", titles)

    drop.rewrite_parquet("deals.parquet", damage)
    faults = drop.faults()
    assert len(faults) == 1
    assert faults[0].startswith("deals.parquet: is not a readable Parquet file (")


# the manifest


def test_a_key_of_missing_columns(drop: Published) -> None:
    def misname(manifest: dict[str, Any]) -> None:
        for file in manifest["files"]:
            file["primary_key"] = ["id"] if file["export"] == "deals" else file["primary_key"]

    drop.edit_manifest(misname)
    assert drop.faults(()) == [
        "deals.csv: the primary key names id, which is no column",
        "deals.parquet: the primary key names id, which is no column",
    ]


def test_a_manifest_whose_hash_is_wrong(drop: Published) -> None:
    drop.edit_manifest(lambda manifest: manifest["settings"].update(note="changed"), rehash=False)
    faults = drop.faults()
    assert len(faults) == 1
    assert faults[0].endswith("is not the hash of the content")


def test_a_manifest_whose_own_hash_is_wrong_is_named_by_its_first_eight_digits(drop: Published) -> None:
    drop.edit_manifest(lambda manifest: manifest.update(manifest_hash="0123456789" * 6 + "0123"), rehash=False)
    assert drop.faults() == ["manifest.json: manifest_hash 01234567… is not the hash of the manifest"]


def test_a_folder_with_another_drops_name(drop: Published) -> None:
    name = drop.folder.name
    drop.folder = drop.folder.rename(drop.folder.with_name("20250115T000000Z-00000000"))
    assert drop.faults() == [f"the folder is named 20250115T000000Z-00000000, its manifest says {name}"]


@pytest.mark.parametrize("layout", [manifest_bytes, hashed_bytes])
def test_a_manifest_of_version_1_or_with_one_value_per_line(layout: Any, drop: Published) -> None:
    path = drop.folder / MANIFEST
    path.write_bytes(layout(with_hashes({**parse_manifest(path.read_bytes()), "manifest_version": 1})))
    assert b'"schemas"' not in path.read_bytes()
    assert drop.faults() == []


def test_a_manifest_in_another_layout(drop: Published) -> None:
    path = drop.folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert drop.faults() == ["manifest.json: is not written as the warehouse writes it"]


@pytest.mark.parametrize("checks", [True, "x", None, [1], [[]]])
def test_invalid_checks_in_a_manifest_are_reported(checks: Any, drop: Published) -> None:
    path = drop.folder / MANIFEST
    path.write_bytes(hashed_bytes({**parse_manifest(path.read_bytes()), "checks": checks}))
    assert "manifest.json: is not written as the warehouse writes it" in drop.faults()


def test_an_export_without_its_csv(drop: Published) -> None:
    drop.edit_manifest(lambda m: m.update(files=[f for f in m["files"] if f["name"] != "deals.csv"]))
    assert "manifest.json: lists no deals.csv" in drop.faults()


def test_two_forms_of_an_export_with_two_contracts(drop: Published) -> None:
    drop.edit_manifest(lambda m: m["files"][0].update(contract_version="9.0.0"))
    assert any("gives deals.parquet another contract" in fault for fault in drop.faults(()))


# contract versions


def test_a_newer_contract_version(drop: Published) -> None:
    ours = (replace(DEALS, version="1.1.9"), PLACES)
    faults = drop.faults(ours)
    assert [fault.split(": ")[1] for fault in faults] == ["contract 1.2.0 is newer than this warehouse's, 1.1.9"]


def test_an_older_contract_version_has_no_faults(drop: Published) -> None:
    wider = replace(DEALS, version="1.3.0", columns=(*DEALS.columns, replace(DEALS.columns[2], name="more")))
    assert drop.faults((wider, PLACES)) == []


def test_the_columns_must_be_those_of_the_stated_version(drop: Published) -> None:
    wider = replace(DEALS, columns=(*DEALS.columns, replace(DEALS.columns[2], name="more")))
    assert [fault.split(": ")[1] for fault in drop.faults((wider, PLACES))] == [
        "claims contract 1.2.0, but has other columns or another key"
    ]


def test_missing_and_unknown_exports(drop: Published) -> None:
    assert drop.faults((*CONTRACTS, replace(DEALS, name="more"))) == ["manifest.json: lists no export more"]
    assert any("this warehouse knows no export places" in fault for fault in drop.faults((DEALS,)))


# hostile manifests

HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "not text": b"\xff\xfe\x00",
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "too deep": b"[" * 200_000 + b"]" * 200_000,
    "a huge number": b'{"manifest_version": ' + b"9" * 100_000 + b"}",
    "not a number": b'{"manifest_version": NaN}',
    "another version": b'{"manifest_version": 3}',
    "version 2 without the rest": b'{"manifest_version": 2}',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=list(HOSTILE))
def test_an_invalid_manifest_is_a_fault(content: bytes, drop: Published) -> None:
    (drop.folder / MANIFEST).write_bytes(content)
    faults = drop.faults()
    assert faults
    assert all(fault.startswith("manifest.json: ") and "\n" not in fault for fault in faults)


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "deals.csv/../../x.csv",
        "deals.exe",
        "DEALS.csv",
        "",
        ".",
        "deals\n.csv",
        "deals.csv\n",
        "a" * 5000 + ".csv",
        "déals.csv",
        "deals.csv\0",
    ],
)
def test_a_file_name_outside_the_drop_is_refused(name: str, drop: Published) -> None:
    drop.edit_manifest(lambda manifest: manifest["files"][0].update(name=name), rehash=False)
    faults = drop.faults()
    assert len(faults) == 1
    assert faults[0].startswith("manifest.json: files.0.name: ")


@pytest.mark.parametrize("kind", ["numeric(99,2)", "numeric(2,50)", "numeric(0,0)", "varchar(0)"])
def test_an_unknown_type(kind: str, drop: Published) -> None:
    def retype(manifest: dict[str, Any]) -> None:
        for file in manifest["files"]:
            if file["export"] == "deals":
                file["schema"][3]["type"] = kind

    drop.edit_manifest(retype)
    faults = drop.faults(())
    assert faults
    assert all("\n" not in fault for fault in faults)


PATHS: list[tuple[Any, ...]] = [
    *(("manifest_version",), ("organization_id",), ("as_of",), ("content_hash",), ("files",), ("files", 0)),
    *(("files", 0, key) for key in ("name", "export", "contract_version", "rows", "bytes", "sha256", "primary_key")),
    *(("schemas",), ("schemas", "deals"), ("schemas", "deals", 0), ("schemas", "deals", 0, 0)),
    *(
        ("schemas", "deals", 0, 1),
        ("schemas", "deals", 0, 2),
        ("schemas", "deals", 0, 2, "nullable"),
        ("files", 0, "primary_key", 0),
    ),
    *(("files", 0, "schema"), ("settings",), ("inputs",), ("checks",)),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["deals", "places", "deal_id", "bigint", "1.2.0", "0" * 64, "2025-13-45T99:99:99Z"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


@given(st.sampled_from(PATHS), st.one_of(st.just("(remove)"), VALUES))
def test_no_manifest_content_causes_a_crash(path: tuple[Any, ...], value: Any) -> None:
    manifest = copy.deepcopy(MADE.manifest)
    *way, last = path
    parent: Any = manifest
    for step in way:
        parent = parent[step]
    if value == "(remove)":
        assume(isinstance(parent, list) or last in parent)
        del parent[last]
    else:
        parent[last] = value
    (MADE.folder / MANIFEST).write_bytes(json.dumps(manifest).encode("utf-8", "surrogatepass"))
    faults = verify_drop(str(MADE.folder), CONTRACTS)
    assert faults, "a changed or reformatted manifest has a fault"
    assert all("\n" not in fault and len(fault) < 2000 for fault in faults)


class MADE:
    """One drop for all examples of a property."""

    folder: Path
    manifest: dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _made(tmp_path_factory: pytest.TempPathFactory) -> None:
    from pipeline.drops.stage import stage_drops
    from tests.drops.made_drops import AS_OF, CRM, marts

    destination = FolderDestination(open_place(str(tmp_path_factory.mktemp("made"))))
    (staged,) = stage_drops(marts(), CONTRACTS, {1: destination.staging_folder(1, "run")}, CRM)
    MADE.folder = Path(publish(destination, staged, manifest_of(staged, as_of=AS_OF)).location)
    MADE.manifest = json.loads((MADE.folder / MANIFEST).read_text())


def test_checksums_of_other_names_and_the_same_length(drop: Published) -> None:
    path = drop.folder / CHECKSUMS
    path.write_text(path.read_text().replace("deals.csv", "deals.cvs"))
    assert drop.faults() == ["SHA256SUMS: is not the manifest's list of hashes"]


def test_versions_are_compared_as_numbers(drop: Published) -> None:
    drop.edit_manifest(
        lambda manifest: [f.update(contract_version="10.0.0") for f in manifest["files"] if f["export"] == "deals"]
    )
    faults = drop.faults((replace(DEALS, version="9.0.0"), PLACES))
    assert any("newer than this warehouse's, 9.0.0" in fault for fault in faults)


def test_the_key_must_be_that_of_the_stated_version(drop: Published) -> None:
    faults = drop.faults((DEALS, replace(PLACES, primary_key=("place_id", "region"))))
    assert any("has other columns or another key" in fault for fault in faults)


def test_a_file_that_the_manifest_names_twice(drop: Published) -> None:
    drop.edit_manifest(lambda manifest: manifest["files"].append(manifest["files"][0]))
    assert any("more than once" in fault for fault in drop.faults())


def test_a_file_listed_under_another_export(drop: Published) -> None:
    drop.edit_manifest(
        lambda manifest: [f.update(export="deals") for f in manifest["files"] if f["name"] == "places.csv"]
    )
    assert any("the manifest says that it is the export deals" in fault for fault in drop.faults())


def test_a_manifest_that_is_too_large(drop: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.drops.verify._LARGEST_MANIFEST", 100)
    assert drop.faults()[0].endswith("bytes are more than a manifest can have")


def test_a_boolean_in_another_spelling(drop: Published) -> None:
    content = (drop.folder / "deals.csv").read_bytes()
    assert b",false," in content
    drop.rewrite("deals.csv", content.replace(b",false,", b",0,"))
    assert drop.faults() != []


@pytest.mark.parametrize("changed", [{"note": "x" * 3_000_000}, {"title": "NA"}, {"title": "null"}])
def test_texts_of_any_length_and_spelling_verify(
    changed: dict[str, str], tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    destination = FolderDestination(open_place(str(tmp_path / "exports")))
    staged = stage(destination.staging_folder(1, "run"), deals=[{**DEAL_ROWS[0], **changed}])
    assert Published(Path(publish(destination, staged, manifest_of(staged)).location)).faults() == []
