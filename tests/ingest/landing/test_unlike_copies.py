"""Which cells of a table differ from their copies in another table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import profile_tables
from tests.ingest.ingest_harness import land, write_csv


def profiles(folder: Path, *sources: str) -> dict[str, TableProfile]:
    landed = [table for source in sources for table in land(source, folder / source, folder).values()]
    return {found.name: found for found in profile_tables(landed, datetime(2025, 1, 15, tzinfo=UTC))}


def test_an_estimate_of_the_crm_is_compared_with_lmns(tmp_path: Path) -> None:
    headers = ["id", "lmn_estimate_id", "total_price", "contract_end", "division"]
    ours = [("1", "E1", "10.00", "2025-01-31", "snow "), ("2", "E2", "20.00", None, None), ("3", "E9", "5", None, None)]
    write_csv(tmp_path / "crm" / "estimates.csv", headers, ours)
    headers = ["Estimate ID", "Status", "Total Price", "Contract End", "Division"]
    theirs = [("E1", "Won", "10", "2025-03-31", "Snow"), ("E2", "Won", "21", "2025-03-31", "Snow")]
    write_csv(tmp_path / "lmn" / "estimates.csv", headers, theirs)
    found = profiles(tmp_path, "lmn", "crm")["crm.estimates"]
    compared = {"total_price": (2, 1), "contract_end": (1, 1), "division": (1, 0)}
    assert {name: (found.copies[name], found.unlike_copies[name]) for name in compared} == compared


def test_a_messages_customer_is_compared_with_its_stakeholders_within_a_tenant(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "thread_id", "sent_at", "direction", "stakeholder_id"]
    rows = [(tenant, "1", customer, "1", "2025-01-01", "team", "5") for tenant, customer in (("1", "7"), ("2", "7"))]
    write_csv(tmp_path / "platform" / "email_prop.csv", headers, rows)
    stakeholders = [("1", "5", "7"), ("2", "5", "8")]
    write_csv(tmp_path / "platform" / "stakeholder.csv", ["organization_id", "id", "customer_id"], stakeholders)
    found = profiles(tmp_path, "platform")["platform.email_prop"]
    assert (found.copies, found.unlike_copies) == ({"customer_id": 2}, {"customer_id": 1})


def test_an_address_is_compared_with_its_customers_domain(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "email"]
    people = [("1", "1", "7", "Ann@Oak.example"), ("1", "2", "7", "bob@elm.example"), ("1", "3", "7", "none")]
    write_csv(tmp_path / "platform" / "stakeholder.csv", headers, people)
    write_csv(tmp_path / "platform" / "customer.csv", ["organization_id", "id", "domain"], [("1", "7", "oak.example")])
    found = profiles(tmp_path, "platform")["platform.stakeholder"]
    assert (found.copies, found.unlike_copies) == ({"email": 2}, {"email": 1})


def test_without_the_other_table_nothing_is_compared(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "estimates.csv", ["id", "lmn_estimate_id"], [("1", "E1")])
    found = profiles(tmp_path, "crm")["crm.estimates"]
    assert (found.copies, found.unlike_copies) == ({}, {})
