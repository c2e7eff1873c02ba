"""Event tables in parts: late and corrected events are handled, and old files are not read again for a new one."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest import combine_parts
from pipeline.ingest import land_part as parts
from pipeline.ingest.duplicates import losing_rows as duplicates
from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import land, rejects, rows, write_csv, write_parquet

DAY = dt.datetime(2025, 1, 1)


def notes(*events: tuple[int, int, str]) -> dict[str, pa.Array]:
    """Return notes with tenant, id and text, in the landing types."""
    tenants, ids, bodies = zip(*events, strict=True) if events else ((), (), ())
    return {
        "organization_id": pa.array(tenants, pa.int64()),
        "id": pa.array(ids, pa.int64()),
        "customer_id": pa.array([1] * len(ids), pa.int64()),
        "created_at": pa.array([DAY] * len(ids), pa.timestamp("us")),
        "author_id": pa.nulls(len(ids), pa.int64()),
        "body": pa.array(bodies, pa.string()),
    }


class Events:
    """A folder of notes in parts, and its landing."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.folder = tmp_path / "platform" / "note"

    def write(self, name: str, *events: tuple[int, int, str]) -> None:
        """Write one part."""
        write_parquet(self.folder / f"{name}.parquet", notes(*events))

    def land(self) -> LandedTable:
        """Land the folder."""
        return land("platform", self.tmp_path / "platform", self.tmp_path)["note"]

    def bodies(self) -> dict[tuple[int, int], str]:
        """Return the landed texts by key, and check that keys are unique."""
        found = rows(self.land())
        texts = {(row["organization_id"], row["id"]): row["body"] for row in found}
        assert len(texts) == len(found)
        return texts


@pytest.fixture
def events(tmp_path: Path) -> Events:
    """An empty folder of notes."""
    return Events(tmp_path)


def test_new_events_are_added_and_the_old_file_stays(events: Events) -> None:
    events.write("1", (1, 1, "a"), (1, 2, "b"))
    (first,) = events.land().parts
    events.write("2", (1, 3, "c"))
    table = events.land()
    assert table.parts[0] == first
    assert len(table.parts) == 2
    assert events.bodies() == {(1, 1): "a", (1, 2): "b", (1, 3): "c"}


def test_a_correction_replaces_the_earlier_row_and_is_reported(events: Events) -> None:
    events.write("1", (1, 1, "a"), (1, 2, "b"), (1, 3, "c"))
    events.write("2", (1, 2, "B"))
    table = events.land()
    assert (table.read, table.loaded, table.rejected) == (4, 3, 1)
    assert events.bodies() == {(1, 1): "a", (1, 2): "B", (1, 3): "c"}
    assert [(r["file"], r["row_number"], r["value"]) for r in rejects(table)] == [("note/1.parquet", 3, "1 / 2")]


def test_a_late_event_with_an_id_between_the_old_ones(events: Events) -> None:
    events.write("1", (1, 1, "a"), (1, 9, "b"))
    events.write("2", (1, 5, "late"))
    assert events.bodies() == {(1, 1): "a", (1, 9): "b", (1, 5): "late"}


def test_a_correction_in_one_tenant_leaves_the_other_alone(events: Events) -> None:
    events.write("1", (1, 7, "one"), (2, 7, "two"))
    events.write("2", (2, 7, "TWO"))
    assert events.bodies() == {(1, 7): "one", (2, 7): "TWO"}


def test_corrections_of_corrections(events: Events) -> None:
    for name in "1234":
        events.write(name, (1, 1, name), (1, int(name) + 10, "own"))
    assert events.bodies() == {(1, 1): "4", **{(1, int(name) + 10): "own" for name in "1234"}}
    assert events.land().rejected == 3


def test_a_corrected_correction_is_reported_for_its_own_file(events: Events) -> None:
    events.write("1", (1, 1, "a"))
    events.write("2", (1, 2, "x"), (1, 1, "b"))
    events.land()
    events.write("3", (1, 1, "c"))
    places = [(r["file"], r["row_number"]) for r in rejects(events.land())]
    assert places == [("note/1.parquet", 2), ("note/2.parquet", 3)]


def test_a_removed_file_takes_its_corrections_with_it(events: Events) -> None:
    events.write("1", (1, 1, "a"))
    events.write("2", (1, 1, "b"))
    assert events.bodies() == {(1, 1): "b"}
    (events.folder / "2.parquet").unlink()
    assert events.bodies() == {(1, 1): "a"}


def test_parts_in_other_formats_are_deduplicated_the_same(events: Events) -> None:
    header = ["organization_id", "id", "customer_id", "created_at", "body"]
    write_csv(
        events.folder / "1.csv",
        header,
        [(1, 1, 1, "2025-01-01", "a"), (1, "x", 1, "2025-01-01", "?"), (1, 2, 1, "2025-01-01", "b")],
    )
    events.write("2", (1, 2, "B"))
    table = events.land()
    assert events.bodies() == {(1, 1): "a", (1, 2): "B"}
    assert [(r["file"], r["row_number"]) for r in rejects(table)] == [("note/1.csv", 3), ("note/1.csv", 4)]


