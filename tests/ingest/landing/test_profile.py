"""The profile of a landed table, which guards use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.guards.compared_columns import MOVING, NAMES, PERSONAL, WORDS
from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import MadeProfiles, profile_tables
from pipeline.ingest.schema import Kind
from pipeline.ingest.tables import SOURCE_TABLES
from tests.ingest.ingest_harness import land, write_csv

NOW = datetime(2025, 1, 15, tzinfo=UTC)


def profile(
    folder: Path, *rows: tuple[str, ...], headers: tuple[str, ...] = ("id", "name", "archived")
) -> TableProfile:
    """Land accounts and return their profile."""
    write_csv(folder / "crm" / "accounts.csv", list(headers), list(rows))
    (found,) = profile_tables([land("crm", folder / "crm", folder)["accounts"]], NOW)
    return found


def test_values_true_flags_and_unread_cells_are_counted_by_column(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "yes"), ("2", "B", "no"), ("3", "C", "perhaps"))
    assert (found.values["name"], found.values["archived"], found.values["city"]) == (3, 2, 0)
    assert (found.trues["archived"], found.unread) == (1, {"archived": 1})


def test_unused_headers_are_kept_with_their_file(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "x"), headers=("id", "name", "lmn_crmid"))
    assert found.unknown == {"lmn_crmid": "accounts.csv"}
    assert "lmn_crm_id" not in found.headers
    assert "name" in found.headers


def test_a_row_repeated_by_an_older_download_is_not_rejected(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "no"), ("1", "A", "no"), ("", "B", "no"))
    assert (found.read, found.loaded, found.rejected) == (3, 1, 1)


def test_a_future_row_is_not_the_newest(tmp_path: Path) -> None:
    days = [("1", "A", "2025-01-10"), ("2", "B", "2025-02-10")]
    found = profile(tmp_path, *days, headers=("id", "name", "created_date"))
    assert found.newest == datetime(2025, 1, 10)


def test_dates_of_accounts_before_2000_or_after_2100_are_counted(tmp_path: Path) -> None:
    days = ("1999-12-31", "2000-01-01", "2100-12-31", "9999-12-31", "")
    rows = [(str(at), "A", day) for at, day in enumerate(days)]
    assert profile(tmp_path, *rows, headers=("id", "name", "renewal_date")).far_days == {"renewal_date": 2}


def test_amounts_are_counted_by_power_of_ten(tmp_path: Path) -> None:
    rows = [("1", "A", "100"), ("2", "B", "-10000"), ("3", "C", "0"), ("4", "D", "")]
    found = profile(tmp_path, *rows, headers=("id", "name", "annual_revenue"))
    assert (found.amounts, found.magnitudes) == ({"annual_revenue": 2}, {"annual_revenue": 3.0})


def test_scores_are_counted_by_power_of_ten_too(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "75"), headers=("id", "name", "organization_score"))
    assert found.magnitudes == {"organization_score": 1.88}


def test_the_sample_has_the_same_rows_in_any_order(tmp_path: Path) -> None:
    rows = [(str(at), "A", "yes" if at % 2 else "no") for at in range(100)]
    one, other = profile(tmp_path / "one", *rows), profile(tmp_path / "other", *reversed(rows))
    assert one.cells == other.cells
    assert len(one.cells["archived"]) == 40
    assert set(one.cells["archived"].values()) == {"true", "false"}


def test_the_sample_has_hashes_of_names(tmp_path: Path) -> None:
    one, other = profile(tmp_path / "one", ("1", "Oak", "no")), profile(tmp_path / "other", ("1", "Elm", "no"))
    assert one.cells["name"] != other.cells["name"]
    assert "Oak" not in str(one.as_dict())


def test_a_name_in_capitals_is_the_same_name(tmp_path: Path) -> None:
    one, other = profile(tmp_path / "one", ("1", "Oak", "no")), profile(tmp_path / "other", ("1", "OAK", "no"))
    assert one.cells == other.cells


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [("lmn_crm_id", "7", "8"), ("annual_revenue", "100", "101"), ("status", "won", "lost")],
)
def test_the_sample_separates_ids_amounts_and_words(tmp_path: Path, column: str, one: str, other: str) -> None:
    headers = ("id", "name", column)
    before = profile(tmp_path / "one", ("1", "Oak", one), headers=headers).cells
    now = profile(tmp_path / "other", ("1", "Oak", other), headers=headers).cells
    assert (before["name"], before[column] != now[column]) == (now["name"], True)


@pytest.mark.parametrize(("end", "is_cut_off"), [("3,Elm,no\n", False), ("3,El", True), ("3,Elm,no", False)])
def test_a_file_that_ends_in_the_middle_of_a_row_is_cut_off(tmp_path: Path, end: str, is_cut_off: bool) -> None:
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "accounts.csv").write_text("id,name,archived\n1,Oak,no\n2,Ash,no\n" + end, encoding="utf-8")
    (found,) = profile_tables([land("crm", folder, tmp_path)["accounts"]], NOW)
    assert found.is_cut_off is is_cut_off


def test_the_lowest_keys_of_a_large_table_are_kept_in_order(tmp_path: Path) -> None:
    few, many = (profile(tmp_path / str(n), *[(str(at), "A", "no") for at in range(n)]) for n in (500, 1000))
    assert few.keys == tuple(sorted(set(few.keys)))
    assert (len(few.keys), len(many.keys)) == (400, 400)
    assert set(few.keys) > {key for key in many.keys if key in few.keys} > set()


def test_creation_instants_in_other_centuries_are_counted(tmp_path: Path) -> None:
    days = ("1970-01-01T00:00:00Z", "0025-01-10T09:00:00Z", "2025-01-10T09:00:00Z")
    rows = [(str(at), "A", day, "9999-12-31") for at, day in enumerate(days)]
    assert profile(tmp_path, *rows, headers=("id", "name", "created_at", "snoozed_until")).far_days == {"created_at": 2}


def test_an_instant_is_in_the_sample_with_its_hour(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "2025-01-10T09:30:00Z"), headers=("id", "name", "created_at"))
    assert list(found.cells["created_at"].values()) == ["2025-01-10 09:30:00"]


def test_cells_are_counted_by_word_without_blanks(tmp_path: Path) -> None:
    rows = [("1", "A", "won"), ("2", "B", "won"), ("3", "C", "lost"), ("4", "D", ""), ("5", "E", " ")]
    assert profile(tmp_path, *rows, headers=("id", "name", "status")).words["status"] == {"won": 2, "lost": 1}


@pytest.mark.parametrize(("words", "known"), [(50, True), (51, False)])
def test_a_column_of_more_than_fifty_texts_has_no_words(tmp_path: Path, words: int, known: bool) -> None:
    rows = [(str(at), "A", f"word {at}") for at in range(words)]
    assert ("status" in profile(tmp_path, *rows, headers=("id", "name", "status")).words) is known


def test_words_are_counted_per_organization_from_fifty_on(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "role"]
    people = [(tenant, str(at), "7", "Champion") for tenant, rows in (("1", 50), ("2", 49)) for at in range(rows)]
    write_csv(tmp_path / "platform" / "stakeholder.csv", headers, people)
    (found,) = profile_tables([land("platform", tmp_path / "platform", tmp_path)["stakeholder"]], NOW)
    assert (found.words, found.tenants_words) == ({"role": {"Champion": 99}}, {"role": {"1": {"Champion": 50}}})


def test_the_longest_length_of_long_texts_is_counted(tmp_path: Path) -> None:
    rows = [("1", "Oakéé"), ("2", "Alder"), ("3", "Elm")]
    found = profile(tmp_path, *rows, headers=("id", "name"))
    assert (found.longest, found.at_longest) == ({"name": 5}, {"name": 2})


def test_the_sample_has_only_the_length_of_texts_about_people(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "name", "email"]
    write_csv(tmp_path / "platform" / "stakeholder.csv", headers, [("1", "2", "3", "Ann", "ann@acme.example")])
    (found,) = profile_tables([land("platform", tmp_path / "platform", tmp_path)["stakeholder"]], NOW)
    assert (list(found.cells["name"].values()), list(found.cells["email"].values())) == (["3"], ["16"])


def test_every_text_column_is_compared_or_changes_normally() -> None:
    texts = [
        column.name
        for table in SOURCE_TABLES
        for column in table.columns
        if column.kind in (Kind.TEXT, Kind.TRIMMED, Kind.CODE, Kind.TAGS) and column.name not in table.key
    ]
    assert set(texts) - NAMES - WORDS - PERSONAL - MOVING == set()


def test_a_sparse_column_is_sampled_among_its_values(tmp_path: Path) -> None:
    rows = [(str(at), "A", "2025-01-10" if at == 77 else "") for at in range(100)]
    found = profile(tmp_path, *rows, headers=("id", "name", "snoozed_until"))
    assert list(found.cells["snoozed_until"].values()) == ["2025-01-10 00:00:00"]


def test_a_profile_survives_its_json(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "yes"))
    assert TableProfile.from_dict(found.as_dict()) == found


@pytest.mark.parametrize("share", [1, 2, 1000], ids=["in every row", "in every other", "in few"])
def test_the_sample_of_a_large_table_has_the_lowest_hashes_of_all_rows(tmp_path: Path, share: int) -> None:
    rows = [(str(at), "A", "2025-01-10" if at % share == 0 else "") for at in range(9_000)]
    found = profile(tmp_path, *rows, headers=("id", "name", "renewal_date")).cells["renewal_date"]
    lowest = "select cast(hash(cast(id as varchar)) % 4294967296 as varchar) from range(9000) as ids (id)"
    expected = duckdb.sql(f"{lowest} where id % {share} = 0 order by hash(cast(id as varchar)) limit 40").fetchall()
    assert list(found) == [text for (text,) in expected]


def test_a_profile_is_computed_once_and_again_after_a_change(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [("1", "A")])
    landed = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    made: MadeProfiles = {}
    (first,) = profile_tables([landed], NOW, made)
    assert profile_tables([landed], NOW, made)[0] is first
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [("1", "A"), ("2", "B")])
    assert profile_tables([land("crm", tmp_path / "crm", tmp_path)["accounts"]], NOW, made)[0].loaded == 2


def test_rows_with_both_columns_of_a_pair_and_swapped_ones_are_counted(tmp_path: Path) -> None:
    headers = ["Estimate ID", "Contract Start", "Contract End", "Total Price", "Total Price With Tax"]
    days = ("2025-01-01", "2025-12-31")
    lines = [("E1", *days, "100", "106"), ("E2", *days[::-1], "100", None), ("E3", days[0], None, "100", "100")]
    write_csv(tmp_path / "lmn" / "a.csv", headers, lines)
    (found,) = profile_tables([land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]], NOW)
    assert found.pairs == {"contract_end": 2, "total_price_with_tax": 2}
    assert found.reversed_pairs == {"contract_end": 1, "total_price_with_tax": 0}
