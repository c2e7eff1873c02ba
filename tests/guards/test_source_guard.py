"""The source guard (D42): each threshold at its boundary, and each finding's place and figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pipeline.guards.findings import findings_of
from pipeline.guards.near_headers import is_near
from pipeline.guards.source_guard import UnreadFile, judge_sources
from pipeline.guards.source_profile import SourceState
from pipeline.guards.thresholds import guards
from tests.guards.profiles import THIS_WEEK, judged, profile, said


def test_a_sound_table_has_no_finding() -> None:
    assert judged(profile(), profile()) == []


def test_a_misspelt_header_stops_a_first_run_and_names_both_columns() -> None:
    table = profile(headers=("id",), unknown={"lmn_crmid": "accounts.csv"})
    (finding,) = judged(table)
    assert said([finding]) == [("near_header", "stop", "crm.accounts.lmn_crmid")]
    assert "'lmn_crm_id'" in str(finding)
    assert "accounts.csv has the similar header 'lmn_crmid'" in str(finding)


@pytest.mark.parametrize(
    ("column", "header", "near"),
    [
        ("lmn_crm_id", "LMN CRM-ID", True),
        ("lmn_crm_id", "lmn_crmid", True),
        ("renewal_date", "renewel_dat", True),  # two edits
        ("renewal_date", "renewel_dats", True),
        ("renewal_date", "renew_date", True),
        ("renewal_date", "renew_dat", False),  # three
        ("status", "statsu", True),  # swapped neighbours are one edit
        ("name", "nmae", True),
        ("name", "fame", True),
        ("name", "fade", False),  # short names allow one edit
        ("name", "___", False),
        ("___", "name", False),
        ("renewal", "renewalxx", True),
        ("renewal", "renewalxxx", False),
        ("renewalxxx", "renewal", False),
        ("renewal", "erxxwal", False),  # a swap and two letters
        ("city", "tyci", False),  # the same letters in a short name
        ("title", "elitt", True),
    ],
)
def test_a_header_is_near_within_two_edits_or_with_the_same_letters(column: str, header: str, near: bool) -> None:
    assert is_near(column, header, 2) is near


@pytest.mark.parametrize(
    "header",
    [
        *("Total Price (USD)", "Total Price [EUR]", "Total Price ($) [net]", "Total Price {k}", "Total Price (incl"),
        *("Total Price, USD", "Total Price in CAD", "Total Price - US$", "total_price_usd", "total_price_cents"),
        *(
            "USD Total Price",
            "(USD) Total Price",
            "€ Total Price",
            "TotalPriceUSD",
            "[Total Price]",
            "Totl Price (USD)",
        ),
    ],
)
def test_a_unit_does_not_change_a_header(header: str) -> None:
    assert is_near("total_price", header, 2)


@pytest.mark.parametrize("header", ["(USD)", "USD", "Price (USD)", "in USD", "<>"])
def test_a_unit_is_no_header(header: str) -> None:
    assert not is_near("total_price", header, 2)


@pytest.mark.parametrize("header", ["accounts.lmn_crm_id", "Account LMN CRM ID", "account_lmn_crmid"])
def test_a_header_may_have_its_tables_name_as_a_prefix(header: str) -> None:
    table = profile(headers=("id",), unknown={header: "a.csv"})
    assert said(judged(table)) == [("near_header", "stop", f"crm.accounts.{header}")]
    (finding,) = judged(profile(headers=("id",), unknown={"contact lmn crm id": "a.csv"}))
    assert finding.guard == "needed_column"


def test_a_header_may_be_near_any_name_of_its_column() -> None:
    table = profile(headers=("id",), aliases={"lmn_crm_id": ("CRM ID", "Client")}, unknown={"Cliemt": "a.csv"})
    assert said(judged(table)) == [("near_header", "stop", "crm.accounts.Cliemt")]


@pytest.mark.parametrize(("distance", "near"), [(0, False), (1, True)])
def test_the_edit_distance_is_a_setting(distance: int, near: bool) -> None:
    assert (is_near("renewal", "renewall", distance), is_near("renewall", "renewal", distance)) == (near, near)


def test_an_unknown_header_in_a_complete_table_is_no_finding() -> None:
    assert judged(profile(unknown={"lmn_crm_idx": "accounts.csv"})) == []


def test_a_column_missing_from_the_newest_download_warns() -> None:
    table = profile(lacking={"lmn_crm_id": "accounts (1).csv"})
    assert said(judged(table)) == [("lost_column", "warn", "crm.accounts.lmn_crm_id")]


def test_dates_swapped_by_a_spreadsheet_warn() -> None:
    table = profile(swapped={"renewal_date": "accounts.xlsx"})
    assert said(judged(table)) == [("dates_swapped", "warn", "crm.accounts.renewal_date")]


def test_a_file_that_is_not_read_as_a_table_stops() -> None:
    unread = [UnreadFile("crm", "acounts.csv", "not named as a table")]
    found = judge_sources(SourceState([profile()], THIS_WEEK), None, unread, guards())
    assert said(found) == [("unread_file", "stop", "crm/acounts.csv")]


def test_a_sheet_that_was_not_read_warns() -> None:
    sheet = UnreadFile("lmn", "e.xlsx, sheet '2024'", "only the first is read", "warn")
    found = judge_sources(SourceState([profile()], THIS_WEEK), None, [sheet], guards())
    assert said(found) == [("unread_file", "warn", "lmn/e.xlsx, sheet '2024'")]


def test_a_table_that_had_rows_and_has_none_stops() -> None:
    empty = profile("crm.contacts", rows=0)
    assert said(judged([profile(), empty], [profile(), profile("crm.contacts", rows=5)])) == [
        ("lost_table", "stop", "crm.contacts")
    ]


def test_a_small_table_that_became_empty_warns() -> None:
    empty = profile("crm.notification_snoozes", rows=0)
    before = profile("crm.notification_snoozes", rows=4)
    assert said(judged([profile(), empty], [profile(), before])) == [("lost_table", "warn", "crm.notification_snoozes")]


def test_a_column_without_its_header_stops_however_few_values_it_had() -> None:
    now = profile(headers=("id",), values={"id": 100})
    before = profile(values={"id": 100, "lmn_crm_id": 1})
    assert said(judged(now, before)) == [("lost_column", "stop", "crm.accounts.lmn_crm_id")]


@pytest.mark.parametrize(("values", "level"), [(4, "warn"), (5, "stop")])
def test_a_column_that_became_all_null_stops_if_it_had_five_values(values: int, level: str) -> None:
    now = profile(values={"id": 100, "lmn_crm_id": 0})
    before = profile(values={"id": 100, "lmn_crm_id": values})
    assert said(judged(now, before)) == [("lost_column", level, "crm.accounts.lmn_crm_id")]


def test_an_empty_table_of_estimates_warns_on_a_first_run() -> None:
    empty = profile("lmn.estimates_list", rows=0, columns=(), headers=())
    assert said(judged([profile(), empty])) == [("needed_table", "warn", "lmn.estimates_list")]
    assert judged([profile(), empty, profile("crm.estimates")]) == []
    assert judged([profile(), empty], [profile(), empty]) == []


def test_a_platform_without_customers_stops() -> None:
    assert said(judged(profile("platform.users"))) == [("needed_table", "stop", "platform.customer")]


@pytest.mark.parametrize("table", ["crm.accounts", "lmn.contacts_export"])
def test_the_crm_side_needs_its_accounts_or_lmns_contacts(table: str) -> None:
    estimates = profile("crm.estimates")
    assert said(judged(estimates)) == [("needed_table", "stop", "crm.accounts")]
    assert judged([estimates, profile(table)]) == []


@pytest.mark.parametrize(("rejected", "level"), [(10, None), (11, "warn"), (50, "warn"), (51, "stop")])
def test_rejected_rows_warn_above_one_percent_and_stop_above_five(rejected: int, level: str | None) -> None:
    found = judged(profile(rows=1000, rejected=rejected))
    assert [finding.level for finding in found] == ([level] if level else [])


@pytest.mark.parametrize(("rows", "rejected", "warns"), [(19, 9, False), (19, 10, True), (2, 1, False), (3, 2, True)])
def test_fewer_than_twenty_rows_warn_only_if_more_than_half_are_rejected(rows: int, rejected: int, warns: bool) -> None:
    found = judged(profile("crm.accounts", rows=rows, rejected=rejected, loaded=rows - rejected))
    assert (("rejected_share", "warn", "crm.accounts") in said(found)) is warns


def test_a_table_whose_rows_are_all_rejected_warns_however_few_they_are() -> None:
    found = judged(profile("crm.scorecards", rows=1, rejected=1, loaded=0))
    assert ("rejected_share", "warn", "crm.scorecards") in said(found)


@pytest.mark.parametrize(("rows", "values", "warns"), [(3, 0, True), (3, 1, False), (1000, 0, True), (1000, 1, False)])
def test_a_column_without_a_single_parsed_cell_warns_however_few_they_are(rows: int, values: int, warns: bool) -> None:
    found = judged(profile(rows=rows, values={"id": rows, "lmn_crm_id": values}, unread={"lmn_crm_id": 2}))
    assert said(found) == ([("nulled_share", "warn", "crm.accounts.lmn_crm_id")] if warns else [])


@pytest.mark.parametrize(("unread", "level"), [(20, None), (21, "warn"), (200, "warn"), (201, "stop")])
def test_unparsed_cells_warn_above_2_percent_and_stop_above_20(unread: int, level: str | None) -> None:
    found = judged(profile(rows=1000, unread={"lmn_crm_id": unread}))
    assert said(found) == ([("nulled_share", level, "crm.accounts.lmn_crm_id")] if level else [])


@pytest.mark.parametrize(
    ("rows", "level"), [(80, None), (79, "warn"), (51, "warn"), (50, "stop"), (150, None), (151, "warn"), (900, "warn")]
)
def test_rows_warn_beyond_minus_20_and_plus_50_percent_and_stop_at_minus_50(rows: int, level: str | None) -> None:
    found = [finding for finding in judged(profile(rows=rows), profile(rows=100)) if finding.guard == "rows"]
    assert [finding.level for finding in found] == ([level] if level else [])


def test_a_file_that_ends_in_the_middle_of_a_row_warns_however_few_rows_are_lost() -> None:
    (finding,) = judged(profile(rows=1000, is_cut_off=True))
    assert (finding.guard, finding.level, finding.place) == ("rejected_share", "warn", "crm.accounts")


def test_an_inverted_flag_warns() -> None:
    before, now = profile(trues={"lmn_crm_id": 5}), profile(trues={"lmn_crm_id": 95})
    (finding,) = judged(now, before)
    assert (finding.guard, finding.before, finding.now) == ("flag_share", "5 %", "95 %")


@pytest.mark.parametrize(("newest", "warns"), [(datetime(2025, 1, 7), True), (datetime(2025, 1, 8), False)])
def test_a_source_with_nothing_newer_a_week_later_warns(newest: datetime, warns: bool) -> None:
    found = judged(profile(newest=newest), profile(newest=datetime(2025, 1, 7)))
    assert said(found) == ([("freshness", "warn", "crm")] if warns else [])


@pytest.mark.parametrize(("fingerprint", "warns"), [("a1", True), ("b2", False)])
def test_last_weeks_files_again_warn_whatever_future_dates_they_have(fingerprint: str, warns: bool) -> None:
    before = profile(newest=datetime(2025, 1, 7), fingerprint="a1")
    found = judged(profile(newest=datetime(2025, 1, 10), fingerprint=fingerprint), before)
    assert said(found) == ([("freshness", "warn", "crm")] if warns else [])


def test_expired_and_removed_snoozes_stop_nothing() -> None:
    before, few = (profile("crm.notification_snoozes", rows) for rows in (50, 2))
    none = profile("crm.notification_snoozes", 0)
    tables = [[profile(), table] for table in (before, few, none)]
    assert [said(judged(now, tables[0])) for now in tables[1:]] == [
        [("rows", "warn", "crm.notification_snoozes")],
        [("lost_table", "warn", "crm.notification_snoozes")],
    ]


def test_a_configured_threshold_replaces_the_default() -> None:
    assert judged(profile(rows=1000, rejected=40), None, {"rejected_share": {"warn": 5, "stop": 10}}) == []


@pytest.mark.parametrize(
    ("values", "power", "level"),
    [(20, 4.9, "stop"), (20, 4.4, "warn"), (19, 5.4, "warn"), (20, 4.3, None), (4, 5.4, None), (20, 1.9, "stop")],
)
def test_amounts_in_cents_stop_from_twenty_values(values: int, power: float, level: str | None) -> None:
    before = profile(amounts={"price": 20}, magnitudes={"price": 3.4})
    found = judged(profile(amounts={"price": values}, magnitudes={"price": power}), before)
    assert said(found) == ([("amounts", level, "crm.accounts.price")] if level else [])


@pytest.mark.parametrize(("flipped", "warns"), [(2, False), (3, True)])
def test_three_in_ten_flipped_cells_of_a_flag_warn(flipped: int, warns: bool) -> None:
    before = {str(row): "true" if row % 2 else "false" for row in range(10)}
    opposite = {"true": "false", "false": "true"}
    now = {row: opposite[value] if int(row) < flipped else value for row, value in before.items()}
    found = judged(profile(cells={"archived": now}), profile(cells={"archived": before}))
    assert said(found) == ([("flags_flipped", "warn", "crm.accounts.archived")] if warns else [])


@pytest.mark.parametrize(
    ("now", "warns"),
    [("2024-05-03", True), ("2024-03-05", False), ("2024-03-06", False), ("2025-05-03", False)],
)
def test_a_date_with_swapped_day_and_month_warns(now: str, warns: bool) -> None:
    before = {str(row): "2024-03-05" for row in range(20)}
    found = judged(profile(cells={"renewal": {**before, "7": now}}), profile(cells={"renewal": before}))
    assert said(found) == ([("dates_swapped", "warn", "crm.accounts.renewal")] if warns else [])


@pytest.mark.parametrize(("rows", "changed", "warns"), [(20, 6, True), (20, 5, False), (3, 3, True), (2, 2, False)])
def test_stable_cells_warn_if_three_tenths_and_at_least_three_changed(rows: int, changed: int, warns: bool) -> None:
    before = {str(row): f"{row:06x}" for row in range(rows)}
    now = {row: "ffffff" if int(row) < changed else value for row, value in before.items()}
    found = judged(profile(cells={"name": now}), profile(cells={"name": before}))
    assert said(found) == ([("steady_columns", "warn", "crm.accounts.name")] if warns else [])


@pytest.mark.parametrize(("column", "warns"), [("sent_at", True), ("last_interaction_date", False)])
def test_instants_shifted_by_hours_warn_in_stable_columns(column: str, warns: bool) -> None:
    before, now = ({str(row): f"2024-03-05 {hour}:00:00" for row in range(3)} for hour in ("10", "17"))
    found = judged(profile(cells={column: now}), profile(cells={column: before}))
    assert said(found) == ([("steady_columns", "warn", f"crm.accounts.{column}")] if warns else [])


def test_dates_with_swapped_day_and_month_are_reported_once() -> None:
    before, now = dict.fromkeys("123", "2024-03-05 10:00:00"), dict.fromkeys("123", "2024-05-03 10:00:00")
    found = judged(profile(cells={"sent_at": now}), profile(cells={"sent_at": before}))
    assert said(found) == [("dates_swapped", "warn", "crm.accounts.sent_at")]


@pytest.mark.parametrize(
    ("cells", "others", "warns"), [(10, 323, True), (10, 324, False), (9, 90, False), (400, 0, True)]
)
def test_a_lost_word_of_three_percent_and_ten_cells_warns(cells: int, others: int, warns: bool) -> None:
    before = profile(words={"status": {"won": cells, "lost": others}})
    found = judged(profile(words={"status": {"sold": cells, "lost": others}}), before)
    assert said(found) == ([("lost_words", "warn", "crm.accounts.status")] if warns else [])


@pytest.mark.parametrize(
    ("word", "cells", "new", "warns"),
    [("Churned", 3, 2, True), ("Churned", 2, 2, False), ("Churned", 3, 1, False), ("Paused", 3, 3, False)],
)
def test_a_replaced_word_that_a_rule_needs_warns(word: str, cells: int, new: int, warns: bool) -> None:
    before, now = ({"status": {"active": 500, each: n}} for each, n in ((word, cells), ("gone", new)))
    tables = [profile("platform.customer", words=words) for words in (now, before)]
    assert said(judged(*tables)) == ([("lost_words", "warn", "platform.customer.status")] if warns else [])


def test_the_first_five_lost_and_new_words_are_named() -> None:
    before = profile(words={"status": {**{f"old {at}": 20 for at in range(7)}, "same": 20}})
    (finding,) = judged(profile(words={"status": {"same": 20, "new": 140}}), before)
    assert (finding.says, finding.now) == ("7 words of the column are gone", "the new words 'new'")
    assert finding.before == "'old 0', 'old 1', 'old 2', 'old 3', 'old 4' and 2 more"
    (finding,) = judged(profile(words={"status": {"same": 160}}), profile(words={"status": {"same": 80, "old": 80}}))
    assert (finding.says, finding.before, finding.now) == ("a word of the column is gone", "'old'", "no new word")


@pytest.mark.parametrize("now", [{}, {"status": {}}])
def test_a_column_that_now_has_no_or_too_many_words_is_no_finding(now: dict[str, dict[str, int]]) -> None:
    assert judged(profile(words=now), profile(words={"status": {"won": 100}})) == []


@pytest.mark.parametrize(
    ("length", "cells", "warns"), [(80, 5, True), (80, 4, False), (255, 5, False), (256, 50, False), (254, 50, True)]
)
def test_texts_cut_at_one_length_below_the_previous_longest_warn(length: int, cells: int, warns: bool) -> None:
    values = {"id": 100, "lmn_crm_id": 100, "notes": 100}
    before = profile(values=values, longest={"notes": 255}, at_longest={"notes": 1})
    found = judged(profile(values=values, longest={"notes": length}, at_longest={"notes": cells}), before)
    assert said(found) == ([("texts_cut", "warn", "crm.accounts.notes")] if warns else [])
    if warns:
        assert found[0].figures == f" (255 characters at most before, {length}, {cells} of 100 texts now)"


def test_a_findings_words_have_no_figures_of_shared_tables() -> None:
    """D40: each tenant sees its words without its figures."""
    rows = dict.fromkeys("123", "true")
    before = profile(
        "platform.customer",
        values={"id": 100, "body": 100, "kind": 100},
        longest={"body": 255},
        at_longest={"body": 1},
        words={"kind": {"call": 100}},
        cells={"pinned": rows, "day": {"1": "2024-03-05"}, "domain": dict.fromkeys("123", "0a1b2c")},
    )
    spoilt = replace(
        before,
        values={"id": 100, "body": 100, "kind": 50},
        longest={"body": 80},
        at_longest={"body": 9},
        words={"kind": {"other": 50}},
        cells={
            "pinned": dict.fromkeys("123", "false"),
            "day": {"1": "2024-05-03"},
            "domain": dict.fromkeys("123", "3d4e5f"),
        },
    )
    found = findings_of(judged(spoilt, before), 2, crm_organization_id=1)
    guards_that_warn = {"fewer_values", "texts_cut", "lost_words", "flags_flipped", "dates_swapped", "steady_columns"}
    assert {one.guard for one in found} == guards_that_warn
    assert [str(one) for one in found if any(letter.isdigit() for letter in one.says + one.figures)] == []


def test_a_new_long_text_or_few_at_the_longest_length_are_no_finding() -> None:
    now = profile(longest={"lmn_crm_id": 80}, at_longest={"lmn_crm_id": 5})
    assert judged(now, profile()) == []
    few = profile(rows=101, longest={"lmn_crm_id": 80}, at_longest={"lmn_crm_id": 5})
    assert judged(few, profile(longest={"lmn_crm_id": 90}, at_longest={"lmn_crm_id": 1})) == []


@pytest.mark.parametrize(
    ("rows", "values", "warns"), [(100, 80, True), (100, 81, False), (20, 10, True), (19, 9, False)]
)
def test_a_column_with_fewer_values_by_a_fifth_of_its_rows_warns(rows: int, values: int, warns: bool) -> None:
    found = judged(profile(rows=rows, values={"id": rows, "lmn_crm_id": values}), profile(rows=rows))
    assert said(found) == ([("fewer_values", "warn", "crm.accounts.lmn_crm_id")] if warns else [])


def test_rows_in_only_one_sample_are_no_finding() -> None:
    now = profile(cells={"renewal": {"1": "2024-05-03"}})
    assert judged(now, profile(cells={"renewal": {"2": "2024-03-05"}})) == []


@pytest.mark.parametrize(("rows", "level"), [(14, None), (13, "warn")])
def test_a_small_table_warns_if_three_tenths_are_missing(rows: int, level: str | None) -> None:
    found = judged([profile(), profile("crm.profiles", rows)], [profile(), profile("crm.profiles", 19)])
    assert said(found) == ([("few_rows", level, "crm.profiles")] if level else [])


def test_a_second_flag_is_checked_if_the_first_is_new() -> None:
    now = profile(columns=("a", "b"), values={"a": 100, "b": 100}, trues={"a": 1, "b": 95})
    before = profile(columns=("a", "b"), values={"b": 100}, trues={"b": 5})
    assert said(judged(now, before)) == [("flag_share", "warn", "crm.accounts.b")]


@pytest.mark.parametrize(
    ("trues", "rows", "warns"), [(44, 100, False), (45, 100, True), (12, 19, False), (12, 20, True)]
)
def test_a_flag_warns_from_forty_points_and_twenty_rows(trues: int, rows: int, warns: bool) -> None:
    before = profile(trues={"lmn_crm_id": 5})
    now = profile(rows=100, values={"id": 100, "lmn_crm_id": rows}, trues={"lmn_crm_id": trues})
    found = [finding for finding in judged(now, before) if finding.guard == "flag_share"]
    assert bool(found) == warns


@pytest.mark.parametrize(("was", "now", "warns"), [(97, 100, True), (98, 100, False), (3, 0, True), (97, 99, False)])
def test_a_flag_that_lost_one_value_warns(was: int, now: int, warns: bool) -> None:
    before, after = (profile(trues={"lmn_crm_id": trues}) for trues in (was, now))
    assert bool([one for one in judged(after, before) if one.guard == "flag_share"]) is warns


def test_a_second_column_of_amounts_is_checked_if_the_first_is_new() -> None:
    before = profile(amounts={"b": 20}, magnitudes={"b": 3.0})
    now = profile(amounts={"a": 20, "b": 20}, magnitudes={"a": 3.0, "b": 5.0})
    (finding,) = judged(now, before)
    assert (finding.place, finding.says) == ("crm.accounts.b", "its amounts are larger by 2.0 powers of ten")
    assert finding.figures == " (about 1,000 before, about 100,000 now)"
    (finding,) = judged(before, profile(amounts={"b": 20}, magnitudes={"b": 5.0}))
    assert finding.says == "its amounts are smaller by 2.0 powers of ten"


@pytest.mark.parametrize(("values", "warns"), [(4, False), (5, True)])
def test_fewer_than_five_amounts_are_no_finding(values: int, warns: bool) -> None:
    before = profile(amounts={"price": 20}, magnitudes={"price": 3.0})
    assert bool(judged(profile(amounts={"price": values}, magnitudes={"price": 4.0}), before)) == warns


def test_the_figures_of_a_finding_are_counts_and_shares() -> None:
    (finding,) = judged(profile(rows=2000, rejected=150))
    assert (finding.says, finding.now) == ("many of its rows were rejected", "150 of 2,000 rows, 7.5 %")
    (finding,) = judged(profile(rows=2000, unread={"id": 90}))
    assert (finding.says, finding.now) == ("many of its cells could not be read", "90 of 2,000 cells, 4.5 %")
    (finding,) = judged(profile(rows=1500), profile(rows=2000))
    assert (finding.before, finding.now) == ("2,000 rows", "1,500 rows")
    assert "-25 %" in finding.says


@pytest.mark.parametrize(("rows", "judges"), [(19, False), (20, True)])
def test_row_counts_are_checked_from_twenty(rows: int, judges: bool) -> None:
    assert any(finding.guard == "rows" for finding in judged(profile(rows=1), profile(rows=rows))) == judges
    assert bool(judged(profile(rows=rows, rejected=rows // 2))) == judges
    assert bool(judged(profile(rows=rows, unread={"id": rows}))) == judges


def test_a_table_that_was_always_missing_or_empty_is_no_finding() -> None:
    assert judged([profile(), profile("crm.contacts", rows=5)], [profile(), profile("crm.contacts", rows=0)]) == []
    assert judged([profile(), profile("crm.contacts", rows=0)], [profile(), profile("crm.contacts", rows=0)]) == []
    assert judged([profile(), profile("crm.contacts")], [profile()]) == []


def test_a_table_that_is_no_longer_configured_stops_however_small_it_was() -> None:
    gone = replace(profile("crm.contacts", rows=0), is_configured=False)
    (finding,) = judged([profile(), gone], [profile(), profile("crm.contacts", rows=1)])
    assert (finding.level, finding.says) == ("stop", "the table is absent now")
    assert finding.figures == " (1 rows before, none now)"


def test_a_sparse_column_that_became_empty_warns_and_an_absent_one_stops() -> None:
    before = profile(rows=10, values={"id": 10, "lmn_crm_id": 4})
    (finding,) = judged(profile(rows=10, values={"id": 10, "lmn_crm_id": 0}), before)
    assert (finding.level, finding.says) == ("warn", "the column has no values any more")
    assert finding.figures == " (4 values before, none now)"
    half = profile(rows=8, values={"id": 8, "lmn_crm_id": 4})
    assert [one.level for one in judged(profile(rows=8, values={"id": 8}), half)] == ["stop"]


@pytest.mark.parametrize(("days", "warns"), [(6, False), (7, True)])
def test_freshness_is_checked_from_a_week_on(days: int, warns: bool) -> None:
    at = datetime(2025, 1, 7)
    now, before = (
        SourceState([profile("crm.contacts"), profile(newest=at)], moment)
        for moment in (THIS_WEEK, THIS_WEEK - timedelta(days=days))
    )
    found = judge_sources(now, before, (), guards())
    assert [(one.place, one.figures) for one in found if one.guard == "freshness"] == (
        [("crm", " (2025-01-07 before, 2025-01-07 now)")] if warns else []
    )


@pytest.mark.parametrize(("later", "warns"), [(10, False), (11, True)])
def test_a_source_with_more_than_half_after_the_run_warns(later: int, warns: bool) -> None:
    sent = {str(row): "2025-01-15 00:00:01" if row < later else "2025-01-15 00:00:00" for row in range(10)}
    created = {str(row): "2025-01-16" if row + 10 < later else "2025-01-15" for row in range(10)}
    renewal = dict.fromkeys("abcdef", "2026-01-01")
    tables = [
        profile("crm.contacts", cells={"created_date": created, "renewal": renewal}),
        profile(cells={"sent_at": sent}),
    ]
    assert said(judged(tables)) == ([("later_rows", "warn", "crm")] if warns else [])


def test_fewer_than_ten_instants_after_the_run_are_no_finding() -> None:
    assert judged(profile(cells={"created_at": dict.fromkeys("abcdefghi", "2025-02-01 00:00:00")})) == []


def test_a_source_is_as_new_as_its_newest_table() -> None:
    days = [datetime(2025, 1, day) for day in (3, 7, 5)]
    names = ("crm.accounts", "crm.contacts", "crm.estimates")
    before = [profile(name, newest=day) for name, day in zip(names, days, strict=True)]
    now = [profile(name, newest=day) for name, day in zip(names, [*days[:2], datetime(2025, 1, 8)], strict=True)]
    assert judged(now, before) == []


def test_a_sample_of_two_flags_is_no_finding() -> None:
    before, now = {"1": "true", "2": "true"}, {"1": "false", "2": "false"}
    assert judged(profile(cells={"archived": now}), profile(cells={"archived": before})) == []


def test_cells_in_an_earlier_versions_form_are_not_compared() -> None:
    before, now = dict.fromkeys("123", "a1"), dict.fromkeys("123", "b2")
    assert judged(profile(cells={"name": now}, cell_form=2), profile(cells={"name": before})) == []


def test_a_column_new_in_the_sample_is_no_finding_and_the_others_are_checked() -> None:
    now = {"new": {"1": "true"}, "archived": dict.fromkeys("123", "false"), "day": {"1": "2024-05-03"}}
    before = {"archived": dict.fromkeys("123", "true"), "day": {"1": "2024-03-05"}}
    found = judged(profile(cells=now), profile(cells=before))
    assert [(one.place, one.says, one.now) for one in found] == [
        ("crm.accounts.archived", "sampled cells have the opposite value", "3 of 3"),
        ("crm.accounts.day", "sampled cells have day and month swapped", "1 of 1"),
    ]


@pytest.mark.parametrize(("rows", "warns"), [(19, True), (20, False)])
def test_a_twentieth_of_swapped_dates_warns(rows: int, warns: bool) -> None:
    before = {str(row): "2024-03-05" for row in range(rows + 1)}
    found = judged(profile(cells={"day": {**before, "0": "2024-05-03"}}), profile(cells={"day": before}))
    assert bool(found) == warns


@pytest.mark.parametrize(
    ("rows", "fingerprint", "warns"), [(1000, "one", True), (999, "one", False), (1000, "other", False)]
)
def test_an_unchanged_large_table_in_a_changed_source_warns(rows: int, fingerprint: str, warns: bool) -> None:
    old, new = datetime(2025, 1, 7), datetime(2025, 1, 14)
    before = [profile("crm.accounts", rows, newest=old, fingerprint="one"), profile("crm.contacts", newest=old)]
    now = [profile("crm.accounts", rows, newest=old, fingerprint=fingerprint)]
    now.append(profile("crm.contacts", newest=new, fingerprint="new"))
    assert said(judged(now, before)) == ([("freshness", "warn", "crm.accounts")] if warns else [])


def test_old_rows_of_1970_are_reported_once() -> None:
    now = profile(far_days={"created_at": 3})
    assert said(judged(now)) == [("far_days", "warn", "crm.accounts.created_at")]
    assert judged(now, now) == []


@pytest.mark.parametrize(("trues", "warns"), [(51, True), (50, False)])
def test_a_usually_rare_flag_that_is_mostly_true_warns_once(trues: int, warns: bool) -> None:
    people = profile("platform.stakeholder", trues={"opted_out": trues}, values={"opted_out": 100})
    tables = [profile("platform.customer"), people]
    assert said(judged(tables)) == ([("flag_share", "warn", "platform.stakeholder.opted_out")] if warns else [])
    assert judged(tables, tables) == []


def test_placeholder_dates_for_never_warn() -> None:
    now = profile(far_days={"renewal_date": 3})
    assert said(judged(now, now)) == [("far_days", "warn", "crm.accounts.renewal_date")]


@pytest.mark.parametrize(("trues", "rows", "warns"), [(20, 20, True), (19, 20, False), (19, 19, False)])
def test_a_table_with_all_rows_archived_warns(trues: int, rows: int, warns: bool) -> None:
    now = profile(rows=rows, trues={"archived": trues}, values={"archived": rows})
    assert said(judged(now)) == ([("flag_share", "warn", "crm.accounts.archived")] if warns else [])
