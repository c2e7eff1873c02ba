"""Builds every model on an engine from given raw tables, as a run does, and returns the marts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pyarrow as pa

from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.runner import DbtContext, parsed_project, run_dbt
from pipeline.engines import RawTable, open_engine
from pipeline.settings import Settings
from tests.engines.random_sources import AS_OF


def build_marts(settings: Settings, tables: Sequence[RawTable]) -> dict[str, pa.Table]:
    """Load, build, read and commit: the exported marts and the run's own."""
    with closing(open_engine(settings)) as engine:
        engine.load(tables)
        with engine.dbt_session() as environment:
            nodes = run_dbt(
                ["build", "--exclude-resource-type", "unit_test"],
                DbtContext(
                    settings.target,
                    settings.state / "target",
                    environment,
                    {"as_of": str(AS_OF), "selected_year": AS_OF.year},
                ),
            )
        failed = [f"{node.name}: {node.status}: {node.message}" for node in nodes if not node.ok]
        assert not failed, "\n".join(failed)
        models = parsed_project(settings.target).manifest["nodes"].values()
        marts = {
            node["name"]: engine.read(node["name"], list(node["columns"]))
            for node in models
            if node["resource_type"] == "model" and (node["config"].get("meta") or {}).get("export")
        }
        engine.commit(contracts_from_manifest(parsed_project(settings.target).manifest))
        return marts
