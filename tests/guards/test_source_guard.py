"""The source guard (D42): each threshold at its boundary, and each finding's place and figures."""

from __future__ import annotations

from datetime import datetime

import pytest

from pipeline.guards.source_guard import SourceState, UnreadFile, is_near, judge_sources
from pipeline.guards.thresholds import guards
from tests.guards.profiles import THIS_WEEK, judged, profile, said


def test_a_sound_table_has_no_finding() -> None:
    assert judged(profile(), profile()) == []


def test_a_misspelt_header_stops_a_first_run_and_names_both_columns() -> None:
    table = profile(headers=("id",), unknown={"lmn_crmid": "accounts.csv"})
    (finding,) = judged(table)
    assert said([finding]) == [("near_header", "stop", "crm.accounts.lmn_crmid")]
    assert "'lmn_crm_id'" in str(finding)
    assert "'lmn_crmid' in accounts.csv" in str(finding)


@pytest.mark.parametrize(
    ("column", "header", "near"),
    [
        ("lmn_crm_id", "LMN CRM-ID", True),
        ("lmn_crm_id", "lmn_crmid", True),
        ("renewal_date", "renewel_dat", True),  # two edits
        ("renewal_date", "renewel_dats", True),
        ("renewal_date", "renew_date", True),
        ("renewal_date", "renew_dat", False),  # three
        ("status", "statsu", True),  # a swap is one edit
        ("name", "nmae", True),
        ("name", "fame", True),
        ("name", "fade", False),  # short names bear one edit
        ("name", "___", False),
    ],
)
def test_a_header_is_near_within_two_edits_or_with_the_same_letters(column: str, header: str, near: bool) -> None:
    assert is_near(column, header, 2) is near


def test_an_unknown_header_beside_a_whole_table_is_nothing() -> None:
    assert judged(profile(unknown={"lmn_crm_idx": "accounts.csv"})) == []


def test_a_file_that_became_no_table_stops() -> None:
    unread = [UnreadFile("crm", "acounts.csv", "not named as a table")]
    found = judge_sources(SourceState([profile()], THIS_WEEK), None, unread, guards())
    assert said(found) == [("unread_file", "stop", "crm/acounts.csv")]


def test_a_table_that_had_rows_and_has_none_stops() -> None:
    empty = profile("crm.contacts", rows=0)
    assert said(judged([profile(), empty], [profile(), profile("crm.contacts", rows=5)])) == [
        ("lost_table", "stop", "crm.contacts")
    ]


def test_a_table_of_a_few_rows_that_is_there_and_empty_warns() -> None:
    empty = profile("crm.notification_snoozes", rows=0)
    before = profile("crm.notification_snoozes", rows=4)
    assert said(judged([profile(), empty], [profile(), before])) == [("lost_table", "warn", "crm.notification_snoozes")]


def test_a_column_without_its_header_stops_however_few_values_it_had() -> None:
    now = profile(headers=("id",), values={"id": 100})
    before = profile(values={"id": 100, "lmn_crm_id": 1})
    assert said(judged(now, before)) == [("lost_column", "stop", "crm.accounts.lmn_crm_id")]


@pytest.mark.parametrize(("values", "level"), [(4, "warn"), (5, "stop")])
def test_a_column_that_is_all_null_now_stops_where_it_had_five_values(values: int, level: str) -> None:
    now = profile(values={"id": 100, "lmn_crm_id": 0})
    before = profile(values={"id": 100, "lmn_crm_id": values})
    assert said(judged(now, before)) == [("lost_column", level, "crm.accounts.lmn_crm_id")]


def test_a_platform_without_customers_stops() -> None:
    assert said(judged(profile("platform.users"))) == [("needed_table", "stop", "platform.customer")]


@pytest.mark.parametrize("table", ["crm.accounts", "lmn.contacts_export"])
def test_a_crm_side_needs_the_accounts_or_lmn_s_contacts(table: str) -> None:
    estimates = profile("crm.estimates")
    assert said(judged(estimates)) == [("needed_table", "stop", "crm.accounts")]
    assert judged([estimates, profile(table)]) == []


@pytest.mark.parametrize(("rejected", "level"), [(10, None), (11, "warn"), (50, "warn"), (51, "stop")])
def test_rejected_rows_warn_above_one_percent_and_stop_above_five(rejected: int, level: str | None) -> None:
    found = judged(profile(rows=1000, rejected=rejected))
    assert [finding.level for finding in found] == ([level] if level else [])


def test_of_fewer_than_twenty_rows_no_share_is_judged() -> None:
    assert judged(profile(rows=19, rejected=19)) == []


