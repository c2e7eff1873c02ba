"""The mutations of the fuzz: of a valid file's bytes, structure, and cell spellings."""

from __future__ import annotations

import csv
import io
import random
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.ingest.fuzz_spellings import HEADERS, SPELLINGS, XML_PIECES

SEED_ROWS = 12
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Seed:
    """A valid file: its source, name and content."""

    source: str
    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """The format."""
        return Path(self.name).suffix


def mutated(seed: Seed, randomness: random.Random) -> Seed:
    """Return the seed with one or two mutations, of its bytes or of their meaning."""
    content = seed.content
    for _ in range(randomness.randrange(1, 3)):
        mutate = randomness.choice((_bytes, *_BY_FORMAT[seed.suffix] * 2))
        try:
            content = mutate(content, randomness)
        except Exception:
            content = _bytes(content, randomness)  # no longer a file of its format
    name = seed.name
    if randomness.random() < 0.02:
        name = Path(name).stem + randomness.choice((".csv", ".xlsx", ".parquet"))
    return Seed(seed.source, name, content)


def _bytes(content: bytes, randomness: random.Random) -> bytes:
    data = bytearray(content)
    at = randomness.randrange(len(data) + 1)
    length = randomness.choice((1, 2, 8, 100, 1000))
    match randomness.randrange(6):
        case 0:
            del data[at:]
        case 1:
            del data[at : at + length]
        case 2:
            data[at:at] = randomness.randbytes(length)
        case 3:
            data[at:at] = data[max(0, at - length) : at]
        case 4:
            for _ in range(randomness.randrange(1, 10)):
                if data:
                    data[randomness.randrange(len(data))] = randomness.randrange(256)
        case _:
            data[at : at + 1] = randomness.choice(
                (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b";", b"\t", b"<", b"\xc3")
            )
    return bytes(data)


def _csv_cells(content: bytes, randomness: random.Random) -> bytes:
    """Return other cells, headers, columns or lines, as written by another program."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    _mutate_lines(lines, randomness)
    buffer = io.StringIO(newline="")
    csv.writer(
        buffer,
        delimiter=randomness.choice(",,,;\t|"),
        lineterminator=randomness.choice(("\n", "\r\n", "\n", "\r")),
        quoting=randomness.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    ).writerows(lines)
    return buffer.getvalue().encode("utf-8", errors="surrogatepass")


def _csv_form(content: bytes, randomness: random.Random) -> bytes:
    """Return the same text in another encoding, below a title, or with unusual line ends."""
    text = content.decode("utf-8")
    match randomness.randrange(6):
        case 0:
            return text.encode(
                randomness.choice(("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32")), errors="replace"
            )
        case 1:
            return f"sep={randomness.choice(',;|x')}\n{text}".encode()
        case 2:
            return ("Report of today\n" * randomness.randrange(1, 14) + text).encode()
        case 3:
            return text.replace("\n", randomness.choice((",\n", ",,,\n", "\n\n", " \n"))).encode()
        case 4:
            return text.rstrip("\n").encode()
        case _:
            return text.replace(",", randomness.choice((", ", ";", "\t", '","')), randomness.randrange(1, 50)).encode()


def _mutate_lines(lines: list[list[str]], randomness: random.Random) -> None:
    at = randomness.randrange(len(lines))
    line = lines[at]
    match randomness.randrange(7):
        case 0 | 1 | 2:
            for _ in range(randomness.randrange(1, 6)):
                target = lines[randomness.randrange(1, len(lines))]
                target[randomness.randrange(len(target))] = randomness.choice(SPELLINGS)
        case 3:
            lines[0][randomness.randrange(len(lines[0]))] = randomness.choice(HEADERS)
        case 4:
            column = randomness.randrange(len(lines[0]))
            moved = randomness.randrange(len(lines[0]))
            for each in lines:
                each.insert(moved, each.pop(column) if randomness.random() < 0.99 else "")
        case 5:
            lines.insert(randomness.randrange(len(lines)), list(line))
        case _:
            del line[randomness.randrange(len(line)) :]


def _workbook_xml(content: bytes, randomness: random.Random) -> bytes:
    """Other XML in one of the parts."""
    parts = parts_of(content)
    name = randomness.choice([*parts, *(name for name in parts if "sheet" in name)])
    data = parts[name]
    at = randomness.randrange(len(data) + 1)
    match randomness.randrange(4):
        case 0:
            parts[name] = _bytes(data, randomness)
        case 1:
            parts[name] = data[:at] + randomness.choice(XML_PIECES) + data[at:]
        case 2:
            pieces = data.split(b"<")
            first = randomness.randrange(len(pieces))
            pieces[first:first] = pieces[first : first + randomness.randrange(1, 6)]
            parts[name] = b"<".join(pieces)
        case _:
            pieces = data.split(b">")
            del pieces[randomness.randrange(len(pieces))]
            parts[name] = b">".join(pieces)
    return zipped(parts)


def _workbook_cells(content: bytes, randomness: random.Random) -> bytes:
    """Other texts, types, styles and places of the sheet's cells."""
    parts = parts_of(content)
    name = next(name for name in parts if name.startswith("xl/worksheets/"))
    cells = parts[name].split(b"<c ")
    for _ in range(randomness.randrange(1, 6)):
        at = randomness.randrange(1, len(cells))
        spelling = (
            randomness.choice(SPELLINGS)
            .encode("utf-8", errors="replace")
            .replace(b"&", b"&amp;")
            .replace(b"<", b"&lt;")
        )
        place = cells[at].split(b'"')[1] if b'r="' in cells[at] else b"A2"
        kind = randomness.choice((b"n", b"str", b"b", b"e", b"d", b"s", b"inlineStr"))
        body = b"<is><t>%s</t></is>" % spelling if kind == b"inlineStr" else b"<v>%s</v>" % spelling
        body = randomness.choice((body, body, b"<f>1</f>", b"<f>1</f>" + body, b""))
        rest = cells[at].partition(b"</c>")[2]
        style = b' s="%d"' % randomness.randrange(4) if randomness.random() < 0.3 else b""
        cells[at] = b'r="%s"%s t="%s">%s</c>%s' % (place, style, kind, body, rest)
    parts[name] = b"<c ".join(cells)
    return zipped(parts)


