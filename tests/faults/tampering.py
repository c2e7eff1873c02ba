"""Changes a published drop like damage, carelessness or forgery would, and lets `verify` check it."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.destination import open_destination
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import MANIFEST, drop_name, with_hashes
from pipeline.drops.manifest_layout import hashed_bytes, manifest_bytes, parse_manifest
from pipeline.drops.stage import CHECKSUMS
from pipeline.drops.verify import SIGNATURE, faults_of_drop
from pipeline.guards.drop_figures import DropFiles
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import read_signing_key, write_key_pair
from pipeline.storage.place import open_place
from tests.drops.changes_of_one import write_changes_of_one
from tests.drops.made_drops import AS_OF, CONTRACTS, manifest_of, publish
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ORGANIZATION, template
from tests.faults.whole_runs import run

BLOCK: Final = 1_000
BLOCKS: Final = 100
"""The last of every so many blocks of cases uses a drop of the bundled sample, the others a drop of two exports."""


class HeldDrop:
    """A published drop with a copy of its files in memory, so that changes are undone quickly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {
            str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }
        self._touched: set[str] = set()

    @property
    def manifest(self) -> dict[str, Any]:
        """A copy of the manifest, to be changed."""
        document: dict[str, Any] = parse_manifest(self.files[MANIFEST])
        return document

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        self._touched.add(name)
        (self.folder / name).write_bytes(content)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._touched.add(name)
        (self.folder / name).unlink()

    def restore(self) -> None:
        """Undo all changes."""
        for name in self._touched:
            if name in self.files:
                (self.folder / name).write_bytes(self.files[name])
            else:
                (self.folder / name).unlink()
        self._touched.clear()


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    small = HeldDrop(published_with_changes(folder))

    @cache
    def whole() -> tuple[HeldDrop, Any]:
        for as_of in ("2025-01-08T00:00:00Z", "2025-01-15T00:00:00Z"):
            run(folder / "sample", "--as-of", as_of)
        latest = (folder / "sample" / "exports" / "3" / "latest").resolve()
        return HeldDrop(latest), contracts_in_folder(PROJECT_ROOT / "models")

    def trial(number: int) -> str | None:
        rng = random.Random(number)
        drop, contracts = whole() if number // BLOCK % BLOCKS == BLOCKS - 1 else (small, CONTRACTS)
        change = rng.choice(CHANGES)
        try:
            done = change(rng, drop)
            # the first fault is enough to reveal the change
            found = done is None or next(faults_of_drop(str(drop.folder), contracts), None)
            return None if found else f"{change.__name__}: {done}"
        finally:
            drop.restore()

    yield trial


def published_with_changes(folder: Path, key: Path | None = None) -> Path:
    """Publish two drops, and return the folder of the second, which has the changes since the first."""
    state, exports = folder / "state", folder / "exports"
    destination = open_destination(Settings(exports=str(exports), state=state, signing_key=key), Workspace(state))
    staged = template(folder / "template")
    locations = []
    for week in range(2):
        target = destination.staging_folder(ORGANIZATION, f"week-{week}")
        shutil.copytree(staged.folder, target)
        drop, as_of = replace(staged, folder=target), AS_OF + timedelta(weeks=week)
        manifest = manifest_of(drop, as_of=as_of)
        if locations:
            parquet = {path.stem: path for path in target.glob("*.parquet")}
            with open_drop(open_place(locations[0])) as before:
                written = write_changes_of_one(drop, DropFiles(parquet, as_of, 2025), before, CONTRACTS)
            manifest = with_hashes({**manifest, "changes": written.as_dict()})
        locations.append(publish(destination, drop, manifest).location)
    return Path(locations[1])


@contextmanager
def _signed_setting(folder: Path) -> Iterator[Trial]:
    key = write_key_pair(folder / "sender.key")
    write_key_pair(folder / "forger.key")
    forger = read_signing_key(folder / "forger.key")
    drop = HeldDrop(published_with_changes(folder, folder / "sender.key"))

    def trial(number: int) -> str | None:
        rng = random.Random(number)
        manifest = drop.manifest
        done = _edited(rng, manifest, ("content_hash", "manifest_hash"))
        if done is None:
            return None
        try:
            forged = manifest_bytes(with_hashes(manifest))
            renamed = drop.folder.with_name(drop_name(with_hashes(manifest)))
        except (TypeError, ValueError, AttributeError, KeyError):
            return None
        drop.write(MANIFEST, forged)
        if rng.random() < 0.5:
            drop.write(SIGNATURE, forger.sign(forged, "organization 1"))
        try:
            there = drop.folder.rename(renamed)
        except (OSError, ValueError):  # an invalid file name
            there = drop.folder
        try:
            found = next(faults_of_drop(str(there), CONTRACTS, key), None)
            return None if found else f"forged and renamed: {done}"
        finally:
            there.rename(drop.folder)
            drop.restore()

    yield trial


Change = Callable[[random.Random, HeldDrop], str | None]
"""Changes the drop and describes the change; None if the drawn case changes nothing."""


