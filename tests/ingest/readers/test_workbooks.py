"""Workbooks larger than they claim: their true size counts and is limited (lmn-format Files)."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.readers import workbook_package
from pipeline.ingest.readers.xlsx import XlsxFile
from pipeline.ingest.sources import ingest_source
from tests.ingest.ingest_harness import land, rejects, rows, write_csv, write_workbook


def repack(path: Path, member: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> None:
    """Replace one member of a workbook."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = content
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def lie_about_sizes(path: Path, claimed: int) -> None:
    """Make the zip directory claim that every member unpacks to `claimed` bytes."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(signature)
        while at >= 0:
            struct.pack_into("<I", data, at + offset, claimed)
            at = data.find(signature, at + 4)
    path.write_bytes(bytes(data))


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A small estimates workbook in its own folder."""
    return write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimate ID", "Address"], [["EST1", "12 Main St"]])


def test_a_workbook_that_unpacks_past_the_limit_is_refused(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_package, "MOST_UNPACKED_BYTES", 8 * 1024 * 1024)
    repack(workbook, "xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * (9 * 1024 * 1024))
    assert workbook.stat().st_size < 100_000
    with pytest.raises(WarehouseError, match="unpacks to more than 8 MiB"):
        land("lmn", workbook.parent, workbook.parent.parent)


def test_false_sizes_in_a_zip_directory_are_not_trusted(workbook: Path) -> None:
    lie_about_sizes(workbook, 100)
    with pytest.raises(WarehouseError, match="can't be read as an XLSX workbook"):
        land("lmn", workbook.parent, workbook.parent.parent)


def test_unread_members_are_not_unpacked(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_package, "MOST_UNPACKED_BYTES", 8 * 1024 * 1024)
    repack(workbook, "xl/media/image1.png", b"\0" * (9 * 1024 * 1024))
    assert land("lmn", workbook.parent, workbook.parent.parent)["estimates_list"].loaded == 1


def test_a_cell_far_outside_the_table_is_refused_before_the_grid_is_built(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Estimate ID"])
    sheet["XFD1048576"] = "far"
    (tmp_path / "lmn").mkdir()
    book.save(tmp_path / "lmn" / "e.xlsx")
    with pytest.raises(WarehouseError, match="1,048,576 rows and 16,384 columns"):
        land("lmn", tmp_path / "lmn", tmp_path)


def test_cells_do_not_depend_on_the_size_of_the_pieces_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [[f"EST{at}", "#N/A" if at % 3 == 0 else "x" * (at % 50)] for at in range(100)]
    write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimate ID", "Address"], lines)
    whole = land("lmn", tmp_path / "lmn", tmp_path / "whole")["estimates_list"]
    assert [row["row_number"] for row in rejects(whole)] == list(range(2, 102, 3))
    for size in (1, 61, 4099):
        monkeypatch.setattr(workbook_package, "PIECE_BYTES", size)
        table = land("lmn", tmp_path / "lmn", tmp_path / str(size))["estimates_list"]
        assert (rows(table), rejects(table)) == (rows(whole), rejects(whole))


def test_members_may_be_stored_uncompressed(workbook: Path) -> None:
    repack(workbook, "docProps/custom.txt", b"x", zipfile.ZIP_STORED)
    assert land("lmn", workbook.parent, workbook.parent.parent)["estimates_list"].loaded == 1


def test_an_unsupported_compression_is_refused(workbook: Path) -> None:
    repack(workbook, "docProps/custom.txt", b"x", zipfile.ZIP_BZIP2)
    with pytest.raises(WarehouseError, match="unusual"):
        land("lmn", workbook.parent, workbook.parent.parent)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing"])
def test_a_file_that_is_not_a_workbook_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lmn").mkdir()
    (tmp_path / "lmn" / "e.xlsx").write_bytes(content)
    with pytest.raises(WarehouseError, match=r"e\.xlsx.*can't be read as an XLSX workbook"):
        land("lmn", tmp_path / "lmn", tmp_path)


def test_the_first_sheet_in_the_workbooks_order_counts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["notes"])
    first = book.create_sheet("Estimates", 0)
    first.append(["Estimate ID", "Address"])
    first.append(["EST1", "#N/A"])
    (tmp_path / "lmn").mkdir()
    book.save(tmp_path / "lmn" / "e.xlsx")
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert rows(table)[0]["lmn_estimate_id"] == "EST1"
    assert rows(table)[0]["address"] is None


def test_headers_may_follow_ten_rows_of_titles_and_blanks(tmp_path: Path) -> None:
    titles = [["Accounts of ACME"], [], *[["by", "whom"]] * 8]
    write_workbook(tmp_path / "crm" / "accounts.xlsx", titles[0], [*titles[1:], ["id", "name"], ["1", "A"]])
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert [(row["id"], row["name"]) for row in rows(table)] == [("1", "A")]
    assert (table.read, rejects(table)) == (1, [])


def test_headers_below_the_first_rows_are_an_error(tmp_path: Path) -> None:
    write_workbook(tmp_path / "crm" / "accounts.xlsx", ["title"], [*[["title"]] * 10, ["id", "name"], ["1", "A"]])
    with pytest.raises(WarehouseError, match="the required column 'id'"):
        land("crm", tmp_path / "crm", tmp_path)


def test_an_empty_sheet_is_an_error(tmp_path: Path) -> None:
    write_workbook(tmp_path / "crm" / "accounts.xlsx", [], [])
    with pytest.raises(WarehouseError, match="has no headers"):
        land("crm", tmp_path / "crm", tmp_path)


def test_a_table_that_starts_right_of_column_a(tmp_path: Path) -> None:
    write_workbook(tmp_path / "crm" / "accounts.xlsx", [None, "id", None, "name"], [[None, 1, "x", "A"]])
    (row,) = rows(land("crm", tmp_path / "crm", tmp_path)["accounts"])
    assert (row["id"], row["name"]) == ("1", "A")


def test_a_formula_that_was_never_calculated_is_null_and_reported(tmp_path: Path) -> None:
    header = ["id", "name", "annual_revenue", "archived", "created_at", "tags", "city", "lmn_crm_id"]
    formulas = ["=1+2", "=TRUE()", "=TODAY()", '="a,b"', "=B2", "=A2"]
    lines = [["1", "A", *formulas], ['="2"', None], ["3", "C"], [None], ["4", "D", None, None, None, None, None, "=1"]]
    write_workbook(tmp_path / "crm" / "accounts.xlsx", header, [*lines, ["=5"]])
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert [row["id"] for row in rows(table)] == ["1", "3", "4"]
    assert all(row[name] is None for row in rows(table) for name in header[2:])
    assert sorted((row["row_number"], row["column_name"], row["action"]) for row in rejects(table)) == [
        *sorted((2, name, "cell nulled") for name in header[2:]),
        (3, "id", "row dropped"),
        (6, "lmn_crm_id", "cell nulled"),
        (7, "id", "row dropped"),
    ]
    assert all("a formula without a stored value: open the workbook" in row["reason"] for row in rejects(table))


def test_a_formula_is_read_by_its_stored_value(workbook: Path) -> None:
    """An empty text is a value, and a shared formula is only in its first cell."""
    sheet = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
    <row r="1"><c r="A1" t="inlineStr"><is><t>Estimate ID</t></is></c>
    <c r="B1" t="inlineStr"><is><t>Address</t></is></c><c r="C1" t="inlineStr"><is><t>Version</t></is></c>
    <c r="D1" t="inlineStr"><is><t>Total Price</t></is></c></row>
    <row r="2"><c r="A2" t="str"><f>"EST"&amp;1</f><v>EST1</v></c><c r="B2" t="str"><f>""</f><v></v></c>
    <c r="C2" t="str"><f t="shared" si="0"/><v/></c><c r="D2"><f>1+2</f><v>3</v></c></row>
    <row r="3"><c r="A3" t="str"><f>"EST"&amp;2</f><v>EST2</v></c><c r="B3"><f t="shared" si="0"/></c>
    <c r="C3" s="1"><v/></c><c r="D3"><f>1+2</f><v></v></c></row></sheetData></worksheet>"""
    repack(workbook, "xl/worksheets/sheet1.xml", sheet)
    table = land("lmn", workbook.parent, workbook.parent.parent)["estimates_list"]
    assert [(row["lmn_estimate_id"], row["total_price"]) for row in rows(table)] == [("EST1", 3), ("EST2", None)]
    assert [(row["row_number"], row["column_name"]) for row in rejects(table)] == [(3, "address"), (3, "total_price")]


HEADER = """<row r="1"><c r="A1" t="inlineStr"><is><t>Estimate ID</t></is></c>
<c r="B1" t="inlineStr"><is><t>Total Price</t></is></c><c r="C1" t="inlineStr"><is><t>Version</t></is></c></row>"""
CELLS = [
    """<c r="A2" t="inlineStr"><is><t>EST1</t></is></c><c r="B2" t="e"><v>#REF!</v></c><c r="C2"><v>45</v></c>""",
    """<c r="A3" t="inlineStr"><is><t>EST2</t></is></c><c r="B3"><f>1+1</f></c><c r="C3" t="e"><v>#N/A</v></c>""",
]
SHEET = HEADER + "".join(f'<row r="{at}">{cells}</row>' for at, cells in enumerate(CELLS, start=2))


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(SHEET, id="as most programs write it"),
        pytest.param(SHEET.replace('"', "'"), id="single quotes"),
        pytest.param(SHEET.replace("=", " = "), id="blanks around the equals sign"),
        pytest.param(re.sub(r' r="\w+"', "", SHEET), id="nothing says where it stands"),
        pytest.param(re.sub(r'(<c) r="[BC]\d"', r"\1", SHEET), id="only some cells say where they stand"),
        pytest.param(re.sub(r"(</?)(row|c|f|v|is|t)\b(?!=)", r"\1x:\2", SHEET), id="a prefix"),
    ],
)
def test_errors_are_reported_in_any_form_of_xml(workbook: Path, sheet: str) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    names = f'xmlns="{main}"' if "<x:" not in sheet else f'xmlns:x="{main}"'
    tags = ("worksheet", "sheetData") if "<x:" not in sheet else ("x:worksheet", "x:sheetData")
    content = f"<{tags[0]} {names}><{tags[1]}>{sheet}</{tags[1]}></{tags[0]}>"
    repack(workbook, "xl/worksheets/sheet1.xml", content.encode())
    table = land("lmn", workbook.parent, workbook.parent.parent)["estimates_list"]
    assert [(row["lmn_estimate_id"], row["total_price"], row["version"]) for row in rows(table)] == [
        ("EST1", None, "45"),
        ("EST2", None, None),
    ]
    assert [(row["row_number"], row["column_name"]) for row in rejects(table)] == [
        (2, "total_price"),
        (3, "total_price"),
        (3, "version"),
    ]


