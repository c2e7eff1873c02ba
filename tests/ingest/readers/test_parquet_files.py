"""Parquet: typed columns become the landing types, and a file that already has them is copied."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.tables import source_table
from tests.ingest.ingest_harness import land, refused, rows, write_parquet

MICROS = pa.timestamp("us")
NOON = dt.datetime(2025, 1, 15, 12)


def emails(**changed: Any) -> dict[str, pa.Array]:
    """Return two e-mails in the landing zone's form, with changes; None omits a column."""
    columns = {
        "organization_id": pa.array([1, 1]),
        "id": pa.array([10, 11]),
        "customer_id": pa.array([5, 6]),
        "thread_id": pa.array([7, 8]),
        "sent_at": pa.array([NOON, NOON], MICROS),
        "direction": pa.array(["team", "account"]),
        "user_id": pa.array([1, None], pa.int64()),
        "stakeholder_id": pa.array([None, 2], pa.int64()),
        "sentiment": pa.array(["positive", None]),
        **changed,
    }
    return {name: column for name, column in columns.items() if column is not None}


def landed_emails(tmp_path: Path, columns: dict[str, pa.Array]) -> LandedTable:
    """Land one file of e-mails."""
    write_parquet(tmp_path / "platform" / "email_prop.parquet", columns)
    return land("platform", tmp_path / "platform", tmp_path)["email_prop"]


def is_copied(table: LandedTable, tmp_path: Path) -> bool:
    """Return whether the landed bytes are the source's."""
    return table.parts[0].read_bytes() == (tmp_path / "platform" / "email_prop.parquet").read_bytes()


PLAIN: dict[str, dict[str, Any]] = {
    "as it should be": {},
    "large text": {"direction": pa.array(["team", "account"], pa.large_string())},
    "an extra column": {"subject": pa.array(["a", "b"])},
    "an empty text": {"sentiment": pa.array(["", "x"])},
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_file_in_the_landing_types_is_copied(tmp_path: Path, name: str) -> None:
    table = landed_emails(tmp_path, emails(**PLAIN[name]))
    assert is_copied(table, tmp_path)
    assert (table.read, table.loaded, table.rejected) == (2, 2, 0)
    assert [row["id"] for row in rows(table)] == [10, 11]


def test_a_file_with_columns_in_another_order_is_not_rewritten(tmp_path: Path) -> None:
    columns = emails(note=pa.array(["a", "b"]))
    table = landed_emails(tmp_path, dict(reversed(columns.items())))
    assert is_copied(table, tmp_path)
    assert table.extra_columns == ("note",)


NOT_PLAIN: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "another case": ({"direction": pa.array(["Team", "ACCOUNT"])}, []),
    "a value outside the list": (
        {"direction": pa.array(["team", "both"])},
        [(3, "direction", "both", "row dropped")],
    ),
    "a null in a required column": ({"thread_id": pa.array([7, None])}, [(3, "thread_id", None, "row dropped")]),
    "a null in a key": ({"id": pa.array([10, None])}, [(3, "id", None, "row dropped")]),
    "a row of no tenant": ({"organization_id": pa.array([1, None])}, [(3, "organization_id", None, "row dropped")]),
    "a repeated key": ({"id": pa.array([10, 10])}, [(2, "id", "1 / 10", "row dropped")]),
    "a NUL character": ({"sentiment": pa.array(["a\0", "b"])}, [(2, "sentiment", "a\\0", "cell nulled")]),
    "an instant beyond the years": (
        {"sent_at": pa.array([0, 2**62]).cast(MICROS)},
        [(3, "sent_at", None, "row dropped")],
    ),
    "smaller numbers": ({"id": pa.array([10, 11], pa.int16())}, []),
    "ids as floats": ({"user_id": pa.array([1.0, float("nan")])}, []),
    "ids as text": ({"id": pa.array(["10", "11.0"])}, []),
    "milliseconds": ({"sent_at": pa.array([NOON, NOON], pa.timestamp("ms"))}, []),
    "nanoseconds": ({"sent_at": pa.array([NOON, NOON], pa.timestamp("ns"))}, []),
    "seconds with a zone": ({"sent_at": pa.array([NOON, NOON], pa.timestamp("s", tz="+02:00"))}, []),
    "UTC": ({"sent_at": pa.array([NOON, NOON], pa.timestamp("us", tz="UTC"))}, []),
    "days": ({"sent_at": pa.array([NOON.date(), NOON.date()])}, []),
    "texts of instants": ({"sent_at": pa.array(["2025-01-15T12:00:00Z", "1/15/2025 12:00 PM"])}, []),
    "a dictionary": ({"direction": pa.array(["team", "account"]).dictionary_encode()}, []),
    "bytes": ({"sentiment": pa.array([b"positive", b"\xff"])}, [(3, "sentiment", "\\xff", "cell nulled")]),
    "a column that is not there": ({"stakeholder_id": None}, []),
    "a column of nothing": ({"stakeholder_id": pa.nulls(2)}, []),
    "a header in capitals": ({"id": None, "ID": pa.array([10, 11])}, []),
    "decimals": ({"id": pa.array([Decimal("10"), Decimal("11")])}, []),
    "records": ({"sentiment": pa.array([{"a": 1}, None])}, []),
}


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_any_other_file_goes_through_the_cell_rules(tmp_path: Path, name: str) -> None:
    changed, expected = NOT_PLAIN[name]
    table = landed_emails(tmp_path, emails(**changed))
    assert not is_copied(table, tmp_path)
    found = [
        (row, column, value if expected and expected[0][2] else None, action)
        for row, column, value, action in refused(table)
    ]
    assert found == expected
    ids = [row["id"] for row in rows(table)]
    assert ids == [10, 11][: len(ids)]
    assert {row["direction"] for row in rows(table)} <= {"team", "account"}


