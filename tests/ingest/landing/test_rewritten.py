"""Rewriting the landing zone without a forgotten person: after a kill, the next forgetting completes it."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.record import landed_tables, read_record, write_record
from pipeline.ingest.landing.rewritten import rewrite_landing
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.state.forgotten import Forgotten, Known
from pipeline.state.forgotten_file import open_forgotten, write_forgotten
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import clear_drafts
from tests.drops.sudden_death import dies_at
from tests.ingest.ingest_harness import Silence, rows, write_csv

ZELDA = (918273645, "zelda@elm.example", "Zelda Quartz")
BO = (918273646, "bo@elm.example", "Bo Jasper")
RECORDS = ("landed-platform.json", "origins/landed-platform.json")


class State:
    """A state folder with a landed platform whose stakeholders, notes and rejects name two people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.landing = folder / "landing"
        self.records = [folder / name for name in RECORDS]

    def read(self, sources: Path, register: Forgotten) -> None:
        """Read the sources as a run does, and record the landing; a kept drop was made from it."""
        landed = ingest_source("platform", str(sources), Landing(self.landing, forgotten=register), Silence())
        for table in (table for table in landed if not table.is_configured):
            shutil.rmtree(table.parts[0].parent)
        for record in self.records:
            record.parent.mkdir(exist_ok=True)
            write_record(record, [table for table in landed if table.is_configured])

    def register(self, *people: tuple[int, str, str]) -> Forgotten:
        """Register people, whose forgetting has begun."""
        register = open_forgotten(self.folder, 1)
        for one, email, name in people:
            ids = frozenset({("stakeholder", 1, one)})
            known = Known(ids, frozenset({email}), frozenset({name}), frozenset({1}))  # type: ignore[arg-type]
            register, _ = register.with_person(known, "2025-01-15")
        write_forgotten(self.folder, register)
        return register

    def rewrite(self, register: Forgotten) -> int:
        """Rewrite the landing zone, as `warehouse forget` does."""
        return rewrite_landing(self.landing, self.records, register, self.folder / "rewritten.json")

    def names(self, person: tuple[int, str, str]) -> bool:
        """Return whether any file of the landing zone, hidden ones included, names a person."""
        files = [path for path in self.landing.rglob("*") if path.suffix in (".parquet", ".data")]
        texts = [str(pq.ParquetFile(path).read().to_pylist()) for path in files]
        return any(str(trace) in text for trace in person for text in texts)

    def require_whole(self) -> None:
        """Check that every record describes the existing files."""
        assert [path for record in self.records for table in read_record(record) for path in table.damaged()] == []

    def contents(self) -> dict[str, bytes]:
        """Read all files but the register's, for comparing two state folders."""
        place = str(self.folder).encode()
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.parent.name != "forgotten"]
        return {str(path.relative_to(self.folder)): path.read_bytes().replace(place, b"") for path in files}

    def copied_to(self, folder: Path) -> State:
        """Copy the state folder."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        for name in RECORDS:
            (folder / name).write_text((self.folder / name).read_text().replace(str(self.folder), str(folder)))
        return State(folder)


def die_while_rewriting(state: Path, register: Forgotten, into: Path, step: int) -> int:
    """Kill the rewriting of state folder copies before each `step`-th file operation; return the number of copies."""
    copies, died = 0, True
    while died:
        here = State(state).copied_to(into / str(copies))
        died = dies_at(1 + copies * step, here.folder, partial(here.rewrite, register))
        clear_drafts(here.folder)  # as the next run does
        copies += 1
    return copies


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources") / "platform"
    people = [(1, 5, *ZELDA, "false"), (1, 5, *BO, "Zelda Quartz said no")]
    columns = ["organization_id", "customer_id", "id", "email", "name", "muted"]
    write_csv(folder / "stakeholder.csv", columns, people)
    notes = [(1, 5, 7, "2024-01-01", "Zelda Quartz called"), (1, 5, 8, "2024-01-02", "Bo Jasper wrote")]
    write_csv(folder / "note.csv", ["organization_id", "customer_id", "id", "created_at", "body"], notes)
    return folder


@pytest.fixture
def state(tmp_path: Path, sources: Path) -> State:
    state = State(tmp_path / "state")
    state.read(sources, open_forgotten(state.folder, 1))
    return state


def killed(state: State, register: Forgotten, into: Path, step: int) -> list[State]:
    """Return copies of the state folder in which the rewriting was killed, in the last one after its end.

    They are forked from a fresh process, in which Arrow has no threads yet that a fork would lose.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        copies = alone.submit(die_while_rewriting, state.folder, register, into, step).result(timeout=300)
    return [State(into / str(number)) for number in range(copies)]


def test_nothing_names_the_person_and_the_records_describe_the_files(state: State) -> None:
    assert state.names(ZELDA) and state.names(BO)
    assert state.rewrite(state.register(ZELDA)) == 3
    assert state.names(BO) and not state.names(ZELDA)
    state.require_whole()
    tables = {table.table.name: table for table in read_record(state.records[0])}
    assert [row["name"] for row in rows(tables["stakeholder"])] == [None, "Bo Jasper"]


@pytest.mark.parametrize("step", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_a_forgetting_killed_anywhere_is_completed_by_the_next_one(state: State, tmp_path: Path, step: int) -> None:
    register = state.register(ZELDA)
    undisturbed, another = state.copied_to(tmp_path / "undisturbed"), state.register(BO)
    undisturbed.rewrite(register)
    copies = killed(state, register, tmp_path, step)
    assert len(copies) > 60 // step, "the rewriting was killed in too few places"
    for here in copies:
        apart = here.copied_to(tmp_path / "apart")
        here.rewrite(register)
        assert here.contents() == undisturbed.contents()
        apart.rewrite(another)
        apart.require_whole()
        assert not apart.names(ZELDA) and not apart.names(BO)


def test_remains_of_a_killed_run_about_the_person_are_removed_too(state: State) -> None:
    (part,) = (state.landing / "platform__stakeholder").glob("*[!s].parquet")
    shutil.copy(part, part.with_name(".999999-0-0.data"))
    state.rewrite(state.register(ZELDA))
    assert not state.names(ZELDA)


def test_earlier_landings_are_not_used_until_a_forgetting_is_complete(state: State, sources: Path) -> None:
    workspace, platform = Workspace(state.folder), ("platform",)
    assert landed_tables(workspace, platform)
    register = state.register(ZELDA)
    with pytest.raises(WarehouseError, match="may contain a person whose forgetting was interrupted"):
        landed_tables(workspace, platform)
    state.read(sources, register)  # as a complete run does, without the person
    assert landed_tables(workspace, platform)
    register = state.register(BO)
    with pytest.raises(WarehouseError, match="may contain a person whose forgetting was interrupted"):
        landed_tables(workspace, platform)
    write_forgotten(state.folder, register.with_entry(replace(register.entries[-1], is_complete=True)))
    assert landed_tables(workspace, platform)
