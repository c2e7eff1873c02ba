"""D42: swapped columns."""

from __future__ import annotations

import pytest

from pipeline.guards.column_pairs import PAIRS
from pipeline.ingest.tables import source_table
from tests.guards.profiles import judged, profile, said


def test_both_columns_of_a_pair_have_the_same_type() -> None:
    for name, pairs in PAIRS.items():
        kinds = {column.name: column.kind for column in source_table(*name.split(".")).columns}
        assert all(kinds[column] is kinds[least] for column, least in pairs.items())


@pytest.mark.parametrize(("rows", "reverse", "warns"), [(20, 4, False), (20, 5, True), (19, 19, False)])
def test_a_pair_swapped_in_more_than_a_fifth_of_the_rows_warns(rows: int, reverse: int, warns: bool) -> None:
    now = profile("crm.estimates", pairs={"contract_end": rows}, reversed_pairs={"contract_end": reverse})
    found = [one for one in said(judged(now)) if one[0] == "reversed_pairs"]
    assert found == ([("reversed_pairs", "warn", "crm.estimates.contract_end")] if warns else [])
