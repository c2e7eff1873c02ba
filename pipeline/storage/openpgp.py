"""OpenPGP: encrypts for the receivers' certificates and for the warehouse's own key.

Only the format belongs here; `drops` decides what is encrypted. No message of this module contains a secret key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pipeline.common.errors import WarehouseError
from pipeline.storage.local_files import write_secret
from pipeline.storage.urls import is_url

if TYPE_CHECKING:
    from pysequoia import Cert, PyDecryptor, Tsk
    from pysequoia.packet import Packet

SUFFIX: Final = ".pgp"

_Result = TypeVar("_Result")
_HELP: Final = (
    "check with `warehouse verify` whether the drop is intact; if encryption.key is lost, restore it from a backup of "
    "the state folder; without a backup, move these drops away: the next drop is then not compared with any"
)
_OWN_KEY: Final = "encryption.key"
_SETTING: Final = "receiver_key"
_EXPORT_IT: Final = "name the file with the output of `gpg --export KEY` that the receiver sent"
_SECRET_ARMOR: Final = b"PRIVATE KEY BLOCK"
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class EncryptionKeys:
    """The receivers' certificates, in the file `receivers`, and the warehouse's own key, in its state folder.

    The first encryption creates the own key. Once it exists, nothing is delivered unencrypted, because the setting may
    have been lost.
    """

    receivers: Path | None
    state: Path

    @property
    def own(self) -> Path:
        """The file of the own key."""
        return self.state / _OWN_KEY

    @property
    def encrypts(self) -> bool:
        """Whether what is written to a server is encrypted."""
        return self.receivers is not None or self.own.exists()

    def require_usable(self, address: str) -> None:
        """Raise WarehouseError if this address requires encryption and the receivers' certificates are not usable."""
        if is_url(address) and self.encrypts:
            self._of_receivers()

    def opens(self, fingerprints: list[str]) -> bool:
        """Return whether the own key is among those that something was encrypted for."""
        return self.own.exists() and self._own().extract_certificate().fingerprint in fingerprints

    def recipients(self) -> list[Cert]:
        """Return the certificates to encrypt for: the receivers', then the warehouse's own."""
        receivers = self._of_receivers()
        if not self.own.exists():
            from pysequoia import Tsk

            write_secret(self.own, str(Tsk.generate("account warehouse")).encode("ascii"))
        return [*receivers, self._own().extract_certificate()]

    def encrypt(self, content: bytes) -> bytes:
        """Encrypt a content; each time to other bytes."""
        from pysequoia import encrypt

        return _done(lambda: encrypt(content, recipients=self.recipients(), armor=False), str(self.receivers))

    def encrypt_file(self, source: Path, target: Path, recipients: list[Cert]) -> None:
        """Encrypt a file into another, for certificates that `recipients` returned."""
        from pysequoia import encrypt_file

        _done(lambda: encrypt_file(str(source), str(target), recipients=recipients, armor=False), str(source))

    def decrypt(self, content: bytes, where: str) -> bytes:
        """Decrypt a content from `where`; WarehouseError if the own key doesn't decrypt it, or is missing."""
        from pysequoia import decrypt

        decryptor = self._decryptor(where)
        return _done(lambda: decrypt(content, decryptor=decryptor).bytes, where) or b""

    def decrypt_file(self, source: Path, target: Path, where: str) -> None:
        """Decrypt a file from `where` into another; WarehouseError as above."""
        from pysequoia import decrypt_file

        decryptor = self._decryptor(where)
        _done(lambda: decrypt_file(str(source), str(target), decryptor=decryptor), where)

    def _of_receivers(self) -> list[Cert]:
        if self.receivers is None:
            raise WarehouseError(
                f"is not set, although this warehouse encrypts files on servers: {self.own} exists",
                where=_SETTING,
                remedy=f"{_EXPORT_IT}; to end encryption, move that key out of the state folder and name other exports",
            )
        return read_certificates(self.receivers)

    def _decryptor(self, where: str) -> PyDecryptor:
        if not self.own.exists():
            raise WarehouseError(
                f"is encrypted, and the key to decrypt it is missing: {self.own}", where=where, remedy=_HELP
            )
        return self._own().decryptor()

    def _own(self) -> Tsk:
        from pysequoia import Tsk

        return _done(lambda: Tsk.from_file(str(self.own)), str(self.own))


