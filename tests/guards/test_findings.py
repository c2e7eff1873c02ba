"""Accepting findings for one run: by guard or by place, with a reason, and never everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.guards.findings import Finding, GuardError, accept, findings_of, found, read_acceptances
from pipeline.guards.thresholds import guards

WHO = "ann"


def finding(guard: str = "kept_keys", place: str = "account_core", level: str = "stop") -> Finding:
    return Finding(guard, level, place, "says", "remedy")  # type: ignore[arg-type]


def test_an_accepted_finding_no_longer_stops_and_has_the_reason_and_the_person() -> None:
    (judged,), unneeded = accept([finding()], read_acceptances(["kept_keys=branch office sold"], WHO))
    assert not judged.stops
    assert judged.accepted is not None
    assert (judged.accepted.why, judged.accepted.who) == ("branch office sold", "ann")
    assert unneeded == ()


def test_an_acceptance_of_a_place_covers_only_that_place() -> None:
    found = [finding("rows", "crm.accounts"), finding("rows", "crm.contacts"), finding("near_header", "crm.accounts.a")]
    judged, _ = accept(found, read_acceptances(["rows:crm.accounts=sold", "near_header:crm=other column"], WHO))
    assert [each.stops for each in judged] == [False, True, False]


def test_an_unused_acceptance_is_returned() -> None:
    _, unneeded = accept([finding()], read_acceptances(["rows=a quiet week", "kept_keys=sold"], WHO))
    assert [each.guard for each in unneeded] == ["rows"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("kept_keys", "is not GUARD"), ("kept_keys=", "is not GUARD"), ("all=why", "no guard 'all'"), ("*=x", "is not")],
)
def test_an_acceptance_without_a_reason_or_guard_is_refused(text: str, words: str) -> None:
    with pytest.raises(WarehouseError, match=words):
        read_acceptances([text], WHO)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"row": {}}, "nearest is rows"),
        ({"rows": {"warn_fal": 1}}, "nearest is warn_fall"),
        ({"rows": {"warn_fall": -1}}, "can't be -1"),
        ({"rows": {"warn_fall": True}}, "can't be True"),
        ({"rows": 5}, "not a table of thresholds"),
        ({"rows": {"warn_fall": 10**9}}, "can't be 1000000000"),
        ({"rows": {"warn_fall": "5"}}, "can't be '5'"),
    ],
)
def test_an_invalid_threshold_is_refused(setting: dict[str, object], words: str) -> None:
    with pytest.raises(WarehouseError, match=words):
        guards(setting)  # type: ignore[arg-type]


def test_a_threshold_is_between_zero_and_a_billion() -> None:
    changed = guards({"rows": {"warn_fall": 0, "warn_rise": 10**9 - 1}})["rows"].thresholds
    assert (changed["warn_fall"], changed["warn_rise"]) == (0, 10**9 - 1)
    assert changed["least"] == guards()["rows"].thresholds["least"], "the others keep their defaults"


def test_a_finding_has_its_organization_figures_and_remedy() -> None:
    whole = Finding("rows", "stop", "accounts", "says", "mend it", "3", "1", organization_id=2)
    assert str(whole) == "guard rows, organization 2, accounts: says (3 before, 1 now)\n  To do: mend it"
    assert str(finding()) == "guard kept_keys, account_core: says\n  To do: remedy"
    assert (replace(whole, before=None).figures, replace(whole, now=None).figures) == (" (1 now)", " (3 before)")


def test_an_accepted_finding_has_the_person_and_the_reason_instead_of_a_remedy() -> None:
    (accepted,), _ = accept([finding()], read_acceptances(["kept_keys:account_core = office sold "], WHO))
    assert str(accepted) == "guard kept_keys, account_core: says\n  accepted by ann: office sold"
    assert accepted.as_dict()["accepted"] == {
        "guard": "kept_keys", "place": "account_core", "why": "office sold", "who": "ann",
    }  # fmt: skip


def test_a_note_needs_no_acceptance() -> None:
    note = finding("two_truths", "account_keys", "tell")
    judged, unneeded = accept([note], read_acceptances(["two_truths=known"], WHO))
    assert (judged, len(unneeded), note.stops) == ((note,), 1, False)


def test_the_error_counts_the_stopping_findings_and_shows_how_to_accept_the_first() -> None:
    warning, first, second = finding("rows", "a", "warn"), finding("kept_keys", "b"), finding("link_rate", "c")
    one, two = GuardError([warning, second]), GuardError([warning, first, second])
    assert str(one).startswith("1 finding of the guards holds everything back; nothing was published")
    assert str(two).startswith("2 findings of the guards hold everything back; nothing was published")
    assert one.remedy is not None and one.remedy.endswith('--accept link_rate:c="why"')
    assert two.remedy is not None and two.remedy.endswith('--accept kept_keys:b="why"')
    assert list(two.details) == [*str(first).splitlines(), *str(second).splitlines()]
    assert two.findings == (warning, first, second)


def test_an_organization_sees_its_own_findings_and_no_figures_of_shared_tables() -> None:
    """The CRM and LMN are one organization's; the platform's tables are shared."""
    own, others = (replace(finding(), organization_id=one) for one in (1, 2))
    crm, platform = (replace(finding(place=place), before="5", now="3") for place in ("crm.accounts", "platform.users"))
    found = [own, others, crm, platform]
    unsaid = replace(platform, before=None, now=None)
    assert findings_of(found, 1, crm_organization_id=1) == [own, crm, unsaid]
    assert findings_of(found, 2, crm_organization_id=1) == [others, unsaid]


def test_a_finding_has_its_guards_words_unless_more_specific_ones_are_given() -> None:
    guard = guards()["rows"]
    made = found(guard, "warn", "accounts", before="3", now="1", organization_id=2)
    assert made == Finding("rows", "warn", "accounts", guard.says, guard.remedy, "3", "1", 2)
    assert found(guard, "warn", "accounts", "better").says == "better"


def test_every_guard_describes_its_comparison_and_remedy() -> None:
    assert all(guard.says and guard.remedy for guard in guards().values())
