"""Finds the nodes of the dbt project that given models need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_BUILT: Final = ("model", "seed")


def needed_nodes(manifest: Mapping[str, Any], wanted: Collection[str]) -> list[str]:
    """Return, for dbt's --select, the `wanted` models, their upstream seeds and models, and tests of only these.

    Names are fully qualified (`account_warehouse.marts.accounts.accounts`), because `accounts` could also be a folder.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    kinds = {key: (node["resource_type"], node["name"]) for key, node in nodes.items()}
    built = [key for key in _needed(kinds, manifest["parent_map"], wanted) if kinds[key][0] != "source"]
    return sorted(".".join(nodes[key]["fqn"]) for key in built)


def keep_needed(manifest: Manifest, wanted: Collection[str], views: Collection[str] = ()) -> None:
    """Remove everything from dbt's manifest except the `wanted` models, what they need, and the tests of these.

    Tables listed in `views` become views: with 500,000 estimates the lists' models take 6.1 s of CPU instead of 11.6,
    and queries on them 0.8 s more (2026-11-29).
    """
    manifest.build_parent_and_child_maps()
    nodes = {**manifest.nodes, **manifest.sources}
    kinds = {key: (str(node.resource_type), node.name) for key, node in nodes.items()}
    needed = _needed(kinds, manifest.parent_map, wanted)
    manifest.nodes = {key: node for key, node in manifest.nodes.items() if key in needed}
    manifest.sources = {key: source for key, source in manifest.sources.items() if key in needed}
    manifest.unit_tests = {}
    for node in manifest.nodes.values():
        if node.name in views:
            node.config.materialized = "view"
    manifest.build_parent_and_child_maps()


def with_ancestors(parents: Mapping[str, list[str]], keys: Collection[str]) -> set[str]:
    """Return nodes and all their ancestors, by dbt's unique ids."""
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += parents[key]
    return found


def _needed(
    kinds: Mapping[str, tuple[str, str]], parents: Mapping[str, list[str]], wanted: Collection[str]
) -> set[str]:
    """Return the `wanted` models, their ancestors, and the tests of only these, by dbt's unique ids.

    `kinds` has the resource type and the name of each node and source.
    """
    found = with_ancestors(parents, [key for key, (kind, name) in kinds.items() if kind in _BUILT and name in wanted])
    return found | {key for key, (kind, _) in kinds.items() if kind == "test" and set(parents[key]) <= found}
