"""The audit process: it gives the same results as the audit itself, and a process that dies fails the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit import AuditProcess, AuditRequest, AuditResult
from pipeline.common.errors import WarehouseError
from pipeline.contracts.lists import LISTS, REFERENCE_EXPORTS
from tests.audit.staged_drop import AS_OF, CONTRACTS, EXPECTATIONS, SETTINGS, change, whole_drop, write_drop


@pytest.fixture(scope="module")
def auditor() -> Iterator[AuditProcess]:
    """One process for the tests of this module, as a run has one for all its drops."""
    with AuditProcess() as process:
        yield process


def ask(process: AuditProcess, drop: Path, expectations: Path = EXPECTATIONS) -> AuditResult:
    audit = process.begin(AuditRequest({1: drop}, list(CONTRACTS), expectations, AS_OF, SETTINGS))
    for contract in CONTRACTS.values():
        audit.check_export(contract)
    return audit.finish()


def stood_beside(drop: Path, export: str) -> Path:
    """Write an export of a drop as a refresh passes it to the audit: with its organization, instants without a zone."""
    rows = pq.read_table(drop / f"{export}.parquet")
    plain = [one.with_type(pa.timestamp("us")) if pa.types.is_timestamp(one.type) else one for one in rows.schema]
    rows = rows.cast(pa.schema(plain)).append_column("drop_organization_id", pa.repeat(1, rows.num_rows))
    path = drop.with_name(f"{export}.parquet")
    pq.write_table(rows, path)
    return path


def test_rules_read_an_export_beside_a_drop_like_one_in_it(auditor: AuditProcess, tmp_path: Path) -> None:
    """at-risk R18: the lists' rules need accounts and estimates, which a refresh does not publish."""
    rows = whole_drop()
    change("accounts", {"id": "A1"}, name="Other")(rows)
    drop = write_drop(tmp_path / "drop", rows)
    audit = auditor.begin(
        AuditRequest({1: drop}, sorted(LISTS), EXPECTATIONS, AS_OF, SETTINGS, reference_exports=list(REFERENCE_EXPORTS))
    )
    for name in sorted(LISTS):
        audit.check_export(CONTRACTS[name])
    for name in REFERENCE_EXPORTS:
        audit.add_reference_export(name, stood_beside(drop, name))
    failed = {check.name for check in audit.finish().errors}
    assert "account_is_there_and_not_archived" in failed
    assert failed == {check.name for check in ask(auditor, drop).errors if check.export in LISTS}


def test_a_process_audits_drop_after_drop(auditor: AuditProcess, tmp_path: Path) -> None:
    whole = write_drop(tmp_path / "whole", whole_drop())
    rows = whole_drop()
    change("account_core", {"account_id": 1}, health_score_label="Blue")(rows)
    broken = write_drop(tmp_path / "broken", rows)

    first, second, third = ask(auditor, whole), ask(auditor, broken), ask(auditor, whole)

    assert first.ok
    assert {check.name for check in second.errors} == {"health_score_label.allowed", "health_label_matches"}
    assert third == first
    assert first.of_organization(1)[0] == {
        "export": "account_communication_stats",
        "check": "columns",
        "severity": "error",
        "passed": True,
        "failed": 0,
    }
    labels = next(check for check in first.checks if check.name == "health_score_label.allowed")
    assert labels.rules == CONTRACTS["account_core"].column("health_score_label").rules != ()
    assert first.problem() is None
    assert "account_id 1 (organization 1): health_score_label is Blue" in str(second.problem())


def test_a_rule_that_is_not_well_formed_is_an_error_with_its_file(auditor: AuditProcess, tmp_path: Path) -> None:
    folder = tmp_path / "expectations"
    folder.mkdir()
    (folder / "account_core.yml").write_text("rules: [{rule: odd, severity: fatal, says: x, holds: 'true'}]")
    drop = write_drop(tmp_path / "drop", whole_drop())

    with pytest.raises(WarehouseError, match=r"expectations/account_core\.yml.*'fatal'"):
        ask(auditor, drop, folder)
    assert ask(auditor, drop).ok


def test_a_process_that_was_killed_fails_the_run(tmp_path: Path) -> None:
    silent = pytest.raises(WarehouseError, match=r"the audit ended without an answer \(exit code -9\)")
    with AuditProcess() as process, silent:
        os.kill(process.pid, signal.SIGKILL)
        ask(process, tmp_path)


def test_a_process_whose_imports_fail_fails_the_run_with_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "great_expectations.py").write_text("raise MemoryError('too big')")
    monkeypatch.syspath_prepend(tmp_path)
    with AuditProcess() as process, pytest.raises(WarehouseError, match="MemoryError: too big"):
        ask(process, tmp_path)


def test_the_package_does_not_import_great_expectations() -> None:
    program = "import sys, pipeline.audit; sys.exit('great_expectations' in sys.modules)"
    path = os.pathsep.join(sys.path)
    assert (
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, check=False).returncode
        == 0
    )
