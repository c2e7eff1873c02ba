"""A drop's files made up row by row, for the business page, with a dozen accounts or any other number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.report.business.page import render_business_pages
from pipeline.report.business.sources import MARTS, BusinessSources, EarlierDrop, Rule
from pipeline.report.plots import draw_plots
from pipeline.run_plan import RunPlan, decide
from tests.drops.weeks import CONTRACTS, LAST_WEEK, THIS_WEEK, whole_row

PLAN = RunPlan(THIS_WEEK, 2025, decide({}), ())
RULES = {
    "health_score": [Rule("scores health", "the weights of the others")],
    "engagement_score": [Rule("scores engagement", "Up(x)"), Rule("scores benchmark", "the lower median")],
    "open_items_score": [Rule("scores benchmark", "the lower median")],
    "revenue": [Rule("D25", "platform first")],
}
HOSTILE = "<script>alert(1)</script> & Söhne"

_CHANGES = pa.schema(
    [("account_id", pa.int64()), *((name, pa.string()) for name in ("change", "before", "after", "detail"))]
)


def write_export(folder: Path, name: str, rows: Sequence[Mapping[str, Any]], as_of: datetime = THIS_WEEK) -> Path:
    """Write an export as Parquet under its contract."""
    folder.mkdir(parents=True, exist_ok=True)
    contract = replace(CONTRACTS[name], columns=CONTRACTS[name].exported_columns)
    schema = pa.schema([(column.name, column.arrow_type) for column in contract.columns])
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist([whole_row(contract, row, as_of) for row in rows], schema), path)
    return path


def account(number: int, **columns: Any) -> dict[str, Any]:
    """Make an account of account_core: the first is worth the most, every third is red and was never touched."""
    is_red = number % 3 == 0
    return {
        "account_id": number,
        "organization_id": 1,
        "account_name": f"Account {number}",
        "revenue": Decimal(1_000_000 - number),
        "health_score": Decimal("40.00") if is_red else Decimal("80.00"),
        "open_items_score": Decimal("50.00"),
        "health_score_label": "Red" if is_red else "Green",
        "renewal_date": date(2025, 2, 1),
        "status": "active" if number % 2 else "negotiating",
        **columns,
    }


def risk(number: int, **columns: Any) -> dict[str, Any]:
    """Make a row of the at-risk list, of the CRM's account `c<number>`."""
    return {
        "account_id": f"c{number}",
        "account_name": f"Account {number}",
        "renewal_date": THIS_WEEK.date() + timedelta(days=number),
        "days_until_renewal": number,
        "expiring_estimate_id": f"e{number}",
        "division": "Snow" if number % 2 else "Lawn",
        "estimate_value": Decimal(100 * number),
        "revenue_segment": "A",
        **columns,
    }


def counted(
    scope: str, key: str, year: int, total: int, won: int, lost: int, rates: Sequence[str | None]
) -> dict[str, Any]:
    """Make a row of win_loss; each won estimate has the value 100."""
    names = ("win_rate", "estimates_vs_won", "revenue_vs_won")
    return {
        "scope": scope,
        "scope_key": key,
        "year": year,
        "total_estimates": total,
        "won_estimates": won,
        "lost_estimates": lost,
        "won_value": Decimal(100 * won),
        **{name: rate and Decimal(rate) for name, rate in zip(names, rates, strict=True)},
    }


def made_sources(folder: Path, accounts: int = 12, risks: int = 4, *, hostile: bool = False) -> BusinessSources:
    """Make a drop with accounts, the first of them at risk; account 1 had 30 points in the previous drop."""
    name = {"account_name": HOSTILE} if hostile else {}
    numbers = range(1, accounts + 1)
    files = {
        "account_core": [account(number, **(name if number == 1 else {})) for number in numbers],
        "account_keys": [
            {"account_id": number, "organization_id": 1, "crm_account_id": f"c{number}"} for number in numbers
        ],
        "accounts": [{"id": f"c{number}", "name": f"Account {number}"} for number in numbers],
        "at_risk_accounts": [risk(number) for number in range(1, risks + 1)],
        "estimates": [
            {"id": f"e{number}", "salesperson": "Ann" if number % 2 else "Bob"} for number in range(1, risks + 1)
        ],
        "account_revenue_by_year": [],
        "win_loss": [
            counted("division", "Snow", 2024, 1, 0, 0, [None, "0.0", "0.0"]),
            counted("division", "Snow", 2025, 5, 3, 1, ["75.0", "60.0", "85.7"]),
            counted("account", "c1", 2025, 5, 3, 1, ["75.0", "60.0", "85.7"]),
            counted("salesperson", "Ann", 2025, 5, 3, 1, ["75.0", "60.0", "85.7"]),
        ],
    }
    written = {export: write_export(folder, export, rows) for export, rows in files.items()}
    changes = [{"account_id": 3, "change": "health_label", "before": "Green", "after": "Red", "detail": None}]
    pq.write_table(pa.Table.from_pylist(changes, _CHANGES), folder / "account_changes.parquet")
    written["account_changes"] = folder / "account_changes.parquet"
    counts = {export: pq.read_metadata(path).num_rows for export, path in written.items()}
    earlier = write_export(folder / "before", "account_core", [account(1, health_score=Decimal("30.00"))], LAST_WEEK)
    return BusinessSources(
        1, written, counts, draw_plots({1: folder}, PLAN)[1], _marts(), [EarlierDrop(LAST_WEEK, earlier)], RULES
    )


def _marts() -> dict[str, pa.Table]:
    """Make the parts of account 1's health, and the revenue of divisions."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        "account_health": [
            (1, 1, "health", "engagement", 1, Decimal("52.50")),
            (1, 1, "health", "sentiment", 2, Decimal("27.50")),
        ],
        "division_revenue": [
            (1, 2024, "Snow", 3, 1, Decimal("0.01")),
            (1, 2025, "Uncategorized", 1, 1, Decimal("-1.50")),
            (1, 2025, "Snow", 4, 2, Decimal("100.01")),
        ],
    }
    return {
        name: pa.Table.from_pylist([dict(zip(MARTS[name], row, strict=True)) for row in of])
        for name, of in rows.items()
    }


def rendered_page(sources: BusinessSources) -> bytes:
    """Render the page of one drop."""
    (page,) = render_business_pages([sources], PLAN)
    return page
