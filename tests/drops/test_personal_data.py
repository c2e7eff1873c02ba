"""Personal data in a drop: all of it, pseudonyms, or none, by the setting personal_data."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.aligned_rows import RowChanges
from pipeline.drops.find_drop import OpenDrop, treated_alike
from pipeline.drops.manifest import build_manifest
from pipeline.drops.manifest_layout import manifest_bytes
from pipeline.drops.personal_data import KEPT, PersonalData, complete_rows_folders
from pipeline.drops.row_changes import compare_rows
from pipeline.drops.stage import StagedDrop, stage_drops
from pipeline.drops.verify import verify_drop
from pipeline.guards.drop_figures import DropFiles
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings, Treatment
from pipeline.state.secret_key import pseudonym_key
from pipeline.storage.place import open_place
from tests.drops.made_drops import AS_OF, MadeMarts, mart

PEOPLE = ExportContract(
    name="people",
    version="1.0.0",
    description="One row per person's account.",
    primary_key=("scope", "who"),
    tenant="organization_id",
    columns=(
        ContractColumn("organization_id", "bigint", nullable=False),
        ContractColumn("scope", "text", nullable=False),
        ContractColumn(
            "who", "text", nullable=False, classification="personal", personal_where=("scope", "salesperson")
        ),
        ContractColumn("account_id", "bigint"),
        ContractColumn("account_name", "text"),
        ContractColumn("email", "varchar(30)", classification="personal"),
        ContractColumn("word", "varchar(30)", nullable=False, classification="personal"),
        ContractColumn("names", "text", nullable=False, is_json=True, classification="personal"),
        ContractColumn(
            "card", "text", nullable=False, is_json=True, classification="personal", personal_members=("address",)
        ),
    ),
)
ROWS: list[dict[str, Any]] = [
    {
        "organization_id": organization_id,
        "scope": scope,
        "who": who,
        "account_id": 7,
        "account_name": "Elm Co",
        "email": email,
        "word": "Ann",
        "names": '["Ann \\"A\\" Lee","Bo"]',
        "card": '{"accounts":[{"address":"1 Elm, \\"rear\\"","value":1234.50},{"address":null}],"count":2}',
    }
    for organization_id in (1, 2)
    for scope, who, email in (
        ("all", "all", "ann@elm.example"),
        ("salesperson", "Ann Lee", "ann@elm.example"),
        ("salesperson", "Bo", None),
    )
]
KEY = b"k" * 32
CUT = Cut("mails", PEOPLE, ("scope", "who", "account_id", "account_name", "email"), "email = 'ann@elm.example'")


def staged(folder: Path, personal_data: PersonalData, rows: list[dict[str, Any]] = ROWS) -> StagedDrop:
    tables = MadeMarts(people=mart(PEOPLE, rows))
    (drop,) = stage_drops(tables, [PEOPLE], {1: folder}, 1, cuts=[CUT], csv_safe=True, personal_data=personal_data)
    return drop


def described(drop: StagedDrop, personal_data: PersonalData) -> dict[str, Any]:
    settings = {"selected_year": 2025}
    return build_manifest(
        drop,
        [PEOPLE],
        as_of=AS_OF,
        data_as_of=AS_OF,
        settings=settings,
        inputs=[],
        checks=[],
        cuts=[CUT],
        personal_data=personal_data,
    )


def treatment(how: Treatment, key: bytes = KEY) -> PersonalData:
    return PersonalData({} if how == "keep" else {"people": how}, key)


def rows_of(folder: Path, name: str = "people") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return found


def test_a_dropped_value_is_null_or_empty_if_the_contract_forbids_null(tmp_path: Path) -> None:
    staged(tmp_path / "drop", treatment("drop"))
    first, *_ = rows_of(tmp_path / "drop")
    assert (first["email"], first["word"], first["names"]) == (None, "", "[]")
    assert first["card"] == '{"accounts":[{"address":null,"value":1234.50},{"address":null}],"count":2}'
    assert (first["account_id"], first["account_name"], first["who"]) == (7, "Elm Co", "all")


@pytest.mark.parametrize("how", ["pseudonymise", "drop"])
def test_no_file_of_the_drop_has_a_personal_value(tmp_path: Path, how: Treatment) -> None:
    staged(tmp_path / "drop", treatment(how))
    held = b"".join(
        json.dumps(pq.read_table(path).to_pylist()).encode() if path.suffix == ".parquet" else path.read_bytes()
        for path in (tmp_path / "drop").iterdir()
    )
    assert [value for value in (b"ann@", b"Ann", b"Lee", b"Bo", b"1 Elm") if value in held] == []
    assert b"Elm Co" in held


def test_pseudonyms_are_the_same_each_time_and_in_every_column(tmp_path: Path) -> None:
    one, again = (
        staged(tmp_path / "one", treatment("pseudonymise")),
        staged(tmp_path / "two", treatment("pseudonymise")),
    )
    assert one.files == again.files
    rows = rows_of(tmp_path / "one")
    assert len({row["email"] for row in rows}) == 2  # two rows share one, one row has none
    assert json.loads(rows[0]["names"])[1] in {row["who"] for row in rows}
    assert json.loads(rows[0]["card"])["accounts"][0]["address"].startswith("p-")


def test_pseudonyms_differ_for_each_organization_and_key() -> None:
    ours = treatment("pseudonymise")
    assert ours.pseudonym(1, "Ann") != ours.pseudonym(2, "Ann")
    assert ours.pseudonym(1, "Ann") != treatment("pseudonymise", b"j" * 32).pseudonym(1, "Ann")
    assert len(ours.pseudonym(1, "Ann" * 100)) <= 30


@pytest.mark.parametrize("how", ["pseudonymise", "drop"])
def test_a_pseudonymised_key_stays_a_key_and_rows_stay_in_order(tmp_path: Path, how: Treatment) -> None:
    staged(tmp_path / "drop", treatment(how))
    keys = [(row["scope"], row["who"]) for row in rows_of(tmp_path / "drop")]
    assert keys == sorted(set(keys)) and len(keys) == 3
    assert keys[0] == ("all", "all") and all(who.startswith("p-") for _, who in keys[1:])


@pytest.mark.parametrize("how", ["keep", "pseudonymise", "drop"])
def test_the_manifest_names_the_treatment_and_the_drop_verifies(tmp_path: Path, how: Treatment) -> None:
    manifest = described(staged(tmp_path / "drop", treatment(how)), treatment(how))
    (tmp_path / "drop" / "manifest.json").write_bytes(manifest_bytes(manifest))
    assert verify_drop(str(tmp_path / "drop")) == []
    said = {file.get("personal_data") for file in (*manifest["files"], *manifest["cuts"])}
    assert said == ({None} if how == "keep" else {how})
    assert ("pseudonyms" in manifest) == (how != "keep")
    assert KEY.hex() not in json.dumps(manifest) and treatment(how).key_id != KEY.hex()


def test_the_filter_of_a_cut_uses_the_untreated_rows(tmp_path: Path) -> None:
    staged(tmp_path / "drop", treatment("drop"))
    assert [row["email"] for row in rows_of(tmp_path / "drop", "mails")] == [None, None]


def test_whole_rows_are_kept_for_the_audit_only(tmp_path: Path) -> None:
    with complete_rows_folders(treatment("drop"), [1]) as aside:
        tables = MadeMarts(people=mart(PEOPLE, ROWS))
        stage_drops(tables, [PEOPLE], {1: tmp_path / "drop"}, 1, personal_data=treatment("drop"), aside=aside)
        assert rows_of(aside[1])[0]["email"] == "ann@elm.example"
    assert not aside[1].exists()
    with complete_rows_folders(KEPT, [1]) as aside:
        assert aside == {}


def changes_between(folder: Path, before: PersonalData, now: PersonalData) -> tuple[RowChanges, OpenDrop]:
    """Compare two drops as a run does; the later one lacks Bo's row."""
    manifest = described(staged(folder / "before", before), before)
    staged(folder / "now", now, [row for row in ROWS if row["who"] != "Bo"])
    drop = OpenDrop(
        open_place(str(folder / "before")),
        manifest,
        DropFiles({"people": folder / "before" / "people.parquet"}, AS_OF, 2025),
    )
    with treated_alike(drop, now, [PEOPLE]) as alike:
        path = alike.files.parquet["people"]
        return compare_rows(
            PEOPLE, path, folder / "now" / "people.parquet", with_personal=not alike.incomparable
        ), alike


