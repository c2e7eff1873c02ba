"""`warehouse plan` says what a run would change, leaves nothing of it, and the run after it does just that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipeline.sample.weeks.write_weeks import write_weeks


class Warehouse:
    """A company of two weeks, the first published, and the commands of the warehouse upon it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.weeks = write_weeks(folder / "weeks", accounts=40, seed=5, weeks=2)
        assert self.call("run", 0).returncode == 0

    def call(self, command: str, week: int, *options: str) -> subprocess.CompletedProcess[str]:
        """Run or plan a week."""
        sources = [text for name in ("lmn", "crm", "platform") for text in (f"--{name}", str(self.weeks[week] / name))]
        places = ["--exports", str(self.folder / "exports"), "--state", str(self.folder / "state")]
        given = [*sources, *places, "--as-of", self.weeks[week].name, *options]
        return self.ask(command, *given)

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call the command line."""
        command = [sys.executable, "-m", "pipeline.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def explained(self, *arguments: str) -> str:
        """Explain an account of organization 1."""
        with duckdb.connect(str(self.folder / "state" / "published.duckdb"), read_only=True) as connection:
            accounts = "select min(account_id) from marts.account_core where organization_id = 1"
            ((account,),) = connection.execute(accounts).fetchall()
        answer = self.ask("explain", "account", str(account), *arguments, "--state", str(self.folder / "state"))
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def published(self) -> dict[str, bytes | str]:
        """All that people and later runs rely on: drops, reports, latest, the marts, the history."""
        state = self.folder / "state"
        kept = [state / "published.duckdb", *(state / "runs").rglob("*"), *(state / "history").rglob("*")]
        found = [*kept, *(self.folder / "exports").rglob("*")]
        links = {str(path): path.readlink().name for path in found if path.is_symlink()}
        files = (path for path in found if path.is_file() and ".lock" not in path.name)
        return {**links, **{str(path): path.read_bytes() for path in files}}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(tmp_path_factory.mktemp("warehouse"))


def test_a_plan_publishes_nothing_and_the_run_after_it_does_what_it_said(warehouse: Warehouse) -> None:
    before = warehouse.published()
    assert "Last build" not in warehouse.explained()
    planned = warehouse.call("plan", 1, "--json")
    assert planned.returncode == 0, planned.stderr
    assert warehouse.published() == before
    explained = warehouse.explained("account_core.account_name")
    assert "was not published. This is what was published before" in explained
    diffs = {drop["organization_id"]: drop["diff"] for drop in json.loads(planned.stdout)}
    assert any(export["changed"] for export in diffs[1]["exports"])

    ran = warehouse.call("run", 1)
    assert ran.returncode == 0, ran.stderr
    assert warehouse.published() != before
    for organization_id, diff in diffs.items():
        drop = f"{organization_id}/latest"
        answer = warehouse.ask(
            "diff", f"{organization_id}/previous", drop, "--json", "--exports", str(warehouse.folder / "exports")
        )
        found = json.loads(answer.stdout)
        assert (found["before"], found["now"]) == (diff["before"], diff["now"])
        assert (found["exports"], found["money"]) == (diff["exports"], diff["money"])
        assert [one["change"] for one in found["accounts"]] == [one["change"] for one in diff["accounts"]]

    again = warehouse.call("plan", 1)
    assert again.returncode == 0
    assert "Organization 1 would be published\n  nothing would change: the rows are those of" in again.stdout
    assert again.stdout.endswith("Nothing was published.\n")
