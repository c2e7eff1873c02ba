"""The facts of a report: correct figures, compared with the right drop, and nothing of another organization."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import organizations_in
from pipeline.report.facts import RejectSample, RunFacts
from pipeline.report.gather import gather_facts, gather_operator_facts
from pipeline.report.page import render_report, report_files
from pipeline.report.write import write_reports
from tests.report.made_reports import (
    ACCOUNTS,
    AS_OF,
    CONTRACTS,
    FAILED,
    MISNAMED,
    PASSED,
    REJECTS,
    WARNED,
    MadeRun,
    account,
)

WEEK = timedelta(days=7)


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    folder = tmp_path / "runs [1]"  # a glob pattern for DuckDB
    folder.mkdir()
    return MadeRun(folder)


def source(facts: RunFacts, name: str) -> tuple[int | None, int, int | None, datetime | None]:
    found = next(source for source in facts.sources if f"{source.source}.{source.table}" == name)
    return found.read, found.loaded, found.rejected, found.newest


# sources


def test_rows_of_a_shared_table_are_each_organizations_own(run: MadeRun) -> None:
    assert source(run.facts(1), "platform.customer") == (None, 3, None, datetime(2025, 1, 11))
    assert source(run.facts(2), "platform.customer") == (None, 2, None, datetime(2025, 1, 14, 12))


def test_a_table_of_one_organization_is_shown_whole(run: MadeRun) -> None:
    run.organizations = (1,)
    assert source(run.facts(1), "platform.customer") == (4, 3, 1, datetime(2025, 1, 11))


def test_the_crm_is_shown_to_its_organization_only(run: MadeRun) -> None:
    assert source(run.facts(1), "crm.accounts") == (3, 1, 2, datetime(2025, 1, 12))
    assert not any(source.source == "crm" for source in run.facts(2).sources)


def test_the_operator_sees_everything(run: MadeRun) -> None:
    facts = gather_operator_facts(run.measured())
    assert source(facts, "platform.customer") == (6, 5, 1, datetime(2025, 1, 14, 12))
    assert source(facts, "crm.accounts") == (3, 1, 2, datetime(2025, 1, 12))
    assert sum(reason.count for reason in facts.rejects) == len(REJECTS)
    assert {row.organization_id for check in (FAILED,) for row in check.samples} == {1, 2}


def test_rows_dated_after_the_run_are_not_the_newest(run: MadeRun) -> None:
    run.as_of = datetime(2025, 3, 1, tzinfo=AS_OF.tzinfo)
    assert source(run.facts(1), "platform.customer")[3] == datetime(2025, 2, 1)
    run.as_of = datetime(2025, 1, 10, tzinfo=AS_OF.tzinfo)
    assert source(run.facts(1), "platform.customer")[3] == datetime(2025, 1, 10)
    run.as_of = datetime(2025, 1, 1, tzinfo=AS_OF.tzinfo)
    assert source(run.facts(1), "platform.customer")[3] is None


def test_a_missing_table_is_listed_as_absent(run: MadeRun) -> None:
    note = next(source for source in run.facts(1).sources if source.table == "note")
    assert not note.is_configured


# rejects and metrics


def test_rejects_are_counted_by_reason_with_the_first_of_each(run: MadeRun) -> None:
    (reason,) = run.facts(1).rejects
    assert (reason.source, reason.table, reason.column, reason.count) == ("crm", "accounts", "annual_revenue", 4)
    assert reason.samples == (
        RejectSample("accounts.csv", 3, "lots-and-lots"),
        RejectSample("accounts.csv", 7, "much"),
        RejectSample("accounts.csv", 8, "few"),
    )


def test_rejects_of_one_organizations_table_are_its_own(run: MadeRun) -> None:
    run.organizations = (1,)
    assert {reason.table for reason in run.facts(1).rejects} == {"accounts", "customer"}


def test_metrics_are_shown_with_those_of_the_previous_run(run: MadeRun) -> None:
    metrics = {metric.metric: (metric.value, metric.previous) for metric in run.facts(1).metrics}
    assert metrics["archive_conflicts"] == (Decimal(3), Decimal(2))
    assert metrics["platform_rows_ignored"] == (Decimal(17), None)


def test_metrics_of_an_organization_are_shown_to_no_other(run: MadeRun) -> None:
    metrics = [(metric.metric, metric.dimension, metric.value) for metric in run.facts(2).metrics]
    assert metrics == [("platform_rows_ignored", "note, unknown customer", Decimal(41))]


# the previous drop


def test_null_rates_and_rows_are_shown_with_those_of_the_previous_drop(run: MadeRun) -> None:
    earlier = MadeRun(run.folder, AS_OF - WEEK, accounts=[account(1, 1, account_name=None), account(2, 2)])
    name = earlier.publish(1)
    facts = run.facts(1)
    assert facts.previous is not None
    assert (facts.previous.name, facts.previous.as_of) == (name, AS_OF - WEEK)
    core = facts.exports[0]
    assert (core.name, core.rows, core.previous_rows, core.change) == ("account_core", 6, 1, 5)
    columns = {column.name: column for column in core.columns}
    assert [column.name for column in core.columns] == [column.name for column in CONTRACTS[0].exported_columns]
    assert (columns["account_name"].rate, columns["account_name"].previous_rate) == (Decimal(4) / 6, Decimal(1))
    assert columns["account_name"].change == Decimal(4) / 6 - 1
    assert (columns["account_id"].nulls, columns["account_id"].rate) == (0, 0)


def test_without_rows_there_is_no_rate(run: MadeRun) -> None:
    revenue = next(export for export in run.facts(2).exports if export.name == "account_revenue_by_year")
    assert revenue.rows == 0
    assert {column.rate for column in revenue.columns} == {None}
    assert {column.change for column in revenue.columns} == {None}


def test_the_comparison_is_with_the_nearest_earlier_instant_whatever_latest_names(run: MadeRun) -> None:
    names = {}
    for weeks in (3, 1, 2):  # the one of two weeks ago is published last
        names[weeks] = MadeRun(run.folder, AS_OF - WEEK * weeks).publish(1)
    MadeRun(run.folder, AS_OF + WEEK).publish(1)
    facts = run.facts(1)
    assert facts.previous is not None
    assert facts.previous.name == names[1]


def test_a_drop_of_the_same_instant_is_not_the_previous_one(run: MadeRun) -> None:
    run.publish(1)
    assert run.facts(1).previous is None


def test_a_damaged_previous_drop_stops_nothing(run: MadeRun) -> None:
    name = MadeRun(run.folder, AS_OF - WEEK).publish(1)
    folder = run.folder / "exports" / "1" / name
    (folder / "account_core.parquet").write_bytes(b"damaged")
    (folder / "at_risk_accounts.parquet").unlink()
    rows = {export.name: export.previous_rows for export in run.facts(1).exports}
    assert rows == {"account_core": None, "account_revenue_by_year": 3, "at_risk_accounts": None}


# checks and failures


def test_only_the_organizations_own_rows_are_named(run: MadeRun) -> None:
    run.checks = (PASSED, FAILED, MISNAMED)
    first, second = run.facts(1), run.facts(2)
    assert [row.key["account_id"] for row in first.checks[1].samples] == ["1", "3"]
    assert [row.key["account_id"] for row in second.checks[1].samples] == ["2"]
    assert (first.checks[1].failed, second.checks[1].failed) == (2, 1)
    assert first.checks[2].problem == "organization 1: missing domain\n  extra domian"
    assert second.checks[2].problem == "organization 2: missing marker-of-two"
    assert {check.rows for check in first.checks} == {0}


def test_a_check_that_only_another_organization_fails_is_passed_here(run: MadeRun) -> None:
    run.checks = (PASSED, WARNED)
    assert [check.passed for check in run.facts(1).checks] == [True, False]
    assert [check.passed for check in run.facts(2).checks] == [True, True]


def test_nothing_of_one_organization_is_on_the_page_of_another(run: MadeRun) -> None:
    run.checks = (PASSED, FAILED, MISNAMED, WARNED)
    page = b"".join(report_files(run.facts(1)).values()).decode()
    other = b"".join(report_files(run.facts(2)).values()).decode()
    for marker in ("marker-of-two", "102.75", "marker-of-a-reject", "Elm", "Fir"):
        assert marker not in page
    for marker in (
        "101.50",
        "missing domain",
        "lots-and-lots",
        "marker-of-a-reject",
        "archive",
        "Oak",
        "accounts.csv",
        "77",
    ):
        assert marker not in other


def test_a_failed_audit_leaves_the_last_drop_and_says_so(run: MadeRun) -> None:
    latest = MadeRun(run.folder, AS_OF - WEEK).publish(1)
    run.checks = (PASSED, FAILED)
    facts = run.facts(1)
    assert not facts.is_published
    assert facts.latest == latest
    assert facts.name.startswith("20250115T000000Z-failed-")
    assert facts.problem is not None and facts.problem.remedy
    assert len(facts.plots) == 4


def test_a_run_that_failed_before_staging_has_a_report(run: MadeRun) -> None:
    run.checks = ()
    run.problem = WarehouseError("dbt could not build the warehouse", where="account_core", remedy="mend the model")
    facts = gather_facts(run.measured(), run.destination.place, 1, None, None, CONTRACTS)
    assert (facts.exports, facts.checks, facts.plots, facts.latest) == ((), (), (), None)
    assert "mend the model" in render_report(facts)


def test_the_same_failure_has_the_same_report_and_a_different_one_does_not(run: MadeRun) -> None:
    run.checks = (PASSED, FAILED)
    first = report_files(run.facts(1))
    assert report_files(run.facts(1)) == first
    run.checks = (PASSED, MISNAMED)
    assert report_files(run.facts(1)).keys() != first.keys()


def test_the_same_run_has_the_same_bytes_before_and_after_it_is_published(run: MadeRun) -> None:
    before = report_files(run.facts(1))
    name = run.publish(1)
    assert report_files(run.facts(1)) == before
    assert set(before) == {f"{name}.html", f"{name}.checks.json"}


def test_reports_are_written_beside_the_drops_and_the_operators_in_the_state_folder(run: MadeRun) -> None:
    reports = [run.facts(1), run.facts(2), gather_operator_facts(run.measured())]
    state = run.folder / "state"
    pages = write_reports(reports, run.destination.place, state)
    assert [Path(page).is_file() for page in pages] == [True] * 3
    assert [Path(page).parent for page in pages] == [
        *(run.folder / "exports" / str(number) / "reports" for number in (1, 2)),
        state / "reports",
    ]
    assert organizations_in(run.destination.place) == [1, 2]
    again = write_reports(reports, run.destination.place, state)
    assert again == pages


# plots


def plot(facts: RunFacts, name: str) -> dict[str, dict[str, Decimal]]:
    found = next(plot for plot in facts.plots if plot.name == name)
    return {
        series.name: {category: value for category, value in zip(found.categories, series.values, strict=True) if value}
        for series in found.series
    }


def test_revenue_is_summed_by_year_and_the_selected_year_stands_out(run: MadeRun) -> None:
    assert plot(run.facts(1), "revenue") == {
        "2025, the selected year": {"2025": Decimal("0.25")},
        "Other years": {"2024": Decimal("80.10")},
    }


def test_segments_are_counted_by_year(run: MadeRun) -> None:
    assert plot(run.facts(1), "segments") == {
        **{"Segment A": {"2024": 1}, "Segment B": {}, "Segment C": {"2024": 1}, "Segment D": {"2025": 1}}
    }


def test_health_is_counted_in_tens_and_a_hundred_is_in_the_last(run: MadeRun) -> None:
    assert plot(run.facts(1), "health") == {"Red": {"10–20": 1}, "Yellow": {"70–80": 1}, "Green": {"70–80": 1}}
    assert plot(run.facts(2), "health") == {"Red": {}, "Yellow": {}, "Green": {"90–100": 1}}
    note = next(plot.note for plot in run.facts(1).plots if plot.name == "health")
    assert note == "3 of 6 accounts have no score."


def test_renewals_are_those_of_the_next_twelve_months(run: MadeRun) -> None:
    assert plot(run.facts(1), "renewals") == {"Renewal dates": {"Jan 25": 1}, "Contracts at risk": {"Mar 25": 2}}
    assert plot(run.facts(2), "renewals") == {"Renewal dates": {"Dec 25": 1}, "Contracts at risk": {}}
    found = next(plot for plot in run.facts(1).plots if plot.name == "renewals")
    assert (found.categories[0], found.categories[-1], len(found.categories)) == ("Jan 25", "Dec 25", 12)
    assert found.note == "1 renewal dates are before January 2025, 1 after these twelve months."


def test_a_staged_file_that_breaks_its_contract_stops_no_report(run: MadeRun) -> None:
    drop, manifest = run.stage(1)
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"account_id": [1]}), drop.folder / "account_core.parquet")
    (drop.folder / "account_revenue_by_year.parquet").write_bytes(b"not Parquet")
    run.checks = (FAILED,)
    facts = run.facts_of(drop, manifest)
    assert [bool(plot.categories) for plot in facts.plots] == [False, False, False, False]
    assert all("breaks its contract" in (plot.note or "") for plot in facts.plots)
    assert render_report(facts).startswith("<!doctype html>")


def test_an_organization_without_rows_has_a_page(run: MadeRun) -> None:
    run.accounts = [row for row in ACCOUNTS if row["organization_id"] == 1]
    page = render_report(run.facts(2))
    assert "There are no accounts." in page
    assert "No account of this organization has revenue." in page
