"""The columns of other relations that a model's columns come from, parsed from the SQL that dbt has compiled.

This takes tens of seconds for the whole project and depends on nothing else, so `warehouse ui` does it once in the
background and caches it with dbt's parse under the same fingerprint.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.dbt.runner import parsed_project, project_fingerprint
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import write_whole

Lineage = Mapping[str, Mapping[str, list[list[str]]]]
"""By a model's dbt id and column: the relations, as `schema.name`, and columns that it comes from."""


def lineage_file(workspace: Workspace, target: str) -> Path:
    """Return the path of the lineage of the current project."""
    return workspace.dbt_target / f"lineage-{target}-{project_fingerprint(target)}.json"


def read_lineage(workspace: Workspace, target: str) -> Lineage:
    """Read the lineage; empty if it has not been made yet."""
    try:
        content: Lineage = json.loads(lineage_file(workspace, target).read_text(encoding="utf-8"))
        return content
    except (OSError, ValueError):
        return {}


def column_sources(sql: str, schema: Mapping[str, Any], dialect: str) -> dict[str, list[list[str]]]:
    """Return, by column of a select, the `[schema.relation, column]` pairs that it comes from, in order.

    `schema` gives every relation's columns and types, as `{database: {schema: {relation: {column: type}}}}`.
    """
    from sqlglot import exp
    from sqlglot.lineage import lineage

    nodes: Any = lineage(None, sql, schema=dict(schema), dialect=dialect, validate_qualify_columns=False)
    found = {}
    for column, node in nodes.items():
        leaves = [leaf for leaf in node.walk() if isinstance(leaf.expression, exp.Table)]
        pairs = {(f"{leaf.expression.db}.{leaf.expression.name}", leaf.name.rpartition(".")[2]) for leaf in leaves}
        found[column] = [[relation, name.strip('"')] for relation, name in sorted(pairs)]
    return found


def compiled_sql(node: Mapping[str, Any], workspace: Workspace) -> Path:
    """Return where dbt writes the SQL of a node as it ran it."""
    # a model outside its project's folder is named `../models/...`, and written below the package's folder
    return workspace.dbt_target / "compiled" / str(node["package_name"]) / str(node["original_file_path"])


def compiled_models(manifest: Mapping[str, Any], workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield the dbt id and the compiled SQL of every model that has been built in this state folder."""
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            path = compiled_sql(node, workspace)
            if path.is_file():
                yield unique_id, path.read_text(encoding="utf-8")


def make_lineage(state: Path, target: str, schema_file: Path) -> None:
    """Make and store the lineage of every model. `schema_file` has the relations' columns, as JSON."""
    workspace = Workspace(state)
    project = parsed_project(target, spare=workspace.dbt_target)
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    lineage = {
        unique_id: column_sources(sql, schema, target)
        for unique_id, sql in compiled_models(project.manifest, workspace)
    }
    kept = lineage_file(workspace, target)
    write_whole(kept, json.dumps(lineage))
    for stale in workspace.dbt_target.glob("lineage-*.json"):
        if stale != kept:
            stale.unlink(missing_ok=True)


if __name__ == "__main__":
    os.nice(19)  # only for the page, so everything else has priority
    make_lineage(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
