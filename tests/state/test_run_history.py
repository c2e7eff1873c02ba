"""The mart `run_history`: a row per run and organization, without data of other organizations."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pipeline.state.run_history import run_history, run_history_contract
from pipeline.state.runs import OrganizationOutcome, RunRecord

AT = datetime(2025, 1, 15, tzinfo=UTC)
STOP = {"guard": "rows", "organization_id": 2, "level": "stop", "place": "accounts"}
PARTLY = RunRecord(
    "run",
    AT,
    AT,
    "partly held back",
    (
        OrganizationOutcome(1, "20250115T000000Z-0a1b2c3d", is_new=True),
        OrganizationOutcome(2, None, why=("rows: 5, were 50", "see to it"), findings=(STOP,)),
    ),
    findings=(STOP,),
    accepted=({"guard": "at_risk", "place": None, "why": "storm", "who": "ann"},),
    figures={"rows": {"1": {"accounts": 3, "estimates": 4}}},
)


def test_a_run_has_a_row_for_each_organization_with_only_its_own_data() -> None:
    published, held_back = run_history([PARTLY]).to_pylist()
    assert (published["drop_name"], published["rows_published"]) == ("20250115T000000Z-0a1b2c3d", 7)
    assert json.loads(published["rows_by_export"]) == {"accounts": 3, "estimates": 4}
    assert (published["findings"], published["held_back_because"]) == ("[]", None)
    assert (held_back["drop_name"], held_back["rows_published"], held_back["is_latest"]) == (None, None, False)
    assert held_back["held_back_because"] == "rows: 5, were 50\nsee to it"
    assert json.loads(held_back["findings"]) == [STOP]
    assert all(json.loads(row["accepted"])[0]["who"] == "ann" for row in (published, held_back))


def test_a_run_that_failed_early_has_a_row_without_an_organization() -> None:
    (row,) = run_history([RunRecord("run", AT, AT, "failed", problem="lmn: no such folder")]).to_pylist()
    assert (row["organization_id"], row["verdict"], row["held_back_because"]) == (None, "failed", "lmn: no such folder")


def test_a_stored_record_gives_the_same_rows() -> None:
    kept = RunRecord.from_dict(json.loads(json.dumps(PARTLY.as_dict())))
    assert run_history([kept]).equals(run_history([PARTLY]))


def test_every_column_has_a_description() -> None:
    assert all(column.description for column in run_history_contract().columns)
