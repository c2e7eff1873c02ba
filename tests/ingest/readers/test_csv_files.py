"""CSV as people and programs write it: encodings, delimiters, quotes, ragged rows, and row numbers."""

from __future__ import annotations

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.readers import csv_file, csv_quotes
from tests.ingest.ingest_harness import land, refused, rejects, rows


def accounts(tmp_path: Path, content: bytes | str, name: str = "accounts.csv") -> LandedTable:
    """Land one accounts file."""
    folder = tmp_path / "crm"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return land("crm", folder, tmp_path)["accounts"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    lines = [["id", "name", "city"], ["1", '"A, B; C\tD"', "Bath"]]
    table = accounts(tmp_path, "\n".join(delimiter.join(line) for line in lines))
    assert [(row["id"], row["name"], row["city"]) for row in rows(table)] == [("1", "A, B; C\tD", "Bath")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    table = accounts(tmp_path, "id,name\n1,Café “Olé”\n".encode(encoding))
    assert rows(table)[0]["name"] == "Café “Olé”"
    assert bool(table.notices) == (encoding == "cp1252")


def test_lines_with_macintosh_ends_are_mac_roman(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name\r1,Café\r".encode("mac_roman"))
    assert rows(table)[0]["name"] == "Café"
    assert "Mac Roman" in table.notices[0]
    assert rows(accounts(tmp_path, "id,name\r2,Café\r".encode()))[0]["name"] == "Café"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("1,'Acme'\n2,'Bob'", "its cells are in single quotes, as in 'Acme'"),
        ('1, "Acme"\n2, "Bob, Inc."', 'there are blanks before its quotes, as in "Acme"'),
    ],
)
def test_other_quotes_are_an_error(tmp_path: Path, lines: str, what: str) -> None:
    with pytest.raises(WarehouseError, match=what):
        accounts(tmp_path, f"id,name\n{lines}\n")


def test_some_names_may_be_in_quotes(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name\n1,'Acme'\n2,Bob\n3, \"Cy\"\n")
    assert [row["name"] for row in rows(table)] == ["'Acme'", "Bob", ' "Cy"']


def test_an_undecodable_byte_rejects_only_its_cell(tmp_path: Path) -> None:
    table = accounts(tmp_path, b"id,name,city\n1,\xdcx\x8d\x81,x\n2,\xdcb,\xe9\n")
    assert [(row["id"], row["name"]) for row in rows(table)] == [("2", "Üb")]
    assert [(row, column, action) for row, column, _, action in refused(table)] == [(2, "name", "row dropped")]


def test_one_broken_utf_8_byte_rejects_only_its_cell(tmp_path: Path) -> None:
    content = "id,name,city\n1,Château,Übach\n2,B,Caf\n3,Ä,ö\n4,É\n".encode().replace(b"Caf", b"Caf\xc3")
    table = accounts(tmp_path, content)
    assert [(row["name"], row["city"]) for row in rows(table)] == [
        ("Château", "Übach"),
        ("B", None),
        ("Ä", "ö"),
        ("É", None),
    ]
    assert refused(table) == [(3, "city", "Caf\\xff", "cell nulled")]
    assert "some bytes are not UTF-8" in table.notices[0]


def test_a_broken_byte_in_a_ragged_line_rejects_only_its_cell_too(tmp_path: Path) -> None:
    content = "id,name,city,state,Caf?\n1,É,x,y,\n2,B,?,,\n3,C,?\n?\n".encode().replace(b"?", b"\xc3")
    table = accounts(tmp_path, content)
    assert [(row["id"], row["city"]) for row in rows(table)] == [("1", "x"), ("2", None), ("3", None)]
    assert table.extra_columns == ("Caf\ufffd",)
    assert rejects(table)[-1]["value"] == "\ufffd"


def test_a_file_with_a_utf_8_mark_is_utf_8_despite_broken_bytes(tmp_path: Path) -> None:
    table = accounts(tmp_path, b"\xef\xbb\xbfid,name,city\n1,A,Caf\xe9\n2,B,Ulm\n")
    assert [(row["id"], row["city"]) for row in rows(table)] == [("1", None), ("2", "Ulm")]
    assert refused(table) == [(2, "city", "Caf\\xff", "cell nulled")]


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a\r\n", "\0" * 512])
def test_an_end_of_file_mark_is_no_row(tmp_path: Path, end: str) -> None:
    table = accounts(tmp_path, f"id,name\r\n1,A\r\n{end}")
    assert (len(rows(table)), table.rejected) == (1, 0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_is_read(tmp_path: Path, encoding: str, mark: str) -> None:
    content = 'id\tname\tcity\r\n1\tCafé "Olé"\tŁódź\r\n2\t"A\r\nB"\t\r\n'
    table = accounts(tmp_path, (mark + content).encode(encoding))
    assert [(row["name"], row["city"]) for row in rows(table)] == [('Café "Olé"', "Łódź"), ("A\r\nB", None)]
    assert "UTF-16" in table.notices[0]


def test_half_a_letter_at_the_end_of_utf_16_rejects_only_its_cell(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name,city\n1,A,x\n2,B,yz".encode("utf-16")[:-1])
    assert [row["city"] for row in rows(table)] == ["x", None]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_breaks_inside_quotes_belong_to_the_cell(tmp_path: Path, end: str) -> None:
    table = accounts(tmp_path, f'id,name{end}1,"A{end}B"{end}2,"say ""hi"""{end}')
    assert [row["name"] for row in rows(table)] == [f"A{end}B", 'say "hi"']


def test_an_unquoted_blank_is_null_and_a_quoted_one_an_empty_text(tmp_path: Path) -> None:
    (row,) = rows(accounts(tmp_path, 'id,name,city,status,annual_revenue\n1,A,,"",""\n'))
    assert (row["city"], row["status"], row["annual_revenue"]) == (None, "", None)


def test_only_keys_are_trimmed(tmp_path: Path) -> None:
    (row,) = rows(accounts(tmp_path, "id,name,lmn_crm_id\n 1 ,  A  , 7 \n"))
    assert (row["id"], row["name"], row["lmn_crm_id"]) == ("1", "  A  ", "7")


def test_ragged_rows_are_rejected_with_their_visible_row_number(tmp_path: Path) -> None:
    content = 'id,name,city\n1,"A\nB",x\nTotal\n3,C,y,z\n4,D,w\n'
    table = accounts(tmp_path, content)
    assert [row["id"] for row in rows(table)] == ["1", "4"]
    assert [(r["row_number"], r["value"], r["reason"]) for r in rejects(table)] == [
        (3, "Total", "1 cell where the header has 3"),
        (4, "3,C,y,z", "4 cells where the header has 3"),
    ]
    assert (table.read, table.loaded, table.rejected) == (4, 2, 2)


def test_an_amount_with_an_unquoted_comma_shifts_no_cells(tmp_path: Path) -> None:
    """source-schema: an extra empty cell is ignored; here the last cell is empty, and the amount has two cells."""
    table = accounts(tmp_path, "id,name,annual_revenue,city\n1,A,900.00,x\n2,B,12,000.00,\n3,C,1,\n4,D,5,,\n")
    assert [(row["id"], row["annual_revenue"]) for row in rows(table)] == [
        ("1", Decimal("900.00")),
        ("3", Decimal("1.00")),
        ("4", Decimal("5.00")),
    ]
    assert [(r["row_number"], "needs quotes" in r["reason"]) for r in rejects(table)] == [(3, True)]


def test_amounts_with_unquoted_commas_in_every_line_shift_no_cells(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name,annual_revenue,city\n1,A,12,500.00,\n2,B,$8,100,\n3,C,1,000,000.00,\n4,D,5,\n")
    assert [row["id"] for row in rows(table)] == ["4"]
    assert ["needs quotes" in r["reason"] for r in rejects(table)] == [True] * 3
    filled = accounts(tmp_path, "id,name,annual_revenue,city\n1,A,12,500.00,x\n2,B,8,100,y\n")
    assert (filled.loaded, ["needs quotes" in r["reason"] for r in rejects(filled)]) == (0, [True] * 2)


def test_row_names_of_r_have_no_header(tmp_path: Path) -> None:
    table = accounts(tmp_path, '"id","name","city"\n"1","a1","A","x"\n"2","a2","B",NA\n')
    assert [(row["id"], row["name"]) for row in rows(table)] == [("a1", "A"), ("a2", "B")]
    trailing = accounts(tmp_path, "id,name,city\n1,A,x,\n2,B,y,\n")
    assert [(row["id"], row["name"]) for row in rows(trailing)] == [("1", "A"), ("2", "B")]
    blank = accounts(tmp_path, "id,name,city\n1,A,x, \n2,B,y,\t\n")
    assert [(row["id"], row["city"]) for row in rows(blank)] == [("1", "x"), ("2", "y")]


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_unsupported_line_ends_are_named(tmp_path: Path, end: str) -> None:
    with pytest.raises(WarehouseError, match=r"its lines end in .*U\+"):
        accounts(tmp_path, f"id,name,city{end}1,A,x{end}2,B,y{end}")


def test_bars_may_separate_the_cells(tmp_path: Path) -> None:
    table = accounts(tmp_path, "| id | name | city |\n|----|------|------|\n| a1 | A | x, y |\n")
    assert [(row["id"], row["name"], row["city"]) for row in rows(table)] == [("a1", " A ", " x, y ")]


def test_an_extra_empty_cell_in_every_line_keeps_adjacent_amounts_apart(tmp_path: Path) -> None:
    content = "id,organization_score,annual_revenue,name\n1,12,500,A,\n2,8,90,B,\n3,7,000,C,\n"
    table = accounts(tmp_path, content)
    assert [(row["id"], row["annual_revenue"]) for row in rows(table)] == [("1", Decimal(500)), ("2", Decimal(90))]
    assert [r["row_number"] for r in rejects(table)] == [4]


@pytest.mark.parametrize(
    "content",
    [
        "id,name,city\n1,A,x,\n2,B,y,\n3,C,,\n",
        "id,name,city,\n1,A,x\n2,B,y\n3,C,\n",
        "id,name,city,\n1,A,x,\n2,B,y,\n3,C,,\n",
        "id,name,city,,,\n1,A,x,,,\n2,B,y\n3,C\n",
        "id,name,city\n1,A,x,,,,\n2,B,y\n3,C\n",
        "id,name,city\n1,A,x\n2,B,y,\n3,C\n",
        'id,name,city\n"1","A","x",""\n"2","B","y",\n"3","C"\n',
        "id;name;city\n1;A;x;\n2;B;y;\n3;C;\n",
    ],
)
def test_an_extra_or_missing_empty_cell_at_the_end_of_a_line_is_ignored(tmp_path: Path, content: str) -> None:
    table = accounts(tmp_path, content)
    assert [(row["id"], row["name"], row["city"]) for row in rows(table)] == [
        ("1", "A", "x"),
        ("2", "B", "y"),
        ("3", "C", None),
    ]
    assert table.rejected == 0


def test_rows_of_ragged_lines_keep_their_row_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 64)
    lines = [f"{at},n,x" + ("," if at % 3 else "") if at % 5 else f"{at},n" for at in range(1, 200)]
    table = accounts(tmp_path, "id,name,city\n" + "\n".join(lines) + "\n")
    assert [row["id"] for row in rows(table)] == [str(at) for at in range(1, 200)]
    assert [row["_row"] for row in rows(table)] == list(range(2, 201))


def test_an_extra_cell_with_a_value_is_rejected(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name\n" + "1,A,\n" * 300 + "2,B,lost\n")
    assert [(r["value"], r["reason"]) for r in rejects(table) if r["row_number"] == 302] == [
        ("2,B,lost", "3 cells where the header has 2")
    ]


def test_the_pieces_of_a_row_split_by_a_line_break_are_rejected(tmp_path: Path) -> None:
    content = "id,name,city,state,country\n1,A,x,y,z\n2,B,half of\nthe city,y,z\n3,C,x\n4,D,x,y,z\n"
    table = accounts(tmp_path, content)
    assert [row["id"] for row in rows(table)] == ["1", "3", "4"]
    assert [row for row, *_ in refused(table)] == [3, 4]


def test_a_truncated_last_line_is_rejected(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name,city\n1,A,x\n2,B,y\n3,Ca")
    assert [row["id"] for row in rows(table)] == ["1", "2"]
    assert "ends in the middle" in rejects(table)[0]["reason"]


@pytest.mark.parametrize(
    "above",
    [
        "Accounts,,\n",
        "Accounts\nBirch & Sons; exported 15 Jan 2025\n\n",
        "\n\n",
        '"A title\nof two lines",,\n,,\n',
        "\n".join(["Status,active"] * 10) + "\n",
        "sep=,\n",
        '"sep=,"\n',
        "SEP=,,,\n",
        "\ufeffsep=,\n",
        "\ufeffAccounts\r\n",
    ],
)
def test_titles_blank_lines_and_sep_may_stand_above_the_headers(tmp_path: Path, above: str) -> None:
    table = accounts(tmp_path, above + "id,name,annual_revenue\n1,A,1\n2,B,x\n")
    assert [(row["id"], row["name"]) for row in rows(table)] == [("1", "A"), ("2", "B")]
    lines = above.count("\n") - ("two lines" in above)
    assert refused(table) == [(lines + 3, "annual_revenue", "x", "cell nulled")]
    assert any("headers are in line" in notice for notice in table.notices)


@pytest.mark.parametrize(("named", "sign"), [(";", ";"), ("\t", "\t"), ("\\t", "\t"), ("|", "|"), ("^", "^")])
def test_the_separator_named_in_the_file_counts(tmp_path: Path, named: str, sign: str) -> None:
    lines = [sign.join(line) for line in [("id", "name"), ("1", "A, B"), ("2", "C")]]
    table = accounts(tmp_path, f"sep={named}\n" + "\n".join(lines) + "\n")
    assert [row["name"] for row in rows(table)] == ["A, B", "C"]


def test_a_file_that_names_a_separator_it_does_not_use_is_read(tmp_path: Path) -> None:
    assert rows(accounts(tmp_path, "sep=;\nid,name\n1,A\n"))[0]["name"] == "A"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    table = accounts(tmp_path, end.join(["id,name", "1,A", '2,"B"', "3,C", ""]))
    assert [row["name"] for row in rows(table)] == ["A", "B", "C"]


def test_line_ends_of_every_kind_in_one_file(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name\r\n1,A\n2,B\r3,C\r\n")
    assert [row["name"] for row in rows(table)] == ["A", "B", "C"]


def test_a_header_of_200_kb_is_a_header(tmp_path: Path) -> None:
    table = accounts(tmp_path, f"id,name,{'x' * 200_000},city\n1,A,,y\n")
    assert rows(table)[0]["city"] == "y"
    assert len(table.extra_columns[0]) == 60


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"id,name\n1,A\n", mtime=0), "gzip archive"),
        (b"PK\x03\x04" + b"\0" * 40, "ZIP archive or a workbook"),
        (b"PAR1" + b"\0" * 40, "Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40, "old Excel workbook"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><html>", "web page"),
        (b'[{"id": 1}]', "JSON"),
        ("id,name".encode("utf-32"), "UTF-32"),
        (b"PATH=/bin\0SECRET=hunter2\0", "NUL"),
    ],
)
def test_a_file_that_is_not_csv_is_named_and_not_quoted(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(WarehouseError, match=what) as error:
        accounts(tmp_path, content)
    assert "hunter2" not in str(error.value)
    assert str(error.value).isprintable() or "\n" in str(error.value)


def test_row_numbers_count_blank_lines_and_ragged_rows(tmp_path: Path) -> None:
    table = accounts(tmp_path, "id,name,annual_revenue\n\n1,A,x\n,,\n2\n2,B,y\n \n3,C,z\n")
    assert refused(table) == [
        (3, "annual_revenue", "x", "cell nulled"),
        (5, None, "2", "row dropped"),
        (6, "annual_revenue", "y", "cell nulled"),
        (8, "annual_revenue", "z", "cell nulled"),
    ]


def test_row_numbers_hold_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 256)
    lines = ["id,name,annual_revenue"]
    expected = []
    for number in range(2, 502):
        if number % 7 == 0:
            lines.append(f"{number}")
            expected.append((number, None, "row dropped"))
        elif number % 5 == 0:
            lines.append(f"{number},n,bad")
            expected.append((number, "annual_revenue", "cell nulled"))
        else:
            lines.append(f'{number},"n\n{number}",1')
    table = accounts(tmp_path, "\n".join(lines))
    assert [(row, column, action) for row, column, _, action in refused(table)] == expected
    assert all(int(row["id"]) % 7 for row in rows(table))


@pytest.mark.parametrize("header", ["id,name\n", "id,name", 'id,"name"', "id,name\r\n"])
def test_a_file_with_only_a_header_is_a_table_without_rows(tmp_path: Path, header: str) -> None:
    table = accounts(tmp_path, header)
    assert (table.is_configured, table.read, rows(table)) == (True, 0, [])


@pytest.mark.parametrize("content", ["", "\n", " , \n1,2\n"])
def test_a_file_without_a_header_is_an_error(tmp_path: Path, content: str) -> None:
    with pytest.raises(WarehouseError, match="no header"):
        accounts(tmp_path, content)


def test_a_header_with_a_line_break_in_it(tmp_path: Path) -> None:
    table = accounts(tmp_path, 'id,"a\nb",name\n1,x,A\nq\n')
    assert [row["name"] for row in rows(table)] == ["A"]
    assert refused(table) == [(3, None, "q", "row dropped")]


def test_an_unclosed_quote_is_an_error_and_loses_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 1024)
    with pytest.raises(WarehouseError, match="quote"):
        accounts(tmp_path, 'id,name\n1,"A\n' + "2,B\n" * 1000)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('id,name\n1,A\n2,"B\n3,C\n', 3),
        ('id,name\n1,A\n2,"B', 3),
        ('id,name\n1,"say ""\n', 2),
        ('id,name,city\n1,"A,Bath\n2,B,Bath\n', 2),
        ('id,name\n1\n2,"é\n', 3),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_quote_open_at_the_end_is_an_error_that_names_its_row(
    tmp_path: Path, content: str, row: int, encoding: str
) -> None:
    with pytest.raises(WarehouseError, match=f"row {row}: a quote is never closed"):
        accounts(tmp_path, content.encode(encoding))


SWALLOWED = """id,name,status
a1,"Acme,active
a2,Beta,active
a3,Gamma,active
a4,"Delta",active
a5,Eps,active
"""


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (SWALLOWED, 2),
        ('id,name,status\n\nx\n0,5" pipe,"a\nb"\n' + SWALLOWED.split("\n", 1)[1], 5),
        ('id,name\n1,"x"y\n', 2),
        ('id,name\n1,"x" y,\n', 2),
        ('id,name\n1,""x""\n', 2),
        ('id,name,"city"s\n1,x,y\n', 1),
        ('\ufeff"id","name"\r\n1,x\r\n"2"2,x', 3),
        ('id,name\r1,x\r2,"y\r3,"z"\r', 3),
    ],
)
def test_text_after_a_closing_quote_is_an_error_that_names_its_row(tmp_path: Path, content: str, row: int) -> None:
    with pytest.raises(WarehouseError, match=rf"accounts\.csv, row {row}: text follows the closing quote"):
        accounts(tmp_path, content)