def _workbook_package(content: bytes, randomness: random.Random) -> bytes:
    """Parts that are missing, renamed, doubled or exchanged."""
    parts = parts_of(content)
    name = randomness.choice(list(parts))
    match randomness.randrange(4):
        case 0:
            del parts[name]
        case 1:
            parts[randomness.choice((name.upper(), name.replace("/", "\\"), "/" + name, name + "x"))] = parts.pop(name)
        case 2:
            parts[name] = parts[randomness.choice(list(parts))]
        case _:
            parts[randomness.choice(("xl/workbook.bin", "mimetype", "../x", "xl/x" * 50))] = b"x"
    return zipped(parts)


_TYPES = (
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.float64(),
    pa.float32(),
    pa.int64(),
    pa.int8(),
    pa.uint64(),
    pa.bool_(),
    pa.date32(),
    pa.date64(),
    pa.timestamp("ns"),
    pa.timestamp("s", "America/New_York"),
    pa.time64("us"),
    pa.decimal128(38, 9),
    pa.decimal256(50, 2),
    pa.dictionary(pa.int8(), pa.string()),
    pa.list_(pa.string()),
    pa.null(),
)


def _parquet_table(content: bytes, randomness: random.Random) -> bytes:
    """Other types, values, names and orders of columns, and other options of the writer."""
    table = pq.read_table(io.BytesIO(content))
    at = randomness.randrange(table.num_columns)
    name = table.column_names[at]
    match randomness.randrange(5):
        case 0 | 1:
            values = [None if value is None else str(value) for value in table[name].to_pylist()]
            values[randomness.randrange(len(values))] = randomness.choice(SPELLINGS).encode("utf-8", "replace").decode()
            table = table.set_column(at, name, pa.array(values))
        case 2:
            kind = randomness.choice(_TYPES)
            column = table[name]
            changed = (
                pa.array([[value] for value in column.cast(pa.string()).to_pylist()])
                if kind == _TYPES[-2]
                else (pa.nulls(table.num_rows) if kind == pa.null() else column.cast(kind, safe=False))
            )
            table = table.set_column(at, name, changed)
        case 3:
            table = table.set_column(at, randomness.choice(HEADERS), table[name])
        case _:
            table = randomness.choice((table.slice(0, 0), pa.concat_tables([table, table]), table.remove_column(at)))
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        row_group_size=randomness.choice((1, 5, 100)),
        compression=randomness.choice(("snappy", "zstd", "gzip", "none", "brotli")),
        use_dictionary=randomness.random() < 0.5,
        data_page_version=randomness.choice(("1.0", "2.0")),
        store_schema=randomness.random() < 0.5,
    )
    return buffer.getvalue()


def _sqlite_cells(content: bytes, randomness: random.Random) -> bytes:
    """Other values in a database's table: SQLite lets any column hold any."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        path.write_bytes(content)
        with sqlite3.connect(path) as connection:
            columns = [row[1] for row in connection.execute("pragma table_info(accounts)")]
            value = randomness.choice((*SPELLINGS, b"\xff\0", 2**62, 1e300, -0.5, None)) or None
            at = randomness.randrange(1, SEED_ROWS + 1)
            connection.execute(f'update accounts set "{randomness.choice(columns)}" = ? where rowid = ?', (value, at))
        connection.close()
        return path.read_bytes()


Mutation = Callable[[bytes, random.Random], bytes]
_BY_FORMAT: dict[str, tuple[Mutation, ...]] = {
    ".csv": (_csv_cells, _csv_cells, _csv_form),
    ".xlsx": (_workbook_xml, _workbook_cells, _workbook_package),
    ".parquet": (_parquet_table,),
    ".sqlite": (_sqlite_cells,),
}


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
