"""The sensor starts a run after the sources have changed and settled; schedules start one by the clock."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from pipeline.orchestration.definitions import JOB, REFRESH_JOB
from pipeline.orchestration.triggers import LOOK_SECONDS, build_new_files_sensor, build_schedules
from pipeline.settings import Settings

ROWS = "id,name\n" + "".join(f"a{number},Oak {number}\n" for number in range(200))


class Watch:
    """A sensor over two source folders and a database, with a clock and the sensor's cursor."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, settle_seconds: int = 300) -> None:
        self.crm, self.lmn, self.platform = folder / "crm", folder / "lmn", folder / "platform.db"
        self.crm.mkdir()
        self.accounts = self.crm / "accounts.csv"
        self.accounts.write_text("Id\n1\n")
        with closing(sqlite3.connect(self.platform)) as database, database:
            database.execute("create table customer (id integer, updated_at text)")
        settings = Settings(
            crm=str(self.crm),
            lmn=str(self.lmn),  # does not exist yet
            platform=f"sqlite:///{self.platform}",
            watch_databases=True,
            settle_seconds=settle_seconds,
            exports=str(folder / "exports"),
            state=folder / "state",
        )
        self._sensor = build_new_files_sensor(JOB, settings)
        self._remembered: str | None = None
        self._later = 0.0
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + self._later)

    def starts_a_run(self) -> bool:
        """Look again a minute later, as Dagster does, which starts no second run with one key."""
        self._later += LOOK_SECONDS
        seen = self._sensor.evaluate_tick(dg.build_sensor_context(cursor=self._remembered))
        self._remembered = seen.cursor
        self.why_not = seen.skip_message
        assert all(request.run_key is None for request in seen.run_requests or ())
        return bool(seen.run_requests)

    def looks(self, count: int) -> list[bool]:
        return [self.starts_a_run() for _ in range(count)]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch whose files settle at once, after the run for the current files."""
    watch = Watch(tmp_path, monkeypatch, settle_seconds=0)
    assert watch.looks(2) == [False, True]
    return watch


def test_nothing_new_starts_nothing(watch: Watch) -> None:
    assert watch.looks(3) == [False, False, False]


def test_a_change_starts_one_run_once_two_looks_agree(watch: Watch) -> None:
    (watch.crm / "contacts.csv").write_text("Id\n1\n")
    assert watch.looks(3) == [False, True, False]
    (watch.crm / "contacts.csv").write_text("Id\n1\n2\n")
    assert not watch.starts_a_run()
    (watch.crm / "contacts.csv").write_text("Id\n1\n2\n3\n")
    assert watch.looks(3) == [False, True, False]
    (watch.crm / "contacts.csv").unlink()
    assert watch.looks(3) == [False, True, False]


def test_a_slow_copy_starts_nothing_until_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(tmp_path, monkeypatch)
    half = len(ROWS) // 2
    with watch.accounts.open("w") as file:  # like a slow copy: truncated, half written, a pause, then the rest
        file.write(ROWS[:half])
        file.flush()
        assert watch.looks(4) == [False] * 4
        assert "s ago" in str(watch.why_not)
        file.write(ROWS[half:])
    monkeypatch.setattr(watch, "_later", 0.0)  # the last write is now
    assert watch.looks(5) == [False, False, False, False, True]
    assert watch.accounts.read_text() == ROWS


def test_a_temporary_file_of_a_copy_is_ignored_but_delays_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, monkeypatch)
    assert watch.looks(6) == [False] * 4 + [True, False]
    for name in (".estimates.csv.Xa81", "~$Leads List.xlsx"):
        (watch.crm / name).write_text("half")
        assert watch.looks(3) == [False] * 3
    monkeypatch.setattr(watch, "_later", 0.0)
    watch.accounts.write_text(ROWS)
    (watch.crm / "estimates.csv.part").write_text("half")
    assert watch.looks(4) == [False] * 4  # the temporary copy is as new as the file


def test_a_newer_file_of_the_same_size_starts_a_run(watch: Watch) -> None:
    os.utime(watch.accounts, ns=(1, 1))
    assert watch.looks(2) == [False, True]


def test_a_file_whose_name_is_not_utf_8_starts_a_run(watch: Watch) -> None:
    Path(os.fsdecode(os.fsencode(watch.crm) + b"/caf\xe9.txt")).write_text("x")
    assert watch.looks(3) == [False, True, False]


def test_a_new_part_and_a_new_folder_start_a_run(watch: Watch) -> None:
    (watch.crm / "estimates").mkdir()
    (watch.crm / "estimates" / "2025-01.csv").write_text("Id\n1\n")
    assert watch.looks(2) == [False, True]
    watch.lmn.mkdir()
    (watch.lmn / "Leads List.csv").write_text("Lead\n1\n")
    assert watch.looks(2) == [False, True]


def test_files_that_return_to_an_earlier_state_start_a_run(watch: Watch, tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    shutil.copy2(watch.accounts, kept)
    for _ in range(2):
        watch.accounts.write_text("Id\n2\n3\n")
        os.utime(watch.accounts, ns=(5, 5))
        assert watch.looks(2) == [False, True]
        shutil.copy2(kept, watch.accounts)
        assert watch.looks(2) == [False, True]


@pytest.mark.parametrize(
    "change", ["insert into customer values (2, '2025-01-02')", "update customer set updated_at = 'z'"]
)
def test_rows_and_updated_at_of_a_database_start_a_run(watch: Watch, change: str) -> None:
    with closing(sqlite3.connect(watch.platform)) as database, database:
        database.execute("insert into customer values (1, '2025-01-01')")
    assert watch.looks(3) == [False, True, False]
    with closing(sqlite3.connect(watch.platform)) as database, database:
        database.execute(change)
    assert watch.looks(3) == [False, True, False]


def test_schedules_have_the_settings_times_in_their_zone(tmp_path: Path) -> None:
    given = {"schedule_weekly": "30 6 * * 2", "schedule_time_zone": "America/Chicago", "state": tmp_path / "state"}
    weekly, monthly, refresh = build_schedules(JOB, REFRESH_JOB, Settings(**given))
    assert (weekly.name, weekly.cron_schedule, weekly.execution_timezone) == ("weekly", "30 6 * * 2", "America/Chicago")
    assert (monthly.name, monthly.cron_schedule) == ("monthly", "0 5 1 * *")
    assert (refresh.name, refresh.cron_schedule, refresh.job_name) == ("refresh", "*/5 * * * *", REFRESH_JOB)
    for wrong in ({"schedule_weekly": "monday"}, {"schedule_time_zone": "Chicago"}, {"settle_seconds": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Settings(**wrong, state=tmp_path / "state")


def test_refreshes_do_not_pile_up(tmp_path: Path) -> None:
    @dg.asset
    def lists() -> None:
        """Replace the job of the lists."""

    job = dg.Definitions([lists], jobs=[dg.define_asset_job(REFRESH_JOB)]).resolve_job_def(REFRESH_JOB)
    *_, refresh = build_schedules(JOB, REFRESH_JOB, Settings(state=tmp_path / "state"))
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as instance:
        assert refresh.evaluate_tick(dg.build_schedule_context(instance)).run_requests
        at_work = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert not refresh.evaluate_tick(dg.build_schedule_context(instance)).run_requests
        instance.report_run_canceled(at_work)
        assert refresh.evaluate_tick(dg.build_schedule_context(instance)).run_requests
