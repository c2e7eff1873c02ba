"""The evidence of every column of the three tables gives its value again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pipeline.explain.explanation import TABLES, ExplainedColumn, Explanation
from pipeline.explain.queries import Queries
from tests.explain.plain_values import DEFAULTS, explained, faults, not_remade

ACCOUNTS = {
    "a customer that the CRM knows": "1032",
    "another, linked by LMN's id": "1066",
    "a customer of another tenant, whose id the first one has too": "1112@2",
    "an account of the CRM only": "acc-faulty-3",
}


@pytest.fixture(scope="module", params=ACCOUNTS.values(), ids=ACCOUNTS)
def explanation(request: pytest.FixtureRequest, queries: Queries) -> Explanation:
    return explained(queries, request.param)


def test_every_column_with_a_value_has_rows(explanation: Explanation) -> None:
    def fault(column: ExplainedColumn) -> str | None:
        if column.value in (None, 0, False, "[]", "{}") or any(piece.rows for piece in column.evidence):
            return None
        return f"{column.value!r} without a row"

    assert faults(explanation, fault) == []


def test_the_evidence_gives_the_value(explanation: Explanation) -> None:
    assert faults(explanation, not_remade) == []


def test_without_its_rows_no_value_is_computed(explanation: Explanation) -> None:
    """The test above is meaningful: without the rows of the evidence the value changes."""

    def fault(column: ExplainedColumn) -> str | None:
        is_made = not column.note and any(piece.evidence.makes for piece in column.evidence)
        if not is_made or column.value in (None, 0, False, "[]", "{}", DEFAULTS.get(column.name)):
            return None
        bare = replace(column, evidence=tuple(replace(piece, rows=()) for piece in column.evidence))
        try:
            return None if not_remade(bare) else "made of nothing"
        except (ValueError, IndexError):  # required rows are missing
            return None

    assert faults(explanation, fault) == []


def test_only_flags_from_a_single_row_compute_no_value(explanation: Explanation) -> None:
    unmade = {c.name for c in explanation.columns if not any(piece.evidence.makes for piece in c.evidence)}
    assert unmade == {"is_archived", "is_customer", "is_prospect"}


def test_every_column_has_a_definition_a_group_and_the_texts_of_its_rules(explanation: Explanation) -> None:
    def fault(column: ExplainedColumn) -> str | None:
        rules = {rule.id for rule in column.rules if len(rule.text) > 20}
        lacking = [name for name in column.contract.rules if name not in rules]
        return str(lacking) if lacking or not column.contract.description or not column.group else None

    assert faults(explanation, fault) == []


def test_an_unavoidable_null_has_a_reason(explanation: Explanation) -> None:
    """D24, D26, D36: values that only the platform has are null for an account of the CRM."""
    account = explanation.account
    noted: Mapping[str, int] = {
        table: sum(column.note is not None for column in explanation.columns if column.table == table)
        for table in TABLES
    }
    assert (noted["accounts"] > 0) == (account.crm_account_id is None)
    assert (noted["account_communication_stats"] == 49) == (not account.is_customer)
    assert (noted["account_core"] > 0) == (not account.is_customer)
