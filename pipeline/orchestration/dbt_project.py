"""The dbt project as Dagster sees it: an asset for each seed and model, an asset check for each data test."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from pipeline.orchestration.asset_catalog import AssetCatalog

_TABLES = ("model", "seed")


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """Name a dbt node's asset: `[layer, name]` for models and seeds, `[source, table]` for sources."""
    if node["resource_type"] == "source":
        return dg.AssetKey([node["source_name"], node["name"]])
    return dg.AssetKey([node["config"].get("schema") or "main", node["name"]])


def _stored_parents(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the stored parents of every node except ephemeral models, by dbt's unique id.

    An ephemeral model is inlined into the SQL of its readers, so its parents are theirs.
    """
    parents: Mapping[str, list[str]] = manifest["parent_map"]
    ephemeral = {
        unique_id for unique_id, node in manifest["nodes"].items() if node["config"].get("materialized") == "ephemeral"
    }

    def stored(unique_id: str) -> Iterator[str]:
        for parent in parents[unique_id]:
            if parent in ephemeral:
                yield from stored(parent)
            else:
                yield parent

    return {unique_id: list(dict.fromkeys(stored(unique_id))) for unique_id in parents if unique_id not in ephemeral}


@dataclass(frozen=True)
class DbtProject:
    """The dbt project as Dagster sees it: the assets of seeds and models and the checks of data tests, by unique id.

    `parents` are the stored parents of every node; the assets are in topological order. `catalog` describes them for
    the page, whose runs measure the tables that they build.
    """

    parents: Mapping[str, Sequence[str]]
    assets: Mapping[str, dg.AssetSpec]
    checks: Mapping[str, dg.AssetCheckSpec]
    names: Mapping[str, str]
    catalog: "AssetCatalog | None"

    @classmethod
    def of(cls, manifest: Mapping[str, Any], catalog: "AssetCatalog | None") -> "DbtProject":
        """Read it from dbt's manifest."""
        parents = _stored_parents(manifest)
        nodes = {**manifest["nodes"], **manifest["sources"]}
        assets: dict[str, dg.AssetSpec] = {}
        checks: dict[str, dg.AssetCheckSpec] = {}
        for unique_id in TopologicalSorter(parents).static_order():
            node = manifest["nodes"].get(unique_id, {"resource_type": None})
            above = [nodes[parent] for parent in parents.get(unique_id, ()) if parent in nodes]
            if node["resource_type"] in _TABLES:
                spec = _asset(node, above)
                assets[unique_id] = catalog.model(spec, node) if catalog else spec
            elif node["resource_type"] == "test":
                tested = nodes.get(node.get("attached_node") or "") or (above[0] if above else None)
                if tested is not None and tested["resource_type"] in _TABLES:
                    checks[unique_id] = _check(node, tested)
        names = {unique_id: node["name"] for unique_id, node in manifest["nodes"].items()}
        return cls(parents, assets, checks, names, catalog)


def _asset(node: Mapping[str, Any], parents: Sequence[Mapping[str, Any]]) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(node),
        deps=[asset_key(parent) for parent in parents],
        description=node["description"] or None,
        group_name=node["config"].get("schema") or "main",
        kinds={"dbt"},
    )


def _check(test: Mapping[str, Any], tested: Mapping[str, Any]) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        test["name"], asset=asset_key(tested), description=test["description"] or None, blocking=True
    )
