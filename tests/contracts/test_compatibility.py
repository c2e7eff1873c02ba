"""Which changes of a contract are breaking, additive or none, and what a run does about them."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.common.errors import WarehouseError
from pipeline.contracts.compatibility import check_versions, compare, diff_contracts
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.contract_states import contracts_of_drop
from pipeline.contracts.pages import open_data_contract
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.contracts.shared_schemas import share_schemas

A = ContractColumn("a", "bigint", nullable=False)
B = ContractColumn("b", "varchar(50)", allowed=("x", "y"))
C = ContractColumn("c", "numeric(10,2)", range=(Decimal(0), Decimal(100)))
D = ContractColumn("d", "text", is_json=True)
OLD = ExportContract("visits", "1.2.0", "", ("a",), "crm", (A, B, C, D))


def with_columns(*columns: ContractColumn, version: str = "1.2.0") -> ExportContract:
    return dataclasses.replace(OLD, columns=columns, version=version)


def with_column(column: ContractColumn, **changes: Any) -> ExportContract:
    changed = dataclasses.replace(column, **changes)
    return with_columns(*(changed if known is column else known for known in (A, B, C, D)))


NEW_COLUMN = ContractColumn("e", "date")


@pytest.mark.parametrize(
    ("new", "verdict", "says"),
    [
        (OLD, "none", ""),
        (with_column(B, description="Other words.", source="elsewhere", rules=("D1",)), "none", ""),
        (dataclasses.replace(OLD, description="Other words."), "none", ""),
        # added, removed and moved columns
        (with_columns(A, B, C, D, NEW_COLUMN), "additive", "e: a new column at the end, position 5"),
        (with_columns(A, NEW_COLUMN, B, C, D), "breaking", "e: a new column at position 2, before old ones"),
        (with_columns(A, B, C), "breaking", "d: the column is gone"),
        (with_columns(A, C, B, D), "breaking", "c: moved among the old columns, from position 3 to 2"),
        (with_columns(A, dataclasses.replace(B, name="bb"), C, D), "breaking", "b: the column is gone"),
        (with_columns(A, B, C, dataclasses.replace(D, exported=False)), "breaking", "d: the column is gone"),
        # types: a narrower type keeps the promises of the old one
        (with_column(B, data_type="varchar(49)"), "additive", "b: varchar(50) becomes varchar(49)"),
        (with_column(B, data_type="varchar(51)"), "breaking", "b: varchar(50) becomes varchar(51)"),
        (with_column(B, data_type="text"), "breaking", "b: varchar(50) becomes text"),
        (with_column(D, data_type="varchar(9)"), "additive", "d: text becomes varchar(9)"),
        (with_column(C, data_type="numeric(9,2)"), "additive", "c: numeric(10,2) becomes numeric(9,2)"),
        (with_column(C, data_type="numeric(11,2)"), "breaking", "c: numeric(10,2) becomes numeric(11,2)"),
        (with_column(C, data_type="numeric(10,1)"), "breaking", "c: numeric(10,2) becomes numeric(10,1)"),
        (with_column(A, data_type="integer"), "additive", "a: bigint becomes integer"),
        (with_column(A, data_type="text"), "breaking", "a: bigint becomes text"),
        # nulls, values, ranges, JSON
        (with_column(A, nullable=True), "breaking", "a: may be null now"),
        (with_column(B, nullable=False), "additive", "b: is never null any more"),
        (with_column(B, allowed=("x", "y", "z")), "breaking", "b: may have the new values z"),
        (with_column(B, allowed=("x", "z")), "breaking", "b: may have the new values z"),
        (with_column(B, allowed=("x",)), "additive", "b: never has y any more"),
        (with_column(B, allowed=("y", "x")), "none", "b: its values are listed now"),
        (with_column(B, allowed=None), "breaking", "b: may have any value now"),
        (with_column(D, allowed=("[]",)), "additive", "d: is one of [] now"),
        (with_column(C, range=(Decimal(0), Decimal(101))), "breaking", "c: the range [0, 100] becomes [0, 101]"),
        (with_column(C, range=(Decimal(1), Decimal(100))), "additive", "c: the range [0, 100] becomes [1, 100]"),
        (with_column(C, range=(None, Decimal(50))), "breaking", "c: the range [0, 100] becomes [-, 50]"),
        (with_column(C, range=None), "breaking", "c: the range [0, 100] becomes [-, -]"),
        (with_column(A, range=(Decimal(0), None)), "additive", "a: the range [-, -] becomes [0, -]"),
        (with_column(D, is_json=False), "breaking", "d: is not JSON any more"),
        (with_column(B, is_json=True), "additive", "b: is JSON now"),
        # the export itself
        (dataclasses.replace(OLD, primary_key=("a", "b")), "breaking", "visits: the primary key was a and is a, b"),
        (dataclasses.replace(OLD, tenant="a"), "breaking", "visits: it was split by crm and is split by a"),
        (dataclasses.replace(OLD, version="2.0.0"), "none", "visits: version 1.2.0 becomes 2.0.0"),
    ],
)
def test_a_change_is_none_additive_or_breaking(new: ExportContract, verdict: str, says: str) -> None:
    diff = diff_contracts([OLD], [new])
    assert diff.verdict == verdict
    assert says in str(diff)
    assert str(diff).endswith(f"All in all: {verdict}.")


def test_a_new_export_is_additive_and_a_removed_one_breaking() -> None:
    assert diff_contracts([], [OLD]).verdict == "additive"
    assert diff_contracts([OLD], []).verdict == "breaking"


def test_the_most_severe_change_decides() -> None:
    diff = diff_contracts([OLD], [with_columns(A, B, C, NEW_COLUMN)])
    assert {change.verdict for change in diff.changes} == {"additive", "breaking"}
    assert diff.verdict == "breaking"


BROKEN = (A, B, C)


@pytest.mark.parametrize("version", ["1.2.0", "1.3.0", "1.9.9", "0.9.0"])
def test_a_breaking_change_without_a_new_major_version_stops_the_run(version: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        check_versions([OLD], [with_columns(*BROKEN, version=version)])
    assert "visits 1.2.0, new major version 2.0.0" in str(caught.value)
    assert "breaking  visits.d: the column is gone" in str(caught.value)
    assert "nothing was published" in str(caught.value)


@pytest.mark.parametrize("version", ["2.0.0", "3.1.4", "10.0.0"])
def test_a_breaking_change_with_a_new_major_version_is_accepted(version: str) -> None:
    assert check_versions([OLD], [with_columns(*BROKEN, version=version)]) == []


def test_an_export_that_is_gone_stops_the_run() -> None:
    with pytest.raises(WarehouseError, match="visits"):
        check_versions([OLD], [])


def test_an_additive_change_is_accepted_and_noted_under_an_old_version() -> None:
    grown = with_columns(A, B, C, D, NEW_COLUMN)
    (note,) = check_versions([OLD], [grown])
    assert "visits 1.2.0 has grown under its old version" in note
    assert check_versions([OLD], [dataclasses.replace(grown, version="1.3.0")]) == []


def test_the_first_run_has_nothing_to_break() -> None:
    assert check_versions([], [OLD]) == []


MODEL_YAML = """
models:
  - name: visits
    config: {meta: {export: true, version: "1.2.0", primary_key: [a], tenant: crm}}
    columns:
      - {name: a, data_type: bigint, constraints: [{type: not_null}]}
      - {name: b, data_type: varchar(50), config: {meta: {allowed: [x, y]}}}
      - {name: c, data_type: "numeric(10,2)", config: {meta: {range: [0, 100]}}}
      - {name: d, data_type: text, config: {meta: {json: true}}}