def read_certificates(path: Path, now: datetime | None = None) -> list[Cert]:
    """Read the certificates of a file, binary or armored, without expired keys.

    WarehouseError if the file is missing, has no certificate, has a secret key, or has a certificate that is expired,
    revoked, or without a key for encryption.
    """
    from pysequoia import Cert

    where, now = str(path), now or datetime.now(UTC)
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:  # the name is not quoted: people set it to the key itself
        fault = f"does not name a readable file: {error.strerror}"
        raise WarehouseError(fault, where=_SETTING, remedy=_EXPORT_IT) from None
    try:
        holds_secret = _holds_secret(content)
        certificates = [] if holds_secret else Cert.split_bytes(content)
    except RuntimeError:
        certificates, holds_secret = [], False
    if holds_secret:
        raise WarehouseError(
            "contains a secret key, which only the receiver may have", where=where, remedy=f"remove it; {_EXPORT_IT}"
        )
    if not certificates:
        raise WarehouseError("is not an OpenPGP certificate", where=where, remedy=_EXPORT_IT)
    return [_usable(certificate, where, now) for certificate in certificates]


def _holds_secret(content: bytes) -> bool:
    """Return whether a file has a secret key; the library reads only the first of several armored blocks."""
    from pysequoia.packet import PacketPile, Tag

    packets = PacketPile.from_bytes(content)
    return _SECRET_ARMOR in content or any(packet.tag in (Tag.SecretKey, Tag.SecretSubkey) for packet in packets)


def _usable(certificate: Cert, where: str, now: datetime) -> Cert:
    """Return a certificate without expired and revoked subkeys, because the library would encrypt for them too."""
    from pysequoia import Cert
    from pysequoia.packet import PacketPile

    kept: list[Packet] = []
    past: list[str] = []
    for key in _keys(PacketPile.from_bytes(bytes(certificate))):
        if (subkey_fault := _subkey_fault(key, now)) is None:
            kept += key
        elif _is_for_encryption(key):
            past.append(f"has a key for encryption that {subkey_fault}")
    usable = Cert.from_packets(kept)
    if certificate.is_revoked:
        fault = "is revoked"
    elif certificate.expiration is not None and certificate.expiration <= now:
        fault = f"expired on {certificate.expiration:%Y-%m-%d}"
    elif _can_encrypt(usable):
        return usable
    else:
        fault = past[-1] if past else "has no key for encryption"
    raise WarehouseError(
        f"the certificate {certificate.fingerprint.upper()} {fault}",
        where=where,
        remedy="ask the receiver for the key that is in use now",
    )


def _can_encrypt(certificate: Cert) -> bool:
    from pysequoia import encrypt

    try:
        encrypt(b"", recipients=[certificate], armor=False)
    except RuntimeError:
        return False
    return True


def _keys(packets: Iterable[Packet]) -> list[list[Packet]]:
    """Split a certificate's packets into the primary key and its subkeys, each with its own packets."""
    from pysequoia.packet import Tag

    keys: list[list[Packet]] = []
    for packet in packets:
        if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
            keys.append([])
        keys[-1].append(packet)
    return keys


def _subkey_fault(key: list[Packet], now: datetime) -> str | None:
    """Return why a subkey cannot be used; None if it can, and for a primary key."""
    from pysequoia.packet import SignatureType

    if any(packet.signature_type == SignatureType.SubkeyRevocation for packet in key):
        return "is revoked"
    binding, created = _binding(key), key[0].key_created
    if binding is not None and binding.key_validity_period and created is not None:
        expires = created + binding.key_validity_period
        if expires <= now:
            return f"expired on {expires:%Y-%m-%d}"
    return None


def _is_for_encryption(key: list[Packet]) -> bool:
    binding = _binding(key)
    flags = None if binding is None else binding.key_flags
    return flags is not None and (flags.transport_encryption or flags.storage_encryption)


def _binding(key: list[Packet]) -> Packet | None:
    """Return the newest signature that binds a subkey to its certificate, with its purpose and expiry."""
    from pysequoia.packet import SignatureType

    bindings = [packet for packet in key if packet.signature_type == SignatureType.SubkeyBinding]
    return max(bindings, key=lambda packet: packet.signature_created or _LONG_AGO, default=None)


def _done(action: Callable[[], _Result], where: str) -> _Result:
    """Call the library; show only the first line of its errors, which contain a stack."""
    try:
        return action()
    except RuntimeError as error:
        first_line = str(error).partition("\n")[0]
        raise WarehouseError(f"OpenPGP: {first_line}", where=where, remedy=_HELP) from None
