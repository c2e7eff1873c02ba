"""The landing zone: addressed by content, written once, completely or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest import land_part as parts
from pipeline.ingest.duplicates.losing_rows import connect
from pipeline.ingest.input_file import InputFile
from pipeline.ingest.landing import zone as landing_zone
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import SOURCES, landed_tables, read_record, write_record
from pipeline.ingest.landing.zone import Landing, part_address
from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import source_table
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import hidden_name
from tests.ingest.ingest_harness import Silence, land, rejects, rows, write_csv

ACCOUNTS = source_table("crm", "accounts")


def accounts(tmp_path: Path, *lines: tuple[object, ...], name: str = "accounts.csv") -> LandedTable:
    """Land a folder of one accounts file."""
    write_csv(tmp_path / "crm" / name, ["id", "name", "archived"], lines)
    return land("crm", tmp_path / "crm", tmp_path)["accounts"]


def test_the_same_bytes_land_at_the_same_address_anywhere(tmp_path: Path) -> None:
    here, there = (accounts(tmp_path / place, ("1", "A", "maybe")) for place in ("here", "there"))
    assert here.fingerprint == there.fingerprint
    assert here.parts[0].name == there.parts[0].name
    assert here.parts[0].read_bytes() == there.parts[0].read_bytes()
    assert here.rejects[0].read_bytes() == there.rejects[0].read_bytes()


def test_different_bytes_name_or_schema_make_another_part(tmp_path: Path) -> None:
    first = accounts(tmp_path, ("1", "A", "x"))
    assert accounts(tmp_path, ("1", "B", "x")).fingerprint != first.fingerprint
    renamed = tmp_path / "crm" / "Accounts.csv"
    (tmp_path / "crm" / "accounts.csv").rename(renamed)
    assert accounts(tmp_path, ("1", "A", "x"), name="Accounts.csv").fingerprint != first.fingerprint
    narrower = SourceTable("crm", "accounts", (Column("id", Kind.KEY, required=True),), key=("id",))
    assert part_address(narrower, "x", "n") != part_address(ACCOUNTS, "x", "n")


def test_changed_ingest_rules_read_everything_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = accounts(tmp_path, ("1", "A", "x"))
    monkeypatch.setattr(landing_zone, "_rules_version", lambda: "another")
    assert accounts(tmp_path, ("1", "A", "x")).fingerprint != first.fingerprint


def test_an_unchanged_file_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = accounts(tmp_path, ("1", "A", "maybe"))

    def fail(*args: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(InputFile, "_open", fail)
    monkeypatch.setattr(parts, "PartWriter", fail)
    again = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert again == first
    assert len(rejects(again)) == 1


def test_an_unchanged_workbook_is_not_opened_to_identify_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "lmn" / "x.csv", ["Lead Name"], [("Lee",)])
    land("lmn", tmp_path / "lmn", tmp_path)

    def fail(*args: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(InputFile, "_open", fail)
    assert land("lmn", tmp_path / "lmn", tmp_path)["leads_list"].loaded == 1


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("note", ["[]", "", "{", '["Lead Name", "Phone"]', '{"seal": "", "value": ["Lead Name"]}'])
def test_invalid_cached_headers_are_ignored(note: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "lmn" / "x.csv", ["Lead Name"], [("Lee",)])
    land("lmn", tmp_path / "lmn", tmp_path)
    for remembered in tmp_path.rglob("headers/*.json"):
        remembered.write_text(note)
    assert land("lmn", tmp_path / "lmn", tmp_path)["leads_list"].loaded == 1


@pytest.mark.parametrize(
    "damage",
    [
        "cut the part",
        "turn a bit of the part",
        "lose the part",
        "lose the rejects",
        "empty the rejects",
        "turn a bit of the rejects",
        "lose the record",
        "spoil the record",
        "change a count in the record",
    ],
)
def test_an_incomplete_part_is_rewritten(tmp_path: Path, damage: str) -> None:
    table = accounts(tmp_path, ("1", "A", "maybe"))
    (part,), (refused,) = table.parts, table.rejects
    record = part.with_suffix(".json")
    match damage:
        case "cut the part":
            part.write_bytes(part.read_bytes()[:-1])
        case "turn a bit of the part":
            turn_a_bit(part)
        case "turn a bit of the rejects":
            turn_a_bit(refused)
        case "change a count in the record":
            record.write_text(record.read_text().replace('"loaded": 1', '"loaded": 2'))
        case "lose the part":
            part.unlink()
        case "lose the rejects":
            refused.unlink()
        case "empty the rejects":
            refused.write_bytes(b"")
        case "lose the record":
            record.unlink()
        case "spoil the record":
            record.write_text(json.dumps({"read": 1}))
    again = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert again == table
    assert len(rows(again)) == len(rejects(again)) == 1


def test_a_failed_ingest_leaves_no_part_and_no_temporary_files(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "nam"], [("1", "A")])
    with pytest.raises(WarehouseError):
        land("crm", tmp_path / "crm", tmp_path)
    assert not list((tmp_path / "landing" / "crm__accounts").iterdir())


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [("1", "A")])

    class Meddler(Silence):
        def update(self, done: int, total: int | None = None, detail: str = "") -> None:
            if detail == "crm__accounts":
                write_csv(path, ["id", "name"], [("1", "A"), ("2", "B")])

    with pytest.raises(WarehouseError, match="changed while it was read"):
        ingest_source("crm", str(tmp_path / "crm"), Landing(tmp_path / "landing"), Meddler())
    assert land("crm", tmp_path / "crm", tmp_path)["accounts"].loaded == 2


class Killed(BaseException):
    """Simulates the death of the process in a test."""


def die_at(moment: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let every change of a file fail from the nth on, including clean-ups, as if the process had died."""
    count = [0]
    for name in ("replace", "write_text", "unlink", "mkdir"):
        original = getattr(Path, name)

        def change(self: Path, *args: object, _original: Any = original, **kwargs: object) -> object:
            count[0] += 1
            if count[0] >= moment:
                raise Killed
            return _original(self, *args, **kwargs)

        monkeypatch.setattr(Path, name, change)
    return count