"""
OTHER_YAML = MODEL_YAML.replace("visits", "sites")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose models, with two exports, are in git; since then visits has lost column d."""
    folder = tmp_path / "project"
    (folder / "models" / "marts").mkdir(parents=True)
    model = folder / "models" / "marts" / "visits.yml"
    model.write_text(MODEL_YAML)
    (folder / "models" / "marts" / "sites.yml").write_text(OTHER_YAML)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    model.write_text("\n".join(line for line in MODEL_YAML.splitlines() if "name: d" not in line))
    return folder


def drop_of(folder: Path, *, shared: bool = False) -> Path:
    """Write the manifest of a drop of visits and sites, each schema once or for every file."""
    described = [OLD.as_dict(), dataclasses.replace(OLD, name="sites").as_dict()]
    folder.mkdir()
    files = [{**one, "name": f"{one['export']}.{suffix}"} for one in described for suffix in ("csv", "parquet")]
    manifest = {"files": files}
    (folder / "manifest.json").write_text(json.dumps(share_schemas(manifest) if shared else manifest))
    return folder


def sources(project: Path, tmp_path: Path) -> dict[str, str]:
    """Return the old state in every form that an argument may have."""
    odcs = tmp_path / "visits.odcs.yaml"
    odcs.write_text(yaml.safe_dump(open_data_contract(OLD, None)))
    model = tmp_path / "visits.yml"
    model.write_text(MODEL_YAML)
    parsed = tmp_path / "manifest.json"
    nodes = {
        name: {
            **yaml.safe_load(text)["models"][0],
            "resource_type": "model",
            "original_file_path": f"models/{name}.sql",
            "columns": {column["name"]: column for column in yaml.safe_load(text)["models"][0]["columns"]},
        }
        for name, text in {"visits": MODEL_YAML, "sites": OTHER_YAML}.items()
    }
    parsed.write_text(json.dumps({"nodes": nodes}))
    drop = drop_of(tmp_path / "drop")
    return {
        "a drop": str(drop),
        "a drop of version 2": str(drop_of(tmp_path / "shared", shared=True)),
        "a manifest": str(drop / "manifest.json"),
        "a model's YAML": str(model),
        "an ODCS file": str(odcs),
        "dbt's manifest": str(parsed),
        "a git ref": "HEAD",
    }