def test_attendees_in_parts_compare_nulls_as_equal(tmp_path: Path) -> None:
    for name, attended in (("1", "yes"), ("2", "no")):
        write_csv(
            tmp_path / "platform" / "calendar_event_attendee" / f"{name}.csv",
            ["organization_id", "event_id", "user_id", "stakeholder_id", "attended"],
            [(1, 1, 5, None, attended), (1, 1, None, 5, attended), (1, int(name) + 1, 5, None, attended)],
        )
    table = land("platform", tmp_path / "platform", tmp_path)["calendar_event_attendee"]
    assert table.rejected == 2
    assert sorted((row["event_id"], row["user_id"] or 0, row["attended"]) for row in rows(table)) == [
        (1, 0, False),
        (1, 5, False),
        (2, 5, True),
        (3, 5, False),
    ]


def test_a_table_with_updated_at_keeps_the_latest_row_in_any_part(tmp_path: Path) -> None:
    header = ["organization_id", "id", "name", "updated_at"]
    folder = tmp_path / "platform" / "customer"
    write_csv(folder / "1.csv", header, [(1, 1, "newest", "2025-03-01"), (1, 2, "old", "2025-01-01")])
    write_csv(folder / "2.csv", header, [(1, 1, "older", "2025-02-01"), (1, 2, "new", "2025-02-01")])
    table = land("platform", tmp_path / "platform", tmp_path)["customer"]
    assert sorted(row["name"] for row in rows(table)) == ["new", "newest"]
    assert [(r["file"], r["row_number"]) for r in rejects(table)] == [("customer/1.csv", 3), ("customer/2.csv", 2)]


# --- what is not done -------------------------------------------------------------------------------------------------


def forbid(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """Let a call of a function fail the test."""

    def fail(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"{name} was called")

    monkeypatch.setattr(module, name, fail)


def test_a_second_run_reads_only_the_files_hashes(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    events.write("1", (1, 1, "a"), (1, 2, "b"))
    events.write("2", (1, 2, "B"))
    first = events.land()
    forbid(monkeypatch, parts, "PartWriter")
    forbid(monkeypatch, parts, "_copy_plain")
    forbid(monkeypatch, combine_parts, "find_overtaken")
    assert events.land() == first


def test_appended_events_are_not_compared_with_the_old_ones(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    events.write("1", (1, 1, "a"), (2, 100, "b"))
    events.land()
    events.write("2", (1, 2, "c"), (2, 101, "d"))
    forbid(monkeypatch, duplicates, "connect")  # no key of an old part is read
    forbid(monkeypatch, parts, "PartWriter")
    assert len(events.land().parts) == 2


def test_a_correction_rewrites_only_the_part_that_it_corrects(events: Events) -> None:
    for name, at in (("1", 10), ("2", 20), ("3", 30)):
        events.write(name, (1, at, name), (1, at + 1, name))
    before = events.land().parts
    events.write("4", (1, 20, "corrected"), (1, 40, "new"))
    after = events.land().parts
    assert [old == new for old, new in zip(before, after, strict=False)] == [True, False, True]


def test_another_correction_in_place_of_one_is_another_part(events: Events) -> None:
    events.write("1", (1, 1, "a"), (1, 2, "b"))
    events.write("2", (1, 1, "A"))
    assert events.bodies() == {(1, 1): "A", (1, 2): "b"}
    events.write("2", (1, 2, "B"))
    assert events.bodies() == {(1, 1): "a", (1, 2): "B"}


def test_files_that_swap_their_contents_swap_the_winner(events: Events) -> None:
    for first, second in (("a", "b"), ("b", "a")):
        events.write("1", (1, 1, first))
        events.write("2", (1, 1, second))
        assert events.bodies() == {(1, 1): second}


# --- over random histories --------------------------------------------------------------------------------------------

KEYS = st.tuples(st.integers(1, 2), st.integers(1, 6))
FILES = st.lists(st.lists(KEYS, max_size=6), min_size=1, max_size=5)


@settings(max_examples=12)
@given(files=FILES, seed=st.integers(0, 2**32))
def test_landing_file_by_file_equals_landing_all_at_once(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int]]], seed: int
) -> None:
    expected: dict[tuple[int, int], str] = {}
    growing, whole = (Events(tmp_path_factory.mktemp("events")) for _ in range(2))
    randomness = random.Random(seed)
    for at, keys in enumerate(files):
        written = [(*key, f"{at}/{place}") for place, key in enumerate(keys)]
        expected |= {(tenant, key): body for tenant, key, body in written}
        for events in (growing, whole):
            events.write(f"{at}", *written)
        if randomness.random() < 0.5:
            growing.land()
    one, other = growing.land(), whole.land()
    for table in (one, other):
        found = [((row["organization_id"], row["id"]), row["body"]) for row in rows(table)]
        assert len(found) == len(expected)
        assert dict(found) == expected
    assert one.rejected == other.rejected == sum(map(len, files)) - len(expected)
    assert one.fingerprint == other.fingerprint
    assert rejects(one) == rejects(other)


@pytest.mark.parametrize("numbers", [pa.array(["x", "y"]), pa.array([100, 200]), pa.nulls(2, pa.int64())])
def test_a_column_named_like_the_row_numbers_is_left_out(events: Events, numbers: pa.Array) -> None:
    for name, ids in (("1", (1, 2)), ("2", (2, 3))):
        columns = notes(*((1, at, name) for at in ids))
        write_parquet(events.folder / f"{name}.parquet", {**columns, "_row": numbers})
    table = events.land()
    assert [(row["id"], row["body"]) for row in rows(table)] == [(1, "1"), (2, "2"), (3, "2")]
    assert [(reject["file"], reject["row_number"]) for reject in rejects(table)] == [("note/1.parquet", 3)]
    assert table.extra_columns == ("_row",)