def test_a_run_that_dies_at_any_moment_leaves_no_complete_looking_part(tmp_path: Path) -> None:
    folder = tmp_path / "platform"
    write_csv(folder / "tier.csv", ["organization_id", "id", "name"], [(1, 1, "A"), (1, 1, "B"), (1, "x", "C")])
    for name in ("1", "2"):
        lines = [(1, 1, 1, "2025-01-01", name), (1, int(name) + 1, 1, "never", name)]
        lines += [(1, int(name) + 5, 1, "2025-01-01", name)]
        write_csv(
            folder / "note" / f"{name}.csv", ["organization_id", "id", "customer_id", "created_at", "body"], lines
        )
    expected = land("platform", folder, tmp_path / "expected")
    for table in expected.values():
        Landing(tmp_path / "begun" / "landing").empty(table.table)
    got_through = False
    moment = 0
    while not got_through:
        moment += 1
        state = tmp_path / f"state-{moment}"
        shutil.copytree(tmp_path / "begun", state)
        with pytest.MonkeyPatch.context() as patches:
            die_at(moment, patches)
            try:
                ingest_source("platform", str(folder), Landing(state / "landing", threads=1), Silence())
                got_through = True
            except Killed:
                pass
        again = land("platform", folder, state)
        for name in ("tier", "note"):
            assert rows(again[name]) == rows(expected[name])
            assert rejects(again[name]) == rejects(expected[name])
    assert moment > 20


def test_unfinished_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True)
    folder = tmp_path / "landing" / "crm__accounts"
    folder.mkdir(parents=True)
    in_the_making = f"{hidden_name()}.data"
    (folder / in_the_making.replace(str(os.getpid()), str(int(child.stdout)))).write_bytes(b"half a part")
    (folder / in_the_making).write_bytes(b"a part in the making")
    accounts(tmp_path, ("1", "A", "x"))
    assert [path.name for path in folder.glob(".*")] == [in_the_making]


def test_a_run_killed_by_the_kernel_is_repaired_by_the_next(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [(at, "A") for at in range(1000)])
    script = """
import os, signal, sys
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pathlib import Path

class Killer:
    def update(self, done, total=None, detail=""):
        os.kill(os.getpid(), signal.SIGKILL)

ingest_source("crm", sys.argv[1], Landing(Path(sys.argv[2])), Killer())
"""
    child = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "crm"), str(tmp_path / "landing")],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "landing" / "crm__accounts").glob("[!.]*")] == []
    assert land("crm", tmp_path / "crm", tmp_path)["accounts"].loaded == 1000


def test_the_record_of_an_ingest_is_read_back_unchanged(tmp_path: Path) -> None:
    accounts(tmp_path, ("1", "A", "maybe"))
    landed = list(land("crm", tmp_path / "crm", tmp_path).values())
    write_record(tmp_path / "landed.json", landed)
    assert read_record(tmp_path / "landed.json") == landed


def test_an_older_record_with_fewer_fields_is_read(tmp_path: Path) -> None:
    """Otherwise refreshes would fail after an update until the next run."""
    accounts(tmp_path, ("1", "A", "yes"))
    landed = list(land("crm", tmp_path / "crm", tmp_path).values())
    write_record(tmp_path / "landed.json", landed)
    document = json.loads((tmp_path / "landed.json").read_text())
    for table in document:
        for name in ("lacking", "merged_from", "without"):
            del table[name]
        for reading in table["readings"]:
            for name in ("unread_sheets", "merged_cells", "columns_apart", "headers_without_cells", "swapped_days"):
                del reading[name]
    (tmp_path / "landed.json").write_text(json.dumps(document))
    assert read_record(tmp_path / "landed.json") == landed


def test_a_damaged_landed_file_is_reported_to_later_steps(tmp_path: Path) -> None:
    accounts(tmp_path, ("1", "A", "yes"))
    workspace = Workspace(tmp_path / "state")
    for source in SOURCES:
        location = str(tmp_path / "crm") if source == "crm" else None
        write_record(workspace.landed(source), ingest_source(source, location, Landing(workspace.landing), Silence()))
    (part,) = next(table for table in landed_tables(workspace) if table.is_configured).parts
    turn_a_bit(part)
    with pytest.raises(WarehouseError, match=r"the landed table crm\.accounts is missing or damaged"):
        landed_tables(workspace)


@pytest.mark.parametrize("content", [None, "", "[1]", '[{"source": "crm", "name": "nothing"}]'])
def test_a_damaged_record_is_an_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "landed.json").write_text(content)
    with pytest.raises(WarehouseError, match="missing or damaged"):
        read_record(tmp_path / "landed.json")


def test_spilled_data_has_its_own_folder_which_is_removed_afterwards(tmp_path: Path) -> None:
    zone = Landing(tmp_path / "landing", memory_limit="64MiB")
    with connect(zone) as one, connect(zone) as other:
        for connection in (one, other):
            connection.execute("create temp table big as select range, md5(range::varchar) as text from range(1500000)")
        assert len(list((tmp_path / "landing" / "spill").iterdir())) == 2
        assert one.sql("select count(distinct text) from big").fetchall() == [(1_500_000,)]
    assert list((tmp_path / "landing" / "spill").iterdir()) == []
