"""What the file system, Arrow or DuckDB refuses is said in words, with the file that it is about."""

from __future__ import annotations

import errno

import duckdb
import pytest

from pipeline.common.errors import in_words

SAID_BY_DUCKDB = [
    'IO Error: Could not write file "/exports/1/estimates.csv": No space left on device',
    'IO Error: Async write failed for range [offset=113, size=121175]: {"exception_type":"IO","exception_message":'
    '"Could not write file \\"/exports/1/estimates.csv\\": No space left on device","errno":"28"}',
]


@pytest.mark.parametrize("said", SAID_BY_DUCKDB)
def test_a_full_disk_is_named_by_its_file_where_duckdb_writes(said: str) -> None:
    fault = in_words(duckdb.IOException(said))
    assert fault is not None
    assert (fault.where, fault.what) == ("/exports/1/estimates.csv", "No space left on device")
    assert fault.remedy == "make room there, and run again"


def test_a_full_disk_is_named_by_its_file_where_the_system_says_so() -> None:
    fault = in_words(OSError(errno.ENOSPC, "No space left on device", "/state/built.json"))
    assert fault is not None
    assert str(fault) == "/state/built.json: No space left on device\nTo do: make room there, and run again"