@pytest.mark.parametrize(("unread", "level"), [(20, None), (21, "warn"), (200, "warn"), (201, "stop")])
def test_unread_cells_warn_above_two_percent_and_stop_above_twenty(unread: int, level: str | None) -> None:
    found = judged(profile(rows=1000, unread={"lmn_crm_id": unread}))
    assert said(found) == ([("nulled_share", level, "crm.accounts.lmn_crm_id")] if level else [])


@pytest.mark.parametrize(
    ("rows", "level"), [(80, None), (79, "warn"), (51, "warn"), (50, "stop"), (150, None), (151, "warn"), (900, "warn")]
)
def test_rows_warn_beyond_minus_20_and_plus_50_percent_and_stop_at_minus_50(rows: int, level: str | None) -> None:
    found = [finding for finding in judged(profile(rows=rows), profile(rows=100)) if finding.guard == "rows"]
    assert [finding.level for finding in found] == ([level] if level else [])


def test_a_flag_that_turned_round_warns() -> None:
    before, now = profile(trues={"lmn_crm_id": 5}), profile(trues={"lmn_crm_id": 95})
    (finding,) = judged(now, before)
    assert (finding.guard, finding.before, finding.now) == ("flag_share", "5 %", "95 %")


@pytest.mark.parametrize(("newest", "warns"), [(datetime(2025, 1, 7), True), (datetime(2025, 1, 8), False)])
def test_a_source_with_nothing_newer_a_week_later_warns(newest: datetime, warns: bool) -> None:
    found = judged(profile(newest=newest), profile(newest=datetime(2025, 1, 7)))
    assert said(found) == ([("freshness", "warn", "crm")] if warns else [])


@pytest.mark.parametrize(("fingerprint", "warns"), [("a1", True), ("b2", False)])
def test_last_week_s_files_again_warn_whatever_lies_ahead_in_them(fingerprint: str, warns: bool) -> None:
    before = profile(newest=datetime(2025, 1, 7), fingerprint="a1")
    found = judged(profile(newest=datetime(2025, 1, 14), fingerprint=fingerprint), before)
    assert said(found) == ([("freshness", "warn", "crm")] if warns else [])


def test_a_deployment_s_threshold_counts_instead_of_the_default() -> None:
    assert judged(profile(rows=1000, rejected=40), None, {"rejected_share": {"warn": 5, "stop": 10}}) == []


@pytest.mark.parametrize(
    ("values", "power", "level"),
    [(20, 4.9, "stop"), (20, 4.4, "warn"), (19, 5.4, "warn"), (20, 4.3, None), (4, 5.4, None), (20, 1.9, "stop")],
)
def test_amounts_in_cents_stop_where_twenty_tell_it(values: int, power: float, level: str | None) -> None:
    before = profile(amounts={"price": 20}, magnitudes={"price": 3.4})
    found = judged(profile(amounts={"price": values}, magnitudes={"price": power}), before)
    assert said(found) == ([("amounts", level, "crm.accounts.price")] if level else [])


@pytest.mark.parametrize(("flipped", "warns"), [(4, False), (5, True)])
def test_half_of_a_flag_s_sampled_cells_that_flipped_warn(flipped: int, warns: bool) -> None:
    before = {str(row): "true" if row % 2 else "false" for row in range(10)}
    opposite = {"true": "false", "false": "true"}
    now = {row: opposite[value] if int(row) < flipped else value for row, value in before.items()}
    found = judged(profile(sample={"archived": now}), profile(sample={"archived": before}))
    assert said(found) == ([("flags_flipped", "warn", "crm.accounts.archived")] if warns else [])


@pytest.mark.parametrize(
    ("now", "warns"),
    [("2024-05-03", True), ("2024-03-05", False), ("2024-03-06", False), ("2025-05-03", False)],
)
def test_a_date_whose_day_and_month_changed_places_warns(now: str, warns: bool) -> None:
    before = {str(row): "2024-03-05" for row in range(20)}
    found = judged(profile(sample={"renewal": {**before, "7": now}}), profile(sample={"renewal": before}))
    assert said(found) == ([("dates_swapped", "warn", "crm.accounts.renewal")] if warns else [])


def test_rows_that_are_in_one_sample_alone_tell_nothing() -> None:
    now = profile(sample={"renewal": {"1": "2024-05-03"}})
    assert judged(now, profile(sample={"renewal": {"2": "2024-03-05"}})) == []


@pytest.mark.parametrize(("rows", "level"), [(14, None), (13, "warn")])
def test_a_table_of_a_few_rows_warns_where_three_tenths_are_gone(rows: int, level: str | None) -> None:
    found = judged([profile(), profile("crm.profiles", rows)], [profile(), profile("crm.profiles", 19)])
    assert said(found) == ([("few_rows", level, "crm.profiles")] if level else [])
