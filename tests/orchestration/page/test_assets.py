"""Dagster's page: every asset has a description and figures, every check is on its asset, our messages come first."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipeline.audit.check_list import list_checks
from pipeline.contracts.business_rules import read_rule_books
from pipeline.contracts.lists import LISTS
from pipeline.dbt.runner import parsed_project
from pipeline.guards.thresholds import guards
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.orchestration.asset_catalog import AssetCatalog
from pipeline.orchestration.asset_checks import GUARD_PLACES, check_name
from pipeline.orchestration.column_lineage import lineage_file
from pipeline.orchestration.definitions import JOB, REFRESH_JOB, defs
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from tests.orchestration.page.graphql import GraphQL, asked

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
ASSETS = """{assetNodes{assetKey{path} description kinds tags{key value} owners{... on TeamAssetOwner{team}} groupName
 hasAssetChecks internalFreshnessPolicy{__typename} isExecutable
 assetChecksOrError{... on AssetChecks{checks{name blocking description}}}
 metadataEntries{label ... on TableSchemaMetadataEntry{schema{columns{name type description}}}}
 assetMaterializations(limit:1){metadataEntries{label __typename ... on IntMetadataEntry{intValue}
  ... on TableSchemaMetadataEntry{schema{columns{name description}}}
  ... on TableColumnLineageMetadataEntry{lineage{columnName columnDeps{assetKey{path} columnName}}}
  ... on TableMetadataEntry{table{records schema{columns{name}}}} ... on PathMetadataEntry{path}
  ... on UrlMetadataEntry{url}}}}}"""
CHECKS = """{assetNodes{assetKey{path} assetChecksOrError{... on AssetChecks{checks{name
 executionForLatestMaterialization{evaluation{success severity description metadataEntries{label
  ... on TableMetadataEntry{table{records}}}}}}}}}}"""
FAILURES = """query($run:ID!,$after:String){logsForRun(runId:$run,afterCursor:$after){... on EventConnection{
 cursor hasMore events{__typename
 ... on ExecutionStepFailureEvent{error{message stack cause{message}} failureMetadata{description}}
 ... on RunFailureEvent{error{message stack}}}}}}"""
SCHEDULES = (
    '{repositoryOrError(repositorySelector:{repositoryName:"__repository__",repositoryLocationName:"warehouse"})'
    + ("{... on Repository{schedules{name cronSchedule executionTimezone} sensors{name} jobs{name}}}}")
)


class Page:
    """The definitions over small sources, an instance that records runs, and GraphQL on both."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance, graphql: GraphQL) -> None:
        self.folder, self.instance, self.graphql = folder, instance, graphql

    def run(self, *selected: str, job: str = JOB) -> dg.ExecuteInProcessResult:
        """Run a job, completely or only the named assets, as a run started by the page."""
        keys = [dg.AssetKey(key.split("/")) for key in selected]
        definition = defs().resolve_job_def(job)
        return definition.execute_in_process(
            instance=self.instance, raise_on_error=False, run_config=QUIET, asset_selection=keys or None
        )

    def failures(self, run: dg.ExecuteInProcessResult) -> Iterator[dict[str, Any]]:
        """Yield a run's failures as the page queries them: a thousand events at a time."""
        found: dict[str, Any] = {"cursor": None, "hasMore": True}
        while found["hasMore"]:
            found = self.graphql.ask(FAILURES, run=run.run_id, after=found["cursor"])["logsForRun"]
            yield from found["events"]

    def assets(self) -> dict[str, dict[str, Any]]:
        return {"/".join(node["assetKey"]["path"]): node for node in self.graphql.ask(ASSETS)["assetNodes"]}

    def facts(self, key: str) -> dict[str, dict[str, Any]]:
        return facts_of(self.assets()[key])

    def checks(self) -> dict[tuple[str, str], dict[str, Any] | None]:
        return {
            ("/".join(node["assetKey"]["path"]), check["name"]): execution and execution["evaluation"]
            for node in self.graphql.ask(CHECKS)["assetNodes"]
            for check in (node["assetChecksOrError"] or {}).get("checks", ())
            for execution in [check["executionForLatestMaterialization"]]
        }


