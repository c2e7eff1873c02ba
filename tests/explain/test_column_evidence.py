"""The evidence of columns (`meta.evidence`): how it is combined, and that none is missing or unused."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.compatibility import diff_contracts
from pipeline.contracts.read_contracts import contracts_from_manifest, contracts_from_yaml, meta_of
from pipeline.dbt.runner import parsed_project
from pipeline.explain.column_evidence import read_evidence
from pipeline.explain.evidence import Evidence, Makes
from pipeline.explain.explanation import CHANNEL_ROWS, TABLES
from pipeline.explain.identity import find_account
from pipeline.explain.queries import Queries
from pipeline.paths import DBT_PROJECT

CALLS = {
    "title": "The calls",
    "shows": ["call_id", "at"],
    "order_by": "at",
    "evidence": {
        "counted_calls": [
            {"where": "is_counted", "makes": "count"},
            {"title": "Left out", "where": "not is_counted", "lost": True},
        ]
    },
}


def manifest(*evidence: Any, analysis: dict[str, Any] = CALLS) -> dict[str, Any]:
    """Return a project of one analysis, `calls`, and one model, `visits`, with one column with this evidence."""
    column = {"name": "calls", "meta": {"evidence": list(evidence)}}
    return {
        "nodes": {
            "a": {
                "resource_type": "analysis",
                "name": "explain_calls",
                "patch_path": "p://calls.yml",
                "meta": analysis,
            },
            "m": {
                "resource_type": "model",
                "name": "visits",
                "patch_path": "p://visits.yml",
                "columns": {"calls": column},
            },
        }
    }


def test_the_settings_of_an_analysis_are_defaults() -> None:
    (evidence,) = read_evidence(manifest("calls")).of("visits", "calls")
    assert evidence == Evidence("calls", "The calls", ("call_id", "at"), "at")


def test_the_settings_of_a_set_come_before_those_of_the_column() -> None:
    written = {"rows": "counted_calls", "title": "Calls of the team", "where": "is_team"}
    counted, lost = read_evidence(manifest(written)).of("visits", "calls")
    assert (counted.title, counted.where, counted.makes) == (
        "Calls of the team",
        "is_team and is_counted",
        Makes("count"),
    )
    assert (lost.title, lost.where, lost.makes, lost.lost) == ("Left out", "is_team and not is_counted", None, True)


def test_the_columns_that_make_a_value_come_after_the_analysis_columns_and_before_others() -> None:
    (evidence,) = read_evidence(manifest({"rows": "calls", "shows": ["who"], "makes": "latest ended_at"})).of(
        "visits", "calls"
    )
    assert evidence.shows == ("call_id", "at", "ended_at", "who")
    assert evidence.makes == Makes("latest", ("ended_at",))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("calls_made", "visits.yml: visits.calls.*'calls_made'.*no analysis"),
        ({"title": "Calls"}, "visits.yml: visits.calls.*None.*no analysis"),
        ({"rows": "calls", "tittle": "Calls"}, "visits.yml: visits.calls.*tittle"),
        ({"rows": "calls", "makes": "guess at"}, "visits.yml: visits.calls.*'guess at'"),
    ],
)
def test_invalid_evidence_is_an_error_that_names_the_column(written: Any, message: str) -> None:
    with pytest.raises(WarehouseError, match=message.replace(".*", r"[\s\S]*")):
        read_evidence(manifest(written))


def test_two_sets_with_one_name_are_an_error() -> None:
    with pytest.raises(WarehouseError, match="calls names two sets"):
        read_evidence(manifest(analysis={"shows": ["at"], "evidence": {"calls": [{}]}}))


def test_an_explained_export_has_evidence_for_exactly_its_exported_columns() -> None:
    project = read_evidence(parsed_project().manifest)
    contracts = {contract.name: contract for contract in contracts_from_manifest(parsed_project().manifest)}
    exported = {table: {column.name for column in contracts[table].exported_columns} for table in TABLES}
    assert {table: set(columns) for table, columns in project.by_column.items()} == exported


def test_every_column_that_evidence_names_is_one_of_its_analysis(queries: Queries) -> None:
    project = read_evidence(parsed_project().manifest)
    pieces = [piece for columns in project.by_column.values() for column in columns.values() for piece in column]
    account = queries.about(find_account(queries.identities(), "1032", None), {piece.query for piece in pieces})
    for piece in pieces:
        rows = account.evidence(piece)  # an unknown column in where, order_by or shows is an error
        assert [set(row) for row in rows] == [set(piece.shows)] * len(rows)
        assert piece.title
        assert set(piece.makes.columns if piece.makes else ()) <= set(piece.shows)


def test_every_analysis_and_every_set_of_rows_is_used() -> None:
    nodes = parsed_project().manifest["nodes"].values()
    analyses = {
        node["name"].removeprefix("explain_"): meta_of(node) for node in nodes if node["resource_type"] == "analysis"
    }
    entries = [
        entry
        for node in nodes
        if node["resource_type"] == "model"
        for column in node["columns"].values()
        for entry in meta_of(column).get("evidence", ())
    ]
    used = {entry if isinstance(entry, str) else entry["rows"] for entry in entries} | {CHANNEL_ROWS}
    sets = {name: set(meta.get("evidence", ())) for name, meta in analyses.items()}
    assert {name for names in sets.values() for name in names} - used == set()
    unused = {name for name in analyses if name not in used and not sets[name]}
    assert unused == {*TABLES, "identities"}
    assert {path.stem for path in (DBT_PROJECT / "analyses").glob("*.sql")} == {f"explain_{name}" for name in analyses}
    assert all(node["description"] for node in nodes if node["resource_type"] == "analysis")


def test_evidence_is_not_part_of_a_contract() -> None:
    model = """
models:
  - name: visits
    config: {{meta: {{export: true, version: "1.0.0", primary_key: [id], tenant: crm}}}}
    columns:
      - {{name: id, data_type: bigint, constraints: [{{type: not_null}}], config: {{meta: {{evidence: [{}]}}}}}}
"""
    before, after = (contracts_from_yaml({"visits.yml": model.format(rows)}) for rows in ("calls", "counted_calls"))
    assert diff_contracts(before, after).verdict == "none"
