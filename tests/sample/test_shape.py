"""The files of a sample: their names, columns, types, sizes, and ids across tenants."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.tables import CRM_TABLES, LMN_TABLES, PLATFORM_TABLES
from pipeline.paths import PROJECT_ROOT
from pipeline.sample import MIN_ACCOUNTS, write_sample
from pipeline.sample.bundled import MISSPELT_HEADER, poison
from pipeline.sample.draw.events import EVENT_TABLES
from pipeline.sample.draw.population import populate
from tests.sample.conftest import ACCOUNTS, EVENTS, SEED
from tests.sample.reading import WORKBOOKS, read_csv, read_workbook

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A sample too large for workbooks, with few events."""
    out = tmp_path_factory.mktemp("large")
    return out, write_sample(out, 2_001, SEED, events_per_account=4)


def test_a_small_sample_has_workbooks_and_readable_tables(sample: Path) -> None:
    assert {path.name for path in (sample / "lmn").iterdir()} == set(WORKBOOKS.values())
    assert {path.name for path in (sample / "crm").iterdir()} == {f"{table.name}.csv" for table in CRM_TABLES}
    assert {path.name for path in (sample / "platform").iterdir()} == {
        f"{table.name}.{'parquet' if table.name in EVENT_TABLES else 'csv'}" for table in PLATFORM_TABLES
    }


def test_a_large_sample_has_csv_for_lmn_and_parquet_for_the_platform(large: tuple[Path, dict[str, int]]) -> None:
    folder, _ = large
    assert {path.suffix for path in (folder / "lmn").iterdir()} == {".csv"}
    assert {path.name for path in (folder / "platform").iterdir()} == {f"{t.name}.parquet" for t in PLATFORM_TABLES}


def test_parquet_has_the_landing_zones_types_so_that_nothing_is_rewritten(
    large: tuple[Path, dict[str, int]],
) -> None:
    folder, _ = large
    for table in PLATFORM_TABLES:
        assert pq.read_schema(folder / "platform" / f"{table.name}.parquet").equals(table.arrow_schema), table.name


def test_required_columns_of_parquet_hold_no_null(large: tuple[Path, dict[str, int]]) -> None:
    folder, _ = large
    for table in PLATFORM_TABLES:
        rows = pq.read_table(folder / "platform" / f"{table.name}.parquet")
        assert {c.name: rows[c.name].null_count for c in table.columns if c.required and rows[c.name].null_count} == {}


def test_keys_of_event_tables_are_unique(db: duckdb.DuckDBPyConnection) -> None:
    for table in PLATFORM_TABLES:
        if table.name in EVENT_TABLES:
            key = ", ".join(table.key)
            twice = db.sql(f"select {key} from platform_{table.name} group by {key} having count(*) > 1").fetchall()
            assert twice == [], table.name


def test_headers_are_those_of_the_specs(sample: Path) -> None:
    for table, file in zip(LMN_TABLES, ("lmn_estimates", "lmn_leads", "lmn_jobsites", "lmn_contacts"), strict=True):
        headers = read_workbook(sample / "lmn" / WORKBOOKS[file])[0].keys()
        assert list(headers) == [column.headers[0] for column in table.columns]
    for table in CRM_TABLES:
        assert read_csv(sample / "crm" / f"{table.name}.csv").column_names == [column.name for column in table.columns]


def test_the_reported_row_counts_are_those_of_the_files(large: tuple[Path, dict[str, int]]) -> None:
    folder, counts = large
    there = {f"platform.{p.stem}": pq.read_metadata(p).num_rows for p in (folder / "platform").iterdir()}
    there |= {f"crm.{path.stem}": len(read_csv(path)) for path in (folder / "crm").iterdir()}
    names = {"Contacts Export": "contacts_export", "Leads List": "leads_list", "LE Estimates List": "estimates_list"}
    there |= {
        f"lmn.{names.get(path.stem, 'jobsite_export')}": len(read_csv(path)) for path in (folder / "lmn").iterdir()
    }
    assert counts == there


def test_a_large_sample_has_the_documented_proportions(tmp_path: Path) -> None:
    counts = write_sample(tmp_path, 1_000, SEED, events_per_account=100)
    events = {name: counts[f"platform.{name}"] for name in EVENT_TABLES}
    total = sum(events.values())
    assert total == pytest.approx(100_000, rel=0.03)
    shares = {name: rows / total for name, rows in events.items()}
    assert shares == pytest.approx(
        {
            "email_prop": 0.45,
            "chat_message": 0.20,
            "calendar_event_prop": 0.05,
            "calendar_event_attendee": 0.15,
            "ticket": 0.03,
            "ticket_comment": 0.12,
        },
        abs=0.02,
    )
    # LMN's real proportions: 8,000 estimates of 1,200 accounts
    assert counts["lmn.estimates_list"] / 1_000 == pytest.approx(4.8, rel=0.15)


