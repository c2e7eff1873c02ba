"""D42: garbled texts and test rows."""

from __future__ import annotations

import pytest

from tests.guards.profiles import judged, profile, said


@pytest.mark.parametrize(("cells", "warns"), [(3, True), (2, False)])
def test_garbled_texts_warn_once(cells: int, warns: bool) -> None:
    now = profile(garbled_texts={"name": cells})
    assert said(judged(now, profile())) == ([("garbled_texts", "warn", "crm.accounts.name")] if warns else [])
    assert judged(now, now) == []


@pytest.mark.parametrize(("before", "warns"), [(2, True), (3, False)])
def test_three_more_accounts_with_names_of_tests_warn(before: int, warns: bool) -> None:
    found = judged(profile(test_rows=5), profile(test_rows=before))
    assert said(found) == ([("test_rows", "warn", "crm.accounts")] if warns else [])


def test_three_tests_warn_on_a_first_run() -> None:
    assert said(judged(profile(test_rows=3))) == [("test_rows", "warn", "crm.accounts")]