def facts_of(asset: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the facts of an asset's latest materialisation, by label."""
    (latest,) = asset["assetMaterializations"]
    return {entry["label"]: entry for entry in latest["metadataEntries"]}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page after one whole run."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "crm").mkdir()
    (folder / "crm" / "accounts.csv").write_text("id,name,lmn_crm_id\na1,Oak of Ann Smith,L1\na2,Elm,L2\n")
    (folder / "crm" / "estimates.csv").write_text("id,account_id,status\ne1,a1,won\n")
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("WAREHOUSE_")]:
            environment.delenv(name)
        environment.chdir(folder)
        environment.setenv("WAREHOUSE_CRM", "crm")
        environment.setenv("WAREHOUSE_AS_OF", "2025-01-15T00:00:00Z")
        environment.setenv("WAREHOUSE_STATE", "state")
        quiet = {"telemetry": {"enabled": False}}
        # Dagster flushes each of some thousand events to disk, so its records are kept in memory
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with (
            tempfile.TemporaryDirectory(dir=memory) as records,
            dg.DagsterInstance.local_temp(records, overrides=quiet) as instance,
            asked(instance) as graphql,
        ):
            page = Page(folder, instance, graphql)
            assert page.run().success
            yield page


def test_every_asset_has_a_description_and_an_owner(page: Page) -> None:
    assets = page.assets()
    assert len(assets) > 140
    assert [key for key, asset in assets.items() if not (asset["description"] and asset["kinds"])] == []
    assert {owner["team"] for asset in assets.values() for owner in asset["owners"]} == {"warehouse"}
    fresh = {key for key, asset in assets.items() if asset["internalFreshnessPolicy"]}
    assert fresh == {f"{table.source}/{table.name}" for table in SOURCE_TABLES} | {"drops/published"}


def test_every_table_shows_its_rows_its_columns_and_a_preview_without_free_texts(page: Page) -> None:
    assets = page.assets()
    facts = {key: facts_of(asset) for key, asset in assets.items() if not key.startswith("notifications/")}
    assert [key for key in facts if "dagster/row_count" not in facts[key]] == []
    assert [key for key in facts if "seconds" not in facts[key] and not key.startswith("run/")] == []
    assert facts["marts/accounts"]["dagster/row_count"]["intValue"] == 2
    columns = facts["marts/accounts"]["dagster/column_schema"]["schema"]["columns"]
    assert columns and all(column["description"] for column in columns)
    for key in ("crm/accounts", "staging/stg_crm__accounts", "marts/accounts", "exports/accounts"):
        shown = facts[key]["preview"]["table"]
        assert "Ann Smith" not in json.dumps(shown["records"])
        assert "a1" in json.dumps(shown["records"])


def test_every_audit_check_guard_and_dbt_test_is_an_asset_check(page: Page) -> None:
    checks = page.checks()
    assert len(checks) > 400
    assert [key for key, result in checks.items() if result is None] == []
    contracts = AssetCatalog(Settings(), parsed_project().manifest).contracts
    for check in list_checks(contracts, read_rule_books(PROJECT_ROOT / "expectations")):
        assert (f"exports/{check.export}", check_name(check.name)) in checks
    assert set(GUARD_PLACES) == set(guards())
    assert {name for _, name in checks} >= set(guards())
    tests = [node["name"] for node in parsed_project().manifest["nodes"].values() if node["resource_type"] == "test"]
    assert {name for _, name in checks} >= set(tests)


def test_the_audit_reports_the_listed_checks(page: Page) -> None:
    made = {(asset, name) for asset, name in page.checks() if asset.startswith("exports/")}
    audited = json.loads(next((page.folder / "state" / "reports").glob("*.checks.json")).read_text())["checks"]
    assert {(f"exports/{check['export']}", check_name(check["name"])) for check in audited} <= made


