"""`warehouse forget`: no remaining file has the person's name, address or id in any form, nor does a later run."""

from __future__ import annotations

import csv
import json
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.common.progress import Progress
from pipeline.drops.verify import verify_drop
from pipeline.orchestration.replay import replay
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from tests.orchestration.runs import Listener
from tests.orchestration.warehouse import Warehouse

WAS, PERSON = 5001, 918273645
TRACES = (b"zelda", b"quartzman", b"quixotic", str(PERSON).encode())
pytestmark = pytest.mark.slow


def sources_with_zelda(folder: Path) -> Path:
    """Copy the sample with another id and name for a stakeholder, whom texts and a CRM contact name."""
    shutil.copytree(PROJECT_ROOT / "sample", folder)
    address = "zelda.quartz@quixotic.example"
    for table, column in (("stakeholder", ""), ("note", "body"), ("ai_summary", "summary")):
        for row in edited(folder / "platform" / f"{table}.csv"):
            if row["organization_id"] == "1" and column:
                row[column] = f"Zelda Quartzman, {address}, called: {row[column]}"
            elif row["organization_id"] == "1" and row["id"] == str(WAS):
                row |= {"id": str(PERSON), "email": "Zelda.Quartz@Quixotic.example", "name": "Zelda Quartzman"}
    for number, row in enumerate(edited(folder / "crm" / "contacts.csv")):
        if number == 0:
            row |= {"first_name": "Zelda", "last_name": "Quartzman", "email_1": address}
    for path in (folder / "platform").glob("*.parquet"):
        rows = pq.read_table(path)
        for name in {"stakeholder_id", "requester_id"} & set(rows.column_names):
            is_hers = pc.and_(pc.equal(rows["organization_id"], 1), pc.equal(rows[name], WAS))
            ids = pc.if_else(pc.fill_null(is_hers, False), pa.scalar(PERSON, rows[name].type), rows[name])
            place = rows.schema.get_field_index(name)
            pq.write_table(rows.set_column(place, rows.schema.field(place), ids), path)
    return folder


def edited(path: Path) -> Iterator[dict[str, str]]:
    """Yield each row of a CSV file for changes, then write them."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    yield from rows
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def traces(folder: Path) -> list[tuple[str, bytes]]:
    """Search every byte of every file, including the unpacked contents of Parquet files, databases and workbooks."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        for content in unpacked(path):
            found += [(str(path.relative_to(folder)), trace) for trace in TRACES if trace in content.lower()]
            if struct.pack("<q", PERSON) in content:
                found.append((str(path.relative_to(folder)), b"the id, packed"))
    return found


def unpacked(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        rows = pq.ParquetFile(path).read()
        yield "\n".join(str(value) for column in rows.columns for value in column.to_pylist()).encode()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as database:
            for schema, table in database.sql(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall():
                yield str(database.sql(f'from "{schema}"."{table}"').fetchall()).encode()
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name) for name in book.namelist())


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sources_with_zelda(tmp_path_factory.mktemp("zelda") / "sources")


@pytest.fixture(scope="module")
def forgotten(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Two weeks with all forms of a drop, after which the person is forgotten."""
    warehouse = Warehouse(tmp_path_factory.mktemp("forgotten"))
    for as_of in ("2025-01-15T00:00:00Z", "2025-01-22T00:00:00Z"):
        ended = warehouse.run(sources, as_of, "--csv-safe", "--xlsx", "--cuts")
        assert ended.returncode == 0, ended.stderr
    assert len({path for path, _ in traces(warehouse.folder)}) > 30
    where = ["--exports", str(warehouse.folder / "exports"), "--state", str(warehouse.folder / "state")]
    command = [sys.executable, "-m", "pipeline.cli", "forget", "--stakeholder", "zelda.quartz@quixotic.example", *where]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return warehouse


def test_no_remaining_byte_names_the_person(forgotten: Warehouse) -> None:
    assert traces(forgotten.folder) == []


def test_every_drop_verifies_and_keeps_its_rows(forgotten: Warehouse) -> None:
    drops = sorted((forgotten.folder / "exports" / "1").glob("2025*"))
    assert [verify_drop(str(drop)) for drop in drops] == [[], []]
    for drop in drops:
        ids = pq.read_table(drop / "stakeholder_fact.parquet", columns=["stakeholder_id"])["stakeholder_id"].to_pylist()
        assert len(ids) == len(set(ids)) == 362


@pytest.mark.parametrize("drop", ["1/latest", "1/previous"])
def test_a_remade_drop_equals_the_models_output_without_the_person(forgotten: Warehouse, drop: str) -> None:
    settings = Settings(exports=str(forgotten.folder / "exports"), state=forgotten.folder / "state")
    assert replay(settings, drop, Progress(Listener())).differing == ()


def test_the_certificate_describes_the_removal_without_naming_the_person(forgotten: Warehouse) -> None:
    folder = forgotten.folder / "state" / "forgotten"
    (path,) = (path for path in folder.glob("*.json") if path.stem != "register")
    certificate = json.loads(path.read_text())
    assert [drop["organization_id"] for drop in certificate["drops"]] == [1, 1]
    assert "stakeholder_fact" in certificate["published_marts"] and certificate["landed_files"] > 5
    assert any("copies that others took" in text for text in certificate["not_reached"])


def test_a_later_run_leaves_out_the_person_that_sources_still_name(forgotten: Warehouse, sources: Path) -> None:
    ended = forgotten.run(sources, "2025-01-29T00:00:00Z")
    assert ended.returncode == 0, ended.stderr
    assert traces(forgotten.folder) == []
    changes = {file["name"]: file["rows"] for file in forgotten.manifest(1)["changes"]["files"]}
    assert changes["changes/stakeholder_fact.added.csv"] == changes["changes/stakeholder_fact.removed.csv"] == 0