def flip(rng: random.Random, drop: HeldDrop) -> str | None:
    """Flip one bit of one file."""
    name, content = rng.choice(list(drop.files.items()))
    if not content:
        return None
    place, bit = rng.randrange(len(content)), rng.randrange(8)
    drop.write(name, content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
    return f"bit {bit} of byte {place} of {name}"


def cut(rng: random.Random, drop: HeldDrop) -> str | None:
    """Cut one file short."""
    name, content = rng.choice(list(drop.files.items()))
    if not content:
        return None
    length = rng.randrange(len(content))
    drop.write(name, content[:length])
    return f"{name} at {length}"


def grow(rng: random.Random, drop: HeldDrop) -> str | None:
    """Insert bytes into one file: a space, a line, or a copy of bytes in it."""
    name, content = rng.choice(list(drop.files.items()))
    place = rng.randrange(len(content) + 1)
    more = rng.choice([b" ", b"\n", b"\0", content[place : place + 64] or b"\r\n"])
    drop.write(name, content[:place] + more + content[place:])
    return f"{more!r} at {place} of {name}"


def swap(rng: random.Random, drop: HeldDrop) -> str | None:
    """Swap the contents of two files."""
    one, other = rng.sample(list(drop.files), 2)
    if drop.files[one] == drop.files[other]:
        return None
    drop.write(one, drop.files[other])
    drop.write(other, drop.files[one])
    return f"{one} and {other}"


def rename(rng: random.Random, drop: HeldDrop) -> str | None:
    """Rename a file, also to the name of another one, or remove it."""
    name = rng.choice(list(drop.files))
    path = Path(name)
    to = rng.choice([str(path.with_name("." + path.name)), str(path.with_name(path.name.upper())), *drop.files, None])
    if to == name:
        return None
    drop.remove(name)
    if to is None:
        return f"{name} is gone"
    drop.write(to, drop.files[name])
    return f"{name} as {to}{' (the same content)' if drop.files.get(to) == drop.files[name] else ''}"


def add(rng: random.Random, drop: HeldDrop) -> str | None:
    """Add a file that no manifest names."""
    beside = Path(rng.choice(list(drop.files)))
    name = str(beside.with_name(rng.choice(["more.csv", ".hidden", "deals.csv.bak", "manifest.json.1"])))
    drop.write(name, rng.randbytes(rng.randrange(10)))
    return name


def forge(rng: random.Random, drop: HeldDrop) -> str | None:
    """Change a file and update checksums and manifest with correct hashes: only the folder's name reveals it."""
    manifest = drop.manifest
    file = rng.choice(manifest["files"])
    content = bytearray(drop.files[file["name"]])
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    drop.write(file["name"], bytes(content))
    file.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    listed = [*manifest["files"], *manifest["changes"]["files"]]
    drop.write(CHECKSUMS, "".join(f"{file['sha256']}  {file['name']}\n" for file in listed).encode())
    drop.write(MANIFEST, manifest_bytes(with_hashes(manifest)))
    return f"{file['name']}, hashed again"


def edit(rng: random.Random, drop: HeldDrop) -> str | None:
    """Change one value of the manifest, with or without a new hash: the name, the files or the hash reveal it."""
    manifest = drop.manifest
    # parts outside the content hash are protected by the manifest hash only: a new one is revealed only by a signature
    done = _edited(rng, manifest, ("accepted", "changes", "guards", "page", "manifest_hash", "manifest_version"))
    if done is None:
        return None
    try:
        again = manifest_bytes(with_hashes(manifest)) if rng.random() < 0.5 else hashed_bytes(manifest)
    except (TypeError, ValueError, AttributeError, KeyError):
        return None
    if again == drop.files[MANIFEST]:  # it was a hash, which is correct again
        return None
    drop.write(MANIFEST, again)
    return done


def _edited(rng: random.Random, manifest: dict[str, Any], but: Collection[str]) -> str | None:
    """Change one value of a manifest, not below the names `but`, and return which; None if it stays the same."""
    path = rng.choice([path for path in _paths(manifest) if path[0] not in but])
    holder: Any = manifest
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    new = rng.choice([None, 0, 1, -1, "", "x", True, False, [], {}])
    if new == old and type(new) is type(old):
        return None
    holder[path[-1]] = new
    return f"{path} from {old!r} to {new!r}"


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of keys of every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


CHANGES: Final[tuple[Change, ...]] = (flip, flip, cut, grow, swap, rename, add, forge, edit)

SIGNED = Experiment(
    name="forgery of signed drops",
    promise="`warehouse verify --key` detects every forgery, even with recomputed hashes and a matching folder name.",
    tried="Any value in the manifest of a signed drop is changed, all hashes and the folder's name are recomputed, "
    "and the manifest is either signed with another key or not signed again.",
    count=200_000,
    short=60,
    setting=_signed_setting,
)

EXPERIMENT = Experiment(
    name="tampering",
    promise="`warehouse verify` detects every change to a published drop: any flipped bit, and a forgery with "
    "recomputed hashes as far as the folder's name reveals it.",
    tried="In a drop with its changes, small or of the sample, a bit is flipped, a file is cut, extended, swapped, "
    "renamed, added or forged with correct hashes, or the manifest is edited.",
    count=1_000_000,
    short=200,
    setting=_setting,
)
