"""Signatures in minisign's format: Ed25519 over a file's BLAKE2b hash, and over the trusted comment.

Only the format belongs here; `drops` decides what is signed. No message of this module contains a secret key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.common.errors import WarehouseError

SUFFIX: Final = ".minisig"

_KEY: Final = b"Ed"
"""The type of a key, and of a signature of a file's bytes, as minisign wrote it before 0.10."""
_HASHED: Final = b"ED"
"""The type of a signature of a file's hash."""
_NO_PASSWORD: Final = b"\0\0"
_CHECKSUM: Final = b"B2"
_UNTRUSTED: Final = "untrusted comment: "
_TRUSTED: Final = "trusted comment: "
_SECRET_LENGTH: Final = 2 + 2 + 2 + 32 + 8 + 8 + 8 + 64 + 32
"""Kind, kind of password, kind of checksum, salt, two costs, key id, secret and public half, checksum."""


@dataclass(frozen=True)
class PublicKey:
    """A public key: `key_id` is 8 bytes, and the same in every signature of its secret key."""

    key_id: bytes
    key: bytes

    @property
    def text(self) -> str:
        """The key as text: `RW…`."""
        return base64.b64encode(_KEY + self.key_id + self.key).decode()

    def fault(self, content: bytes, signature: bytes) -> str | None:
        """Return what is wrong with the signature file of a content; None if it is valid."""
        try:
            untrusted, line, comment, over_all = signature.decode("utf-8").splitlines()
            raw, trusted = base64.b64decode(line, validate=True), base64.b64decode(over_all, validate=True)
        except (ValueError, binascii.Error):
            return "is not a minisign signature"
        kind, key_id, signed = raw[:2], raw[2:10], raw[10:]
        is_form = untrusted.startswith(_UNTRUSTED) and comment.startswith(_TRUSTED) and kind in (_KEY, _HASHED)
        if not is_form or len(signed) != 64 or len(trusted) != 64:
            return "is not a minisign signature"
        if key_id != self.key_id:
            return f"was made with the key {_shown(key_id)}, not with {_shown(self.key_id)}"
        key = Ed25519PublicKey.from_public_bytes(self.key)
        try:
            key.verify(signed, content if kind == _KEY else hashlib.blake2b(content).digest())
        except InvalidSignature:
            return "is not the signature of this file"
        try:
            key.verify(trusted, signed + comment.removeprefix(_TRUSTED).encode())
        except InvalidSignature:
            return "has a trusted comment that the signer did not write"
        return None


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A secret key, which is never shown."""

    public: PublicKey
    _seed: bytes

    def sign(self, content: bytes, comment: str) -> bytes:
        """Return the signature file of a content and a trusted comment; the same for the same two."""
        key = Ed25519PrivateKey.from_private_bytes(self._seed)
        signed = key.sign(hashlib.blake2b(content).digest())
        over_all = key.sign(signed + comment.encode())
        lines = (
            f"{_UNTRUSTED}signature from the account warehouse, key {_shown(self.public.key_id)}",
            base64.b64encode(_HASHED + self.public.key_id + signed).decode(),
            f"{_TRUSTED}{comment}",
            base64.b64encode(over_all).decode(),
        )
        return ("\n".join(lines) + "\n").encode()


def read_signing_key(path: Path) -> SigningKey:
    """Read a secret key without a password from its file; WarehouseError, which quotes nothing, if it is not one."""
    raw = _key_bytes(_read(path))
    if raw is None or len(raw) != _SECRET_LENGTH or raw[:2] != _KEY or raw[4:6] != _CHECKSUM:
        raise WarehouseError("is not a minisign secret key", where=str(path), remedy=_MAKE_ONE)
    if raw[2:4] != _NO_PASSWORD:
        raise WarehouseError("has a password, which a run can't ask for", where=str(path), remedy=_MAKE_ONE)
    key_id, seed, public, checksum = raw[54:62], raw[62:94], raw[94:126], raw[126:]
    right = hashlib.blake2b(_KEY + key_id + seed + public, digest_size=32).digest()
    derived = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    if derived != public or checksum not in (right, bytes(32)):  # minisign -W leaves it zero
        raise WarehouseError("is a damaged secret key", where=str(path), remedy="restore it from a backup")
    return SigningKey(PublicKey(key_id, public), seed)


def read_public_key(named: str) -> PublicKey:
    """Read a public key from its file or its text (`RW…`); WarehouseError if it is not one."""
    raw = _key_bytes(named)
    if raw is None:
        raw = _key_bytes(_read(Path(named)))
    if raw is None or len(raw) != 42 or raw[:2] != _KEY:
        raise WarehouseError(
            "is not a minisign public key",
            where=named if len(named) < 80 else "--key",
            remedy="name the sender's .pub file, or the line of it that begins with RW",
        )
    return PublicKey(raw[2:10], raw[10:])


def write_key_pair(secret: Path) -> PublicKey:
    """Make a key pair: the secret key as a private file, the public key under the same name with `.pub`.

    WarehouseError if one of them already exists.
    """
    public_file = secret.with_suffix(".pub")
    for path in (secret, public_file):
        if path.exists():
            raise WarehouseError("already exists", where=str(path), remedy="name another file; keys are never replaced")
    key, key_id = Ed25519PrivateKey.generate(), os.urandom(8)
    seed, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    checksum = hashlib.blake2b(_KEY + key_id + seed + public, digest_size=32).digest()
    raw = _KEY + _NO_PASSWORD + _CHECKSUM + bytes(48) + key_id + seed + public + checksum
    descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{_UNTRUSTED}minisign secret key\n{base64.b64encode(raw).decode()}\n")
    made = PublicKey(key_id, public)
    public_file.write_text(f"{_UNTRUSTED}minisign public key {_shown(key_id)}\n{made.text}\n", encoding="ascii")
    return made


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no text"
        raise WarehouseError(f"the key can't be read: {why}", where=str(path), remedy="name the key's file") from None


def _key_bytes(text: str) -> bytes | None:
    """Decode the last line of a key's text, after the comment."""
    lines = text.strip().splitlines()
    try:
        return base64.b64decode(lines[-1], validate=True) if lines else None
    except binascii.Error:
        return None


def _shown(key_id: bytes) -> str:
    """Write a key's id as minisign does: its bytes as a number, lowest first."""
    return f"{int.from_bytes(key_id, 'little'):016X}"


_MAKE_ONE: Final = "make one with `warehouse key FILE`, or `minisign -G -W`"
