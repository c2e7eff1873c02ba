"""Which ids of a table refer to rows of other tables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import profile_tables
from tests.ingest.ingest_harness import land, write_csv


def profiles(folder: Path, *sources: str) -> dict[str, TableProfile]:
    landed = [table for source in sources for table in land(source, folder / source, folder).values()]
    return {found.name: found for found in profile_tables(landed, datetime(2025, 1, 15, tzinfo=UTC))}


def test_an_id_of_another_tenant_is_unknown_and_a_null_is_not_checked(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "created_at", "author_id"]
    notes = [
        ("1", "1", "7", "2025-01-01", None),
        ("2", "2", "7", "2025-01-01", "5"),
        ("1", "3", "8", "2025-01-01", None),
    ]
    write_csv(tmp_path / "platform" / "note.csv", headers, notes)
    write_csv(tmp_path / "platform" / "customer.csv", ["organization_id", "id"], [("1", "7"), ("2", "8")])
    write_csv(tmp_path / "platform" / "users.csv", ["organization_id", "id", "email"], [("2", "5", "a@b.example")])
    found = profiles(tmp_path, "platform")["platform.note"]
    assert found.referring == {"customer_id": 3, "author_id": 1}
    assert found.unknown_ids == {"customer_id": 2, "author_id": 0}


def test_a_key_column_is_checked_too(tmp_path: Path) -> None:
    headers = ["organization_id", "event_id", "user_id"]
    write_csv(tmp_path / "platform" / "calendar_event_attendee.csv", headers, [("1", "1", "5"), ("1", "2", "5")])
    headers = ["organization_id", "id", "customer_id", "start_time"]
    write_csv(tmp_path / "platform" / "calendar_event_prop.csv", headers, [("1", "1", "7", "2025-01-01")])
    found = profiles(tmp_path, "platform")["platform.calendar_event_attendee"]
    assert (found.referring, found.unknown_ids) == ({"event_id": 2}, {"event_id": 1})


def test_an_account_may_be_from_lmn_and_an_estimate_from_both(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name", "lmn_crm_id"], [("a1", "Oak", "77")])
    estimates = [("1", "a1", "EST1"), ("2", "lmn-account-9", "1"), ("3", "a9", None)]
    write_csv(tmp_path / "crm" / "estimates.csv", ["id", "account_id", "lmn_estimate_id"], estimates)
    write_csv(tmp_path / "lmn" / "estimates.csv", ["Estimate ID", "Status"], [("EST1", "Won")])
    write_csv(tmp_path / "lmn" / "contacts.csv", ["CRM ID", "Contact ID", "CRM Name"], [("9", "P1", "Elm")])
    found = profiles(tmp_path, "lmn", "crm")
    assert found["crm.estimates"].referring == {"account_id": 3, "lmn_estimate_id": 2}
    assert found["crm.estimates"].unknown_ids == {"account_id": 1, "lmn_estimate_id": 1}
    assert found["crm.accounts"].unknown_ids == {"lmn_crm_id": 1}


def test_every_id_of_an_empty_table_is_unknown(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [])
    write_csv(tmp_path / "crm" / "estimates.csv", ["id", "account_id"], [("1", "a1")])
    assert profiles(tmp_path, "crm")["crm.estimates"].unknown_ids == {"account_id": 1}


def test_ids_of_a_missing_table_are_not_checked(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "estimates.csv", ["id", "account_id", "lmn_estimate_id"], [("1", "a1", "EST1")])
    assert profiles(tmp_path, "crm")["crm.estimates"].referring == {}


def test_organizations_with_mostly_unknown_ids_are_kept_with_the_percentage(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "created_at"]
    rows = [(tenant, str(at), "7" if at < known else "8", "2025-01-01") for tenant, known in (("1", 9), ("2", 10))
            for at in range(20)]  # fmt: skip
    write_csv(tmp_path / "platform" / "note.csv", headers, rows)
    write_csv(tmp_path / "platform" / "customer.csv", ["organization_id", "id"], [("1", "7"), ("2", "7")])
    assert profiles(tmp_path, "platform")["platform.note"].lost_tenants == {"customer_id": {"1": 55}}
