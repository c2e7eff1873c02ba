"""The sensor starts a run when files of a source folder are not as they were at its last look."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg
import pytest

from pipeline.orchestration.definitions import JOB
from pipeline.orchestration.triggers import build_new_files_sensor
from pipeline.settings import Settings


class Watch:
    """A sensor over two source folders, and what it remembers from look to look."""

    def __init__(self, folder: Path) -> None:
        self.crm, self.lmn = folder / "crm", folder / "lmn"
        self.crm.mkdir()
        (self.crm / "accounts.csv").write_text("Id\n1\n")
        # LMN's folder is not there yet, and the platform is a database
        settings = Settings(
            crm=str(self.crm),
            lmn=str(self.lmn),
            platform="postgresql://host/platform",
            exports=str(folder / "exports"),
            state=folder / "state",
        )
        self._sensor = build_new_files_sensor(JOB, settings)
        self._remembered: str | None = None

    def starts_a_run(self) -> bool:
        """Look once, as Dagster does: a run that was asked for under the key of an earlier one is not started."""
        context = dg.build_sensor_context(cursor=self._remembered)
        seen = self._sensor.evaluate_tick(context)
        self._remembered = seen.cursor
        assert all(request.run_key is None for request in seen.run_requests or ())
        return bool(seen.run_requests)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    watch = Watch(tmp_path)
    assert watch.starts_a_run()
    return watch


def test_nothing_new_starts_nothing(watch: Watch) -> None:
    assert not watch.starts_a_run()
    assert not watch.starts_a_run()


def test_a_file_whose_name_is_no_utf_8_starts_a_run(watch: Watch) -> None:
    Path(os.fsdecode(os.fsencode(watch.crm) + b"/caf\xe9.txt")).write_text("x")
    assert watch.starts_a_run()
    assert not watch.starts_a_run()


def test_a_new_file_a_changed_one_and_one_that_is_gone_start_a_run(watch: Watch) -> None:
    (watch.crm / "contacts.csv").write_text("Id\n1\n")
    assert watch.starts_a_run()
    assert not watch.starts_a_run()
    (watch.crm / "contacts.csv").write_text("Id\n1\n2\n")
    assert watch.starts_a_run()
    (watch.crm / "contacts.csv").unlink()
    assert watch.starts_a_run()
    assert not watch.starts_a_run()


def test_a_file_of_the_same_size_that_is_younger_starts_a_run(watch: Watch) -> None:
    os.utime(watch.crm / "accounts.csv", ns=(1, 1))
    assert watch.starts_a_run()


def test_a_part_and_a_folder_that_was_not_there_start_a_run(watch: Watch) -> None:
    (watch.crm / "estimates").mkdir()
    (watch.crm / "estimates" / "2025-01.csv").write_text("Id\n1\n")
    assert watch.starts_a_run()
    watch.lmn.mkdir()
    (watch.lmn / "Leads List.csv").write_text("Lead\n1\n")
    assert watch.starts_a_run()


def test_files_that_are_again_as_they_were_start_a_run(watch: Watch, tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    shutil.copy2(watch.crm / "accounts.csv", kept)
    for _ in range(2):
        (watch.crm / "accounts.csv").write_text("Id\n2\n3\n")
        os.utime(watch.crm / "accounts.csv", ns=(5, 5))
        assert watch.starts_a_run()
        shutil.copy2(kept, watch.crm / "accounts.csv")
        assert watch.starts_a_run()
