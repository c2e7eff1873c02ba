"""`make run`: the bundled sample, from its files to published drops, by the command line."""

from __future__ import annotations

import filecmp
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.find_drop import find_drop, open_drop
from pipeline.orchestration.rolled_back_marts import rows_of_drop
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings

AS_OF = "2025-01-15T00:00:00Z"
SAMPLE = PROJECT_ROOT / "sample"
EXPORTS = {
    "account_communication_stats",
    "account_core",
    "account_keys",
    "account_owner_team",
    "account_revenue_by_year",
    "account_topic_fact",
    "accounts",
    "at_risk_accounts",
    "duplicate_at_risk_estimates",
    "estimates",
    "insight_snapshot",
    "lifecycle_event_history",
    "meeting_summary",
    "neglected_accounts",
    "notification_cache",
    "stakeholder_fact",
    "team_dimension",
    "topic_dimension",
    "win_loss",
}

STEPS = {"crm", "lmn", "platform", "guard", "load", "dbt", "stage", "audit", "compare", "report", "publish"}


def warehouse(*arguments: object, folder: Path = PROJECT_ROOT) -> subprocess.CompletedProcess[str]:
    """Call the command line as a person does, in a working folder."""
    command = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def run_sample(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    """Run the bundled sample into `folder`."""
    sources = [word for name in ("lmn", "crm", "platform") for word in (f"--{name}", SAMPLE / name)]
    where = ["--exports", folder / "exports", "--state", folder / "state"]
    return warehouse("run", *sources, *where, "--as-of", AS_OF, *more)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    ended = run_sample(folder)
    assert ended.returncode == 0, ended.stderr
    said = {line.split()[0] for line in ended.stderr.splitlines() if not line.startswith(" ")}
    assert said == STEPS, ended.stderr  # no library adds output
    return folder


def drops(folder: Path) -> dict[str, Path]:
    """Return the latest drop of each organization."""
    return {path.parent.name: path.resolve() for path in sorted((folder / "exports").glob("*/latest"))}


@pytest.mark.parametrize("name", ["1/latest", "exports/1/latest", "1/{drop}", "exports/1/{drop}"])
def test_a_drop_is_verified_by_each_of_its_names(published: Path, name: str) -> None:
    named = name.format(drop=drops(published)["1"].name)
    verified = warehouse("verify", named, "--exports", "exports", folder=published)
    assert (verified.returncode, verified.stdout) == (0, f"{named}: as published\n")


@pytest.mark.parametrize("name", ["latest", "9/latest", "1/previous"])
def test_an_unknown_short_name_is_reported(published: Path, name: str) -> None:
    verified = warehouse("verify", name, "--exports", "exports", folder=published)
    assert verified.returncode == 1
    assert verified.stderr.startswith(f"\n{name}: ")


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        ("stakeholder_fact.stakeholder_name", [5001, 5002, 5003, 5004]),
        ("topic_total_activity", [6]),
        ("win_loss.won_value", ["account acc-000001 2025"]),
        ("account_owner_team.owner_last_name", []),
    ],
)
def test_a_column_of_any_export_with_accounts_is_explained(published: Path, column: str, rows: list[object]) -> None:
    asked = ["explain", "account", "1001", column, "--json", "--state", published / "state"]
    ended = warehouse(*asked)
    assert (ended.returncode, ended.stderr) == (0, "")
    (explained,) = json.loads(ended.stdout)["columns"]
    assert explained["rules"]
    evidence = [row for piece in explained["evidence"] for row in piece["rows"]]
    keys = [[value for name, value in row.items() if name != explained["column"]] for row in evidence]
    assert [key[0] if len(key) == 1 else " ".join(map(str, key)) for key in keys] == rows
    assert (explained["value"] is None) == bool(rows)


def test_a_rollback_restores_the_rows_of_the_marts_from_the_drop(published: Path) -> None:
    contracts = contracts_in_folder(PROJECT_ROOT / "models")
    with duckdb.connect(str(published / "state" / "published.duckdb"), read_only=True) as connection:
        for organization, drop in drops(published).items():
            with open_drop(find_drop(str(drop), Settings())) as opened:
                taken = rows_of_drop(opened, contracts)
            assert {each.contract.name for each in taken} == EXPORTS
            for each in taken:
                is_crm = each.organization_id is None
                connection.register("taken", each.rows)
                columns = ", ".join(each.rows.column_names)
                mart = f"select {columns} from marts.{each.contract.name}"
                mart += "" if is_crm else f" where organization_id = {organization}"
                if not is_crm or organization == "1":
                    assert connection.execute(f"select count(*) from ({mart})").fetchone() == (each.rows.num_rows,)
                    assert connection.execute(f"{mart} except all from taken").fetchall() == [], each.contract.name


def test_every_tenant_gets_every_export_in_both_forms(published: Path) -> None:
    latest = drops(published)
    assert set(latest) == {"1", "2", "3"}
    for drop in latest.values():
        expected = {f"{name}.{form}" for name in EXPORTS for form in ("csv", "parquet")}
        assert {path.name for path in drop.iterdir()} == expected | {"manifest.json", "SHA256SUMS", "index.html"}
        assert drop.name.startswith("20250115T000000Z-")


