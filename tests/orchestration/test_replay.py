"""A drop can be remade from the landing zone, which keeps only the files of kept drops."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline import cli
from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress
from pipeline.drops.superseded import superseded_at, write_superseded
from pipeline.orchestration.replay import replay
from pipeline.orchestration.run import run_warehouse
from pipeline.settings import Settings
from pipeline.storage.place import open_place
from tests.orchestration.runs import Listener

HEADER = "id,account_id,status,division,address,contract_start,contract_end,total_price,project_name\n"
TWO_DAYS = 2 * 86_400


class Company:
    """A CRM that changes every week, with the exports and state of its runs."""

    def __init__(self, folder: Path) -> None:
        self.crm, self.exports, self.state = folder / "crm", folder / "exports", folder / "state"
        self.crm.mkdir()

    def run(self, as_of: str, project: str, keep_drops: int = 12) -> Path:
        """Run with contracts of that project; two at one place are duplicates, which are in the history."""
        (self.crm / "accounts.csv").write_text("id,name\na1,Oak Court\n")
        rows = [f"e{n},a1,won,Snow,1 Main St,2024-03-01,2025-03-31,100.00,{project}\n" for n in (1, 2)]
        (self.crm / "estimates.csv").write_text(HEADER + "".join(rows))
        settings = Settings(crm=str(self.crm), as_of=as_of, keep_drops=keep_drops, **self.where)
        (drop,) = run_warehouse(settings, Progress(Listener())).drops
        return Path(drop["location"])

    @property
    def where(self) -> dict[str, str]:
        return {"exports": str(self.exports), "state": str(self.state)}

    def replay(self, drop: str) -> tuple[str, ...]:
        return replay(Settings(**self.where), drop, Progress(Listener())).differing  # type: ignore[arg-type]

    def parts(self) -> set[Path]:
        return {path for path in (self.state / "landing").rglob("*.parquet") if "estimates" in path.parent.name}

    def age(self) -> None:
        """Make everything two days old, including the time since drops were `latest`."""
        then = time.time() - TWO_DAYS
        for path in [*self.exports.rglob("manifest.json"), *(self.state / "landing").rglob("*")]:
            os.utime(path, (then, then))
        drops_folder = open_place(str(self.exports / "1"))
        left = {name: moment - timedelta(seconds=TWO_DAYS) for name, moment in superseded_at(drops_folder).items()}
        write_superseded(drops_folder, left)

    def prune(self, *options: str) -> Result:
        """Call the command that keeps one drop."""
        arguments = [text for name, value in self.where.items() for text in (f"--{name}", value)]
        return CliRunner(env={"WAREHOUSE_KEEP_DROPS": "1"}).invoke(cli.app, ["prune", *options, *arguments])


@pytest.fixture(scope="module")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("company"))
    company.run("2025-01-13T06:00:00Z", "first")
    company.run("2025-01-20T06:00:00Z", "second")
    return company


@pytest.mark.parametrize("drop", ["1/previous", "1/latest"])
def test_a_drop_is_remade_byte_by_byte_after_its_sources_changed(two_weeks: Company, drop: str) -> None:
    assert two_weeks.replay(drop) == ()


def test_a_differing_file_is_named(two_weeks: Company) -> None:
    """With another instant, as if the clock had been used."""
    (origin,) = (two_weeks.state / "origins").glob("20250120*/origin.json")
    right = origin.read_text()
    content = json.loads(right)
    content["plan"]["as_of"] = "2025-01-20T06:05:00+00:00"
    origin.write_text(json.dumps(content))
    differing = two_weeks.replay("1/latest")
    origin.write_text(right)
    assert any(line.startswith("notification_cache.csv: sha256 is ") for line in differing)
    assert not any(line.startswith("estimates.csv") for line in differing)


def test_the_command_exits_with_0_if_nothing_differs(two_weeks: Company) -> None:
    arguments = [text for name, value in two_weeks.where.items() for text in (f"--{name}", value)]
    ended = CliRunner().invoke(cli.app, ["replay", "1/latest", *arguments])
    assert ended.exit_code == 0
    assert "the same to the byte" in ended.stdout


def test_a_drop_without_its_record_or_landed_files_is_refused(two_weeks: Company) -> None:
    hidden = two_weeks.state / "hidden"
    for gone in (two_weeks.state / "origins", two_weeks.state / "landing"):
        shutil.move(gone, hidden)
        with pytest.raises(WarehouseError, match=gone.name):
            two_weeks.replay("1/latest")
        shutil.move(hidden, gone)


@pytest.mark.slow
def test_the_landing_zone_keeps_only_the_files_of_kept_drops(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run("2025-01-13T06:00:00Z", "first")
    first = company.parts()
    company.run("2025-01-20T06:00:00Z", "second")
    company.age()
    last = company.run("2025-01-27T06:00:00Z", "third", keep_drops=1)
    absent = {path for path in first if not path.exists()}
    assert len(absent) == 1, "the estimates of the first week; tables without rows are still the same"
    company.age()  # the second one was `latest` until a moment ago
    assert company.prune().exit_code == 0
    assert [path.name for path in company.exports.glob("1/2025*")] == [last.name]
    assert company.replay("1/latest") == ()


@pytest.mark.slow
def test_a_dry_run_lists_the_removals_and_removes_nothing(tmp_path: Path) -> None:
    company = Company(tmp_path)
    old = company.run("2025-01-13T06:00:00Z", "first")
    company.run("2025-01-20T06:00:00Z", "second")
    company.age()
    before = set(company.state.rglob("*.parquet"))
    dry = company.prune("--dry-run")
    assert (dry.exit_code, old.exists()) == (0, True)
    assert str(old) in dry.stdout and "would be removed" in dry.stdout
    assert set(company.state.rglob("*.parquet")) == before
    wet = company.prune()
    assert wet.stdout.splitlines()[1:] == dry.stdout.splitlines()[1:]
    assert not old.exists()
    assert set(company.state.rglob("*.parquet")) < before
