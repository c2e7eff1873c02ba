"""Unusual workbooks that spreadsheets open: all are read the same (lmn-format Files)."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from pipeline.common.errors import WarehouseError
from tests.ingest.ingest_harness import land, rejects, rows, write_workbook
from tests.ingest.readers.workbook_parts import HEADER, PARTS, TABLE, sheet, write_parts

RELS = PARTS["xl/_rels/workbook.xml.rels"]
BOOK = PARTS["xl/workbook.xml"]


def estimates(tmp_path: Path, changed: dict[str, str | bytes | None]) -> list[dict[str, object]]:
    write_parts(tmp_path / "lmn" / "e.xlsx", changed)
    return rows(land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"])


def cells(tmp_path: Path, line: str, **changed: str) -> dict[str, object]:
    """Return the row of a line of cells below the header."""
    (row,) = estimates(tmp_path, {"xl/worksheets/sheet1.xml": sheet(HEADER + line), **changed})
    return row


MOVED = dict.fromkeys((*PARTS, "xl/worksheets/sheet1.xml"))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="as usual"),
        pytest.param(
            {
                **MOVED,
                **{n.replace("/", "\\"): t for n, t in PARTS.items()},
                "xl\\worksheets\\sheet1.xml": sheet(TABLE),
            },
            id="backslashes",
        ),
        pytest.param(
            {**MOVED, **{n.upper(): t for n, t in PARTS.items()}, "XL/WorkSheets/Sheet1.XML": sheet(TABLE)},
            id="capitals",
        ),
        pytest.param(
            {**MOVED, **{"/" + n: t for n, t in PARTS.items()}, "/xl/worksheets/sheet1.xml": sheet(TABLE)},
            id="names with a slash before them",
        ),
        pytest.param(
            {
                "xl/_rels/workbook.xml.rels": RELS.replace("worksheets/", "../my%20sheets/"),
                "xl/worksheets/sheet1.xml": None,
                "my sheets/sheet1.xml": sheet(TABLE),
            },
            id="sheet elsewhere",
        ),
        pytest.param({"xl/_rels/workbook.xml.rels": RELS.replace('Target="', 'Target="/xl/')}, id="absolute targets"),
        pytest.param({"_rels/.rels": None}, id="the package does not name its workbook"),
        pytest.param(
            {
                "_rels/.rels": PARTS["_rels/.rels"].replace("xl/workbook", "book"),
                "book.xml": BOOK,
                "xl/workbook.xml": None,
                "_rels/book.xml.rels": RELS.replace('Target="', 'Target="xl/'),
            },
            id="the workbook elsewhere",
        ),
        pytest.param({"xl/worksheets/sheet1.xml": sheet(TABLE).encode("utf-16")}, id="UTF-16"),
        pytest.param({"xl/worksheets/sheet1.xml": "\ufeff" + sheet(TABLE)}, id="a byte order mark"),
        pytest.param(
            {"xl/worksheets/sheet1.xml": sheet(TABLE.replace(' r="A', ' r="a').replace(' r="B', ' r="$b$'))},
            id="places in small letters, and fixed ones",
        ),
        pytest.param(
            {"xl/worksheets/sheet1.xml": sheet(TABLE.replace('<row r="2">', "<row>"))},
            id="a row that only its cells number",
        ),
        pytest.param(
            {
                "xl/worksheets/sheet1.xml": sheet(TABLE).replace(
                    "<sheetData>", "<dimension ref='A1:XFD1048576'/><sheetData>"
                )
            },
            id="a dimension that is not so",
        ),
        pytest.param(
            {
                "xl/worksheets/sheet1.xml": sheet(TABLE).replace(
                    "</sheetData>",
                    "</sheetData><controls><from>"
                    "<row>0</row></from></controls><extLst><x14:row r='9'><x14:c r='A9'><x14:v>1</x14:v></x14:c>"
                    "</x14:row></extLst>",
                )
            },
            id="rows that are none, behind the table",
        ),
        pytest.param(
            {
                "xl/workbook.xml": BOOK.replace("<sheets>", '<sheets><sheet name="Chart" r:id="rId9"/>'),
                "xl/_rels/workbook.xml.rels": RELS.replace(
                    "</R", '<Relationship Id="rId9" Type="x/chartsheet" Target="chart.xml"/></R'
                ),
            },
            id="a chart comes first",
        ),
        pytest.param(
            {
                "xl/workbook.xml": BOOK.replace("<sheets>", '<sheets><sheet name="x" r:id="rId9" state="veryHidden"/>'),
                "xl/_rels/workbook.xml.rels": RELS.replace(
                    "</R", '<Relationship Id="rId9" Type="x/worksheet" Target="hidden.xml"/></R'
                ),
            },
            id="a hidden sheet first",
        ),
        pytest.param(
            {
                "xl/workbook.xml": BOOK.replace("spreadsheetml/2006/main", "purl")
                .replace("r:id", "rel:id")
                .replace("xmlns:r", "xmlns:rel")
            },
            id="strict, and another prefix",
        ),
    ],
)
def test_a_package_is_read_by_its_relationships(tmp_path: Path, changed: dict[str, str | bytes | None]) -> None:
    (row,) = estimates(tmp_path, changed)
    assert (row["lmn_estimate_id"], row["address"]) == ("EST1", "1 Elm St")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c r='B2'><v>7100001</v></c>", "7100001"),
        ("<c r='B2'><v>7100001.0</v></c>", "7100001"),
        ("<c r='B2'><v>1.1000000000000001</v></c>", "1.1"),
        ("<c r='B2'><v>12.50</v></c>", "12.5"),
        ("<c r='B2'><v>-0</v></c>", "0"),
        ("<c r='B2' t='n'><v> 3 </v></c>", "3"),
        ("<c r='B2'><v>1.23E+5</v></c>", "123000"),
        ("<c r='B2'><v>1.23456789012346E+19</v></c>", "1.23456789012346E+19"),
        ("<c r='B2' t='b'><v>1</v></c>", "true"),
        ("<c r='B2' t='b'><v>0</v></c>", "false"),
        ("<c r='B2' t='d'><v>2024-03-05T00:00:00</v></c>", "2024-03-05"),
        ("<c r='B2' t='d'><v>2024-03-05T10:20:30Z</v></c>", "2024-03-05 10:20:30+00:00"),
        ("<c r='B2' s='1'><v>45356</v></c>", "2024-03-05"),
        ("<c r='B2' s='2'><v>45356.5</v></c>", "2024-03-05 12:00:00"),
        ("<c r='B2' s='3'><v>45356</v></c>", "2024-03-05"),
        ("<c r='B2' s='1'><v>59</v></c>", "1900-02-28"),
        ("<c r='B2' s='1'><v>61</v></c>", "1900-03-01"),
        ("<c r='B2' s='2'><v>0.375</v></c>", "09:00:00"),
        ("<c r='B2' s='4'><v>1.1041666666666667</v></c>", "26:30:00"),
        ("<c r='B2' s='5'><v>45356</v></c>", "45356"),
        ("<c r='B2' s='1'><v>-1</v></c>", "-1"),
        ("<c r='B2' s='99'><v>45356</v></c>", "45356"),
        ("<c r='B2' t='inlineStr'><is><r><t>1 </t></r><r><rPr><b/></rPr><t>Elm</t></r></is></c>", "1 Elm"),
        ("<c r='B2' t='inlineStr'><is><t>東</t><rPh sb='0' eb='1'><t>ヒガシ</t></rPh></is></c>", "東"),
        ("<c r='B2' t='str'><v>a_x000A_b_x005F_x000A_ _xD83D_</v></c>", "a\nb_x000A_ _xD83D_"),
        ("<c r='B2' t='str'><v><![CDATA[1 < 2]]> &amp; 3</v></c>", "1 < 2 & 3"),
        ("<c r='B2' cm='1' t='str'><f t='array' ref='B2'>X()</f><v>12 Elm St</v></c>", "12 Elm St"),
        ("<x:c r='B2'><x:v>5</x:v></x:c>", "5"),
    ],
)
def test_a_cell_is_read_as_the_spreadsheet_shows_it(tmp_path: Path, cell: str, text: str) -> None:
    assert cells(tmp_path, f"<row r='2'><c r='A2' t='str'><v>EST1</v></c>{cell}</row>")["address"] == text


@pytest.mark.parametrize(
    ("code", "price"),
    [
        *(
            (code, None)
            for code in ("[$€-407] #,##0.00", "#,##0 [$EUR]", "£#,##0", "[$C$-1009]0", "[$CHF-807] 0", "0 \\€")
        ),
        *((code, None) for code in ('_-* #,##0.00 "€"_-', '0 "CAD"', "[$CAD] 0", "#,##0.00\\ [$zł-415]")),
        *((code, None) for code in ('"R$" #,##0.00', '#,##0.00\\ "kr"', '"C$"0', "\\C\\$0", '0 "Kč"', '"Fr." 0')),
        *((code, "12000.00") for code in ("[$$-409]#,##0", "[$USD] 0", "[$US$-409]0", "[$-409]#,##0", '"$"#,##0.00')),
        *(
            (code, "12000.00")
            for code in (
                "_-* #,##0.00\\ _€_-",
                "[Red]0",
                '0 "sold"',
                '0.00,"k"',
                "¤#,##0",
                "[>=1000]0",
                '"US$"0',
                '0 "krab"',
            )
        ),
    ],
)
def test_an_amount_in_another_currency_format_is_refused(tmp_path: Path, code: str, price: str | None) -> None:
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", ["Estimate ID", "Total Price"], [("EST1", 12000)])
    workbook = openpyxl.load_workbook(path)
    workbook["Sheet"]["B2"].number_format = code
    workbook.save(path)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert [row["total_price"] and str(row["total_price"]) for row in rows(table)] == [price]
    assert len(rejects(table)) == (price is None)


@pytest.mark.parametrize(
    ("code", "confidence"),
    [("0%", "35.5000"), ("0.00%", "35.5000"), ("[Red]0 %", "35.5000"), ('0"%"', "0.3550"), ("0\\%", "0.3550")],
)
def test_a_percent_format_scales_a_confidence_but_no_amount_of_money(
    tmp_path: Path, code: str, confidence: str
) -> None:
    headers = ["Estimate ID", "Confidence Level", "Total Price"]
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", headers, [("EST1", 0.355, 12000)])
    workbook = openpyxl.load_workbook(path)
    for cell in ("B2", "C2"):
        workbook["Sheet"][cell].number_format = code
    workbook.save(path)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert [str(row["confidence_level"]) for row in rows(table)] == [confidence]
    assert [r["column_name"] for r in rejects(table)] == (["total_price"] if confidence == "35.5000" else [])


@pytest.mark.parametrize(
    ("code", "stored", "seen"),
    [
        ("00000", 2134, "02134"),
        ("00000\\-0000", 21341234, "02134-1234"),
        ("00000", 1234567, "1234567"),
        ("0000", 7, "7"),
    ],
)
def test_a_postal_code_has_the_leading_zeros_of_its_format(tmp_path: Path, code: str, stored: int, seen: str) -> None:
    path = write_workbook(tmp_path / "lmn" / "e.xlsx", ["Jobsite ID", "Zip"], [("J1", stored)])
    workbook = openpyxl.load_workbook(path)
    workbook["Sheet"]["B2"].number_format = code
    workbook.save(path)
    table = land("lmn", tmp_path / "lmn", tmp_path)["jobsite_export"]
    assert [row["postal_code"] for row in rows(table)] == [seen]


def test_rich_shared_texts_are_their_runs_without_phonetic_ones(tmp_path: Path) -> None:
    texts = PARTS["xl/sharedStrings.xml"].replace(
        "</sst>", "<si><r><t>12 </t></r><r><t>Elm</t></r><rPh sb='0' eb='1'><t>sound</t></rPh></si>\n<si/></sst>"
    )
    line = "<row r='2'><c r='A2' t='str'><v>EST1</v></c><c r='B2' t='s'><v>3</v></c><c r='C2' t='s'><v>4</v></c></row>"
    row = cells(tmp_path, line, **{"xl/sharedStrings.xml": texts})
    assert (row["address"], row["total_price"]) == ("12 Elm", None)


@pytest.mark.parametrize("shown", ["#N/A", "#VALUE!", "#GETTING_DATA", "Err:522", ""])
@pytest.mark.parametrize("column", ["B", "C"])
def test_an_error_cell_is_null_and_rejected_whatever_it_shows(tmp_path: Path, shown: str, column: str) -> None:
    cell = f"<c r='{column}2' t='e'><f>1/0</f><v>{shown}</v></c>"
    write_parts(
        tmp_path / "lmn" / "e.xlsx",
        {"xl/worksheets/sheet1.xml": sheet(f"{HEADER}<row r='2'><c r='A2' t='str'><v>EST1</v></c>{cell}</row>")},
    )
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    name = {"B": "address", "C": "total_price"}[column]
    assert rows(table)[0][name] is None
    assert [(row["row_number"], row["column_name"]) for row in rejects(table)] == [(2, name)]


def test_other_sheets_of_a_workbook_are_reported(tmp_path: Path) -> None:
    write_parts(
        tmp_path / "lmn" / "e.xlsx",
        {
            "xl/workbook.xml": BOOK.replace("</sheets>", '<sheet name="Notes" r:id="rId9"/></sheets>'),
            "xl/_rels/workbook.xml.rels": RELS.replace(
                "</R", '<Relationship Id="rId9" Type="x/worksheet" Target="n.xml"/></R'
            ),
        },
    )
    notices = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"].notices
    assert "e.xlsx: of its sheets 'Estimates' was read, and not 'Notes'" in notices


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"xl/workbook.xml": "<workbook><sheets/></workbook>"}, "has no worksheet"),
        ({"xl/worksheets/sheet1.xml": None}, "part xl/worksheets/sheet1.xml is missing"),
        ({"xl/worksheets/sheet1.xml": "<worksheet><sheetData><row>"}, "its XML is damaged"),
        ({"xl/worksheets/sheet1.xml": '<?xml version="1.0" encoding="klingon"?><a/>'}, "its XML"),
        ({"xl/worksheets/sheet1.xml": sheet(HEADER.replace("<v>2<", "<v>3<"))}, "shared text '3'"),
        ({"xl/worksheets/sheet1.xml": sheet(HEADER.replace("C1", "C7"))}, "cell 'C7' is in row 1"),
        ({"xl/worksheets/sheet1.xml": sheet(HEADER.replace("C1", "C 1"))}, "a cell in it has the reference 'C 1'"),
        ({"xl/worksheets/sheet1.xml": sheet("<row r='one'/>")}, "a row in it is numbered 'one'"),
        ({"xl/worksheets/sheet1.xml": sheet("")}, "has no headers"),
        ({**MOVED, "xl/workbook.bin": b"x"}, "a binary workbook"),
        ({**MOVED, "mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "OpenDocument"),
        ({**MOVED, "notes.txt": "x"}, "a zip archive without a workbook"),
    ],
)
def test_a_damaged_or_invalid_workbook_is_named(
    tmp_path: Path, changed: dict[str, str | bytes | None], words: str
) -> None:
    with pytest.raises(WarehouseError, match=rf"e\.xlsx: .*({words})"):
        estimates(tmp_path, changed)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"an old Excel workbook \(\.xls\), or one with a password"),
        (b"\xef\xbb\xbf<html><table><tr><td>Estimate ID", "a web page"),
        (b" <table border=1>", "a web page's table"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "an XML spreadsheet of 2003"),
        (b"%PDF-1.7", "a PDF"),
        (b"PAR1", "a Parquet file"),
        (b"Estimate ID,Address\n", "not a zip file"),
    ],
)
def test_another_file_with_the_suffix_xlsx_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "lmn").mkdir()
    (tmp_path / "lmn" / "e.xlsx").write_bytes(content)
    with pytest.raises(WarehouseError, match=rf"e\.xlsx: .*{words}"):
        land("lmn", tmp_path / "lmn", tmp_path)
