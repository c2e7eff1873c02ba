"""`warehouse plan` shows what a run would change and leaves nothing behind; the next run makes these changes.

Five readers read during that run, and see the previous or the new week, complete.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.paths import PROJECT_ROOT
from pipeline.sample.weeks.write_weeks import write_weeks

READERS = ("hold", "hold", "hold", "reopen", "reopen")


class Warehouse:
    """A company with two weeks, the first published, and the warehouse's commands on it."""

    def __init__(self, folder: Path) -> None:
        self.state, self.exports = folder / "state", folder / "exports"
        self.weeks = write_weeks(folder / "weeks", accounts=40, seed=5, weeks=2)

    def call(self, command: str, week: int, *options: str) -> subprocess.CompletedProcess[str]:
        """Run or plan a week, which must succeed."""
        sources = [text for name in ("lmn", "crm", "platform") for text in (f"--{name}", str(self.weeks[week] / name))]
        places = ["--exports", str(self.exports), "--state", str(self.state)]
        return self.ask(command, *sources, *places, "--as-of", self.weeks[week].name, *options)

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call the command line."""
        command = [sys.executable, "-m", "pipeline.cli", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended

    def query(self, select: str) -> list[tuple[Any, ...]]:
        """Ask the published marts."""
        with duckdb.connect(str(self.state / "published.duckdb"), read_only=True) as connection:
            return connection.execute(select).fetchall()

    def explained(self, column: str) -> str:
        """Explain a column of an account of organization 1."""
        ((account,),) = self.query("select min(account_id) from marts.account_core where organization_id = 1")
        return self.ask("explain", "account", str(account), column, "--state", str(self.state)).stdout

    def published(self) -> dict[str, bytes | str]:
        """Return all that people and later runs rely on: drops, reports, latest, the marts, the history."""
        kept = [
            self.state / "published.duckdb",
            *(self.state / "runs").rglob("*"),
            *(self.state / "history").rglob("*"),
        ]
        found = [*kept, *self.exports.rglob("*")]
        links = {str(path): path.readlink().name for path in found if path.is_symlink()}
        files = (path for path in found if path.is_file() and ".lock" not in path.name)
        return {**links, **{str(path): path.read_bytes() for path in files}}


@contextmanager
def readers(warehouse: Warehouse) -> Iterator[list[Mapping[str, Any]]]:
    """Run readers during the block; afterwards the list has what each of them saw."""
    seen: list[Mapping[str, Any]] = []
    arguments = [sys.executable, "-m", "tests.orchestration.reader", str(warehouse.state), str(warehouse.exports)]
    processes = [
        subprocess.Popen([*arguments, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT)
        for kind in READERS
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    yield seen
    for process in processes:
        answer, _ = process.communicate(timeout=60)
        seen.append(json.loads(answer))


@dataclass
class Story:
    """The output and results of a plan and the following run."""

    warehouse: Warehouse
    plan: list[dict[str, Any]]
    before: dict[str, bytes | str]
    after_plan: dict[str, bytes | str]
    explained_before: str
    explained_after_plan: str
    seen: list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    warehouse.call("run", 0)
    before, explained = warehouse.published(), warehouse.explained("account_core.account_name")
    plan = json.loads(warehouse.call("plan", 1, "--json").stdout)
    after_plan, explained_after = warehouse.published(), warehouse.explained("account_core.account_name")
    with readers(warehouse) as seen:
        warehouse.call("run", 1)
    return Story(warehouse, plan, before, after_plan, explained, explained_after, seen)


def test_a_plan_publishes_nothing(story: Story) -> None:
    assert story.after_plan == story.before


def test_after_a_plan_explain_uses_the_published_drop_and_says_so(story: Story) -> None:
    assert "last build" not in story.explained_before
    assert "was not published. This explains the drop published before" in story.explained_after_plan
    value = next(
        line for line in story.explained_before.splitlines() if line.startswith("account_core.account_name = ")
    )
    assert value in story.explained_after_plan


def test_the_run_after_a_plan_makes_the_planned_changes(story: Story) -> None:
    assert any(export["changed"] for export in story.plan[0]["diff"]["exports"])
    for planned in story.plan:
        drops = [f"{planned['organization_id']}/{name}" for name in ("previous", "latest")]
        found = json.loads(
            story.warehouse.ask("diff", *drops, "--json", "--exports", str(story.warehouse.exports)).stdout
        )
        said = planned["diff"]
        assert (found["before"], found["now"]) == (said["before"], said["now"])
        assert (found["exports"], found["money"]) == (said["exports"], said["money"])
        assert [one["change"] for one in found["accounts"]] == [one["change"] for one in said["accounts"]]


def test_five_readers_see_the_previous_or_the_new_week_complete(story: Story) -> None:
    old, new = (f"{week.name[:10]}T" for week in story.warehouse.weeks)
    assert [reader["faults"] for reader in story.seen] == [[]] * 5
    for kind, reader in zip(READERS, story.seen, strict=True):
        weeks = [instant[:11] for instant in reader["marts"]]
        assert weeks == ([old] if kind == "hold" else [old, new])
        assert [instant[:11] for instant in reader["drops"]] == [old, new]


def test_the_history_of_runs_is_a_mart_with_this_run_in_it(story: Story) -> None:
    rows = story.warehouse.query(
        "select verdict, organization_id, is_new, is_latest, rows_published > 0, held_back_because, drop_name"
        " from marts.run_history order by finished_at, organization_id"
    )
    organizations = len(story.plan)
    assert len(rows) == 2 * organizations
    assert {row[:6] for row in rows} == {("published", 1 + at, True, True, True, None) for at in range(organizations)}
    assert rows[-organizations][6] == story.plan[0]["diff"]["now"]
    comments = story.warehouse.query("select comment from duckdb_columns() where table_name = 'run_history'")
    assert all(comment for (comment,) in comments)


def test_a_plan_of_the_published_state_says_that_nothing_would_change(story: Story) -> None:
    again = story.warehouse.call("plan", 1).stdout
    assert "Organization 1 would be published\n  nothing would change: the rows are those of" in again
    assert again.endswith("Nothing was published.\n")
