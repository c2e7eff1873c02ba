"""D42: cells that differ from their copies in another table."""

from __future__ import annotations

import pytest

from pipeline.guards.copies import COPIES
from pipeline.ingest.tables import source_table
from tests.guards.profiles import judged, profile, said

MESSAGES, NAMES = "platform.email_prop.customer_id", "crm.accounts.name"


def warnings(place: str, unlike: int, *, of: int = 100, before: int | None = None) -> list[tuple[str, str, str]]:
    table, _, column = place.rpartition(".")
    now, was = (profile(table, copies={column: of}, unlike_copies={column: count}) for count in (unlike, before or 0))
    return [one for one in said(judged(now, None if before is None else was)) if one[0] == "unlike_copies"]


def test_both_columns_have_the_same_type_and_the_reference_exists() -> None:
    for name, copies in COPIES.items():
        ours, theirs = (
            {column.name: column.kind for column in source_table(*table.split(".")).columns}
            for table in (name, copies.target.name)
        )
        assert ours[copies.reference] == theirs[copies.target.column]
        assert copies.columns.keys() <= ours.keys()
        assert set(copies.columns.values()) <= theirs.keys()
        assert copies.are_names or all(
            ours[one].name[0] == theirs[other].name[0] for one, other in copies.columns.items()
        )


@pytest.mark.parametrize(
    ("place", "unlike", "of", "warns"),
    [(MESSAGES, 50, 100, False), (MESSAGES, 51, 100, True), (MESSAGES, 19, 19, False), (NAMES, 90, 100, False),
     (NAMES, 91, 100, True)],
)  # fmt: skip
def test_on_a_first_run_many_different_cells_warn_and_for_names_nearly_all(
    place: str, unlike: int, of: int, warns: bool
) -> None:
    assert warnings(place, unlike, of=of) == ([("unlike_copies", "warn", place)] if warns else [])


@pytest.mark.parametrize(("unlike", "warns"), [(69, False), (70, True)])
def test_later_only_a_tenth_more_than_before_warns(unlike: int, warns: bool) -> None:
    assert bool(warnings(MESSAGES, unlike, before=60)) is warns
