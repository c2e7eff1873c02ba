"""The register of forgotten people: it recognises them without storing their data."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.state.forgotten import Forgotten, Known
from pipeline.state.forgotten_file import FOLDER, open_forgotten, read_forgotten, write_forgotten
from pipeline.state.forgotten_rows import forget_batch, forget_rows

ZELDA = Known(
    frozenset({("stakeholder", 1, 918273645)}),
    frozenset({"zelda.quartz@elm.example"}),
    frozenset({"Zelda Quartz-Man"}),
    frozenset({1}),
)


@pytest.fixture
def register(tmp_path: Path) -> Forgotten:
    made, _ = open_forgotten(tmp_path, 1).with_person(ZELDA, "2025-01-15")
    write_forgotten(tmp_path, made)
    return read_forgotten(tmp_path)


@pytest.fixture
def label(register: Forgotten) -> str:
    return register.entries[0].label


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("zelda.quartz@elm.example", "{}"),
        ("Write to <Zelda.Quartz@ELM.example>!", "Write to <{}>!"),
        ("met zelda quartz-man, and Bo", "met {}, and Bo"),
        ("Quartz-Man, Zelda", "{}"),
        ("Zelda met Quartz-Man", "Zelda met Quartz-Man"),
        ("azelda.quartz@elm.example", "azelda.quartz@elm.example"),
        ('["Ann Lee","Zelda Quartz-Man"]', '["Ann Lee","{}"]'),
    ],
)
def test_addresses_and_whole_names_are_removed_from_texts(
    register: Forgotten, label: str, text: str, left: str
) -> None:
    assert register.of(1).without(text) == left.replace("{}", label)
    assert register.of(2).without(text) == text


def test_the_register_contains_nothing_of_the_person(register: Forgotten, tmp_path: Path) -> None:
    held = b"".join(path.read_bytes() for path in (tmp_path / FOLDER).iterdir()).lower()
    assert [word for word in (b"zelda", b"quartz", b"918273645", b"elm.example") if word in held] == []


def test_a_row_stays_with_another_id_and_without_the_persons_data(register: Forgotten) -> None:
    fields = [("organization_id", pa.int64()), ("id", pa.int64()), ("email", pa.string()), ("name", pa.string())]
    schema = pa.schema([*fields, ("title", pa.string())])
    rows = pa.Table.from_pylist(
        [
            {"organization_id": org, "id": 918273645, "email": "Zelda.Quartz@elm.example", "name": "Z.", "title": "CFO"}
            for org in (1, 2)
        ],
        schema,
    )
    first, second = forget_rows(register, "stakeholder", rows).to_pylist()
    assert (first["email"], first["name"], first["title"]) == (None, None, "CFO")
    assert first["id"] > 700_000_000_000_000 and second == rows.to_pylist()[1]


def test_texts_with_a_dictionary_are_recognised(register: Forgotten, label: str) -> None:
    notes = pa.array(["met Zelda Quartz-Man", None, "met Zelda Quartz-Man"]).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([pa.array([1, 1, 2]), notes], ["organization_id", "body"])
    kept = forget_batch(register, "note", batch)["body"].to_pylist()
    assert kept == [f"met {label}", None, "met Zelda Quartz-Man"]


def test_an_id_gets_the_same_new_value_everywhere(register: Forgotten) -> None:
    rows = pa.table({"organization_id": [1, 1], "stakeholder_id": [918273645, 5], "user_id": [918273645, None]})
    new = forget_rows(register, "email_prop", rows).to_pylist()
    assert new[0]["stakeholder_id"] == register.of(1).new_ids("stakeholder", [918273645])[918273645]
    assert new[0]["user_id"] == 918273645  # a user with this id is another person
    assert new[1] == {"organization_id": 1, "stakeholder_id": 5, "user_id": None}


def test_a_table_without_forgotten_people_is_unchanged(register: Forgotten) -> None:
    rows = pa.table({"organization_id": [1], "stakeholder_id": [5], "body": ["nothing"]})
    assert forget_rows(register, "note", rows) is rows


def test_a_contact_is_recognised_by_address_or_name(register: Forgotten) -> None:
    rows = pa.table(
        {
            "first_name": ["Zelda", "Ann", "Ann"],
            "last_name": ["Quartz-Man", "Lee", "Lee"],
            "email_1": [None, "zelda.quartz@elm.example", "ann@elm.example"],
            "phone_1": ["1", "2", "3"],
        }
    )
    assert forget_rows(register, "contacts", rows)["phone_1"].to_pylist() == [None, None, "3"]


@pytest.mark.parametrize("written", ["Bo O'Neil", "bo o’neil", "Bo O&#39;Neil", "O'Neil, Bo"])
def test_all_forms_of_an_apostrophe_are_equal(tmp_path: Path, written: str) -> None:
    person = Known(frozenset({("user", 1, 3)}), names=frozenset({"Bo O'Neil"}), organizations=frozenset({1}))
    register, entry = open_forgotten(tmp_path, 1).with_person(person, "2025-01-15")
    assert register.of(1).without(f"by {written}.") == f"by {entry.label}."


def test_grouping_columns_keep_a_label(register: Forgotten, label: str) -> None:
    rows = pa.table({"scope_key": ["Zelda Quartz-Man", "Bo"], "salespeople": ['["Zelda Quartz-Man"]', "[]"]})
    first, second = forget_rows(register, "win_loss", rows).to_pylist()
    assert first == {"scope_key": label, "salespeople": f'["{label}"]'}
    assert second == {"scope_key": "Bo", "salespeople": "[]"}


def test_names_of_accounts_stay(register: Forgotten) -> None:
    rows = pa.table({"organization_id": [1], "account_name": ["Zelda Quartz-Man"], "last_note": ["Zelda Quartz-Man"]})
    (row,) = forget_rows(register, "account_core", rows).to_pylist()
    assert (row["account_name"], row["last_note"]) == ("Zelda Quartz-Man", None)


def test_a_person_forgotten_again_keeps_the_entry(register: Forgotten) -> None:
    again, entry = register.with_person(Known(emails=ZELDA.emails, organizations=frozenset({2})), "2025-02-01")
    assert len(again.entries) == 1
    assert (entry.entry, entry.day, entry.organizations) == (register.entries[0].entry, "2025-01-15", (1, 2))


@pytest.mark.parametrize("name", ["register.json", "register.key"])
def test_a_damaged_register_is_an_error(register: Forgotten, tmp_path: Path, name: str) -> None:
    path = tmp_path / FOLDER / name
    path.write_text("{") if name.endswith("json") else path.unlink()
    with pytest.raises(WarehouseError, match="forgotten"):
        read_forgotten(tmp_path)
