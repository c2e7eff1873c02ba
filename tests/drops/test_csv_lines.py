"""Rows copied from a CSV equal those that its writer would write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drops.csv_file import write_csv
from pipeline.drops.csv_lines import copy_lines, read_lines

TEXTS = st.one_of(st.none(), st.text(st.sampled_from('a,"\n\r; é'), max_size=6))


def copied(folder: Path, rows: list[Any], places: list[int]) -> bytes:
    """Copy the rows at these positions from a file, with `x,y` added to each."""
    write_csv(pa.table({"id": range(len(rows)), "text": pa.array(rows, pa.string())}), folder / "rows.csv")
    names = pa.array(["x,y"] * len(places), pa.string())
    copy_lines(folder / "copied.csv", read_lines(folder / "rows.csv"), pa.array(places, pa.int64()), "names", names)
    return (folder / "copied.csv").read_bytes()


def test_a_line_feed_in_a_cell_does_not_end_the_row(tmp_path: Path) -> None:
    assert copied(tmp_path, ['a "b"\nc', "d"], [1]) == b'id,text,names\n1,d,"x,y"\n'


def test_one_name_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id\n7\n8\n")
    lines = read_lines(tmp_path / "rows.csv")
    copy_lines(tmp_path / "copied.csv", lines, pa.array([0, 1]), "names", pa.array(["x", "x,y"]))
    assert (tmp_path / "copied.csv").read_text() == 'id,names\n7,x\n8,"x,y"\n'


@given(st.lists(TEXTS, min_size=1, max_size=8), st.data())
def test_copied_rows_equal_those_of_the_writer(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str | None], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    places = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1)))
    taken = {"id": places, "text": pa.array([rows[place] for place in places], pa.string())}
    write_csv(pa.table({**taken, "names": ["x,y"] * len(places)}), folder / "expected.csv")
    assert copied(folder, rows, places) == (folder / "expected.csv").read_bytes()