def test_the_drops_link_their_folder_and_their_report(page: Page) -> None:
    facts = page.facts("drops/published")
    drop = Path(facts["organization 1: folder"]["path"])
    assert (page.folder / drop / "manifest.json").exists()
    assert facts["organization 1: page"]["url"] == f"/warehouse/exports/1/{drop.name}/index.html"
    assert facts["report 1"]["url"].startswith(("/warehouse/reports/", "/warehouse/exports/1/reports/"))


def test_schedules_jobs_and_sensor_are_there(page: Page) -> None:
    found = page.graphql.ask(SCHEDULES)["repositoryOrError"]
    crons = {schedule["name"]: schedule["cronSchedule"] for schedule in found["schedules"]}
    assert crons["weekly"] == "0 5 * * 1"
    assert crons["monthly"] == "0 5 1 * *"
    assert crons["refresh"] == "*/5 * * * *"
    assert {"warehouse", "refresh", "backfill"} <= {job["name"] for job in found["jobs"]}
    assert [sensor["name"] for sensor in found["sensors"] if sensor["name"] == "new_files"]


def test_the_renewals_can_be_built_alone_and_show_their_column_lineage(page: Page) -> None:
    come_from = {"model.account_warehouse.at_risk_accounts": {"account_id": [["raw.crm__accounts", "id"]]}}
    lineage_file(Workspace(page.folder / "state"), "duckdb").write_text(json.dumps(come_from))
    renewals = [key for key, asset in page.assets().items() if {"key": "domain", "value": "renewals"} in asset["tags"]]
    assert "marts/at_risk_accounts" in renewals
    done = page.run(*renewals)
    built = {"/".join(event.asset_key.path) for event in done.get_asset_materialization_events() if event.asset_key}
    assert done.success
    assert {key for key in built if not key.startswith("run/")} == set(renewals)
    (entry,) = page.facts("marts/at_risk_accounts")["dagster/column_lineage"]["lineage"]
    source = {"assetKey": {"path": ["crm", "accounts"]}, "columnName": "id"}
    assert entry == {"columnName": "account_id", "columnDeps": [source]}


def test_one_table_can_be_read_alone_and_drops_refuse_older_models(page: Page) -> None:
    (page.folder / "crm" / "accounts.csv").write_text("id,name,lmn_crm_id\na1,Oak,L1\na2,Elm,L2\na3,Ash,L3\n")
    assert page.run("crm/accounts").success
    assert page.facts("crm/accounts")["dagster/row_count"]["intValue"] == 3
    failed = page.run(*(key for key in page.assets() if key.startswith(("exports/", "drops/"))))
    (failure,) = failed.get_step_failure_events()
    assert "the models are older than the sources: crm.accounts changed" in str(failure.event_specific_data)
    assert page.facts("drops/published")["drops"]


@pytest.mark.slow
def test_the_job_of_the_lists_refreshes_them_and_reports_their_rows(page: Page) -> None:
    assert page.run(job=REFRESH_JOB).success
    lists = {key: facts_of(asset) for key, asset in page.assets().items() if key.startswith("notifications/")}
    assert set(lists) == {f"notifications/{name}" for name in LISTS}
    assert all({"dagster/row_count", "seconds", "has changed"} <= set(facts) for facts in lists.values())
    folder = Path(lists["notifications/notification_cache"]["folder"]["path"])
    assert folder.parent == page.folder / "exports" / "1" / "notifications"


@pytest.mark.slow
def test_a_failed_run_shows_our_message_and_no_stack_trace(page: Page) -> None:
    accounts = page.folder / "crm" / "accounts.csv"
    accounts.write_text("name\nOak\n")
    events = list(page.failures(page.run()))
    failures = [event for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
    (crm,) = [event for event in failures if event["error"] and "accounts.csv" in event["error"]["message"]]
    assert crm["error"]["message"].startswith("Stopped: ")
    assert "To do: " in crm["failureMetadata"]["description"]
    (run,) = [event["error"] for event in events if event["__typename"] == "RunFailureEvent"]
    assert run["message"] == crm["error"]["message"]
    assert (crm["error"]["stack"], crm["error"]["cause"], run["stack"]) == ([], None, [])
