"""Changes a published drop as damage, a careless hand or a forger would, and has `verify` look at it."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pipeline.drops.destination import open_destination
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import MANIFEST, drop_name, with_hashes
from pipeline.drops.manifest_layout import hashed_bytes, manifest_bytes, parse_manifest
from pipeline.drops.stage import CHECKSUMS
from pipeline.drops.verify import SIGNATURE, verify_drop
from pipeline.drops.write_changes import write_changes
from pipeline.guards.drop_figures import DropFiles
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import read_signing_key, write_key_pair
from pipeline.storage.place import open_place
from tests.drops.made_drops import AS_OF, CONTRACTS, manifest_of, publish
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ORGANIZATION, template


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    drop = published_with_changes(folder)
    files = sorted(path for path in drop.rglob("*") if path.is_file())

    def trial(number: int) -> str | None:
        rng = random.Random(number)
        change = rng.choice(CHANGES)
        before = {path: path.read_bytes() for path in files}
        done = change(rng, drop, files)
        try:
            return None if done is None or verify_drop(str(drop), CONTRACTS) else f"{change.__name__}: {done}"
        finally:
            for path in drop.rglob("*"):
                if path.is_file() and path not in before:
                    path.unlink()
            for path, content in before.items():
                if not path.is_file() or path.read_bytes() != content:
                    path.write_bytes(content)

    yield trial


def published_with_changes(folder: Path, key: Path | None = None) -> Path:
    """Publish two drops, and give the folder of the second, which holds the changes against the first."""
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
                written = write_changes(drop, DropFiles(parquet, as_of, 2025), before, CONTRACTS, None)
            manifest = with_hashes({**manifest, "changes": written.as_dict()})
        locations.append(publish(destination, drop, manifest).location)
    return Path(locations[1])


@contextmanager
def _signed_setting(folder: Path) -> Iterator[Trial]:
    key = write_key_pair(folder / "sender.key")
    write_key_pair(folder / "forger.key")
    forger = read_signing_key(folder / "forger.key")
    drop = published_with_changes(folder, folder / "sender.key")
    kept = folder / "kept"
    shutil.copytree(drop, kept)

    def trial(number: int) -> str | None:
        rng = random.Random(number)
        manifest = parse_manifest((kept / MANIFEST).read_bytes())
        done = _edited(rng, manifest, ("content_hash", "manifest_hash"))
        if done is None:
            return None
        try:
            forged = manifest_bytes(with_hashes(manifest))
            renamed = drop.with_name(drop_name(with_hashes(manifest)))
        except (TypeError, ValueError, AttributeError, KeyError):
            return None
        (drop / MANIFEST).write_bytes(forged)
        if rng.random() < 0.5:
            (drop / SIGNATURE).write_bytes(forger.sign(forged, "organization 1"))
        try:
            there = drop.rename(renamed)
        except (OSError, ValueError):  # a name that no file system takes
            there = drop
        try:
            return None if verify_drop(str(there), CONTRACTS, key) else f"forged and renamed: {done}"
        finally:
            shutil.rmtree(there)
            shutil.copytree(kept, drop)

    yield trial


Change = Callable[[random.Random, Path, list[Path]], str | None]
"""Changes the drop and says how; None where the case, as drawn, changes nothing."""


def _content(rng: random.Random, path: Path) -> bytearray | None:
    content = bytearray(path.read_bytes())
    return content or None


def flip(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Flip one bit of one file."""
    path = rng.choice(files)
    if (content := _content(rng, path)) is None:
        return None
    place, bit = rng.randrange(len(content)), rng.randrange(8)
    content[place] ^= 1 << bit
    path.write_bytes(content)
    return f"bit {bit} of byte {place} of {path.name}"


