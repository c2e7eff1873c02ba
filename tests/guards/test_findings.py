"""Accepting findings for one run: by guard or by place, with a reason, and never everything."""

from __future__ import annotations

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.guards.findings import Finding, accept, read_acceptances
from pipeline.guards.thresholds import guards

WHO = "ann"


def finding(guard: str = "kept_keys", place: str = "account_core", level: str = "stop") -> Finding:
    return Finding(guard, level, place, "says", "remedy")  # type: ignore[arg-type]


def test_an_accepted_finding_no_longer_stops_and_keeps_why_and_who() -> None:
    (judged,), unneeded = accept([finding()], read_acceptances(["kept_keys=branch office sold"], WHO))
    assert not judged.stops
    assert judged.accepted is not None
    assert (judged.accepted.why, judged.accepted.who) == ("branch office sold", "ann")
    assert unneeded == ()


def test_an_acceptance_of_a_place_covers_what_lies_in_it_and_nothing_beside_it() -> None:
    found = [finding("rows", "crm.accounts"), finding("rows", "crm.contacts"), finding("near_header", "crm.accounts.a")]
    judged, _ = accept(found, read_acceptances(["rows:crm.accounts=sold", "near_header:crm=other column"], WHO))
    assert [each.stops for each in judged] == [False, True, False]


def test_an_acceptance_that_nothing_needed_is_returned() -> None:
    _, unneeded = accept([finding()], read_acceptances(["rows=a quiet week", "kept_keys=sold"], WHO))
    assert [each.guard for each in unneeded] == ["rows"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("kept_keys", "is not GUARD"), ("kept_keys=", "is not GUARD"), ("all=why", "no guard 'all'"), ("*=x", "is not")],
)
def test_an_acceptance_without_a_reason_or_of_no_guard_is_refused(text: str, words: str) -> None:
    with pytest.raises(WarehouseError, match=words):
        read_acceptances([text], WHO)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"row": {}}, "nearest is rows"),
        ({"rows": {"warn_fal": 1}}, "nearest is warn_fall"),
        ({"rows": {"warn_fall": -1}}, "can't be -1"),
        ({"rows": {"warn_fall": True}}, "can't be True"),
        ({"rows": 5}, "no table of thresholds"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(setting: dict[str, object], words: str) -> None:
    with pytest.raises(WarehouseError, match=words):
        guards(setting)  # type: ignore[arg-type]


def test_every_guard_says_what_it_compares_and_what_to_do() -> None:
    assert all(guard.says and guard.remedy for guard in guards().values())
