"""The constants of the scores, compared with the decisions page."""

from __future__ import annotations

import csv
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

from pipeline.paths import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"


def rows(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_weights_are_ten_thousand_halved_every_thirty_days() -> None:
    """scores window: w = round(10000 * 2^(-age/30)) for ages 0 to 89."""
    with localcontext() as context:
        context.prec = 60
        expected = [Decimal(10000) * Decimal(2) ** (Decimal(-age) / 30) for age in range(90)]
        weights = [(age, int(value.quantize(Decimal(1), ROUND_HALF_UP))) for age, value in enumerate(expected)]
    assert [(int(row["age_days"]), int(row["weight"])) for row in rows("score_decay")] == weights
    assert weights[0] == (0, 10000)
    assert weights[30] == (30, 5000)
    assert weights[60] == (60, 2500)


def test_the_window_has_a_weight_for_each_day() -> None:
    window = next(row["value"] for row in rows("score_constants") if row["name"] == "window_days")
    assert int(window) == len(rows("score_decay"))


def test_constants_and_columns_match() -> None:
    model = (PROJECT_ROOT / "models/intermediate/health/int_health__constants.sql").read_text(encoding="utf-8")
    names = re.findall(r'^\s+"(\w+)",$', model, re.MULTILINE)
    assert names == [row["name"] for row in rows("score_constants")]


def test_the_weights_of_a_score_add_up_to_one() -> None:
    values = {row["name"]: int(row["value"]) for row in rows("score_constants")}
    parts = ("engagement", "sentiment", "response_time", "open_items")
    assert sum(values[f"health_{part}_weight"] for part in parts) == 100
    assert values["response_team_weight"] + values["response_account_weight"] == 100
    assert values["sentiment_base"] + values["sentiment_upper_span"] == 100
    assert values["sentiment_base"] - values["sentiment_lower_span"] == 0
