"""Rebuilds a published drop without forgotten people: its files, changes, page and manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.contracts.changes import CHANGED_COLUMNS
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.read_contracts import contract_from_dict
from pipeline.drops.csv_file import SAFE_SUFFIX, read_csv, write_csv, write_safe_csv
from pipeline.drops.encrypted_files import fetch_file
from pipeline.drops.manifest import ENCRYPTED, with_hashes
from pipeline.drops.parquet_file import write_parquet
from pipeline.drops.stage import CHECKSUMS, StagedDrop
from pipeline.drops.xlsx_file import write_xlsx
from pipeline.state.forgotten import Entry, Forgotten
from pipeline.state.forgotten_rows import forget_rows
from pipeline.storage.place import Place

FORGOT: Final = "forgot"
_WRITERS: Final = {"csv": write_csv, "parquet": write_parquet, SAFE_SUFFIX: write_safe_csv, "xlsx": write_xlsx}
_QUOTING: Final = ("guards", "accepted", "checks")
"""Parts of a manifest that may quote data."""


@dataclass(frozen=True)
class RemadeDrop:
    """A staged drop that replaces the one named in its manifest. `files` are those that have changed."""

    staged: StagedDrop
    manifest: dict[str, Any]
    files: tuple[str, ...]


def forgets(manifest: Mapping[str, Any], entry: Entry) -> str | None:
    """Return the name of the drop that this one replaced for a forgotten person, by its manifest, or None."""
    return next((str(one["was"]) for one in manifest.get(FORGOT, ()) if one["entry"] == entry.entry), None)


def remake_drop(
    drop: Place,
    manifest: Mapping[str, Any],
    folder: Path,
    register: Forgotten,
    entry: Entry,
    renamed: Mapping[str, str],
    *,
    in_any_case: bool,
) -> RemadeDrop | None:
    """Stage a drop in the new `folder` without the people of the register; None if it names none of them.

    `renamed` has the new names of rebuilt drops, to which the changes may refer. With `in_any_case` the drop is rebuilt
    even if it names nobody, to refer to the new names.
    """
    fetch_drop(drop, manifest, folder)
    organization_id = int(manifest["organization_id"])
    changed = [*_remake_exports(folder, manifest, register, organization_id)]
    changed += _remake_changes(folder, manifest, register, organization_id)
    changed += _remake_page(folder, manifest, register, organization_id)
    if not changed and not in_any_case:
        shutil.rmtree(folder)
        return None
    new = _described(folder, manifest, register, organization_id)
    if changes := new.get("changes"):
        new["changes"] = {**changes, "against": renamed.get(changes["against"], changes["against"])}
    new[FORGOT] = [*manifest.get(FORGOT, ()), {"entry": entry.entry, "day": entry.day, "was": drop.name}]
    listed = [
        *_by_name(new["files"]),
        *_by_name(new.get("cuts", ())),
        *_by_name((new.get("changes") or {}).get("files", ())),
    ]
    listed += [new["page"]] if new.get("page") else []
    (folder / CHECKSUMS).write_text("".join(f"{file['sha256']}  {file['name']}\n" for file in listed))
    return RemadeDrop(StagedDrop(organization_id, folder, ()), with_hashes(new), tuple(sorted(changed)))


def fetch_drop(drop: Place, manifest: Mapping[str, Any], folder: Path) -> None:
    """Copy a drop's files, except its manifest, into a new local folder."""
    changes = (manifest.get("changes") or {}).get("files", ())
    page = [manifest["page"]] if manifest.get("page") else []
    for file in (*manifest["files"], *manifest.get("cuts", ()), *changes, *page):
        path = folder / file["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        fetch_file(drop, manifest, file["name"], path)
        if path.stat().st_size != file["bytes"]:
            raise WarehouseError(
                f"has {path.stat().st_size:,} bytes, and was published with {file['bytes']:,}",
                where=f"{drop.address}/{file['name']}",
                remedy="move the damaged drop away, and run the command again: its contents can't be trusted",
            )


def _remake_exports(
    folder: Path, manifest: Mapping[str, Any], register: Forgotten, organization_id: int
) -> Iterator[str]:
    """Rewrite every form of the exports and cuts whose rows change; yield the names of the files."""
    listed = [*manifest["files"], *manifest.get("cuts", ())]
    for file in (file for file in listed if file["name"].endswith(".parquet")):
        contract = contract_from_dict(file)
        rows = pq.ParquetFile(folder / file["name"]).read()
        new = _in_order(forget_rows(register, file.get("of", file["export"]), rows, organization_id), rows, contract)
        if new is not rows:
            for form in (form for form in listed if form["export"] == file["export"]):
                _WRITERS[form["name"].partition(".")[2]](new, folder / form["name"])
                yield form["name"]


def _remake_changes(
    folder: Path, manifest: Mapping[str, Any], register: Forgotten, organization_id: int
) -> Iterator[str]:
    """Rewrite the lists of added, changed and removed rows that change; yield the names of the files."""
    contracts = {file["export"]: contract_from_dict(file) for file in manifest["files"]}
    changes = manifest.get("changes") or {}
    for file in changes.get("files", ()):
        export, _, form = file["name"].removeprefix("changes/").partition(".")
        path = folder / file["name"]
        if form in ("parquet", "xlsx"):
            continue
        contract = contracts.get(export) or contract_from_dict(changes["contract"])
        if form == "changed.csv":
            contract = replace(contract, columns=(*contract.columns, ContractColumn(CHANGED_COLUMNS, "text")))
        rows = read_csv(path, contract)
        if isinstance(rows, str):
            raise WarehouseError(rows, where=str(path), remedy="move the damaged drop away, and run the command again")
        new = _in_order(forget_rows(register, export, rows, organization_id), rows, contract)
        if new is not rows:
            names = [one["name"] for one in changes["files"] if one["name"].partition(".")[0] == f"changes/{export}"]
            for name in names if form == "csv" else [file["name"]]:
                _WRITERS[name.rpartition(".")[2]](new, folder / name)
                yield name


def _in_order(new: pa.Table, rows: pa.Table, contract: ExportContract) -> pa.Table:
    """Sort changed rows by their key, because their ids may have changed."""
    if new is rows or not set(contract.primary_key) <= set(new.column_names):
        return new
    return new.sort_by([(name, "ascending") for name in contract.primary_key])


def _remake_page(folder: Path, manifest: Mapping[str, Any], register: Forgotten, organization_id: int) -> Iterator[str]:
    if page := manifest.get("page"):
        path = folder / page["name"]
        before = path.read_text(encoding="utf-8")
        if (after := register.of(organization_id).without(before)) != before:
            path.write_text(after, encoding="utf-8")
            yield page["name"]


def _described(folder: Path, manifest: Mapping[str, Any], register: Forgotten, organization_id: int) -> dict[str, Any]:
    """Return the manifest with the current sizes and hashes, and with its quoted texts without the people."""
    own = register.of(organization_id)
    # the new drop is encrypted anew
    new = {name: value for name, value in manifest.items() if name != ENCRYPTED}
    for name in (name for name in ("files", "cuts") if name in new):
        new[name] = [_measured(folder, file) for file in new[name]]
    if new.get("changes"):
        new["changes"] = {**new["changes"], "files": [_measured(folder, file) for file in new["changes"]["files"]]}
    if new.get("page"):
        new["page"] = _measured(folder, new["page"])
    for part in _QUOTING:
        new[part] = json.loads(own.without(json.dumps(new[part], ensure_ascii=False)))
    return new


def _measured(folder: Path, file: Mapping[str, Any]) -> dict[str, Any]:
    content = (folder / file["name"]).read_bytes()
    return {**file, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _by_name(files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(files, key=lambda file: str(file["name"]))