@pytest.mark.parametrize("now", ["keep", "pseudonymise", "drop"])
@pytest.mark.parametrize("before", ["keep", "pseudonymise", "drop"])
def test_another_treatment_changes_no_cells(tmp_path: Path, before: Treatment, now: Treatment) -> None:
    changes, alike = changes_between(tmp_path, treatment(before), treatment(now))
    keys_differ = now == "keep" != before
    assert changes.changed.num_rows == 0
    assert changes.removed.num_rows == (2 if keys_differ else 1)
    assert bool(alike.treatment_changed) == (before != now)


@pytest.mark.parametrize("before", ["keep", "pseudonymise"])
def test_a_removed_row_is_treated_like_the_drop(tmp_path: Path, before: Treatment) -> None:
    changes, _ = changes_between(tmp_path, treatment(before), treatment("drop"))
    (removed,) = changes.removed.to_pylist()
    assert (removed["email"], removed["word"], removed["names"]) == (None, "", "[]")
    assert removed["who"].startswith("p-")


def test_pseudonyms_of_another_key_are_not_compared(tmp_path: Path) -> None:
    changes, alike = changes_between(tmp_path, treatment("pseudonymise", b"j" * 32), treatment("pseudonymise"))
    assert changes.changed.num_rows == 0 and alike.incomparable == {"people"}


