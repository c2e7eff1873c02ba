"""D42: foreign keys without a row in the table that they refer to."""

from __future__ import annotations

import pytest

from pipeline.guards.references import REFERENCES
from pipeline.ingest.tables import source_table
from tests.guards.profiles import judged, profile, said

OF_THE_PLATFORM = ("platform.email_prop", "customer_id")
ACROSS = ("crm.estimates", "lmn_estimate_id")


def test_references_and_their_targets_have_the_same_type() -> None:
    for reference in REFERENCES:
        kinds = {column.name: column.kind for column in source_table(reference.source, reference.table).columns}
        for target in reference.targets:
            columns = source_table(target.source, target.table).columns
            assert [column.kind for column in columns if column.name == target.column] == [kinds[reference.column]]


@pytest.mark.parametrize(
    ("of", "asked", "unknown", "warns"),
    [
        (OF_THE_PLATFORM, 100, 50, False),
        (OF_THE_PLATFORM, 100, 51, True),
        (OF_THE_PLATFORM, 9, 9, False),
        (OF_THE_PLATFORM, 10, 10, True),
        (ACROSS, 100, 90, False),
        (ACROSS, 100, 91, True),
    ],
)
def test_many_unknown_ids_warn(of: tuple[str, str], asked: int, unknown: int, warns: bool) -> None:
    table, column = of
    now = profile(table, referring={column: asked}, unknown_ids={column: unknown})
    found = [one for one in said(judged(now)) if one[0] == "unknown_ids"]
    assert found == ([("unknown_ids", "warn", f"{table}.{column}")] if warns else [])


@pytest.mark.parametrize(("unknown", "warns"), [(29, False), (30, True)])
def test_a_fifth_more_unknown_ids_than_before_warns(unknown: int, warns: bool) -> None:
    before, now = (
        profile("platform.email_prop", referring={"customer_id": 100}, unknown_ids={"customer_id": count})
        for count in (10, unknown)
    )
    assert [one.figures for one in judged(now, before) if one.guard == "unknown_ids"] == (
        [" (10 % before, 30 % now)"] if warns else []
    )
