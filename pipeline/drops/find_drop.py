"""Finds the drop that an argument names: a folder, a URL, or, among the exports, `latest`, `1/latest`, `1/previous`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import contract_from_dict
from pipeline.drops.catalog import (
    LATEST,
    POINTER,
    drop_before,
    latest_name,
    organization_place,
    organizations_in,
    read_manifest,
)
from pipeline.drops.encrypted_files import encryption_keys, open_exports, readable_file
from pipeline.drops.parquet_file import write_parquet
from pipeline.drops.personal_data import PersonalData
from pipeline.guards.drop_figures import DropFiles
from pipeline.settings import Settings
from pipeline.storage.place import Place, open_place

PREVIOUS: Final = "previous"
_AMONG_EXPORTS: Final = re.compile(r"(?:(?P<organization>\d+)/)?(?P<drop>latest|previous|\d{8}T\d{6}Z-[0-9a-f]{8})/?")
"""`latest`, `1/latest`, `2/previous`, `1/20250115T000000Z-0a1b2c3d`."""


@dataclass(frozen=True)
class OpenDrop:
    """A published drop with its Parquet files on this machine, and the contracts that it was published under."""

    place: Place
    manifest: dict[str, Any]
    files: DropFiles
    incomparable: frozenset[str] = frozenset()
    """Exports whose personal columns can't be compared with the new drop's."""
    treatment_changed: frozenset[str] = frozenset()
    """Exports whose personal columns were treated differently when this drop was published."""

    @property
    def organization_id(self) -> int:
        """The organization of the drop."""
        return int(self.manifest["organization_id"])

    @property
    def contracts(self) -> dict[str, ExportContract]:
        """The contract of each export."""
        described = (file for file in self.manifest["files"] if file["name"].endswith(".parquet"))
        return {file["export"]: contract_from_dict(file) for file in described}


def place_of_drop(name: str, settings: Settings) -> Place:
    """Return the folder or URL that an argument names, whether a complete drop is there or not.

    Drops among the exports have short names (WarehouseError if there is no such drop); anything else is a folder or a
    URL.
    """
    found = _AMONG_EXPORTS.fullmatch(name)
    if found is not None and not Path(name).is_dir():
        return _among_exports(name, found["organization"], found["drop"], open_exports(settings))
    return open_place(name, encryption_keys(settings))


def find_drop(name: str, settings: Settings) -> Place:
    """Find the drop that an argument names, resolving `latest`; WarehouseError if there is none."""
    place = place_of_drop(name, settings)
    if place.is_local and (folder := Path(place.root)).is_symlink():
        place = open_place(str(folder.resolve()), place.keys)
    elif place.name in (LATEST, POINTER):
        pointed = latest_name(place.parent())
        place = place if pointed is None else place.parent().child(pointed)
    if read_manifest(place) is None:
        raise WarehouseError(
            "there is no published drop here",
            where=place.address,
            remedy="name a drop's folder or URL, or 1/latest, 1/previous",
        )
    return place


def _among_exports(name: str, organization: str | None, drop: str, exports: Place) -> Place:
    known = organizations_in(exports)
    if organization is None and len(known) != 1:
        listed = ", ".join(f"{one}/{drop}" for one in known) or "none"
        raise WarehouseError(
            f"{len(known)} organizations have drops in {exports.address}", where=name, remedy=f"name one of: {listed}"
        )
    organization_id = known[0] if organization is None else int(organization)
    place = organization_place(exports, organization_id)
    latest = latest_name(place)
    wanted = latest if drop in (LATEST, PREVIOUS) else drop
    found = None if wanted is None else place.child(wanted)
    if drop == PREVIOUS and found is not None:
        found = drop_before(exports, organization_id, _as_of(read_manifest(found), found))
    if found is None or not found.entries():
        raise WarehouseError(
            f"organization {organization_id} has no such drop in {exports.address}",
            where=name,
            remedy="see which drops there are with `warehouse runs`",
        )
    return found


def _as_of(manifest: dict[str, Any] | None, place: Place) -> datetime:
    if manifest is None:
        raise WarehouseError("its manifest is missing or damaged", where=place.address)
    return datetime.fromisoformat(manifest["as_of"])


@contextmanager
def open_drop(place: Place) -> Iterator[OpenDrop]:
    """Open a drop's Parquet files: in place or, on a server, as temporary copies.

    WarehouseError if they are encrypted for others only.
    """
    manifest = read_manifest(place)
    as_of = _as_of(manifest, place)
    assert manifest is not None
    names = [file["name"] for file in manifest["files"] if file["name"].endswith(".parquet")]
    with TemporaryDirectory(prefix="drop-") as scratch:
        files = {Path(name).stem: readable_file(place, manifest, name, Path(scratch)) for name in names}
        yield OpenDrop(place, manifest, DropFiles(files, as_of, int(manifest["settings"]["selected_year"])))


@contextmanager
def treated_alike(
    drop: OpenDrop, personal_data: PersonalData, contracts: Sequence[ExportContract]
) -> Iterator[OpenDrop]:
    """Yield a drop with its personal columns treated as `personal_data` says.

    So nothing made from the earlier drop reveals more about a person than the setting allows, and a change of the
    setting does not look like changed rows. For the exports `incomparable` this is impossible: the earlier drop lacks
    the personal values.
    """
    treat, incomparable = personal_data.compared_with(drop.manifest)
    with TemporaryDirectory(prefix="alike-") as scratch:
        files = dict(drop.files.parquet)
        for contract in contracts:
            if contract.name in treat.treatments and (path := files.get(contract.name)) is not None:
                rows = treat.treated(pq.ParquetFile(path).read(), contract, drop.organization_id)
                files[contract.name] = Path(scratch) / path.name
                write_parquet(rows, files[contract.name])
        treatment_changed = incomparable | treat.treatments.keys()
        yield replace(
            drop,
            files=replace(drop.files, parquet=files),
            incomparable=incomparable,
            treatment_changed=treatment_changed,
        )
