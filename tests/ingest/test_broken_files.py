"""Truncated, corrupted or random files: they land, or a WarehouseError names them; nothing else is raised."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.common.errors import WarehouseError
from pipeline.ingest.input_file import InputFile, SharedReport
from pipeline.ingest.land_part import land_file
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.tables import source_table
from tests.ingest.ingest_harness import Silence, land, write_csv, write_parquet, write_workbook

HEADER = ["id", "name", "annual_revenue", "created_at", "archived", "tags"]
LINES = [(str(at), f"N{at}", "12.5", "2025-01-15", "yes", "a,b") for at in range(50)]


def seeds(folder: Path) -> dict[str, bytes]:
    """Return a valid file of each format."""
    columns = {name: pa.array([line[at] for line in LINES]) for at, name in enumerate(HEADER)}
    return {
        "csv": write_csv(folder / "seed.csv", HEADER, LINES).read_bytes(),
        "xlsx": write_workbook(folder / "seed.xlsx", HEADER, LINES).read_bytes(),
        "parquet": write_parquet(folder / "seed.parquet", columns).read_bytes(),
    }


def damaged(content: bytes, randomness: random.Random) -> bytes:
    """Truncate it, flip some bytes, duplicate a piece or remove one."""
    data = bytearray(content)
    match randomness.randrange(4):
        case 0:
            return bytes(data[: randomness.randrange(len(data))])
        case 1:
            for _ in range(randomness.randrange(1, 20)):
                data[randomness.randrange(len(data))] = randomness.randrange(256)
        case 2:
            start = randomness.randrange(len(data))
            data[start:start] = data[start : start + randomness.randrange(200)]
        case _:
            start = randomness.randrange(len(data))
            del data[start : start + randomness.randrange(200)]
    return bytes(data)


def lands_or_is_named(folder: Path, suffix: str, content: bytes) -> None:
    """Land the file; the harness checks the counts, and anything but a WarehouseError fails the test."""
    (folder / "crm").mkdir(parents=True)
    (folder / "crm" / f"accounts.{suffix}").write_bytes(content)
    try:
        land("crm", folder / "crm", folder)
    except WarehouseError as error:
        assert f"accounts.{suffix}" in str(error)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    content = seeds(tmp_path)[suffix]
    randomness = random.Random(20250115)
    for at in range(60):
        lands_or_is_named(tmp_path / str(at), suffix, damaged(content, randomness))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_many_damaged_files(tmp_path: Path, suffix: str) -> None:
    content = seeds(tmp_path)[suffix]
    randomness = random.Random(7)
    for at in range(3000):
        lands_or_is_named(tmp_path / str(at), suffix, damaged(content, randomness))


@settings(max_examples=60)
@given(content=st.binary(max_size=200), suffix=st.sampled_from(["csv", "xlsx", "parquet"]))
def test_nonsense(tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str) -> None:
    lands_or_is_named(tmp_path_factory.mktemp("nonsense"), suffix, content)


CELLS = st.lists(st.text(max_size=6) | st.sampled_from([",", ";", '"', '""', "\n", "\r\n", "\t", "x"]), max_size=40)


@settings(max_examples=150)
@given(pieces=CELLS)
def test_csv_of_any_text_below_a_sound_header(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    content = "id,name,city\n1,A,x\n" + "".join(pieces)
    lands_or_is_named(tmp_path_factory.mktemp("text"), "csv", content.encode("utf-8", errors="replace"))


def test_parquet_with_unusual_types_lands_or_is_named(tmp_path: Path) -> None:
    odd = {
        "list": pa.array([[1], None]),
        "record": pa.array([{"a": 1}, None]),
        "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        "time": pa.array([1, None], pa.time64("us")),
        "duration": pa.array([1, None], pa.duration("s")),
        "half": pa.array([1.5, None], pa.float16()),
        "fixed": pa.array([b"ab", None], pa.binary(2)),
        "decimal256": pa.array([1, None], pa.decimal256(50, 2)),
        "null": pa.nulls(2),
        "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    }
    for column in HEADER[2:]:
        for name, array in odd.items():
            folder = tmp_path / column / name
            (folder / "crm").mkdir(parents=True)
            pq.write_table(
                pa.table({"id": ["1", "2"], "name": ["A", "B"], column: array}), folder / "crm" / "accounts.parquet"
            )
            table = land("crm", folder / "crm", folder)["accounts"]
            assert table.loaded == 2, (column, name)


def test_a_file_truncated_while_it_is_read_is_named_as_changed(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("id,name,city\n" + '1,5" pipe,"a\nb"\n' * 1000)
    file = InputFile(path, "accounts.csv", ["id", "name"])
    assert file.source_file.bytes == path.stat().st_size
    path.write_text(path.read_text()[:-4])
    with pytest.raises(WarehouseError, match="changed while it was read"):
        land_file(source_table("crm", "accounts"), file, Landing(tmp_path / "landing"), SharedReport(Silence()))