def cut(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Cut one file short."""
    path = rng.choice(files)
    if (content := _content(rng, path)) is None:
        return None
    length = rng.randrange(len(content))
    path.write_bytes(content[:length])
    return f"{path.name} at {length}"


def grow(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Put bytes into one file: a space, a line, what stands there already."""
    path = rng.choice(files)
    content = path.read_bytes()
    place = rng.randrange(len(content) + 1)
    more = rng.choice([b" ", b"\n", b"\0", content[place : place + 64] or b"\r\n"])
    path.write_bytes(content[:place] + more + content[place:])
    return f"{more!r} at {place} of {path.name}"


def swap(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Give two files each other's content."""
    one, other = rng.sample(files, 2)
    first, second = one.read_bytes(), other.read_bytes()
    if first == second:
        return None
    one.write_bytes(second)
    other.write_bytes(first)
    return f"{one.name} and {other.name}"


def rename(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Give a file another name, or the name of another file, or take it away."""
    path = rng.choice(files)
    to = rng.choice([path.with_name("." + path.name), path.with_name(path.name.upper()), *files, None])
    if to == path:
        return None
    content = path.read_bytes()
    if to is None:
        path.unlink()
        return f"{path.name} is gone"
    same = to.exists() and to.read_bytes() == content
    path.rename(to)
    return f"{path.name} as {to.name}{' (the same content)' if same else ''}"


def add(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Add a file that no manifest names."""
    path = rng.choice(files).parent / rng.choice(["more.csv", ".hidden", "deals.csv.bak", "manifest.json.1"])
    path.write_bytes(rng.randbytes(rng.randrange(10)))
    return path.name


def forge(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Change a file and have checksums and manifest say so, with right hashes: the folder's name alone tells."""
    path = rng.choice([path for path in files if path.parent == drop and path.suffix in (".csv", ".parquet")])
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    manifest = parse_manifest((drop / MANIFEST).read_bytes())
    for file in manifest["files"]:
        if file["name"] == path.name:
            file.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    listed = [*manifest["files"], *manifest["changes"]["files"]]
    (drop / CHECKSUMS).write_text("".join(f"{file['sha256']}  {file['name']}\n" for file in listed))
    (drop / MANIFEST).write_bytes(manifest_bytes(with_hashes(manifest)))
    return f"{path.name}, hashed again"


def edit(rng: random.Random, drop: Path, files: list[Path]) -> str | None:
    """Change one value of the manifest, and hash it again or not: the name, or the files, or the hash tell."""
    manifest = parse_manifest((drop / MANIFEST).read_bytes())
    # what stands beside the content is told by its hash alone: who hashes that again is found by a signature only
    done = _edited(rng, manifest, ("accepted", "changes", "guards", "page", "manifest_hash", "manifest_version"))
    if done is None:
        return None
    try:
        again = manifest_bytes(with_hashes(manifest)) if rng.random() < 0.5 else hashed_bytes(manifest)
    except (TypeError, ValueError, AttributeError, KeyError):
        return None
    if again == (drop / MANIFEST).read_bytes():  # it was a hash, which is right again
        return None
    (drop / MANIFEST).write_bytes(again)
    return done


def _edited(rng: random.Random, manifest: dict[str, Any], but: Collection[str]) -> str | None:
    """Change one value of a manifest, not below the names `but`, and say which; None where it stays what it was."""
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
    """Name every value in a document by the keys that lead to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


CHANGES: Final[tuple[Change, ...]] = (flip, flip, cut, grow, swap, rename, add, forge, edit)

SIGNED = Experiment(
    name="forgery of signed drops",
    promise="`warehouse verify --key` finds every forgery, also one that hashes all again and gives the folder its "
    "new name.",
    tried="The manifest of a signed drop has any value changed, all hashes and the folder's name are made to fit, "
    "and it is signed again with another key or not.",
    count=200_000,
    short=60,
    setting=_signed_setting,
)

EXPERIMENT = Experiment(
    name="tampering",
    promise="`warehouse verify` finds every change of a published drop: damage by any bit, and a forgery that hashes "
    "all again as far as the folder's name can tell it.",
    tried="A drop with its changes has a bit flipped, is cut, grown, swapped, renamed, added to, forged with right "
    "hashes, or its manifest edited.",
    count=1_000_000,
    short=200,
    setting=_setting,
)
