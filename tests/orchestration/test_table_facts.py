"""The page's previews of tables have no free text; a failed dbt test has the rows that it returns."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import dagster as dg
import pyarrow as pa

from pipeline.dbt.runner import NodeResult
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.orchestration.table_facts import TableMeasures, preview
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

TEST = {
    "resource_type": "test",
    "package_name": "account_warehouse",
    "original_file_path": "tests/keys_are_unique.sql",
}
FAILED = NodeResult("test.keys_are_unique", "test", "keys_are_unique", "fail", "Got 1 result", 1, 0.1)


def rows_of(table: object) -> list[object]:
    assert isinstance(table, dg.TableMetadataValue)
    return [record.data for record in table.records]


def test_a_failed_dbt_test_shows_the_keys_that_its_query_returns(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    compiled = workspace.dbt_target / "compiled" / "account_warehouse" / "tests" / "keys_are_unique.sql"
    compiled.parent.mkdir(parents=True)
    compiled.write_text("-- twice\nwith keys as (select 'a7' as id)\nselect 'accounts' as model, id from keys -- done")
    with closing(DuckDBEngine(Settings(state=tmp_path))) as engine:
        engine.load([])
        measures = TableMeasures({"nodes": {FAILED.unique_id: TEST}, "sources": {}}, (), engine, {})
        facts = measures.failing_rows([FAILED], workspace)
    assert rows_of(facts[FAILED.unique_id]["failing rows"]) == [{"model": "accounts", "id": "a7"}]


def test_a_preview_shows_keys_and_figures_and_no_free_text() -> None:
    rows = pa.table({"id": ["a1"], "name": ["Ann Smith"], "total": [3], "account_id": ["a1"], "tags": [["Ann"]]})
    assert rows_of(preview(rows)) == [{"id": "a1", "total": 3, "account_id": "a1"}]