def test_the_landed_part_has_the_landing_types(tmp_path: Path) -> None:
    table = landed_emails(tmp_path, emails(sent_at=pa.array([NOON, NOON], pa.timestamp("us", tz="UTC"))))
    schema = pq.read_schema(table.parts[0])
    wanted = source_table("platform", "email_prop").arrow_schema
    assert [schema.field(name).type for name in wanted.names] == wanted.types
    assert [row["sent_at"] for row in rows(table)] == [NOON, NOON]


def test_zoned_instants_become_utc_and_nanoseconds_are_cut(tmp_path: Path) -> None:
    instants = pa.array([1_736_942_400_123_456_789, -1], pa.timestamp("ns", tz="+05:30"))
    assert [row["sent_at"] for row in rows(landed_emails(tmp_path, emails(sent_at=instants)))] == [
        dt.datetime(2025, 1, 15, 12, 0, 0, 123456),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
    ]


def test_floats_of_money_are_read_by_their_shortest_decimal_form(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "platform" / "customer.parquet",
        {"organization_id": [1, 1, 1], "id": [1, 2, 3], "revenue": [0.1, 2.675, float("nan")]},
    )
    table = land("platform", tmp_path / "platform", tmp_path)["customer"]
    assert [row["revenue"] for row in rows(table)] == [Decimal("0.10"), Decimal("2.68"), None]
    assert refused(table) == [(3, "revenue", "2.675", "cell rounded")]


