"""D42: words of a source that no rule knows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.guards.compared_columns import WORDS
from pipeline.guards.known_words import KNOWN_COLUMNS
from pipeline.ingest.tables import source_table
from tests.guards.profiles import judged, profile, said


def unknown(name: str, words: Mapping[str, int], before: Mapping[str, int] | None = None) -> list[str | None]:
    """Return the figures of the guard's findings for a column with these words and the previous ones."""
    table, _, column = name.rpartition(".")
    now, was = (profile(table, words={column: found}) for found in (words, before or {}))
    findings = judged(now, None if before is None else was)
    return [one.now for one in findings if one.guard == "unknown_words" and one.place == name]


def test_every_column_with_known_words_is_counted_by_words() -> None:
    for name in KNOWN_COLUMNS:
        source, table, column = name.split(".")
        assert column in {one.name for one in source_table(source, table).columns} & WORDS


@pytest.mark.parametrize(
    ("words", "warns"),
    [
        ({"Positive": 10, " pos": 10}, False),
        ({"positive": 9, "pos": 11}, True),
        ({"pos": 9}, False),
        ({"pos": 10}, True),
    ],
)
def test_a_column_of_usually_known_words_warns_if_most_are_unknown(words: dict[str, int], warns: bool) -> None:
    assert bool(unknown("platform.email_prop.sentiment", words)) is warns


@pytest.mark.parametrize(("words", "warns"), [({"DM": 19, "Champion": 1}, False), ({"DM": 19, "Fan": 1}, True)])
def test_a_column_of_many_words_warns_if_none_is_known(words: dict[str, int], warns: bool) -> None:
    assert bool(unknown("platform.stakeholder.role", words)) is warns


def test_a_word_similar_to_a_known_one_warns_until_it_was_published() -> None:
    words = {"confirmed": 90, "canceled": 3}
    place = "platform.calendar_event_prop.status"
    assert unknown(place, words) == unknown(place, words, {"confirmed": 90}) == ["'canceled'"]
    assert unknown(place, {**words, "confirmd": 3}) == ["'canceled', 'confirmd'"]
    assert unknown(place, words, words) == unknown(place, {"confirmed": 90, "canceled": 2}) == []


@pytest.mark.parametrize("word", ["inactive", "aktive", "passive"])
def test_an_opposite_is_not_similar(word: str) -> None:
    assert bool(unknown("platform.users.state", {"active": 9, word: 9})) is (word == "aktive")


@pytest.mark.parametrize(
    ("status", "pipeline", "warns"),
    [("Gewonnen", "Verkauft", True), ("Won", "Verkauft", False), ("Gewonnen", "Sold - verbal", False)],
)
def test_estimates_without_a_won_one_warn(status: str, pipeline: str, warns: bool) -> None:
    now = profile("lmn.estimates_list", words={"status": {status: 10}, "pipeline_status": {pipeline: 10}})
    found = [one for one in said(judged(now)) if one[0] == "unknown_words"]
    assert found == ([("unknown_words", "warn", "lmn.estimates_list.status")] if warns else [])


def test_won_estimates_may_be_in_another_table_or_have_too_many_words() -> None:
    lmn = profile("lmn.estimates_list", words={"status": {"Lost": 50}})
    crm = profile("crm.estimates", words={"status": {"won": 1}})
    many = profile("crm.estimates", values={"status": 100}, words={"pipeline_status": {"Open": 100}})
    for other in (crm, many):
        assert [one for one in judged([lmn, other]) if one.guard == "unknown_words"] == []