@pytest.mark.parametrize("table", ["customer", "users", "stakeholder", "email_prop", "chat_message", "ticket"])
def test_ids_of_tenants_interleave(db: duckdb.DuckDBPyConnection, table: str) -> None:
    """Sorted by id, the tenant keeps changing, so a filter on a range of ids would mix tenants."""
    changes, tenants = db.sql(f"""
        select count(*) filter (where organization_id <> before), count(distinct organization_id)
        from (select organization_id, lag(organization_id) over (order by cast(id as bigint), organization_id) as before
              from platform_{table} where try_cast(id as bigint) is not null)
    """).fetchall()[0]
    assert tenants >= 3
    assert changes >= (5 if table == "users" else 20)


def test_a_repeated_sample_never_mixes_with_the_previous_one(sample: Path) -> None:
    with pytest.raises(WarehouseError, match="not empty"):
        write_sample(sample, ACCOUNTS, SEED, EVENTS)


@pytest.mark.parametrize(("accounts", "events"), [(MIN_ACCOUNTS - 1, 10), (0, 10), (-5, 10), (MIN_ACCOUNTS, -1)])
def test_an_impossible_sample_is_refused_before_anything_is_written(tmp_path: Path, accounts: int, events: int) -> None:
    with pytest.raises(WarehouseError):
        write_sample(tmp_path / "out", accounts, SEED, events)
    assert not (tmp_path / "out").exists()


def test_an_instant_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="time zone"):
        write_sample(tmp_path, ACCOUNTS, SEED, EVENTS, datetime(2025, 1, 15))


def test_the_smallest_sample_without_events_still_has_every_file(tmp_path: Path) -> None:
    counts = write_sample(tmp_path, MIN_ACCOUNTS, SEED, events_per_account=0)
    assert counts.keys() == {f"{t.source}.{t.name}" for t in (*LMN_TABLES, *CRM_TABLES, *PLATFORM_TABLES)}
    assert all(counts.values())


@pytest.mark.parametrize("as_of", [datetime(2024, 2, 29, 13, 30, tzinfo=UTC), datetime(2031, 12, 31, tzinfo=UTC)])
def test_a_sample_can_be_made_for_another_instant(tmp_path: Path, as_of: datetime) -> None:
    write_sample(tmp_path, MIN_ACCOUNTS, SEED, 20, as_of)
    sent = pq.read_table(tmp_path / "platform" / "email_prop.parquet")["sent_at"].to_pylist()
    naive = as_of.replace(tzinfo=None)
    assert max(moment for moment in sent if moment <= naive).date() >= naive.date().replace(day=naive.day - 1)
    assert sum(moment > naive for moment in sent) == 1  # the deliberate one


def test_every_tenant_gets_its_share() -> None:
    population = populate(1_000, SEED, AS_OF)
    tenants = [account.organization_id for account in population.accounts]
    assert {tenant: tenants.count(tenant) for tenant in set(tenants)} == {1: 750, 2: 150, 3: 100}
    assert {account.organization_id for account in population.crm_tenant} == {1}


@pytest.mark.parametrize(("accounts", "organizations"), [(2_000, 100), (400, 10)])
def test_the_requested_number_of_tenants_have_one_size_except_the_first(accounts: int, organizations: int) -> None:
    population = populate(accounts, SEED, AS_OF, organizations)
    tenants = [account.organization_id for account in population.accounts]
    first, *others = [tenants.count(tenant.organization_id) for tenant in population.tenants]
    assert len(others) == organizations - 1
    assert first > len(population.cast) - 1
    assert max(others) - min(others) <= 1


def test_too_few_accounts_for_the_tenants_are_refused() -> None:
    with pytest.raises(WarehouseError, match="1000 organizations"):
        populate(2_000, SEED, AS_OF, 1_000)


def test_some_accounts_are_known_to_one_system_only() -> None:
    accounts = populate(1_000, SEED, AS_OF).accounts
    ours = [account for account in accounts if account.organization_id == 1]
    assert any(a.customer_id is None for a in ours), "known only to the CRM"
    assert any(a.in_lmn and a.crm_account_id is None for a in ours), "known only to LMN"
    assert any(a.crm_account_id and a.lmn_crm_id is None for a in ours), "created in the CRM by hand"
    assert any(a.customer_id and a.warehouse_id is None for a in ours), "a customer that the CRM does not know"
    assert all(a.customer_id is not None or a.warehouse_id is not None for a in accounts)


def test_poison_misspells_one_header_and_changes_nothing_else(tmp_path: Path) -> None:
    write_sample(tmp_path, MIN_ACCOUNTS, SEED, 0)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    poison(tmp_path)
    changed = {path: (old, path.read_bytes()) for path, old in before.items() if path.read_bytes() != old}
    assert [path.name for path in changed] == ["accounts.csv"]
    ((old, new),) = changed.values()
    assert new.replace(MISSPELT_HEADER.encode(), b"lmn_crm_id", 1) == old


def test_a_poisoned_sample_stops_with_the_header_and_the_column_that_it_resembles(tmp_path: Path) -> None:
    write_sample(tmp_path, MIN_ACCOUNTS, SEED, 0)
    poison(tmp_path)
    places = ["--crm", str(tmp_path / "crm"), "--state", str(tmp_path / "state")]
    command = [sys.executable, "-m", "pipeline.cli", "check", *places]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)
    assert checked.returncode == 1
    assert f"guard near_header, crm.accounts.{MISSPELT_HEADER}" in checked.stdout + checked.stderr


def test_poison_without_a_sample_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no sample"):
        poison(tmp_path)
