"""Writing a part in its own thread: every batch in order, and no error is lost."""

import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.null_counts import count_nulls
from pipeline.ingest.landing.part_writer import PartWriter

SCHEMA = pa.schema([("id", pa.int64())])


def batch(*ids: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(ids, pa.int64())], schema=SCHEMA)


def test_each_batch_is_a_row_group_in_order(tmp_path: Path) -> None:
    with PartWriter(tmp_path / "part", SCHEMA) as writer:
        for start in range(0, 10, 2):
            writer.write(batch(start, start + 1))
    file = pq.ParquetFile(tmp_path / "part")
    assert file.read()["id"].to_pylist() == list(range(10))
    assert file.metadata.num_row_groups == 5


def test_a_part_without_batches_is_a_file_without_rows(tmp_path: Path) -> None:
    with PartWriter(tmp_path / "part", SCHEMA):
        pass
    assert pq.read_table(tmp_path / "part").schema == SCHEMA


def test_a_write_error_of_the_last_batch_is_raised(tmp_path: Path) -> None:
    other = pa.RecordBatch.from_pydict({"name": ["x"]})
    with pytest.raises(ValueError, match="schema"), PartWriter(tmp_path / "part", SCHEMA) as writer:
        writer.write(batch(1))
        writer.write(other)


def test_an_error_of_the_caller_is_not_hidden_by_one_of_the_file(tmp_path: Path) -> None:
    other = pa.RecordBatch.from_pydict({"name": ["x"]})
    with pytest.raises(KeyError), PartWriter(tmp_path / "part", SCHEMA) as writer:
        writer.write(other)
        raise KeyError


def test_only_values_that_recur_are_written_with_a_dictionary(tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.string()), ("status", pa.string())])
    with PartWriter(tmp_path / "part", schema) as writer:
        writer.write(pa.RecordBatch.from_arrays([["a", "b", "c", "d"], ["won", "lost", "won", None]], schema=schema))
    columns = [pq.read_metadata(tmp_path / "part").row_group(0).column(at) for at in range(2)]
    assert [column.has_dictionary_page for column in columns] == [False, True]


def test_a_text_may_be_encoded_by_a_dictionary_in_some_batches_and_not_in_others(tmp_path: Path) -> None:
    plain = pa.RecordBatch.from_pydict({"status": ["lost", None]})
    encoded = pa.RecordBatch.from_arrays([pa.array(["won", None, "won"]).dictionary_encode()], ["status"])
    for batches in ([plain, encoded], [encoded, plain]):
        with PartWriter(tmp_path / "part", plain.schema) as writer:
            for batch in batches:
                writer.write(batch)
        rows = pq.read_table(tmp_path / "part")
        assert rows.schema.equals(plain.schema)
        assert rows["status"].to_pylist() == [text for batch in batches for text in batch["status"].to_pylist()]


def test_a_part_written_from_another_declares_its_own_nulls(tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.int64()), ("name", pa.string())])
    rows = pa.RecordBatch.from_arrays([[1, 2, 3], ["Oak", None, None]], schema=schema)
    with PartWriter(tmp_path / "part", schema) as writer:
        writer.write(rows.slice(0, 2))
        writer.write(rows.slice(2))
    with PartWriter(tmp_path / "shorter", pq.read_schema(tmp_path / "part")) as writer:
        writer.write(rows.slice(0, 2))
    found = [count_nulls((tmp_path / name).open("rb")) for name in ("part", "shorter")]
    assert [counts and counts.nulls for counts in found] == [{"id": 0, "name": 2}, {"id": 0, "name": 1}]


def test_random_ids_are_not_compressed_and_rising_ones_are(tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.string()), ("number", pa.string())])
    ids = [[str(uuid.uuid5(uuid.NAMESPACE_OID, str(at))) for at in range(999)], [f"EST18{at:05}" for at in range(999)]]
    with PartWriter(tmp_path / "part", schema) as writer:
        writer.write(pa.RecordBatch.from_arrays(ids, schema=schema))
    columns = [pq.read_metadata(tmp_path / "part").row_group(0).column(at) for at in range(2)]
    assert [column.compression for column in columns] == ["UNCOMPRESSED", "LZ4"]
