"""D42: rows that should not be there."""

from __future__ import annotations

import pytest

from tests.guards.profiles import judged, profile, said

DOUBLED = [("twin_rows", "warn", "crm.accounts")]


def test_rows_marked_as_deleted_that_were_read_warn() -> None:
    now = profile(deleted={"deleted_at": 3})
    assert said(judged(now, now)) == [("deleted_rows", "warn", "crm.accounts.deleted_at")]


@pytest.mark.parametrize(("rows", "twins", "warns"), [(100, 10, False), (100, 11, True), (49, 20, False)])
def test_more_than_a_tenth_of_twin_rows_warns_on_a_first_run(rows: int, twins: int, warns: bool) -> None:
    assert said(judged(profile(compared_rows=rows, twins=twins))) == (DOUBLED if warns else [])


@pytest.mark.parametrize(("twins", "warns"), [(34, False), (35, True)])
def test_later_more_twins_than_before_warn(twins: int, warns: bool) -> None:
    before, now = (profile(compared_rows=100, twins=count) for count in (30, twins))
    assert said(judged(now, before)) == (DOUBLED if warns else [])