def test_settings_name_exports_or_a_default(tmp_path: Path) -> None:
    contracts = contracts_in_folder(PROJECT_ROOT / "models")

    def of(value: Any) -> dict[str, Treatment]:
        return dict(PersonalData.of(Settings(state=tmp_path, personal_data=value), contracts).treatments)

    assert of("keep") == {}
    assert of({"estimates": "drop"}) == {"estimates": "drop"}
    assert "account_keys" not in of("drop")  # which has no personal data
    assert of({"default": "drop", "estimates": "keep"}).keys() == of("drop").keys() - {"estimates"}
    with pytest.raises(WarehouseError, match="there is no export estimate\n"):
        of({"estimate": "drop"})


def test_the_key_is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = pseudonym_key(None, tmp_path)
    assert pseudonym_key(None, tmp_path) == key and len(key) == 32
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_guessable_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short.key").write_bytes(b"secret")
    with pytest.raises(WarehouseError, match="could be guessed"):
        pseudonym_key(tmp_path / "short.key", tmp_path)


def test_a_drop_of_another_key_cannot_be_remade(tmp_path: Path) -> None:
    ours = treatment("pseudonymise")
    manifest = described(staged(tmp_path / "drop", ours), ours)
    with pytest.raises(WarehouseError, match="another key"):
        PersonalData.of_drop(manifest, Settings(state=tmp_path))


@pytest.mark.parametrize("how", ["pseudonymise", "drop"])
def test_every_export_keeps_its_contract_under_every_treatment(how: Treatment) -> None:
    for contract in contracts_in_folder(PROJECT_ROOT / "models"):
        text = {column.name: '["Ann Lee"]' for column in contract.exported_columns if column.arrow_type == pa.string()}
        rows = pa.Table.from_pylist([text], contract.arrow_schema)
        treated = PersonalData({contract.name: how}, KEY).treated(rows, contract, 1)
        assert treated.column_names == rows.column_names
        for column in contract.personal_columns:
            (value,) = treated[column.name].to_pylist()
            assert column.nullable or value is not None, f"{contract.name}.{column.name}"
            assert len(value or "") <= (column.max_length or 1000)