def test_amounts_that_short_floats_cannot_hold_are_reported(tmp_path: Path) -> None:
    ids = pa.array([16_777_215.0, 16_777_217.0, None], pa.float32())
    columns = {"organization_id": [1, 1, 1], "id": [1, 2, 3], "owner": ids, "crm_id": ids}
    columns["revenue"] = pa.array([131_071.99, 1_234_567.89, None], pa.float32())
    write_parquet(tmp_path / "platform" / "customer.parquet", columns)
    table = land("platform", tmp_path / "platform", tmp_path)["customer"]
    assert [(row["owner"], row["crm_id"]) for row in rows(table)] == [
        (16_777_215, "16777215"),
        (None, None),
        (None, None),
    ]
    assert [row["revenue"] for row in rows(table)][:2] == [Decimal("131071.99"), Decimal("1234567.88")]
    assert [(number, column) for number, column, *_ in refused(table)] == [(3, "crm_id"), (3, "owner"), (3, "revenue")]


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_texts_are_the_same_with_or_without_a_dictionary(tmp_path: Path, use_dictionary: bool) -> None:
    (tmp_path / "crm").mkdir()
    columns = {"id": ["1", "2", "3", "4"], "account_id": [" a ", "7.0", "b", " a "], "score": ["1.5", "x", "nan", None]}
    pq.write_table(pa.table(columns), tmp_path / "crm" / "scorecards.parquet", use_dictionary=use_dictionary)
    table = land("crm", tmp_path / "crm", tmp_path)["scorecards"]
    assert [row["account_id"] for row in rows(table)] == ["a", "7", "b", "a"]
    assert [row["score"] for row in rows(table)] == [Decimal("1.50"), None, None, None]
    assert refused(table) == [(3, "score", "x", "cell nulled")]


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_a_dictionary_text_that_is_not_utf_8_is_rejected(tmp_path: Path, use_dictionary: bool) -> None:
    names = pa.array([b"M\xfcller", b"Lee"]).view(pa.string())
    path = tmp_path / "platform" / "tier.parquet"
    path.parent.mkdir()
    pq.write_table(
        pa.table({"organization_id": [1, 1], "id": [1, 2], "name": names}), path, use_dictionary=use_dictionary
    )
    table = land("platform", tmp_path / "platform", tmp_path)["tier"]
    assert [row["name"] for row in rows(table)] == [None, "Lee"]
    assert refused(table) == [(2, "name", "M\\xfcller", "cell nulled")]


def test_lists_are_tags(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "crm" / "accounts.parquet", {"id": ["1", "2"], "name": ["A", "B"], "tags": [["x", "y"], None]}
    )
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert [row["tags"] for row in rows(table)] == ['["x","y"]', None]


def test_an_attendee_is_a_user_or_a_stakeholder(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "platform" / "calendar_event_attendee.parquet",
        {
            "organization_id": [1] * 6,
            "event_id": [1, 1, 1, 1, 1, 2],
            "user_id": pa.array([1, 1, None, None, None, 1], pa.int64()),
            "stakeholder_id": pa.array([None, 2, 2, None, 2, None], pa.int64()),
            "attended": [True, True, True, True, False, True],
        },
    )
    table = land("platform", tmp_path / "platform", tmp_path)["calendar_event_attendee"]
    assert refused(table) == [
        (4, "stakeholder_id", "1 / 1 / 2", "row dropped"),  # null user, stakeholder 2: the later row wins
        (5, "user_id", None, "row dropped"),
    ]
    assert table.loaded == 4


def test_a_huge_row_group_is_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.ingest import plain_parquet

    monkeypatch.setattr(plain_parquet, "LARGEST_ROW_GROUP", 1)
    assert not is_copied(landed_emails(tmp_path, emails()), tmp_path)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("spread", [1, 1_000_003])
def test_duplicate_keys_are_found_in_any_order_of_many_rows(tmp_path: Path, shuffled: bool, spread: int) -> None:
    count = 5000
    ids = np.arange(1, count + 1) * spread
    ids[1234] = ids[1233]
    tenants = np.arange(count) // 2000 + 1
    order = np.random.default_rng(1).permutation(count) if shuffled else np.arange(count)
    write_parquet(
        tmp_path / "platform" / "note.parquet",
        {
            "organization_id": tenants[order],
            "id": ids[order],
            "customer_id": np.ones(count, dtype=np.int64),
            "created_at": pa.array([NOON] * count, MICROS),
            "author_id": pa.nulls(count, pa.int64()),
            "body": pa.array([str(at) for at in order]),
        },
    )
    table = land("platform", tmp_path / "platform", tmp_path)["note"]
    assert table.rejected == 1
    last = max(np.flatnonzero(order == 1233)[0], np.flatnonzero(order == 1234)[0])
    winner = next(row for row in rows(table) if row["id"] == ids[1233])
    assert winner["body"] == str(order[last])


