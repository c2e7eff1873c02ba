"""A drop with a signed manifest: verify requires the signature if a key is given, and minisign accepts it too."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.drops.destination import open_destination
from pipeline.drops.manifest import MANIFEST
from pipeline.drops.stage import StagedDrop
from pipeline.drops.verify import SIGNATURE, verify_drop
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import PublicKey, write_key_pair
from tests.drops.made_drops import manifest_of, publish


@pytest.fixture
def key(tmp_path: Path) -> PublicKey:
    return write_key_pair(tmp_path / "warehouse.key")


@pytest.fixture
def drop(tmp_path: Path, key: PublicKey, stage: Callable[..., StagedDrop]) -> Path:
    """A drop that was published with a signing key."""
    settings = Settings(
        exports=str(tmp_path / "exports"), state=tmp_path / "state", signing_key=tmp_path / "warehouse.key"
    )
    destination = open_destination(settings, Workspace(settings.state))
    staged = stage(destination.staging_folder(1, "run"), 1)
    return Path(publish(destination, staged, manifest_of(staged)).location)


def test_a_signed_drop_verifies_with_and_without_the_key(drop: Path, key: PublicKey) -> None:
    assert (drop / SIGNATURE).exists()
    assert verify_drop(str(drop)) == []
    assert verify_drop(str(drop), key=key) == []


def test_a_signature_names_the_drop(drop: Path) -> None:
    assert f"trusted comment: organization 1, drop {drop.name}" in (drop / SIGNATURE).read_text()


def test_a_missing_signature_is_a_fault(drop: Path, key: PublicKey) -> None:
    (drop / SIGNATURE).unlink()
    assert verify_drop(str(drop), key=key) == [f"{SIGNATURE}: missing, so nobody vouches for the manifest"]


def test_a_manifest_changed_after_signing_is_a_fault(drop: Path, key: PublicKey) -> None:
    manifest = (drop / MANIFEST).read_bytes()
    (drop / MANIFEST).write_bytes(manifest.replace(b'"rows":2', b'"rows":3'))
    assert f"{SIGNATURE}: is not the signature of this file" in verify_drop(str(drop), key=key)


def test_a_signature_of_another_key_is_a_fault(drop: Path, tmp_path: Path) -> None:
    (fault,) = verify_drop(str(drop), key=write_key_pair(tmp_path / "other.key"))
    assert fault.startswith(f"{SIGNATURE}: was made with the key")


@pytest.mark.minisign
def test_minisign_verifies_a_drops_manifest(drop: Path, key: PublicKey) -> None:
    command = ["minisign", "-V", "-P", key.text, "-m", str(drop / MANIFEST)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert drop.name in ended.stdout
