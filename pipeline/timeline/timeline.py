"""The stored records of drops in a state folder, and the records that are made from retained drops."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pipeline.drops.catalog import drop_folders, is_drop_name, latest_name, organization_place, read_manifest
from pipeline.drops.encrypted_files import fetch_file, is_encrypted
from pipeline.drops.manifest import drop_name
from pipeline.drops.write_changes import ACCOUNT_CHANGES, CHANGES
from pipeline.storage.place import Place
from pipeline.timeline.published_line import Instant, published_line
from pipeline.timeline.read_records import Drop, read_record, read_records
from pipeline.timeline.record import DropRecord, read_description

_NEEDED: Final = ("account_core", "account_keys", "account_revenue_by_year", "at_risk_accounts")


class Timeline:
    """The folder `timeline` of a state folder: one folder per organization and drop, which never changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, record: DropRecord) -> None:
        """Store the record of a drop, unless it exists."""
        folder = self.of(record.organization_id, record.drop)
        if not folder.exists():
            record.write(folder)

    def keep_all(self, drops: Iterable[Drop]) -> None:
        """Store the records of local drops that have none."""
        missing = [drop for drop in drops if not self.of(int(drop[1]["organization_id"]), drop_name(drop[1])).exists()]
        for record in read_records(missing):
            self.keep(record)

    def remove(self, organization_id: int, drop: str) -> None:
        """Remove the record of a drop that has been renamed."""
        shutil.rmtree(self.of(organization_id, drop), ignore_errors=True)

    def fill(self, exports: Place, organization_id: int, *, is_rewritten: bool = False) -> list[str]:
        """Make the missing records of published drops, or all if `is_rewritten`; return the drops' names."""
        drops_folder = organization_place(exports, organization_id)
        made = []
        for name in drop_folders(drops_folder):
            folder = self.of(organization_id, name)
            if folder.exists() and not is_rewritten:
                continue
            if (manifest := read_manifest(drops_folder.child(name))) is not None:
                with _fetched(drops_folder.child(name), manifest) as files:
                    read_record(files, manifest).write(folder)
                made.append(name)
        return made

    def instants(self, latest: Mapping[int, str | None]) -> list[Instant]:
        """List the known instants by organization; `latest` is the drop that `latest` of each organization names."""
        found = []
        for organization_id in self.organizations():
            names = [path.name for path in (self.folder / str(organization_id)).iterdir() if is_drop_name(path.name)]
            against = {name: read_description(self.of(organization_id, name))[0] for name in names}
            found += published_line(organization_id, against, latest.get(organization_id))
        return found

    def organizations(self) -> list[int]:
        """List the organizations that have records."""
        if not self.folder.exists():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal())

    def of(self, organization_id: int, drop: str) -> Path:
        """Return the folder of a drop's record."""
        return self.folder / str(organization_id) / drop


def latest_drops(exports: Place, organizations: list[int]) -> dict[int, str | None]:
    """Return the drop that `latest` of each organization names."""
    return {one: latest_name(organization_place(exports, one)) for one in organizations}


@contextmanager
def _fetched(drop: Place, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a folder with the files that a drop's record is made from: the drop's own, or fetched and decrypted."""
    if drop.is_local and not is_encrypted(manifest):
        yield Path(drop.root)
        return
    names = [file["name"] for file in manifest["files"] if file["name"] in {f"{name}.parquet" for name in _NEEDED}]
    names += [
        file["name"]
        for file in (manifest.get("changes") or {}).get("files", ())
        if file["name"] == f"{CHANGES}/{ACCOUNT_CHANGES}.parquet"
    ]
    with TemporaryDirectory(prefix="drop-") as scratch:
        for name in names:
            path = Path(scratch) / name
            path.parent.mkdir(exist_ok=True)
            fetch_file(drop, manifest, name, path)
        yield Path(scratch)
