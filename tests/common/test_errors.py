"""Errors of the file system, Arrow or DuckDB are reported in words, with the file."""

from __future__ import annotations

import errno

import duckdb
import pyarrow as pa
import pytest

from pipeline.common.errors import in_words, is_out_of_memory

SAID_BY_DUCKDB = [
    'IO Error: Could not write file "/exports/1/estimates.csv": No space left on device',
    'IO Error: Async write failed for range [offset=113, size=121175]: {"exception_type":"IO","exception_message":'
    '"Could not write file \\"/exports/1/estimates.csv\\": No space left on device","errno":"28"}',
]


@pytest.mark.parametrize("said", SAID_BY_DUCKDB)
def test_a_full_disk_is_reported_with_the_file_that_duckdb_writes(said: str) -> None:
    fault = in_words(duckdb.IOException(said))
    assert fault is not None
    assert (fault.where, fault.what) == ("/exports/1/estimates.csv", "No space left on device")
    assert fault.remedy == "free some space on that disk, and run again"


def test_a_full_disk_is_reported_with_the_file_that_the_system_names() -> None:
    fault = in_words(OSError(errno.ENOSPC, "No space left on device", "/state/built.json"))
    assert fault is not None
    assert (
        str(fault) == "/state/built.json: No space left on device\nTo do: free some space on that disk, and run again"
    )


def test_a_copy_without_room_is_named_by_its_target() -> None:
    fault = in_words(OSError(errno.ENOSPC, "No space left on device", "/source/a.parquet", None, "/state/landing/x"))
    assert fault is not None
    assert fault.where == "/state/landing/x"


@pytest.mark.parametrize(
    "error",
    [
        duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block of size 256.0 KiB (488 MiB used)"),
        pa.ArrowMemoryError("malloc of size 512 failed"),
        MemoryError(),
    ],
)
def test_too_little_memory_is_reported_with_the_setting_to_raise(error: Exception) -> None:
    fault = in_words(error)
    assert fault is not None
    assert "out of memory" in fault.what
    assert "memory_limit" in str(fault.remedy)


@pytest.mark.parametrize(
    ("message", "is_memory"),
    [
        ("Runtime Error in model x\n  Out of Memory Error: failed to allocate data of size 16.0 KiB", True),
        ('ERROR: out of memory\nDETAIL: Failed on request of size 32 in memory context "HashTable"', True),
        ("org.apache.spark.SparkException: java.lang.OutOfMemoryError: Java heap space", True),
        ("Conversion Error: Could not convert string 'memory' to INT32", False),
    ],
)
def test_an_engines_message_about_memory_is_recognised(message: str, is_memory: bool) -> None:
    assert is_out_of_memory(message) is is_memory