def test_one_key_in_two_tenants_is_two_keys(tmp_path: Path) -> None:
    table = landed_emails(tmp_path, emails(organization_id=pa.array([1, 2]), id=pa.array([10, 10])))
    assert table.loaded == 2


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"id,name\n"])
def test_a_file_that_is_not_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "platform").mkdir()
    (tmp_path / "platform" / "customer.parquet").write_bytes(content)
    with pytest.raises(WarehouseError, match=r"customer\.parquet.*can't be read as Parquet"):
        land("platform", tmp_path / "platform", tmp_path)


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "platform" / "email_prop.parquet", emails())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WarehouseError, match=r"email_prop\.parquet"):
        land("platform", tmp_path / "platform", tmp_path)


@pytest.mark.parametrize("column", ["id", "sent_at", "user_id", "sentiment"])
def test_a_file_with_an_unreadable_page_is_named(tmp_path: Path, column: str) -> None:
    path = write_parquet(tmp_path / "platform" / "email_prop.parquet", emails())
    group = pq.read_metadata(path).row_group(0)
    chunk = next(group.column(at) for at in range(group.num_columns) if group.column(at).path_in_schema == column)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"email_prop\.parquet.*can't be read as Parquet"):
        land("platform", tmp_path / "platform", tmp_path)


@pytest.mark.parametrize("kind", [b"\x15\x04", b"\x15\x0c"], ids=["numbers", "texts"])
def test_a_footer_whose_schema_contradicts_its_statistics_is_named(tmp_path: Path, kind: bytes) -> None:
    path = write_parquet(tmp_path / "platform" / "email_prop.parquet", emails())
    content = path.read_bytes()
    optional, required = kind + b"\x25\x02", kind + b"\x25\x00"  # physical type and repetition type, as Thrift
    assert optional in content
    path.write_bytes(content.replace(optional, required))
    with pytest.raises(WarehouseError, match=r"email_prop\.parquet.*can't be read as Parquet: .*histogram"):
        land("platform", tmp_path / "platform", tmp_path)


ODD_FOLDERS = ["in[1]", "in*", "in?", "id=10", "it's"]


@pytest.mark.parametrize("folder", ODD_FOLDERS)
def test_a_folder_name_is_no_pattern_and_no_column_when_a_file_is_checked(tmp_path: Path, folder: str) -> None:
    write_parquet(tmp_path / "in1" / "tier.parquet", {"organization_id": [1], "id": [2], "name": ["plain"]})
    odd = {"organization_id": [1, 1], "id": [1, 1], "name": ["#N/A", "b"]}
    write_parquet(tmp_path / folder / "tier.parquet", odd)
    table = land("platform", tmp_path / folder, tmp_path)["tier"]
    assert [(row["id"], row["name"]) for row in rows(table)] == [(1, "b")]


@pytest.mark.parametrize("folder", ODD_FOLDERS)
def test_a_folder_name_is_no_pattern_and_no_column_when_parts_are_deduplicated(tmp_path: Path, folder: str) -> None:
    for name, ids in (("1", [10, 11]), ("2", [11, 12])):
        write_parquet(tmp_path / "platform" / "email_prop" / f"{name}.parquet", emails(id=pa.array(ids)))
    write_parquet(tmp_path / "platform" / "tier.parquet", {"organization_id": [1, 1], "id": [1, 2], "name": ["a", "b"]})
    landed = land("platform", tmp_path / "platform", tmp_path / folder)
    assert [row["id"] for row in rows(landed["email_prop"])] == [10, 11, 12]
    assert [row["id"] for row in rows(landed["tier"])] == [1, 2]


DAY_MILLISECONDS = 86_400_000
BEYOND = {
    "the year 10000": pa.array([20000, 2932897], pa.date32()),
    "before the year 1": pa.array([20000, -719163], pa.date32()),
    "the last day of 32 bits": pa.array([20000, 2**31 - 1], pa.date32()),
    "milliseconds": pa.array([20000 * DAY_MILLISECONDS, 5_000_000 * DAY_MILLISECONDS], pa.date64()),
    "the last of 64 bits of milliseconds": pa.array([20000 * DAY_MILLISECONDS, 2**62], pa.date64()),
}


