"""A run's figures among those of the runs before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.drops.stage import StagedDrop, StagedFile
from pipeline.report.trends import Trend, measures_of, trends_of
from pipeline.state.runs import RunRecord, Verdict

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def record(weeks_ago: int, rows: int, verdict: Verdict = "published", organization: int = 1) -> RunRecord:
    figures = {"organizations": {str(organization): {"measures": {"rows": str(rows)}}}}
    as_of = AS_OF - weeks_ago * WEEK
    return RunRecord(f"run-{weeks_ago}", as_of + WEEK / 7, as_of, verdict, figures=figures)


def rows_of(*records: RunRecord, now: str = "1000") -> Trend:
    (trend,) = trends_of(records, 1, AS_OF, {"rows": now})
    return trend


def test_the_last_twelve_runs_are_shown_oldest_first() -> None:
    trend = rows_of(*(record(week, 1000 - week) for week in range(1, 20)))
    assert [int(value) for _, value in trend.points] == [*range(989, 1000), 1000]


@pytest.mark.parametrize(
    "other",
    [
        record(1, 5, verdict="held back"),
        record(1, 5, organization=2),
        record(-1, 5),
        record(0, 5),
        RunRecord("older", AS_OF, AS_OF - WEEK, "published", figures={"warned_checks": 2}),
    ],
    ids=["held back", "of another organization", "of a later instant", "of this instant", "of an older version"],
)
def test_runs_that_published_nothing_for_the_organization_are_left_out(other: RunRecord) -> None:
    assert rows_of(other).earlier == []


def test_the_last_of_several_runs_of_one_instant_counts() -> None:
    again = RunRecord("again", AS_OF, AS_OF - WEEK, "published", figures=record(1, 7).figures)
    assert rows_of(again, record(1, 5)).earlier == [7]


@pytest.mark.parametrize(
    ("earlier", "now", "is_out_of_line"),
    [
        ([1000, 1010, 1020, 1030, 1040], 1050, False),  # it keeps growing
        ([1000, 1010, 1020, 1030, 1040], 1200, True),
        ([1000, 1010, 1020, 1030, 1040], 800, True),
        ([1000, 400, 1000, 1000, 1000, 1000], 400, False),  # it had that value before
        ([1000, 1000, 1000, 1000, 1000], 901, False),  # within a tenth of a constant
        ([1000, 1000, 1000, 1000, 1000], 899, True),
        ([1000, 1000, 1000, 1000], 1, False),  # four runs are too few
        ([0, 0, 0, 0, 0], 1, True),
    ],
)
def test_a_figure_is_unusual_if_no_earlier_run_was_near_it(earlier: list[int], now: int, is_out_of_line: bool) -> None:
    points = [(AS_OF, Decimal(value)) for value in (*earlier, now)]
    assert Trend("rows", "Rows", "rows", tuple(points)).is_out_of_line is is_out_of_line


def staged(folder: Path, **tables: pa.Table) -> StagedDrop:
    files = []
    for name, rows in tables.items():
        pq.write_table(rows, folder / f"{name}.parquet")
        nulls = tuple(column.null_count for column in rows.columns)
        files += [StagedFile(name, f"{name}.{form}", rows.num_rows, 0, "", nulls) for form in ("csv", "parquet")]
    return StagedDrop(1, folder, tuple(files))


def test_a_drop_is_measured_by_its_rows_nulls_revenue_and_list_at_risk(tmp_path: Path) -> None:
    revenue = pa.array([Decimal("10.10"), None, Decimal("0.05")], pa.decimal128(18, 2))
    accounts = pa.table({"id": ["a", "b", None], "annual_revenue": revenue})
    at_risk = pa.table({"account_id": ["a"]})
    drop = staged(tmp_path, accounts=accounts, at_risk_accounts=at_risk)
    assert measures_of(drop) == {"rows": "4", "nulls": "2", "revenue": "10.15", "at_risk": "1"}
    assert measures_of(staged(tmp_path, at_risk_accounts=at_risk)) == {"rows": "1", "nulls": "0", "at_risk": "1"}
    (tmp_path / "accounts.parquet").write_bytes(b"no Parquet file")
    assert measures_of(drop) == {}
