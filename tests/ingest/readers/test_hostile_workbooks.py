"""Small workbooks that would need many resources: each gives an error before it takes much time or memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from time import process_time

import pytest

from pipeline.common.errors import WarehouseError
from tests.ingest.ingest_harness import land
from tests.ingest.readers.workbook_parts import HEADER, PARTS, TABLE, sheet, write_parts

MIB = 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"


def refused(tmp_path: Path, changed: dict[str, str | bytes | None], words: str) -> None:
    """Check that the workbook gives an error within 10 s of CPU time and 300 MiB."""
    path = write_parts(tmp_path / "lmn" / "e.xlsx", changed)
    assert path.stat().st_size < MIB
    begun = process_time()
    tracemalloc.start()
    with pytest.raises(WarehouseError, match=words):
        land("lmn", path.parent, tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 300 * MIB
    tracemalloc.stop()
    assert process_time() - begun < 15


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
        '<row r="4000000000"><c><v>1</v></c></row>',
        '<row r="3"><c r="XFE3"><v>1</v></c></row>',
        '<row r="3"><c r="ZZZZZZZZZZZZZZZZ3"><v>1</v></c></row>',
        f'<row r="{"9" * 5000}"/>',
        "<row>" + "<c/>" * 20_000 + "</row>",
    ],
)
def test_a_cell_outside_any_sheet_is_refused(tmp_path: Path, far: str) -> None:
    refused(tmp_path, {SHEET: sheet(TABLE + far)}, r"the sheet spans [0-9,]+ rows and [0-9,]+ columns")


@pytest.mark.parametrize(
    "rows",
    [
        '<c r="A2" t="e">#' * 200_000,
        "<c " * 200_000,
        '<c r="A2" x>.99999999' * 200_000,
        '<c r="A2" t="e"/></row>#' * 200_000,
        "<row>" * 200_000,
        '<row r="2"><c r="A2"><v>' + "<v>" * 200_000,
        '<row r="2"><c r="A2"><is>' + "<t>" * 200_000,
        "<x>" * 200_000,
        '<row r="2"><c r="A2" t="inlineStr"><is>' + "<r>" * 200_000,
    ],
)
def test_markup_without_end_is_refused(tmp_path: Path, rows: str) -> None:
    refused(tmp_path, {SHEET: sheet(HEADER + rows)}, "its XML|is inside another|in no row")


def test_a_tag_without_end_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, {SHEET: sheet(f"<row {' ' * 64 * MIB}")}, "a tag in it is longer than 1 MiB")


def test_a_comment_without_end_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, {SHEET: sheet(f"<!-- {' ' * 64 * MIB}")}, "a tag in it is longer than 1 MiB")


def test_a_text_without_end_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, {SHEET: sheet(f"{HEADER}<row r='2'><c r='A2' t='str'><v>{'x' * 64 * MIB}")}, "a text in it")


def test_too_many_names_are_refused(tmp_path: Path) -> None:
    names = "".join(f"<c r='A2' a{at}=''/>" for at in range(100_000))
    refused(tmp_path, {SHEET: sheet(f"{HEADER}<row r='2'>{names}")}, "more than 2,000 different names")


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "_rels/.rels", "xl/styles.xml"])
def test_entities_are_refused_in_every_part(tmp_path: Path, part: str) -> None:
    entities = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9)
    )
    content = PARTS.get(part) or sheet(TABLE)
    refused(tmp_path, {part: f"{entities}]>{content}"}, "declares a document type")


@pytest.mark.parametrize("cell", ["<x/>", '<c r="A3"/>', '<c r="A3" t="e"><f>1</f></c>'])
def test_an_endlessly_repeating_sheet_is_refused(tmp_path: Path, cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ingest.readers.workbook_package.SMALL_BYTES", MIB)
    refused(tmp_path, {SHEET: sheet(f"{TABLE}<row r='3'>{cell * (3 * MIB // len(cell))}</row>")}, "times its size")


def test_one_long_text_in_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ingest.readers.xlsx.MOST_TEXT", 32 * MIB)
    texts = PARTS["xl/sharedStrings.xml"].replace("</sst>", f"<si><t>{'x' * 32_000}</t></si></sst>")
    rows = "".join(
        f"<row r='{at}'><c r='A{at}' t='str'><v>E{at}</v></c><c r='B{at}' t='s'><v>3</v></c></row>"
        for at in range(2, 3_000)
    )
    refused(tmp_path, {"xl/sharedStrings.xml": texts, SHEET: sheet(HEADER + rows)}, "more than 32 MiB of text")


def test_shared_texts_beyond_the_memory_for_them_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ingest.readers.workbook_cells.MOST_SHARED_TEXT_BYTES", 8 * MIB)
    texts = PARTS["xl/sharedStrings.xml"].replace("</sst>", "<si/>" * 200_000 + "</sst>")
    refused(tmp_path, {"xl/sharedStrings.xml": texts}, "shared texts take more than 8 MiB")
