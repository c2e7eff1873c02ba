"""`warehouse diff` on a terminal: rows, cells, money and accounts, the first ten and the number of others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pipeline.drops.diff import DropDiff, ExportDiff, MovedAccount, diff_lines


def export(name: str = "accounts", changed: int = 0, **cells: int) -> ExportDiff:
    return ExportDiff(name, before=1000, now=1200, added=0, changed=changed, removed=0, cells=cells)


def diff(*exports: ExportDiff, **other: Any) -> DropDiff:
    return DropDiff("old", "new", exports, **{"money": {}, "accounts": (), **other})


def moved(number: int, change: str = "churned", **other: Any) -> MovedAccount:
    values = {"name": f"A{number}", "before": None, "after": None, "detail": ""}
    return MovedAccount(number, change=change, **{**values, **other})


def test_an_export_has_its_rows_and_its_changes() -> None:
    assert diff_lines(diff(export(), export("estimates", 1234, city=1234))) == [
        "old -> new",
        "",
        "Rows",
        "  accounts: 1,000 -> 1,200, the same",
        "  estimates: 1,000 -> 1,200, 0 added, 1,234 changed, 0 removed",
        "    changed cells: city 1,234",
    ]


@pytest.mark.parametrize(("columns", "more"), [(10, ""), (11, " and 1 more columns"), (13, " and 3 more columns")])
def test_the_ten_columns_that_changed_most_are_shown(columns: int, more: str) -> None:
    cells = {f"c{n:02}": n for n in range(1, columns + 1)}
    line = diff_lines(diff(export(changed=9, **cells)))[-1]
    shown = ", ".join(f"c{n:02} {n}" for n in range(columns, columns - 10, -1))
    assert line == f"    changed cells: {shown}{more}"


def test_money_is_shown_before_and_after_with_the_difference() -> None:
    money = {"estimates.price_used": (Decimal("1234.5"), Decimal(1000)), "accounts.revenue": (Decimal(5), Decimal(5))}
    assert diff_lines(diff(money=money))[-3:] == [
        "Money",
        "  estimates.price_used: $1,234.50 -> $1,000.00 (-234.50)",
        "  accounts.revenue: $5.00 -> $5.00",
    ]


def test_accounts_are_shown_by_change() -> None:
    accounts = (
        moved(1, "label", before="Red", after="Green", detail="up"),
        moved(2, name=None, detail="unknown"),
        moved(3, "label", before="Green", after=None),
    )
    assert diff_lines(diff(accounts=accounts))[-6:] == [
        "Accounts",
        "  churned: 1",
        "    2 without a name: nothing -> nothing",
        "  label: 2",
        "    1 A1: Red -> Green (up)",
        "    3 A3: Green -> nothing",
    ]


@pytest.mark.parametrize(("count", "more"), [(10, []), (11, ["    and 1 more"]), (1010, ["    and 1,000 more"])])
def test_ten_accounts_of_a_change_are_shown(count: int, more: list[str]) -> None:
    lines = diff_lines(diff(accounts=tuple(map(moved, range(count)))))
    assert lines[5] == f"  churned: {count:,}"
    assert lines[16:] == more
    assert lines[15] == "    9 A9: nothing -> nothing"


def test_a_diff_without_changed_rows_is_empty() -> None:
    assert diff(export(), export("estimates")).is_empty
    assert not diff(export(), export(changed=1)).is_empty
