"""Both fact tables of a small tenant with every figure worked out by hand (golden/README.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.customer_success.worlds import NOW
from tests.models.harness import BuiltModels, built_models, shown

GOLDEN = Path(__file__).parent / "golden"
ACCOUNTS = {"Acme Gardens": 1, "Birch Court": 2, "Cedar Park": 691165855077289}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltModels]:
    sources = {
        (source, table): [{name: value or None for name, value in row.items()} for row in read_csv(path)]
        for path in sorted((GOLDEN / "sources").glob("*.csv"))
        for source, table in [path.stem.split("__", 1)]
    }
    with built_models(
        tmp_path_factory.mktemp("tenant"),
        sources,
        as_of=NOW.isoformat(sep=" "),
        selected_year=2025,
        commands=("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
        select=(
            "+account_core",
            "+account_communication_stats",
            "+insight_snapshot",
            "+lifecycle_event_history",
            "+meeting_summary",
            "+stakeholder_fact",
            "+team_dimension",
            "+account_owner_team",
            "+account_topic_fact",
            "+topic_dimension",
            "+int_run__platform_metrics",
        ),
    ) as built:
        yield built


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(("mart", "columns"), [("account_core", 78), ("account_communication_stats", 52)])
def test_every_column_equals_the_value_worked_out_by_hand(
    tenant: BuiltModels, mart: str, columns: int, account: str
) -> None:
    """Every line of the expected files; also the only test of D33's touches, activity and people on a whole mart."""
    expected = read_csv(GOLDEN / "expected" / f"{mart}.csv")
    assert [int(line["position"]) for line in expected] == list(range(1, columns + 1))
    [row] = tenant.query(f"select * from marts.{mart} where account_id = {ACCOUNTS[account]}")
    names = [name for name in row if mart == "account_core" or name != "organization_id"]
    assert names == [line["column"] for line in expected], "the columns are in the spec's order"
    assert {name: shown(row[name]) for name in names} == {line["column"]: line[account] for line in expected}


def test_there_is_no_other_account(tenant: BuiltModels) -> None:
    for mart in ("account_core", "account_communication_stats"):
        assert [row["account_id"] for row in tenant.rows(mart)] == sorted(ACCOUNTS.values())


@pytest.mark.parametrize(
    ("mart", "columns"),
    [
        ("meeting_summary", 12),
        ("stakeholder_fact", 41),
        ("team_dimension", 14),
        ("account_owner_team", 27),
        ("account_topic_fact", 15),
        ("topic_dimension", 8),
    ],
)
def test_every_row_equals_the_one_worked_out_by_hand(tenant: BuiltModels, mart: str, columns: int) -> None:
    """related meeting_summary, stakeholder_fact, team_dimension, account_owner_team and the two of topics."""
    expected = read_csv(GOLDEN / "expected" / f"{mart}.csv")
    names = list(expected[0])
    assert len(names) == columns
    rows = tenant.rows(mart, ", ".join(names[:2]))
    assert [name for name in rows[0] if name in names] == names, "the columns are in the spec's order"
    assert [{name: shown(row[name]) for name in names} for row in rows] == expected


def test_insights_are_kept_by_type_and_by_detection(tenant: BuiltModels) -> None:
    """D26, D27: 17 types per customer and the unknown one; of four detections the future one is left out."""
    snapshot = tenant.rows("insight_snapshot", "account_id, insight_type")
    assert len(snapshot) == 17 * 2 + 1
    assert [row["insight_type"] for row in snapshot if row["is_active"]] == [
        "churn_risk",
        "moon_phase",
        "single_threaded",
    ]
    history = tenant.rows("lifecycle_event_history", "event_id")
    assert [(row["event_id"], row["event_type"], shown(row["event_date"])) for row in history] == [
        (1, "churn_risk", "2025-01-09 11:00:00"),
        (2, "renewal", "2024-12-20 08:00:00"),
        (4, "qbr", "2025-01-01 00:00:00"),
    ]


def test_ignored_rows_are_counted(tenant: BuiltModels) -> None:
    """D2, D26, D31: rows in the future, without a customer or an end, of an unknown type: by tenant, table, reason."""
    metrics = tenant.query(
        "select dimension, cast(value as bigint) as rows from monitoring.int_run__platform_metrics order by dimension"
    )
    assert [(row["dimension"], row["rows"]) for row in metrics] == [
        ("organization 1, ai_summary, dated after the run", 1),
        ("organization 1, ai_summary, unknown meeting", 1),
        ("organization 1, calendar_event_prop, no end, or an end before the start", 1),
        ("organization 1, email_prop, dated after the run", 1),
        ("organization 1, insight, last detected after the run", 1),
        ("organization 1, insight, unknown customer", 1),
        ("organization 1, insight, unknown type moon_phase", 1),
        ("organization 1, note, dated after the run", 1),
        ("organization 1, stakeholder, unknown customer", 1),
        ("organization 1, topic, dated after the run", 1),
        ("organization 1, topic_mention, dated after the run", 1),
        ("organization 1, topic_mention, unknown customer", 1),
        ("organization 1, topic_mention, unknown topic", 1),
    ]