@pytest.mark.parametrize("end", ["\n", ""])
def test_blanks_may_follow_a_closing_quote(tmp_path: Path, end: str) -> None:
    table = accounts(tmp_path, 'id,name,city\n1,"x" ,"y"\n2,x,"y"  ' + end)
    assert [(row["id"], row["city"].strip()) for row in rows(table)] == [("1", "y"), ("2", "y")]


def test_a_quote_open_at_the_end_of_a_one_column_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "profiles.csv").write_text('id\np1\n"p2\np3\n')
    with pytest.raises(WarehouseError, match=r"profiles\.csv, row 3: a quote is never closed"):
        land("crm", tmp_path / "crm", tmp_path)


def test_a_quote_within_an_unquoted_cell_is_text(tmp_path: Path) -> None:
    content = 'id,name,city\n1,5" pipe,"a\n""b"\n2,a""b",\n3, "x", "\n4,y,""""\n'
    table = accounts(tmp_path, content)
    assert [(row["name"], row["city"]) for row in rows(table)] == [
        ('5" pipe', 'a\n"b'),
        ('a""b"', None),
        (' "x"', ' "'),
        ("y", '"'),
    ]


CSV_PIECES = st.lists(st.sampled_from([",", '"', '""', '","', "\n", '"\n"', "\r\n", "x"]), max_size=30)


