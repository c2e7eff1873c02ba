"""D22 from run to run: a group is stored once, resolved when it is gone, and never reopened, in one state folder."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.common.progress import PlainView, Progress
from pipeline.orchestration.run import run_warehouse
from pipeline.settings import Settings

pytestmark = pytest.mark.slow

ACCOUNTS = "id,name\na1,Oak Court\na2,Elm House\n"
HEADER = "id,account_id,status,division,address,contract_start,contract_end,total_price\n"
TERM = "2024-03-01,2025-02-28"


def estimates(second_address: str, third: bool = False) -> str:
    """Return two won estimates of one account that differ only in the second's address, and optionally a third."""
    rows = [
        f"e1,a1,won,Snow,1 Main St,{TERM},100.00",
        f"e2,a1,won,snow ,{second_address},{TERM},200.00",
        f"e3,a2,won,Snow,1 Main St,{TERM},300.00",
        *([f"e4,a1,won,Snow,1 Main St,{TERM},1.00"] if third else []),
    ]
    return HEADER + "\n".join(rows) + "\n"


def duplicates(folder: Path, day: str, content: str) -> list[tuple[str, str, str | None]]:
    """Run on a day, and return each published group: estimates, detected, resolved."""
    crm = folder / "crm"
    crm.mkdir(exist_ok=True)
    (crm / "accounts.csv").write_text(ACCOUNTS)
    (crm / "estimates.csv").write_text(content)
    as_of = f"{day}T06:00:00Z"
    settings = Settings(crm=str(crm), as_of=as_of, exports=str(folder / "exports"), state=folder / "state")
    outcome = run_warehouse(settings, Progress(PlainView()))
    [drop] = outcome.drops
    rows = pq.read_table(Path(drop["location"]) / "duplicate_at_risk_estimates.parquet").to_pylist()
    assert all(row["account_id"] == "a1" for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    return sorted(
        (
            row["estimate_ids"],
            f"{row['detected_at']:%m-%d}",
            f"{row['resolved_at']:%m-%d}" if row["resolved_at"] else None,
        )
        for row in rows
    )


def test_a_group_is_kept_between_runs_resolved_when_it_is_gone_and_never_reopened(tmp_path: Path) -> None:
    pair, three = '["e1","e2"]', '["e1","e2","e4"]'

    assert duplicates(tmp_path, "2025-01-15", estimates("1 MAIN ST")) == [(pair, "01-15", None)]
    # an unresolved row with the same account, key and estimates: nothing is stored
    assert duplicates(tmp_path, "2025-01-16", estimates("1 main st")) == [(pair, "01-15", None)]
    # the group is gone
    assert duplicates(tmp_path, "2025-01-17", estimates("9 Side St")) == [(pair, "01-15", "01-17")]
    # it is back: a new row, and the resolved one stays as it was
    back = [(pair, "01-15", "01-17"), (pair, "01-18", None)]
    assert duplicates(tmp_path, "2025-01-18", estimates("1 Main St")) == back
    # other estimates are another group, so the previous one is gone
    other = [(three, "01-19", None), (pair, "01-15", "01-17"), (pair, "01-18", "01-19")]
    assert duplicates(tmp_path, "2025-01-19", estimates("1 Main St", third=True)) == other


def test_a_run_for_an_earlier_day_uses_only_the_history_until_then(tmp_path: Path) -> None:
    first = duplicates(tmp_path, "2025-01-16", estimates("1 Main St"))
    duplicates(tmp_path, "2025-01-18", estimates("9 Side St"))

    assert duplicates(tmp_path, "2025-01-16", estimates("1 Main St")) == first == [('["e1","e2"]', "01-16", None)]
