"""An unparsed flag is counted wherever a model treats null as true or false (source-schema, bool)."""

from __future__ import annotations

import re

from pipeline.ingest.schema import Kind
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.paths import PROJECT_ROOT

FLAGS = {column.name for table in SOURCE_TABLES for column in table.columns if column.kind is Kind.BOOL}
MODELS = PROJECT_ROOT / "models"


def test_every_flag_with_a_meaning_for_null_is_counted_when_unparsed() -> None:
    metrics = (MODELS / "monitoring" / "int_run__load_metrics.sql").read_text()
    (listed,) = re.findall(r"column_name in \(([^)]*)\)", metrics)
    counted = set(re.findall(r"'(\w+)'", listed))
    taken = {
        (name, value)
        for path in MODELS.rglob("*.sql")
        for name, value in re.findall(r"coalesce\((?:\w+\.)?(\w+), (true|false)\)", path.read_text())
        if name in FLAGS
    }
    assert {name for name, _ in taken} == counted
    assert {name for name, value in taken if value == "true"} == {"attended"}