@pytest.mark.parametrize("name", BEYOND)
def test_days_outside_the_years_1_to_9999_are_rejected(tmp_path: Path, name: str) -> None:
    days = BEYOND[name]
    write_parquet(
        tmp_path / "platform" / "customer.parquet", {"organization_id": [1, 1], "id": [1, 2], "renewal": days}
    )
    write_parquet(tmp_path / "platform" / "email_prop.parquet", emails(sent_at=days))
    landed = land("platform", tmp_path / "platform", tmp_path)
    assert [row["renewal"] for row in rows(landed["customer"])] == [dt.date(2024, 10, 4), None]
    assert [(row, column, action) for row, column, _, action in refused(landed["customer"])] == [
        (3, "renewal", "cell nulled")
    ]
    assert [row["sent_at"] for row in rows(landed["email_prop"])] == [dt.datetime(2024, 10, 4)]
    assert [(row, column, action) for row, column, _, action in refused(landed["email_prop"])] == [
        (3, "sent_at", "row dropped")
    ]


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (pa.array([20000, 2**31 - 1], pa.date32()), "2024-10-04"),
        (pa.array([1, 2**62], pa.duration("s")), "0:00:01"),
        (pa.array([[20000], [2**31 - 1]], pa.list_(pa.date32())), '["2024-10-04"]'),
        (pa.array([0, 2**62], pa.timestamp("ms")), "1970-01-01 00:00:00.000"),
    ],
)
def test_dates_and_spans_out_of_range_give_no_text(tmp_path: Path, array: pa.Array, text: str) -> None:
    table = landed_emails(tmp_path, emails(sentiment=array))
    assert [row["sentiment"] for row in rows(table)] == [text, None]
    assert [(row, column, action) for row, column, _, action in refused(table)] == [(3, "sentiment", "cell nulled")]


@pytest.mark.parametrize("year", [1600, 1677, 2025, 2262, 9999])
def test_int96_instants_of_any_year_are_read(tmp_path: Path, year: int) -> None:
    """As Hive and older Spark versions write them: days and nanoseconds; only nanoseconds would end in 2262."""
    moment = dt.datetime(year, 12, 31, 8, 30)
    columns = {"id": ["1"], "notification_type": ["renewal_reminder"], "snoozed_until": pa.array([moment], MICROS)}
    path = tmp_path / "crm" / "notification_snoozes.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table(columns), path, use_deprecated_int96_timestamps=True)
    table = land("crm", tmp_path / "crm", tmp_path)["notification_snoozes"]
    assert [row["snoozed_until"] for row in rows(table)] == [moment]
    assert refused(table) == []


def test_the_left_one_of_two_columns_with_one_name_counts(tmp_path: Path) -> None:
    arrays = [pa.array(["EST1"]), pa.array(["12000"]), pa.array(["1"])]
    (tmp_path / "lmn").mkdir()
    twice = pa.Table.from_arrays(arrays, names=["Estimate ID", "Total Price", "Total Price"])
    pq.write_table(twice, tmp_path / "lmn" / "e.parquet")
    (row,) = rows(land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"])
    assert row["total_price"] == Decimal("12000.00")


@pytest.mark.parametrize("kind", [pa.uuid(), pa.binary(16), pa.binary()])
def test_binary_uuids_are_written_as_text(tmp_path: Path, kind: pa.DataType) -> None:
    ids = [UUID(text) for text in ("9d4bc215-f2c3-491a-96ad-786e20631d00", "e0a1b2c3-0102-4304-8506-0708090a0b0c")]
    by_chance = UUID(bytes=b"sixteen letters.")
    columns = {"id": pa.array([one.bytes for one in (*ids, by_chance)], kind), "name": ["A", "B", "C"]}
    write_parquet(tmp_path / "crm" / "accounts.parquet", columns)
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert [row["id"] for row in rows(table)] == [*map(str, ids), str(by_chance)]


def test_binary_keys_of_sixteen_letters_are_texts(tmp_path: Path) -> None:
    columns = {"id": pa.array([b"0123456789abcdef", b"0123456789abcde\xff"], pa.binary(16)), "name": ["A", "B"]}
    write_parquet(tmp_path / "crm" / "accounts.parquet", columns)
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert [row["id"] for row in rows(table)] == ["0123456789abcdef"]
