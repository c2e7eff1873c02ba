"""`warehouse forget`: removes a person from everything that the warehouse keeps, and from every later run.

It first adds the person to the register, so that later reads of the sources leave the person out. Then it rewrites
everything in which the register recognises the person. If it is interrupted, running it again completes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import NOTIFICATIONS, drops_folder_of, organizations_in, published_drops, read_manifest
from pipeline.drops.destination import open_destination
from pipeline.drops.encrypted_files import fetch_file, open_exports
from pipeline.engines import WrittenMart, remove_build, replace_marts, rewrite_marts
from pipeline.ingest.landing.rewritten import rewrite_landing
from pipeline.orchestration.forgetting.certificate import Certificate, write_certificate
from pipeline.orchestration.forgetting.forgotten_drops import RemadeDrops, forget_in_drops_folder, forget_in_reports
from pipeline.orchestration.forgetting.forgotten_files import forget_in_files, forget_in_tables
from pipeline.orchestration.forgetting.known_person import LISTS_OF_PEOPLE, find_person
from pipeline.orchestration.run_timeline import written_timeline
from pipeline.run_plan import decide
from pipeline.settings import Settings
from pipeline.state.forgotten import Entry, Forgotten, Role
from pipeline.state.forgotten_file import FOLDER, open_forgotten, write_forgotten
from pipeline.state.forgotten_rows import forget_rows
from pipeline.state.run_history import run_history, run_history_contract
from pipeline.state.runs import RunRecords
from pipeline.state.workspace import Workspace
from pipeline.storage.place import Place
from pipeline.timeline.timeline import Timeline


def forget(
    settings: Settings, role: Role, wanted: str, organization_id: int | None, say: Callable[[str], None]
) -> Certificate:
    """Forget the stakeholder or user with this id or e-mail address; return what was done.

    It holds the locks of runs meanwhile. WarehouseError if nobody has the id or address, or if people of several
    organizations have the id.
    """
    workspace = Workspace(settings.state)
    states = [workspace, *([workspace.refresh] if (settings.state / "refresh").exists() else [])]
    with ExitStack() as turns:
        for state in states:
            turns.enter_context(state.turn(say))
        for series in ("", NOTIFICATIONS):
            turns.enter_context(open_destination(settings, workspace, series).turn())
        crm = int(decide(settings.var)["crm_organization_id"])
        place = open_exports(settings)
        known = find_person(role, wanted, organization_id, workspace.landing, _people_of(place), crm)
        register = open_forgotten(settings.state, crm)
        if not known.organizations and register.find(known) is None:
            raise WarehouseError(
                f"no {role} is known by that, neither in the landing zone nor in a retained drop",
                where=f"--{role}",
                remedy="check the spelling, --exports and --state; people in the sources are known after a run",
            )
        register, entry = register.with_person(known, datetime.now(UTC).date().isoformat())
        write_forgotten(settings.state, register)
        certificate = _Forgetting(settings, states, place, register, entry).done()
        write_forgotten(settings.state, register.with_entry(replace(entry, is_complete=True)))
        write_certificate(settings.state / FOLDER, certificate)
    return certificate


def _people_of(place: Place) -> Iterator[tuple[int, str, pa.Table]]:
    """Read the exports of retained drops that list people."""
    for organization_id in organizations_in(place):
        drops_folder = drops_folder_of(place, organization_id)
        for drop in published_drops(drops_folder):
            manifest = read_manifest(drops_folder.child(drop.name)) or {"files": ()}
            for file in manifest["files"]:
                if file["name"] in {f"{export}.parquet" for export in LISTS_OF_PEOPLE}:
                    with TemporaryDirectory(prefix="people-") as scratch:
                        path = Path(scratch) / file["name"]
                        fetch_file(drops_folder.child(drop.name), manifest, file["name"], path)
                        yield organization_id, file["export"], pq.ParquetFile(path).read()


@dataclass
class _Forgetting:
    """The forgetting of one person: in drops, the landing zone, the state folders' files and the marts."""

    settings: Settings
    states: list[Workspace]
    place: Place
    register: Forgotten
    entry: Entry
    renamed: dict[str, str] = field(default_factory=dict)

    def done(self) -> Certificate:
        """Do all of it, skipping what is done already."""
        drops_folders = list(self._drops())
        landed = sum(
            rewrite_landing(
                state.landing,
                [*state.state.glob("landed-*.json"), *state.origins.glob("*/landed-*.json")],
                self.register,
                state.state / "rewritten.json",
            )
            for state in self.states
        )
        files = sum(
            forget_in_files(state.state, self.register, self.renamed) + forget_in_tables(state.state, self.register)
            for state in self.states
        )
        self._refill_timeline()
        marts = self._marts()
        for state in self.states:
            target = self.settings.target if state is self.states[0] else "duckdb"
            remove_build(self.settings.model_copy(update={"state": state.state, "target": target}))
            state.built.unlink(missing_ok=True)
            state.last_run.unlink(missing_ok=True)
        return Certificate(self.entry, tuple(drops_folders), landed, files, tuple(marts), self.settings.target)

    def _drops(self) -> Iterator[RemadeDrops]:
        for organization_id in organizations_in(self.place):
            for series in ("", NOTIFICATIONS):
                destination = open_destination(self.settings, self.states[0], series)
                destination.clear_staging()
                log = None if series else self.states[0].publications
                remade = forget_in_drops_folder(destination, organization_id, series, self.register, self.entry, log)
                self.renamed |= {one.was: one.name for one in remade.drops}
                yield remade
            forget_in_reports(
                drops_folder_of(self.place, organization_id), organization_id, self.register, self.renamed
            )

    def _refill_timeline(self) -> None:
        """Replace the timeline's records of drops that have new names."""
        timeline = Timeline(self.states[0].timeline)
        for organization_id in timeline.organizations():
            for was in self.renamed:
                timeline.remove(organization_id, was)
            timeline.fill(self.place, organization_id)

    def _marts(self) -> list[str]:
        """Rewrite the marts that people query."""

        def change(name: str, rows: pa.Table) -> pa.Table:
            return forget_rows(self.register, name, rows)

        workspace = self.states[0]
        with workspace.marts_turn():
            changed = rewrite_marts(self.settings, change)
            records = RunRecords(workspace.runs).newest_first()
            history: Any = WrittenMart(run_history_contract(), run_history(records))
            replace_marts(self.settings, [history, *written_timeline(workspace, self.place, {}, is_rewritten=True)])
        return changed
