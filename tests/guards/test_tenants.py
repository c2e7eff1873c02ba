"""D42: words and ids of one organization among several."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.guards.profiles import judged, profile, said

KIND = "platform.calendar_event_prop.kind"


def moved(now: Mapping[str, int], before: Mapping[str, int]) -> list[tuple[int | None, str]]:
    """Return the organizations whose words moved, with both shares."""
    after, earlier = (
        profile("platform.calendar_event_prop", tenants_words={"kind": {"3": words}}) for words in (now, before)
    )
    return [(one.organization_id, one.figures) for one in judged(after, earlier) if one.guard == "moved_words"]


@pytest.mark.parametrize(("reviews", "warns"), [(29, False), (30, True)])
def test_a_word_whose_share_moved_by_twenty_points_warns(reviews: int, warns: bool) -> None:
    found = moved({"qbr": reviews, "sync": 100 - reviews}, {"qbr": 10, "sync": 90})
    assert found == ([(3, " (10 % before, 30 % now)")] if warns else [])


@pytest.mark.parametrize(("rows", "warns"), [(150, True), (151, False)])
def test_an_organization_that_grew_by_half_may_have_other_words(rows: int, warns: bool) -> None:
    assert bool(moved({"qbr": rows}, {"sync": 100})) is warns


@pytest.mark.parametrize(("words", "warns"), [({"DM": 50}, True), ({"DM": 50, "champion": 1}, False)])
def test_on_a_first_run_only_unknown_words_warn(words: Mapping[str, int], warns: bool) -> None:
    now = profile("platform.stakeholder", tenants_words={"role": {"3": words}})
    findings = [one for one in judged(now) if one.guard == "unknown_words"]
    assert [one.organization_id for one in findings] == ([3] if warns else [])
    assert [one for one in said(judged(now, now)) if one[0] == "unknown_words"] == []


@pytest.mark.parametrize(("share", "warns"), [(50, False), (51, True)])
def test_mostly_unknown_ids_warn_until_they_were_published(share: int, warns: bool) -> None:
    now = profile("platform.email_prop", lost_tenants={"customer_id": {"2": share}})
    found = [one for one in judged(now, profile("platform.email_prop")) if one.guard == "unknown_ids"]
    assert [one.organization_id for one in found] == ([2] if warns else [])
    assert [one for one in judged(now, now) if one.guard == "unknown_ids"] == []