@settings(max_examples=300)
@given(pieces=CSV_PIECES, chunk=st.integers(1, 9))
def test_stray_quotes_are_those_that_a_strict_reader_finds(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], chunk: int
) -> None:
    content = "".join(pieces)
    path = tmp_path_factory.mktemp("quotes") / "a.csv"
    path.write_bytes(content.encode())
    try:
        list(csv.reader(io.StringIO(content, newline=""), strict=True))
        is_sound = True
    except csv.Error:
        is_sound = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_quotes, "_CHUNK_BYTES", chunk)
        try:
            csv_quotes.refuse_stray_quotes(lambda: path.open("rb"), ",", "a.csv")
            assert is_sound
        except WarehouseError:
            assert not is_sound


@pytest.mark.parametrize("cell", ['""', '"\n"', '"say """', '"A"', '5" pipe', '",""\n"'])
def test_a_quote_within_the_last_cell_is_not_an_open_one(tmp_path: Path, cell: str) -> None:
    for end in ("", "\n"):
        assert accounts(tmp_path, f"id,name,city\n1,A,{cell}{end}").loaded == 1


def test_nul_characters_null_their_cell(tmp_path: Path) -> None:
    table = accounts(tmp_path, b"id,name,city\n1,A,B\0th\n")
    assert rows(table)[0]["city"] is None
    assert refused(table) == [(2, "city", "B\\0th", "cell nulled")]


def test_suffixes_are_recognised_in_any_case(tmp_path: Path) -> None:
    assert accounts(tmp_path, "ID,NAME\n1,A\n", "Accounts.CSV").loaded == 1


def test_a_file_with_all_rows_broken_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "MOST_BROKEN", 100)
    with pytest.raises(WarehouseError, match="Expected 2 columns, got 3"):
        accounts(tmp_path, "id,name\n" + "1,A,x\n" * 200)


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        ("1,Acme\n2,Bob\n", ("city", "state")),  # perhaps the names are missing
        ("1,Acme\n2,Bob,Bath\n", ("state",)),
        ("1,Acme\n2,Bob,Bath,\n", ()),
        ("1,Acme,,\n2,Bob,,\n", ()),
    ],
)
def test_headers_without_a_cell_in_any_line_are_reported(tmp_path: Path, lines: str, headers: tuple[str, ...]) -> None:
    table = accounts(tmp_path, f"id,name,city,state\n{lines}")
    assert [row["name"] for row in rows(table)] == ["Acme", "Bob"]
    assert [reading.headers_without_cells for reading in table.readings] == [headers]
