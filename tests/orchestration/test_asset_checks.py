"""Results of the audit and the guards as Dagster's asset checks: the failing keys, and where a run stops."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from pipeline.audit import AuditResult
from pipeline.audit.results import Check, FailedRow
from pipeline.contracts.cuts import SHIPPED_CUTS, read_cuts
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.runner import parsed_project
from pipeline.guards.findings import Acceptance, Finding
from pipeline.orchestration.asset_catalog import AssetCatalog
from pipeline.orchestration.asset_checks import asset_of, audit_results, guard_check_specs, guard_results
from pipeline.orchestration.drop_facts import DropFacts
from pipeline.settings import Settings

ACCOUNTS = dg.AssetKey(["crm", "accounts"])
REJECTED = Finding("rejected_share", "stop", "crm.accounts", "many rows were rejected", "mend them", now="9 of 20")
FAILED = Check(
    "accounts",
    "status.allowed",
    "column",
    "error",
    "status is one of active, inactive",
    passed=False,
    rows=9,
    failed=1,
    failed_by_organization={1: 1},
    samples=(FailedRow(1, {"id": "a7"}, {"status": "Ann Smith"}),),
)


def result_of(*findings: Finding) -> dg.AssetCheckResult:
    specs = [spec for spec in guard_check_specs(()) if (spec.asset_key, spec.name) == (ACCOUNTS, "rejected_share")]
    (result,) = guard_results(findings, specs)
    return result


def test_no_asset_has_two_checks_of_a_guard() -> None:
    listed = [(spec.asset_key, spec.name) for spec in guard_check_specs(["account_core", "estimates"])]
    assert len(listed) == len(set(listed))


def test_a_failed_audit_check_names_the_keys_of_the_rows_and_not_their_values() -> None:
    (result,) = audit_results(AuditResult((FAILED,)))
    assert (result.asset_key, result.check_name) == (dg.AssetKey(["exports", "accounts"]), "status_allowed")
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    rows = result.metadata["failing rows"]
    assert isinstance(rows, dg.TableMetadataValue)
    assert [record.data for record in rows.records] == [{"organization_id": "1", "id": "a7"}]
    assert "Ann Smith" not in str(result)


def test_a_guards_check_fails_on_a_finding_and_stops_on_a_stopping_one() -> None:
    assert result_of().passed
    stopped = result_of(REJECTED)
    assert (stopped.passed, stopped.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "many rows were rejected" in str(stopped.description)
    warned = result_of(replace(REJECTED, level="warn"))
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result_of(replace(REJECTED, place="crm.contacts")).passed


def test_an_accepted_finding_passes_and_stays_visible() -> None:
    accepted = result_of(replace(REJECTED, accepted=Acceptance("rejected_share", None, "a trial import", "ann")))
    assert accepted.passed
    assert "a trial import" in str(accepted.metadata["findings"])


def test_every_place_of_a_finding_has_an_asset() -> None:
    places = {
        "crm.accounts.status": "crm/accounts",
        "crm/old accounts.xlsx": "crm/accounts",
        "platform": "platform/customer",
        "lmn": "lmn/estimates_list",
        "account_core.domain": "exports/account_core",
        "at_risk_accounts": "exports/at_risk_accounts",
    }
    assert {place: asset_of(replace(REJECTED, place=place)).to_user_string() for place in places} == places


def test_cuts_beside_an_export_have_their_checks_too() -> None:
    manifest = parsed_project().manifest
    contracts = contracts_from_manifest(manifest)
    cuts = read_cuts(SHIPPED_CUTS, contracts)
    checks = {(spec.asset_key, spec.name) for spec in DropFacts(contracts, cuts, manifest).check_specs()}
    assert {(dg.AssetKey(["exports", cut.name]), "rows_are_the_exports") for cut in cuts} <= checks
    specs = {spec.key for spec in AssetCatalog(Settings(), manifest).exports(cuts)}
    assert {key for key, _ in checks} == specs
