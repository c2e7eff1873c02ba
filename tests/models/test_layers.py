"""The layers staging, intermediate, marts, monitoring: a model reads its own layer or an earlier one."""

from __future__ import annotations

import re
from typing import Any

from pipeline.dbt.runner import parsed_project
from pipeline.paths import DBT_PROJECT

LAYERS = ("staging", "intermediate", "marts", "monitoring")
READS = {
    "staging": set(),
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts"},
    "monitoring": set(LAYERS),
}
"""The layers that each layer may read; all may read seeds."""


def models() -> dict[str, dict[str, Any]]:
    nodes = parsed_project().manifest["nodes"]
    return {key: node for key, node in nodes.items() if node["resource_type"] == "model"}


def layer_of(node: dict[str, Any]) -> str:
    return str(node["fqn"][1])


def test_every_model_belongs_to_a_layer() -> None:
    assert {layer_of(node) for node in models().values()} == set(LAYERS)


def test_no_model_reads_a_layer_below_its_own() -> None:
    read = models()
    upward = [
        f"{node['name']} ({layer_of(node)}) reads {read[parent]['name']} ({layer_of(read[parent])})"
        for node in read.values()
        for parent in node["depends_on"]["nodes"]
        if parent in read and layer_of(read[parent]) not in READS[layer_of(node)]
    ]
    assert upward == []


def test_no_macro_refers_to_a_relation() -> None:
    """A macro is an expression, a dialect, or a template that gets its relations as arguments; a query is a model."""
    macros = sorted((DBT_PROJECT / "macros").rglob("*.sql"))
    assert macros
    assert [path.name for path in macros if re.search(r"\b(?:ref|source)\s*\(", path.read_text(encoding="utf-8"))] == []
