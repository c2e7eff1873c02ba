"""`warehouse sample --weeks`: one company, week after week, the same for the same seed."""

from __future__ import annotations

import csv
import filecmp
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.sample.weeks.write_weeks import write_weeks

Rows = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_weeks(tmp_path_factory.mktemp("company") / "weeks", accounts=40, seed=3, weeks=30)


def rows(week: Path, table: str, key: str) -> Rows:
    with (week / table).open(newline="", encoding="utf-8") as file:
        return {row[key]: row for row in csv.DictReader(file)}


def estimates(week: Path) -> Rows:
    return rows(week, "lmn/estimates_list.csv", "Estimate ID")


def test_the_same_seed_gives_the_same_bytes(weeks: list[Path], tmp_path: Path) -> None:
    again = write_weeks(tmp_path / "weeks", accounts=40, seed=3, weeks=2)
    for one, other in zip(weeks, again, strict=False):
        names = [path.relative_to(other).as_posix() for path in other.rglob("*.csv")]
        assert filecmp.cmpfiles(one, other, names, shallow=False)[1:] == ([], [])


def test_rows_of_the_previous_week_are_still_there(weeks: list[Path]) -> None:
    for table, key in (("lmn/estimates_list.csv", "Estimate ID"), ("platform/customer.csv", "id")):
        for before, now in pairwise(weeks):
            assert rows(before, table, key).keys() <= rows(now, table, key).keys()


def test_contracts_are_renewed_prices_corrected_and_a_division_opens(weeks: list[Path]) -> None:
    first, last = estimates(weeks[0]), estimates(weeks[-1])
    assert {row["Division"] for row in last.values()} - {row["Division"] for row in first.values()} == {"Snow"}
    assert any(first[key]["Total Price"] != last[key]["Total Price"] for key in first)
    starts = {(row["Contact ID"], row["Division"], row["Contract Start"]) for row in last.values()}
    ends = [row for row in first.values() if row["Contract End"]]
    following = [date.fromisoformat(row["Contract End"]) + timedelta(days=1) for row in ends]
    assert any(
        (row["Contact ID"], row["Division"], day.isoformat()) in starts
        for row, day in zip(ends, following, strict=True)
    )


def test_no_week_has_later_dates(weeks: list[Path]) -> None:
    for week in weeks:
        mails = rows(week, "platform/email_prop.csv", "id")
        assert max(row["sent_at"] for row in mails.values()) < week.name


@pytest.mark.parametrize(("accounts", "count", "words"), [(39, 1, "too few"), (40, 0, "can't write 0")])
def test_impossible_numbers_are_refused(tmp_path: Path, accounts: int, count: int, words: str) -> None:
    with pytest.raises(WarehouseError, match=words):
        write_weeks(tmp_path / "weeks", accounts, 1, count)
