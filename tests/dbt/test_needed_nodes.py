"""Which nodes a refresh builds: what its lists are made of, and of that only what has changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.contracts.lists import ASKED_FOR, LISTS, SEEN_ONCE
from pipeline.dbt.needed_nodes import needed_nodes
from pipeline.dbt.runner import DbtContext, parsed_project, run_dbt
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.orchestration.list_models import CACHE
from pipeline.settings import Settings


def names(*arguments: object) -> set[str]:
    return {name.rpartition(".")[2] for name in needed_nodes(parsed_project().manifest, *arguments)}  # type: ignore[arg-type]


def test_a_model_needs_its_parents_to_the_seeds_and_the_tests_of_these_alone() -> None:
    needed = names(["estimates"])
    assert {"estimates", "int_estimates__dated", "won_statuses", "stg_crm__estimates", "no_estimate_is_lost"} <= needed
    assert not {"accounts", "account_core", "keys_are_unique", "notification_cache"} & needed


def test_of_the_platform_the_lists_need_what_it_calls_an_account_alone() -> None:
    """D24."""
    needed = {name for name in names([*LISTS, *ASKED_FOR]) if "platform" in name or "customer_success" in name}
    assert needed == {
        "stg_platform__customer",
        "int_customer_success__crm_links",
        "int_customer_success__platform_ids",
    }


def test_of_changed_tables_only_what_depends_on_them_is_needed() -> None:
    wanted = ["at_risk_accounts", "neglected_accounts"]
    snoozes = {"stg_crm__notification_snoozes", "int_renewals__candidates", "int_accounts__neglect", *wanted}
    assert names(wanted, ["crm__notification_snoozes"]) == snoozes | {"int_renewals__duplicate_groups"}
    assert names(wanted, []) == set()
    assert names([*wanted, CACHE], [], [CACHE]) == {CACHE}


def test_a_name_is_whole_for_dbt_takes_a_part_for_a_folder() -> None:
    assert "account_warehouse.marts.accounts.accounts" in needed_nodes(parsed_project().manifest, ["accounts"])


def test_dbt_may_be_given_no_more_than_is_needed() -> None:
    wanted = [*LISTS, *ASKED_FOR]
    manifest = parsed_project().unpacked(wanted)
    assert sorted(".".join(node.fqn) for node in manifest.nodes.values()) == needed_nodes(
        parsed_project().manifest, wanted
    )
    assert {source.name for source in manifest.sources.values()} > {"accounts", "customer"}


def test_a_refresh_makes_views_of_tables_that_it_reads_at_one_place() -> None:
    manifest = parsed_project().unpacked([*LISTS, *ASKED_FOR], SEEN_ONCE)
    views = {node.name for node in manifest.nodes.values() if node.config.materialized == "view"}
    assert set(SEEN_ONCE) <= views
    assert not LISTS & views

    def readers(key: str) -> set[str]:
        """List the tables made of a node, be it through views."""
        models = [child for child in manifest.child_map[key] if child.startswith("model.")]
        return {
            table
            for model in models
            for table in (readers(model) if manifest.nodes[model].name in views else {manifest.nodes[model].name})
        }

    found = {node.name: readers(key) for key, node in manifest.nodes.items() if node.name in SEEN_ONCE}
    assert all(len(tables) <= 1 for tables in found.values()), found


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The SQL of all that the lists need, by model, at two instants of one day."""
    folder = tmp_path_factory.mktemp("compiled")
    found = []
    for as_of in ("2025-01-15 00:00:00", "2025-01-15 23:59:59"):
        target = folder / re.sub(r"\D", "", as_of)
        selected = needed_nodes(parsed_project().manifest, [*LISTS, *ASKED_FOR])
        with DuckDBEngine(Settings(state=folder)).dbt_session() as environment:
            context = DbtContext("duckdb", target, environment, {"as_of": as_of})
            arguments = ["compile", "--no-introspect", "--no-populate-cache", "--select", *selected]
            assert all(node.ok for node in run_dbt(arguments, context))
        found.append({path.stem: path.read_text() for path in Path(target, "compiled").rglob("*.sql")})
    return found


def test_of_one_day_the_instant_is_in_the_cache_alone_and_in_what_new_and_gone_duplicates_bear(
    compiled: list[dict[str, str]],
) -> None:
    """at-risk R29, D22, D23: so a refresh in which no source has changed builds the cache alone.

    Accounts compare what is ahead of the instant (D2); no list shows that.
    """
    early, late = compiled
    assert set(early) == set(late) > {CACHE}
    differing = {name for name in early if early[name] != late[name]}
    assert differing == {CACHE, "duplicate_at_risk_estimates", "int_accounts__described"}