@pytest.mark.parametrize(
    "form",
    ["a drop", "a drop of version 2", "a manifest", "a model's YAML", "an ODCS file", "dbt's manifest", "a git ref"],
)
def test_every_form_of_the_same_contract_gives_the_same_result(form: str, project: Path, tmp_path: Path) -> None:
    old = sources(project, tmp_path)
    assert str(compare(old[form], old["a drop"], project)) == "All in all: none."
    assert str(compare(old["a drop"], old[form], project)) == "All in all: none."
    assert str(compare(old[form], str(project / "models"), project)) == (
        "breaking  visits.d: the column is gone\nAll in all: breaking."
    )


@pytest.mark.parametrize("argument", ["no-such-ref", "--output=x", "HEAD; true", "/no/such/folder"])
def test_an_unknown_argument_is_refused(argument: str, project: Path) -> None:
    with pytest.raises(WarehouseError, match="is neither a drop, a file, a folder of models nor a git ref"):
        compare(argument, "HEAD", project)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"models: []", b"{", b"a: [b", b"PAR1\xff"])
def test_a_file_without_a_contract_is_refused(content: bytes, project: Path) -> None:
    path = project / "odd.yml"
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"odd\.yml"):
        compare(str(path), "HEAD", project)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.odcs.yaml", "kind: DataContract\nschema: [{name: x, properties: [{name: id, physicalType: bigint}]}]"),
        ("manifest.json", '{"files": [{"name": "x"}]}'),
        ("drop.json", '{"files": 7}'),
        ("dbt.json", '{"nodes": [1]}'),
    ],
)
def test_a_file_in_another_form_is_refused_with_the_reason(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(WarehouseError, match=rf"{name}: does not have the format of such a file"):
        compare(str(tmp_path / name), str(tmp_path / name), tmp_path)


def test_without_git_no_ref_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WarehouseError, match="git is not installed"):
        compare("HEAD", "HEAD", tmp_path)


def test_files_without_an_export_in_common_are_refused(project: Path) -> None:
    models = project / "models" / "marts"
    with pytest.raises(WarehouseError, match=r"visits\.yml and .*sites\.yml: they have no export in common"):
        compare(str(models / "visits.yml"), str(models / "sites.yml"), project)


def test_the_command_prints_one_line_per_change_and_exits_with_1_on_a_breaking_one(tmp_path: Path) -> None:
    drop = drop_of(tmp_path / "drop")
    other = tmp_path / "visits.yml"
    other.write_text(MODEL_YAML.replace("varchar(50)", "varchar(60)"))
    result = CliRunner().invoke(app, ["contract", "diff", str(drop), str(other)])
    assert result.exit_code == 1
    assert result.output == "breaking  visits.b: varchar(50) becomes varchar(60)\nAll in all: breaking.\n"


def test_a_drop_is_compared_under_the_contracts_it_was_published_with() -> None:
    contracts = contracts_in_folder(Path(__file__).resolve().parents[2] / "models")
    manifest = {"files": [contract.as_dict() for contract in contracts]}
    assert check_versions(contracts_of_drop(manifest), contracts) == []
    assert diff_contracts(contracts_of_drop(manifest), contracts).changes == ()
