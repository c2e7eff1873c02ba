"""Which nodes of the project some models need, and which of them changed raw tables make necessary."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

_BUILT: Final = ("model", "seed")


def needed_nodes(
    manifest: Mapping[str, Any],
    wanted: Collection[str],
    changed: Collection[str] | None = None,
    always: Collection[str] = (),
) -> list[str]:
    """Name, for dbt's --select, the seeds and models of which the `wanted` ones are made, and the tests of these alone.

    Names are whole ones (`account_warehouse.marts.accounts.accounts`): dbt takes `accounts` for a folder, too.

    `changed` are the raw tables that have changed (as `crm__accounts`) since all of them were built, None where they
    were not: only what depends on those is named then, and on the models that are `always` built.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    parents: Mapping[str, list[str]] = manifest["parent_map"]
    needed = _ancestry(manifest, wanted)
    tests = {key for key, node in nodes.items() if node["resource_type"] == "test" and set(parents[key]) <= needed}

    @cache
    def has_changed(key: str) -> bool:
        node = nodes[key]
        if node["resource_type"] == "source":
            return f"{node['source_name']}__{node['name']}" in (changed or ())
        return node["name"] in always or any(has_changed(parent) for parent in parents[key])

    built = [key for key in needed | tests if nodes[key]["resource_type"] != "source"]
    return sorted(".".join(nodes[key]["fqn"]) for key in built if changed is None or has_changed(key))


def _ancestry(manifest: Mapping[str, Any], wanted: Collection[str]) -> set[str]:
    """List the `wanted` models and all that they are made of, by dbt's unique ids."""
    parents: Mapping[str, list[str]] = manifest["parent_map"]
    found: set[str] = set()
    nodes = manifest["nodes"].items()
    waiting = [key for key, node in nodes if node["resource_type"] in _BUILT and node["name"] in wanted]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += parents[key]
    return found
