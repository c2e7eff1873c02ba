"""Which nodes a refresh builds: the ancestors of its lists."""

from __future__ import annotations

from pipeline.contracts.lists import AS_VIEWS, LISTS, REFERENCE_EXPORTS
from pipeline.dbt.needed_nodes import needed_nodes
from pipeline.dbt.runner import parsed_project


def names(wanted: list[str]) -> set[str]:
    return {name.rpartition(".")[2] for name in needed_nodes(parsed_project().manifest, wanted)}


def test_a_model_needs_all_its_ancestors_and_only_their_tests() -> None:
    needed = names(["estimates"])
    assert {"estimates", "int_estimates__dated", "won_statuses", "stg_crm__estimates", "no_estimate_is_lost"} <= needed
    assert not {"accounts", "account_core", "keys_are_unique", "notification_cache"} & needed


def test_the_lists_need_only_account_ids_from_the_platform() -> None:
    """D24."""
    needed = {name for name in names([*LISTS, *REFERENCE_EXPORTS]) if "platform" in name or "customer_success" in name}
    assert needed == {
        "stg_platform__customer",
        "int_customer_success__crm_links",
        "int_customer_success__platform_ids",
    }


def test_names_are_complete_because_dbt_takes_a_part_for_a_folder() -> None:
    assert "account_warehouse.marts.accounts.accounts" in needed_nodes(parsed_project().manifest, ["accounts"])


def test_dbt_is_given_only_the_needed_nodes() -> None:
    wanted = [*LISTS, *REFERENCE_EXPORTS]
    manifest = parsed_project().unpacked(wanted)
    assert sorted(".".join(node.fqn) for node in manifest.nodes.values()) == needed_nodes(
        parsed_project().manifest, wanted
    )
    assert {source.name for source in manifest.sources.values()} > {"accounts", "customer"}


def test_a_refresh_makes_views_of_tables_with_one_reader() -> None:
    manifest = parsed_project().unpacked([*LISTS, *REFERENCE_EXPORTS], AS_VIEWS)
    views = {node.name for node in manifest.nodes.values() if node.config.materialized == "view"}
    assert set(AS_VIEWS) <= views
    assert not LISTS & views

    def readers(key: str) -> set[str]:
        """List the tables that read a node, directly or through views."""
        models = [child for child in manifest.child_map[key] if child.startswith("model.")]
        return {
            table
            for model in models
            for table in (readers(model) if manifest.nodes[model].name in views else {manifest.nodes[model].name})
        }

    found = {node.name: readers(key) for key, node in manifest.nodes.items() if node.name in AS_VIEWS}
    assert all(len(tables) <= 1 for tables in found.values()), found
