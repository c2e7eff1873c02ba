"""Signatures in minisign's form: minisign and the warehouse verify each other's, and no output shows a secret."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.storage.minisign import SUFFIX, PublicKey, read_public_key, read_signing_key, write_key_pair

CONTENT = b'{"drop": 1}\n'


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    write_key_pair(tmp_path / "warehouse.key")
    return tmp_path / "warehouse.key"


@pytest.fixture
def public(secret: Path) -> PublicKey:
    return read_public_key(str(secret.with_suffix(".pub")))


def signed(secret: Path, content: bytes = CONTENT) -> bytes:
    return read_signing_key(secret).sign(content, "organization 1")


def test_a_signature_is_valid_and_deterministic(secret: Path, public: PublicKey) -> None:
    assert public.fault(CONTENT, signed(secret)) is None
    assert signed(secret) == signed(secret)


def test_a_key_may_be_given_as_text(public: PublicKey) -> None:
    assert public.text.startswith("RW")
    assert read_public_key(public.text) == public


def test_a_signature_is_invalid_for_other_content(secret: Path, public: PublicKey) -> None:
    assert public.fault(CONTENT + b" ", signed(secret)) == "is not the signature of this file"


def test_a_changed_trusted_comment_is_noticed(secret: Path, public: PublicKey) -> None:
    changed = signed(secret).replace(b"organization 1", b"organization 2")
    assert public.fault(CONTENT, changed) == "has a trusted comment that the signer did not write"


def test_another_key_is_named(secret: Path, tmp_path: Path) -> None:
    other = write_key_pair(tmp_path / "other.key")
    assert "was made with the key" in str(other.fault(CONTENT, signed(secret)))


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"a\nb\nc\nd\n", b"untrusted comment: x\nRUQ=\ntrusted comment: y\nRUQ=\n"]
)
def test_an_invalid_signature_is_reported(text: bytes, public: PublicKey) -> None:
    assert public.fault(CONTENT, text) == "is not a minisign signature"


def test_every_byte_of_a_signature_counts(secret: Path, public: PublicKey) -> None:
    lines = signed(secret).decode().splitlines()
    for at in (1, 3):
        raw = bytearray(base64.b64decode(lines[at]))
        for place in range(0, len(raw), 7):
            damaged = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
            text = "\n".join([*lines[:at], base64.b64encode(damaged).decode(), *lines[at + 1 :]])
            assert public.fault(CONTENT, text.encode()) is not None, (at, place)


def test_a_secret_key_is_readable_by_its_owner_only_and_never_overwritten(secret: Path) -> None:
    assert secret.stat().st_mode & 0o077 == 0
    with pytest.raises(WarehouseError, match="already exists"):
        write_key_pair(secret)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda raw: raw[:2] + b"Sc" + raw[4:], "has a password"),
        (lambda raw: raw[:70] + bytes([raw[70] ^ 1]) + raw[71:], "is a damaged secret key"),
        (lambda raw: raw[:-1], "is not a minisign secret key"),
    ],
)
def test_a_key_that_cannot_sign_is_reported_without_its_contents(secret: Path, spoil: object, words: str) -> None:
    comment, line = secret.read_text().splitlines()
    assert callable(spoil)
    secret.write_text(f"{comment}\n{base64.b64encode(spoil(base64.b64decode(line))).decode()}\n")
    with pytest.raises(WarehouseError, match=words) as raised:
        read_signing_key(secret)
    assert line[80:100] not in str(raised.value)


def test_a_signing_key_is_never_shown(secret: Path) -> None:
    key = read_signing_key(secret)
    seed = base64.b64decode(secret.read_text().splitlines()[1])[62:94]
    for shown in (repr(key), str(key), f"{[key]}"):
        assert repr(seed)[2:-1] not in shown
        assert seed.hex() not in shown


@pytest.mark.parametrize("named", ["RWshort", "/nowhere/key.pub"])
def test_what_is_no_public_key_is_refused(named: str) -> None:
    with pytest.raises(WarehouseError, match=r"is not a minisign public key|can't be read"):
        read_public_key(named)


@pytest.mark.minisign
def test_minisign_verifies_our_signature(secret: Path, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_bytes(CONTENT)
    file.with_name(f"{file.name}{SUFFIX}").write_bytes(signed(secret))
    command = ["minisign", "-V", "-p", str(secret.with_suffix(".pub")), "-m", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "organization 1" in ended.stdout
    file.write_bytes(CONTENT + b" ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.minisign
@pytest.mark.parametrize("form", [(), ("-l",)], ids=["of the hash", "of the bytes"])
def test_a_signature_by_minisign_is_right(tmp_path: Path, form: tuple[str, ...]) -> None:
    file, secret, public = (tmp_path / name for name in ("manifest.json", "made.key", "made.pub"))
    file.write_bytes(CONTENT)
    for command in (["-G", "-W", "-p", public, "-s", secret], ["-S", *form, "-s", secret, "-m", file, "-t", "by hand"]):
        subprocess.run(["minisign", *map(str, command)], capture_output=True, check=True)
    signature = file.with_name(f"{file.name}{SUFFIX}").read_bytes()
    assert read_public_key(str(public)).fault(CONTENT, signature) is None
    assert read_public_key(str(public)).fault(b"other", signature) is not None


@pytest.mark.minisign
def test_a_key_made_by_minisign_signs_here(tmp_path: Path) -> None:
    secret, public = tmp_path / "made.key", tmp_path / "made.pub"
    subprocess.run(["minisign", "-G", "-W", "-p", public, "-s", secret], capture_output=True, check=True)
    assert read_public_key(str(public)).fault(CONTENT, signed(secret)) is None