def test_checksums_are_in_the_form_of_sha256sum(published: Path) -> None:
    for drop in drops(published).values():
        checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=drop, check=False)
        assert checked.returncode == 0


def test_the_manifest_has_the_inputs_and_the_checks(published: Path) -> None:
    manifest = json.loads((drops(published)["1"] / "manifest.json").read_text())
    assert manifest["as_of"] == manifest["extracted_at"] == AS_OF
    inputs = {f"{table['source']}.{table['table']}": table["files"] for table in manifest["inputs"]}
    assert inputs.keys() >= {"crm.accounts", "lmn.estimates_list", "platform.email_prop"}
    accounts = hashlib.sha256((SAMPLE / "crm" / "accounts.csv").read_bytes()).hexdigest()
    assert inputs["crm.accounts"] == [{"name": "accounts.csv", "sha256": accounts}]
    errors = [check for check in manifest["checks"] if check.get("severity", "error") == "error"]
    assert errors and all(check["passed"] for check in errors)


def test_a_tenant_of_few_customers_has_at_most_150_kb_besides_its_rows(published: Path) -> None:
    drop = drops(published)["3"]
    beside = [*(drop / name for name in ("manifest.json", "SHA256SUMS", "index.html"))]
    beside += (drop.parent / "reports").iterdir()
    assert len(beside) == 5
    assert sum(path.stat().st_size for path in beside) <= 150_000


def test_no_row_of_a_tenant_reaches_another(published: Path) -> None:
    for organization, drop in drops(published).items():
        for export in ("account_core", "insight_snapshot", "lifecycle_event_history"):
            found = set(pq.read_table(drop / f"{export}.parquet")["organization_id"].to_pylist())
            assert found <= {int(organization)}
        if organization != "1":
            assert pq.read_metadata(drop / "accounts.parquet").num_rows == 0


def test_the_same_run_again_has_nothing_to_do(published: Path) -> None:
    before = drops(published)
    ended = run_sample(published)
    assert ended.returncode == 0
    assert "Nothing is new" in ended.stdout
    assert drops(published) == before


def test_a_run_from_scratch_gives_the_same_names_and_bytes(published: Path, tmp_path: Path) -> None:
    ended = run_sample(tmp_path)
    assert ended.returncode == 0, ended.stderr
    first, second = drops(published), drops(tmp_path)
    assert {name: drop.name for name, drop in first.items()} == {name: drop.name for name, drop in second.items()}
    for name, drop in first.items():
        files = sorted(path.name for path in drop.iterdir())
        same, different, missing = filecmp.cmpfiles(drop, second[name], files, shallow=False)
        assert (different, missing) == ([], [])
        assert len(same) == len(EXPORTS) * 2 + 3


def test_a_run_without_a_source_names_the_options(tmp_path: Path) -> None:
    ended = warehouse("run", "--exports", tmp_path / "exports", "--state", tmp_path / "state")
    assert ended.returncode == 1
    assert "no source is configured" in ended.stderr
    assert "--crm" in ended.stderr


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--as-of", "yesterday", "--as-of: 'yesterday' is not a date or date-time"),
        ("--selected-year", "1999", "--selected-year: Input should be"),
        ("--target", "oracle", "--target: Input should be"),
        ("--var", "at_risk_day=90", "the nearest is at_risk_days"),
        ("--var", "at_risk_days", "is not NAME=VALUE"),
        ("--var", "as_of=2025-01-01", "use --as-of"),
        ("--crm", "no-such-folder", "no-such-folder"),
        ("--exports", "README.md", "exports: README.md is a file; name a folder"),
        ("--state", "README.md", "README.md is a file; name a folder"),
        ("--state", "README.md/state", "the state folder can't be made: Not a directory"),
    ],
)
def test_a_wrong_option_is_named_with_its_remedy(option: str, value: str, said: str, tmp_path: Path) -> None:
    where = ["--exports", tmp_path / "exports", "--state", tmp_path / "state"]
    sources = [] if option == "--crm" else ["--crm", SAMPLE / "crm"]
    ended = warehouse("run", *sources, *where, option, value)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "exports").exists() or not list((tmp_path / "exports").glob("*/latest"))


@pytest.mark.parametrize("content", [b"lmn = \n", b'lmn = "caf\xe9"\n'])
def test_settings_that_cannot_be_read_are_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "warehouse.toml").write_bytes(content)
    ended = warehouse("run", folder=tmp_path)
    assert ended.returncode == 1
    assert "warehouse.toml: can't be read" in ended.stderr
    assert "To do: write it as TOML" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_decisions_in_the_environment_that_are_not_json_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_VAR", "at_risk_days=90")
    ended = warehouse("run")
    assert ended.returncode == 1
    assert "WAREHOUSE_VAR: is not JSON" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_mart_and_column_has_a_description(published: Path) -> None:
    with duckdb.connect(str(published / "state/published.duckdb"), read_only=True) as connection:
        silent = connection.execute(
            "select table_name, '' from duckdb_tables() where comment is null union all "
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null"
        ).fetchall()
    assert silent == []