@pytest.mark.parametrize("flag", ['date1904="1"', "date1904='true'", 'date1904 = "on"'])
def test_days_count_from_1904_in_any_form_of_the_flag(workbook: Path, flag: str) -> None:
    with zipfile.ZipFile(workbook) as archive:
        content = archive.read("xl/workbook.xml").decode()
    repack(workbook, "xl/workbook.xml", content.replace("<workbookPr", f"<workbookPr {flag}", 1).encode())
    assert XlsxFile(workbook, "e.xlsx").dates_from_1904


def test_the_last_instant_of_a_day_belongs_to_that_day(tmp_path: Path) -> None:
    """lmn-format Values: a serial is floored, whether or not its cell has a date format."""
    last = datetime(2025, 1, 31, 23, 59, 59, 999_999)
    lines = [
        ["EST1", last, 45_688.999_999_999, datetime(2025, 2, 1)],
        ["EST2", datetime(2025, 1, 31, 23, 59, 59), 45_688.5, last],
    ]
    header = ["Estimate ID", "Contract End", "Contract Start", "Estimate Date"]
    write_workbook(tmp_path / "lmn" / "e.xlsx", header, lines)
    landed = rows(land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"])
    found = [(str(row["contract_end"]), str(row["contract_start"]), str(row["estimate_date"])) for row in landed]
    assert found == [("2025-01-31", "2025-01-31", "2025-02-01"), ("2025-01-31", "2025-01-31", "2025-01-31")]


class Truncating:
    """A progress report that truncates the file to half on the first rows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Truncate the file to half, like a restarted copy."""
        os.truncate(self._path, self._path.stat().st_size // 2)


def test_a_workbook_truncated_while_it_is_read_is_reported_as_changed(tmp_path: Path) -> None:
    lines = [[f"EST{at}", hashlib.sha256(str(at).encode()).hexdigest()] for at in range(20_000)]
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimate ID", "Address"], lines)
    with pytest.raises(WarehouseError, match=r"e\.xlsx: the file changed while it was read"):
        ingest_source("lmn", str(path.parent), Landing(tmp_path / "landing"), Truncating(path))
    assert not list((tmp_path / "landing").rglob(".*-*"))


def test_a_cover_sheet_before_the_table_is_an_error_that_names_the_tables_sheet(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimates of 2024"], [])
    workbook = openpyxl.load_workbook(path)
    table = workbook.create_sheet("Data")
    table.append(["Estimate ID", "Status"])
    table.append(["EST1", "Sold"])
    workbook.save(path)
    with pytest.raises(
        WarehouseError, match="the first sheet 'Sheet' has none of the headers that the sheet 'Data' has"
    ):
        land("lmn", tmp_path / "lmn", tmp_path)


def test_another_sheet_that_looks_like_the_table_is_reported(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimate ID", "Status"], [("EST1", "Sold")])
    workbook = openpyxl.load_workbook(path)
    sheets = {
        "2024": [["Status", "Estimate ID"], ["Lost", "EST2"]],
        "2023": [["All of 2023"], [], [" estimate id ", "Status", "x"], ["EST3"]],
        "Empty": [["Estimate ID", "Status"]],
        "By status": [["Status", "Count"], ["Sold", 1]],
        "Hidden": [["Estimate ID", "Status"], ["EST4", "Sold"]],
    }
    for name, lines in sheets.items():
        sheet = workbook.create_sheet(name)
        for line in lines:
            sheet.append(line)
    workbook["Hidden"].sheet_state = "hidden"
    workbook.save(path)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1"]
    assert [reading.unread_sheets for reading in table.readings] == [("2024", "2023")]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_headers_of_two_rows_are_joined(tmp_path: Path, suffix: str) -> None:
    below = [None, "Contract Start", "Contract End", "Total Price"]
    lines = [below, ["EST1", "2024-03-01", "2025-02-28", "12000"]]
    path = tmp_path / "lmn" / f"e.{suffix}"
    (write_workbook if suffix == "xlsx" else write_csv)(path, ["Estimate ID", "Contract", "", "Money"], lines)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    (row,) = rows(table)
    assert (str(row["contract_end"]), str(row["total_price"])) == ("2025-02-28", "12000.00")
    assert rejects(table) == []


def test_merged_cells_of_several_rows_are_reported(tmp_path: Path) -> None:
    lines = [["EST1", "7", "Sold", "x"], ["EST2", None, None, None], ["EST3", "8", "Sold", None]]
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimate ID", "Contact ID", "Status", "Extra"], lines)
    workbook = openpyxl.load_workbook(path)
    for place in ("B2:C3", "D2:D3", "B4:B6", "A1:A1"):  # two rows; an unwanted column; below the table; a header
        workbook["Sheet"].merge_cells(place)
    workbook["Sheet"].auto_filter.ref = "A1:D4"
    workbook.save(path)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert [row["crm_link"] for row in rows(table)] == ["7", None, "8"]
    assert [reading.merged_cells for reading in table.readings] == [("B2:C3",)]
