"""D42: an ordinary company raises no false alarm, and whoever applies each drop's changes has the next drop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.contracts.changes import CHANGED_COLUMNS, changed_rows_contract
from pipeline.contracts.contract import ExportContract, contract_from_dict
from pipeline.drops.csv_file import read_csv
from pipeline.sample.weeks.write_weeks import write_weeks
from tests.orchestration.warehouse import Warehouse

Rows = dict[tuple[Any, ...], dict[str, Any]]

MOST_AMBER = 3
"""Of a year's weeks, and of any part of it."""


@dataclass(frozen=True)
class Week:
    """How a week's run ended, and the exports whose changes do not lead from the drop before to the new one."""

    as_of: str
    code: int
    colour: str
    said: str
    wrong_changes: tuple[str, ...]


def live(folder: Path, weeks: int) -> Iterator[Week]:
    """Run a company's weeks one after the other."""
    warehouse = Warehouse(folder / "warehouse")
    applied: dict[str, dict[str, Rows]] = {}
    for sources in write_weeks(folder / "weeks", accounts=60, seed=7, weeks=weeks):
        ended = warehouse.run(sources, sources.name)
        wrong = []
        for link in sorted((warehouse.folder / "exports").glob("*/latest")):
            drop = link.resolve()
            applied[link.parent.name], differing = follow(drop, applied.get(link.parent.name))
            wrong += [f"{drop}: {export}" for export in differing]
        yield Week(sources.name, ended.returncode, warehouse.colour, ended.stderr, tuple(wrong))


def follow(drop: Path, before: dict[str, Rows] | None) -> tuple[dict[str, Rows], list[str]]:
    """Apply a drop's changes to the rows of the one before; return all rows now, and the exports that differ."""
    manifest = json.loads((drop / "manifest.json").read_text(encoding="utf-8"))
    contracts = [contract_from_dict(file) for file in manifest["files"] if file["name"].endswith(".csv")]
    published = {contract.name: by_key(contract, drop / f"{contract.name}.csv") for contract in contracts}
    if before is None:
        return published, []
    of_the_drop = {name: datetime.fromisoformat(manifest[name]) for name in ("extracted_at", "data_as_of")}
    followed = {contract.name: apply(contract, drop, before[contract.name], of_the_drop) for contract in contracts}
    return followed, [name for name, rows in followed.items() if rows != published[name]]


def apply(contract: ExportContract, drop: Path, before: Rows, of_the_drop: dict[str, datetime]) -> Rows:
    """Apply an export's changes to its rows of the drop before, as an integration would."""
    named = drop / "changes" / contract.name
    rows = dict(before)
    for key in by_key(contract, named.with_name(f"{named.name}.removed.csv")):
        del rows[key]
    rows |= by_key(contract, named.with_name(f"{named.name}.added.csv"))
    for key, row in by_key(changed_rows_contract(contract), named.with_name(f"{named.name}.changed.csv")).items():
        differing = row.pop(CHANGED_COLUMNS).split(",")
        assert {name for name in row if row[name] != rows[key][name]} - of_the_drop.keys() == set(differing)
        rows[key] = row
    return {key: {name: of_the_drop.get(name, value) for name, value in row.items()} for key, row in rows.items()}


def by_key(contract: ExportContract, path: Path) -> Rows:
    """Read a CSV file of an export's rows, by their keys."""
    table = read_csv(path, contract)
    assert isinstance(table, pa.Table), table
    return {tuple(row[name] for name in contract.primary_key): row for row in table.to_pylist()}


def judge(weeks: list[Week]) -> str:
    """Require that no week was stopped and that the changes lead to each drop; say how many were amber, and why."""
    stopped = [(week.as_of, week.said) for week in weeks if week.code != 0]
    assert stopped == []
    assert [week.wrong_changes for week in weeks if week.wrong_changes] == []
    amber = [week for week in weeks if week.colour == "amber"]
    assert {week.colour for week in weeks} <= {"green", "amber"}
    why = [f"  {week.as_of}: {line.strip()}" for week in amber for line in week.said.splitlines() if " warns" in line]
    assert len(amber) <= MOST_AMBER, "\n".join(why)
    return "\n".join([f"{len(weeks)} weeks, none stopped, {len(amber)} amber", *why])


def test_an_ordinary_company_raises_no_false_alarm_for_three_weeks(tmp_path: Path) -> None:
    assert judge(list(live(tmp_path, 3))).startswith("3 weeks")


@pytest.mark.slow
def test_an_ordinary_company_raises_three_alarms_a_year_at_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = judge(list(live(tmp_path, 52)))
    with capsys.disabled():
        print(f"\n{told}")
