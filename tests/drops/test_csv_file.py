"""The bytes of a drop's CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drops.csv_file import write_csv, write_csv_parts


def written(table: pa.Table, folder: Path) -> bytes:
    path = folder / "file.csv"
    write_csv(table, path)
    return path.read_bytes()


CELLS = [
    (pa.int64(), 9223372036854775807, b"9223372036854775807"),
    (pa.int32(), -7, b"-7"),
    (pa.bool_(), True, b"true"),
    (pa.bool_(), False, b"false"),
    (pa.decimal128(12, 2), Decimal("5.00"), b"5.00"),
    (pa.decimal128(12, 2), Decimal("-0.10"), b"-0.10"),
    (pa.decimal128(5, 4), Decimal("0"), b"0.0000"),
    (pa.date32(), date(2000, 1, 1), b"2000-01-01"),
    (pa.timestamp("us", tz="UTC"), datetime(2025, 1, 15, tzinfo=UTC), b"2025-01-15T00:00:00Z"),
    (pa.timestamp("us"), datetime(2025, 1, 15, 1, 2, 3), b"2025-01-15T01:02:03Z"),
    (
        pa.timestamp("us", tz="UTC"),
        datetime(2025, 1, 15, 23, 59, 59, 250000, tzinfo=UTC),
        b"2025-01-15T23:59:59.250000Z",
    ),
    (pa.timestamp("us", tz="UTC"), datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), b"1969-12-31T23:59:59.000001Z"),
    (pa.string(), "plain", b"plain"),
    (pa.string(), "", b'""'),
    (pa.string(), " edges ", b" edges "),
    (pa.string(), "a,b", b'"a,b"'),
    (pa.string(), 'say "x"', b'"say ""x"""'),
    (pa.string(), "two\nlines", b'"two\nlines"'),
    (pa.string(), "return\r", b'"return\r"'),
    (pa.string(), "zwölf 😀", "zwölf 😀".encode()),
    (pa.string(), "NULL", b"NULL"),
    (pa.string(), None, b""),
    (pa.int64(), None, b""),
    (pa.timestamp("us", tz="UTC"), None, b""),
    (pa.decimal128(5, 2), None, b""),
]


@pytest.mark.parametrize(("kind", "value", "cell"), CELLS)
def test_a_cell_is_written_in_the_documented_form(
    kind: pa.DataType, value: object, cell: bytes, tmp_path: Path
) -> None:
    table = pa.table({"left": pa.array([1]), "cell": pa.array([value], kind), "right": pa.array([2])})
    assert written(table, tmp_path) == b"left,cell,right\n1," + cell + b",2\n"


@pytest.mark.parametrize(("kind", "value", "cell"), [cell for cell in CELLS if isinstance(cell[1], datetime)])
def test_an_instant_is_written_the_same_with_or_without_nulls(
    kind: pa.DataType, value: datetime, cell: bytes, tmp_path: Path
) -> None:
    for other in (value, None, value.replace(year=2000)):
        rows = written(pa.table({"at": pa.array([value, other], kind)}), tmp_path)
        assert rows.splitlines()[1] == cell


def test_a_file_without_rows_has_its_header(tmp_path: Path) -> None:
    assert written(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), tmp_path) == b"a,b\n"


def test_rows_keep_their_order_however_many(tmp_path: Path) -> None:
    count = 300_000
    table = pa.table({"n": pa.array(range(count, 0, -1))})
    assert written(table, tmp_path) == b"n\n" + b"".join(b"%d\n" % n for n in range(count, 0, -1))


def test_a_path_with_a_quote_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()
    assert written(pa.table({"n": [1]}), folder) == b"n\n1\n"


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(TEXTS, st.one_of(st.none(), TEXTS)), min_size=1, max_size=20))
def test_a_plain_reader_reads_any_text_unchanged(rows: list[tuple[str, str | None]]) -> None:
    import tempfile

    table = pa.table({"a": pa.array([a for a, _ in rows]), "b": pa.array([b for _, b in rows], pa.string())})
    with tempfile.TemporaryDirectory() as folder:
        content = written(table, Path(folder)).decode()
    read = list(csv.reader(io.StringIO(content, newline=""), lineterminator="\n"))
    assert read == [["a", "b"], *([a, b or ""] for a, b in rows)]


PART = [[("a", '1\n"2"'), ("b", "")], [], [("c", None), ('"', 'd"\n')], [("e", "\r\n,")]]


def test_parts_of_a_table_are_written_like_each_alone(tmp_path: Path) -> None:
    schema = pa.schema([("key", pa.string()), ("note", pa.string())])
    tables = [pa.Table.from_pylist([{"key": key, "note": note} for key, note in rows], schema) for rows in PART]
    paths = [tmp_path / f"{number}.csv" for number in range(len(tables))]
    write_csv_parts(pa.concat_tables(tables), [(len(rows), path) for rows, path in zip(PART, paths, strict=True)])
    for table, path in zip(tables, paths, strict=True):
        write_csv(table, tmp_path / "alone.csv")
        assert path.read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {*(path.name for path in paths), "alone.csv"}
