"""at-risk R28, AC8: refreshes publish the lists between the weekly runs, with the result of a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress
from pipeline.contracts.lists import LISTS, REFERENCE_EXPORTS
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.superseded import write_superseded
from pipeline.drops.verify import verify_drop
from pipeline.orchestration.refresh import Refreshed, Refresher
from pipeline.orchestration.refresh_every import refresh_helpers, seconds_of
from pipeline.orchestration.resources import Helpers
from pipeline.orchestration.run import run_warehouse
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.storage.place import open_place
from tests.orchestration.runs import Listener

CONTRACTS = contracts_in_folder(PROJECT_ROOT / "models")
HEADER = "id,account_id,status,division,address,contract_start,contract_end,total_price\n"
MONDAY = "2025-01-13T06:00:00Z"


@pytest.fixture(scope="module")
def helpers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Helpers]:
    """One dbt and one audit process for all refreshes, as in a long-lived process."""
    with refresh_helpers(Settings(state=tmp_path_factory.mktemp("state")), stay=True) as helpers:
        yield helpers


class Company:
    """A CRM of a few accounts, its exports and its state."""

    def __init__(self, folder: Path, helpers: Helpers) -> None:
        self.folder = folder
        self.helpers = helpers
        self.listener = Listener()
        (folder / "crm").mkdir()
        self.write(accounts=["a1,Oak Court", "a2,Elm House"], ends=["2025-03-31", "2025-04-30"])

    def write(self, accounts: list[str], ends: list[str]) -> None:
        """Write accounts, each with a contract that ends on a day."""
        (self.folder / "crm" / "accounts.csv").write_text("id,name\n" + "".join(f"{row}\n" for row in accounts))
        rows = [f"e{n},a{n},won,Snow,{n} Main St,2024-03-01,{end},100.00\n" for n, end in enumerate(ends, 1)]
        (self.folder / "crm" / "estimates.csv").write_text(HEADER + "".join(rows))

    def settings(self, as_of: str | None) -> Settings:
        exports, state = str(self.folder / "exports"), self.folder / "state"
        return Settings(crm=str(self.folder / "crm"), as_of=as_of, exports=exports, state=state)

    def refresh(self, as_of: str | None) -> Refreshed:
        return Refresher(self.settings(as_of), Progress(self.listener), self.helpers).refresh()

    def run(self, as_of: str) -> Path:
        (drop,) = run_warehouse(self.settings(as_of), Progress(self.listener)).drops
        return Path(drop["location"])

    @property
    def latest(self) -> Path:
        return (self.folder / "exports" / "1" / "notifications" / "latest").resolve()

    def at_risk(self) -> list[str]:
        ids: list[str] = pq.read_table(self.latest / "at_risk_accounts.parquet")["account_id"].to_pylist()
        return ids

    def cache_expires_at(self) -> set[datetime]:
        """Return when the cache expires according to the latest lists."""
        cache = pq.read_table(self.latest / "notification_cache.parquet")
        return {moment.replace(tzinfo=None) for moment in cache["expires_at"].to_pylist()}

    def mart_expires_at(self) -> set[datetime]:
        """Return when the cache expires according to the published marts."""
        with duckdb.connect(str(self.folder / "state" / "published.duckdb"), read_only=True) as connection:
            rows = connection.execute("select expires_at from marts.notification_cache").fetchall()
        return {moment for (moment,) in rows}


@pytest.fixture
def company(tmp_path: Path, helpers: Helpers) -> Company:
    return Company(tmp_path, helpers)


def test_a_refresh_publishes_the_same_bytes_of_the_lists_as_a_run(company: Company) -> None:
    company.refresh(MONDAY)
    drop = company.run(MONDAY)
    names = [f"{name}.{suffix}" for name in sorted(LISTS) for suffix in ("csv", "parquet")]
    assert [(company.latest / name).read_bytes() for name in names] == [(drop / name).read_bytes() for name in names]
    assert verify_drop(str(company.latest), CONTRACTS) == []
    assert verify_drop(str(drop), CONTRACTS) == []


def test_the_lists_follow_the_sources_and_the_cache_the_clock(company: Company) -> None:
    """at-risk R19, R28, R29."""
    first = company.refresh("2025-01-14T10:00:00Z")
    assert (company.at_risk(), first.has_changed) == (["a1", "a2"], True)
    second = company.refresh("2025-01-14T10:05:00Z")
    assert (company.at_risk(), second.has_changed) == (["a1", "a2"], False)
    assert company.cache_expires_at() == {datetime(2025, 1, 14, 10, 10)}
    company.write(accounts=["a1,Oak Court", "a2,Elm House"], ends=["2025-03-31", "2026-04-30"])
    third = company.refresh("2025-01-14T10:10:00Z")
    assert (company.at_risk(), third.has_changed) == (["a1"], True)
    assert third.rows["neglected_accounts"] == 2


def test_an_unchanged_file_with_duplicate_rows_is_not_read_again(company: Company) -> None:
    """at-risk R28: a refresh reads only changed files."""
    company.write(accounts=["a1,Oak Court", "a2,Elm House"], ends=["2025-03-31", "2025-04-30"])
    accounts = company.folder / "crm" / "accounts.csv"
    accounts.write_text("id,name,lmn_crm_id\na1,Oak Court,7100001\na2,Elm House,7100001\n")

    def landed() -> dict[str, int]:
        folder = company.folder / "state" / "refresh" / "landing" / "crm__accounts"
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    company.refresh("2025-01-14T10:00:00Z")
    before = landed()
    company.refresh("2025-01-14T10:05:00Z")
    assert sum(name.endswith(".parquet") and "rejects" not in name for name in before) == 2, (
        "the file's, and the table's"
    )
    assert landed() == before


def test_exports_that_rules_need_are_read_again_after_a_build(company: Company) -> None:
    folder = company.folder / "state" / "refresh" / "run"

    def written() -> dict[str, int]:
        return {name: (folder / f"{name}.parquet").stat().st_mtime_ns for name in REFERENCE_EXPORTS}

    company.refresh("2025-01-14T10:00:00Z")
    first = written()
    company.refresh("2025-01-14T10:05:00Z")
    assert written() == first
    company.write(accounts=["a1,Oak Court", "a2,Elm House"], ends=["2025-03-31", "2026-04-30"])
    company.refresh("2025-01-14T10:10:00Z")
    assert all(written()[name] > first[name] for name in REFERENCE_EXPORTS)


def test_days_are_counted_again_on_the_next_day_without_any_change(company: Company) -> None:
    """D19: models use the day, only the cache uses the instant."""
    company.refresh("2025-01-14T23:59:00Z")
    assert company.refresh("2025-01-15T00:04:00Z").has_changed
    days = pq.read_table(company.latest / "at_risk_accounts.parquet")["days_until_renewal"].to_pylist()
    assert days == [75, 105]


@pytest.mark.slow
def test_a_group_detected_by_a_refresh_keeps_its_instant_in_later_refreshes_and_runs(company: Company) -> None:
    """D22."""
    two = HEADER + "".join(f"e{n},a1,won,Snow,1 Main St,2024-03-01,2025-03-31,100.00\n" for n in (1, 2))
    (company.folder / "crm" / "estimates.csv").write_text(two)
    company.refresh("2025-01-14T10:00:00Z")
    company.refresh("2025-01-14T10:05:00Z")
    found = [company.latest, company.run("2025-01-20T06:00:00Z")]
    detected = [
        pq.read_table(drop / "duplicate_at_risk_estimates.parquet")["detected_at"].to_pylist() for drop in found
    ]
    assert {f"{moment:%m-%d %H:%M}" for moments in detected for moment in moments} == {"01-14 10:00"}


def test_an_older_instant_is_published_beside_the_latest(company: Company) -> None:
    """D38."""
    company.refresh("2025-01-14T10:05:00Z")
    latest = company.latest
    older = company.refresh("2025-01-14T10:00:00Z")
    assert company.latest == latest != Path(older.drop.location)


@pytest.mark.slow
def test_a_run_of_an_older_instant_does_not_replace_the_lists_of_a_refresh(company: Company) -> None:
    company.run("2025-01-06T06:00:00Z")
    company.refresh("2025-01-14T10:05:00Z")
    assert company.mart_expires_at() == {datetime(2025, 1, 14, 10, 10)}
    company.run(MONDAY)
    assert company.mart_expires_at() == {datetime(2025, 1, 14, 10, 10)}
    company.run("2025-01-20T06:00:00Z")
    assert company.mart_expires_at() == {datetime(2025, 1, 20, 6, 5)}


def test_a_source_that_lost_its_table_leaves_the_lists_unchanged(company: Company) -> None:
    """D42."""
    company.run(MONDAY)
    company.refresh("2025-01-14T10:00:00Z")
    latest = company.latest
    company.write(accounts=[], ends=["2025-03-31"])
    for minute in ("05", "10"):  # the next refresh must not treat the earlier build as valid
        with pytest.raises(WarehouseError, match="needed_table"):
            company.refresh(f"2025-01-14T10:{minute}:00Z")
        assert company.latest == latest
    log = (company.folder / "state" / "log" / "warehouse.jsonl").read_text().splitlines()
    assert "needed_table" in json.loads(log[-1])["text"]


def test_the_lists_belong_to_the_organization_of_the_crm(company: Company) -> None:
    """D24."""
    settings = company.settings(MONDAY).model_copy(update={"var": {"crm_organization_id": "2"}})
    Refresher(settings, Progress(company.listener), company.helpers).refresh()
    assert [path.parts[-3] for path in (company.folder / "exports").glob("*/notifications/latest")] == ["2"]


def test_a_refresh_waits_for_a_run_only_while_it_replaces_the_marts(
    company: Company,
) -> None:
    state, exports = company.folder / "state", company.folder / "exports"
    for folder in (state, exports):
        folder.mkdir()
    with FileLock(state / "run.lock"), FileLock(exports / ".lock"):
        company.refresh(MONDAY)
    assert company.at_risk() == ["a1", "a2"]


@pytest.mark.slow
def test_a_run_and_a_refresh_at_once_publish_both(company: Company) -> None:
    company.run("2025-01-06T06:00:00Z")
    command = [sys.executable, "-m", "pipeline.cli", "run", "--crm", str(company.folder / "crm"), "--as-of", MONDAY]
    command += ["--exports", str(company.folder / "exports"), "--state", str(company.folder / "state")]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True) as run:
        refreshed = 0
        while run.poll() is None:
            company.refresh((datetime(2025, 1, 14) + timedelta(minutes=5 * refreshed)).strftime("%Y-%m-%dT%H:%M:%SZ"))
            refreshed += 1
        assert run.stderr is not None
        assert run.returncode == 0, run.stderr.read()
    assert refreshed
    assert verify_drop(str(company.folder / "exports" / "1" / "latest"), CONTRACTS) == []
    assert verify_drop(str(company.latest), CONTRACTS) == []
    assert company.mart_expires_at() == {datetime(2025, 1, 14) + timedelta(minutes=5 * refreshed)}


def test_lists_past_retention_are_removed_an_hour_after_being_latest(company: Company) -> None:
    company.refresh("2025-01-14T10:00:00Z")
    old = company.latest
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    os.utime(old / "manifest.json", (two_hours_ago.timestamp(), two_hours_ago.timestamp()))

    def refresh_keeping_one(as_of: str) -> None:
        settings = company.settings(as_of).model_copy(update={"keep_drops": 1})
        Refresher(settings, Progress(company.listener), company.helpers).refresh()

    refresh_keeping_one("2025-01-14T10:05:00Z")
    assert old.exists(), "a reader may be reading it"
    write_superseded(open_place(str(old.parent)), {old.name: two_hours_ago})
    refresh_keeping_one("2025-01-14T10:10:00Z")
    assert not old.exists()
    assert company.latest.exists()


def test_a_repeating_refresh_reports_failures_and_ends_cleanly_on_request(company: Company) -> None:
    accounts = company.folder / "crm" / "accounts.csv"
    content = accounts.read_text()
    accounts.write_text("")
    command = [sys.executable, "-m", "pipeline.cli", "refresh", "--crm", str(company.folder / "crm"), "--every", "1s"]
    command += ["--exports", str(company.folder / "exports"), "--state", str(company.folder / "state")]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        said = iter(process.stderr.readline, "")
        assert any("accounts.csv" in line for line in said)
        accounts.write_text(content)
        assert "at_risk_accounts" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert "ended" in process.stdout.read()
    manifest = json.loads((company.latest / "manifest.json").read_text())
    assert manifest["series"] == "notifications"


@pytest.mark.parametrize(("period", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), (" 2 m", 120)])
def test_a_period_is_seconds_minutes_or_hours(period: str, seconds: int) -> None:
    assert seconds_of(period) == seconds


@pytest.mark.parametrize("period", ["", "5", "0m", "-5m", "5 minutes", "1.5h", "m"])
def test_an_invalid_period_is_refused(period: str) -> None:
    with pytest.raises(WarehouseError, match="5m"):
        seconds_of(period)
