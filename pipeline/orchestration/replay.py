"""`warehouse replay`: rebuilds a drop from the landing zone and compares it byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.common.progress import Progress
from pipeline.contracts.cuts import described_cuts
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.needed_nodes import needed_nodes
from pipeline.dbt.runner import DbtContext, parsed_project, project_fingerprint
from pipeline.dbt.worker import open_dbt
from pipeline.drops.catalog import read_manifest
from pipeline.drops.find_drop import find_drop
from pipeline.drops.personal_data import PersonalData
from pipeline.drops.stage import stage_drops
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.engines.raw_tables import relations
from pipeline.orchestration.origins import Origin, Origins
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace


@dataclass(frozen=True)
class Replayed:
    """The result of a replay: `differing` has a line for each file that differs."""

    drop: str
    files: int
    differing: tuple[str, ...]
    is_same_program: bool

    @property
    def lines(self) -> list[str]:
        """The result for a person to read."""
        if not self.differing:
            return [f"{self.drop}: the same to the byte, {plural(self.files, 'file')}"]
        why = "" if self.is_same_program else " (the models have changed since)"
        return [f"{self.drop}: not the same{why}", *self.differing]


def replay(settings: Settings, name: str, progress: Progress) -> Replayed:
    """Rebuild a drop in a temporary folder; nothing published changes.

    The embedded engine computes it, whichever engine computed the drop. WarehouseError if something that it was made
    from is missing.
    """
    workspace = Workspace(settings.state)
    drop = find_drop(name, settings)
    manifest = read_manifest(drop)
    assert manifest is not None  # find_drop saw it
    if manifest.get("series"):
        raise WarehouseError(
            "was published by a refresh, which can't be replayed", where=drop.address, remedy="replay a run's drop"
        )
    origin = Origins(workspace).of(int(manifest["organization_id"]), drop.name)
    _require_whole(origin)
    with TemporaryDirectory(prefix="replay-", dir=workspace.state) as scratch:
        staged = _staged(settings, Workspace(Path(scratch)), origin, manifest, progress)
        differing = tuple(_differing(staged, manifest))
    is_same_program = origin.program == project_fingerprint("duckdb")
    return Replayed(drop.address, len(manifest["files"]) + len(manifest.get("cuts", ())), differing, is_same_program)


def _require_whole(origin: Origin) -> None:
    """Raise WarehouseError if a file that the drop was made from is gone."""
    files = [path for table in origin.landed() for path in (*table.parts, *table.rejects)]
    gone = [path for path in (*files, *origin.duplicates, *origin.metrics) if not path.exists()]
    if gone:
        raise WarehouseError(
            f"{plural(len(gone), 'file')} that the drop was made from {'is' if len(gone) == 1 else 'are'} missing",
            where=str(gone[0]),
            remedy="restore the state folder from a backup; a drop can't be rebuilt without them",
        )


def _staged(settings: Settings, own: Workspace, origin: Origin, manifest: dict[str, Any], progress: Progress) -> Path:
    """Build the models from the landed tables, and write the organization's files; return their folder."""
    project = parsed_project("duckdb", spare=own.dbt_target).manifest
    exports = {file["export"] for file in manifest["files"]}
    contracts = [contract for contract in contracts_from_manifest(project) if contract.name in exports]
    with closing(DuckDBEngine(settings.model_copy(update={"state": own.state}))) as engine:
        with progress.step("load", "tables") as step:
            tables = relations(own.run_tables, origin.landed(), origin.duplicates, origin.metrics)
            engine.load(tables)
            step.summary = plural(len(tables), "table")
        with (
            progress.step("dbt", "nodes") as step,
            engine.dbt_session() as environment,
            open_dbt("duckdb", own.dbt_target) as dbt,
        ):
            names = needed_nodes(project, exports)
            arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "empty"]
            context = DbtContext("duckdb", own.dbt_target, environment, origin.plan.dbt_variables)
            nodes = list(dbt.run([*arguments, "--select", *names], context, lambda _: None))
            step.summary = plural(len(nodes), "node")
        if failed := [f"{node.name}: {node.message or node.status}" for node in nodes if not node.ok]:
            raise WarehouseError(
                "dbt could not rebuild the drop:\n  " + "\n  ".join(failed),
                remedy="use the version of the program that published it, or fix the models named above",
            )
        with progress.step("stage", "exports") as step:
            organization_id = int(manifest["organization_id"])
            suffixes = {file["name"].partition(".")[2] for file in manifest["files"]}
            folder = own.state / "drop"
            (staged,) = stage_drops(
                engine,
                contracts,
                {organization_id: folder},
                origin.plan.crm_organization_id,
                csv_safe="safe.csv" in suffixes,
                xlsx="xlsx" in suffixes,
                cuts=described_cuts(manifest, contracts),
                personal_data=PersonalData.of_drop(manifest, settings),
            )
            step.summary = plural(len(staged.files) + len(staged.cuts), "file")
    return folder


def _differing(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each file of the drop that differs."""
    for file in (*manifest["files"], *manifest.get("cuts", ())):
        path = folder / file["name"]
        if not path.exists():
            yield f"{file['name']}: is no longer written"
            continue
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != file["sha256"]:
            yield f"{file['name']}: sha256 is {digest[:8]}… now, and was {file['sha256'][:8]}…"
