"""OpenPGP: which certificates are accepted, who can decrypt, and compatibility with GnuPG."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pysequoia import Cert, Tsk, decrypt
from pysequoia.packet import PacketPile, Tag

from pipeline.common.errors import WarehouseError
from pipeline.storage.openpgp import EncryptionKeys, read_certificates
from tests.storage.gnupg import receiver

NOW = datetime.now(UTC)
RECEIVER = Tsk.generate("receiver")
CERTIFICATE = RECEIVER.extract_certificate()
WITHOUT_SUBKEYS = list(PacketPile.from_bytes(bytes(CERTIFICATE)))[:3]
"""The primary key, its user id and their binding signature."""
EXPIRED_SUBKEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEXgvhABYJKwYBBAHaRw8BAQdAjDzoEil5jG3Di77mHyu5oDfG6eAES2bH4joV
tEruel20D3N1YkBleGFtcGxlLmNvbYiQBBMWCAA4FiEE7LuaY6mBAEAu6c6RNQ9C
JJlvY1QFAl4L4QACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQNQ9CJJlv
Y1S3jAEA52nA46jetBgRClJVW7AW6qoI6ZCBlCJf/BJ0t+Fy1SQBAKit9OQJAKGj
2wWiys7i0EWoEzQ50nKC+YFC0zuS8uQEuDgEXgvhABIKKwYBBAGXVQEFAQEHQD/o
1QHusP4/lNBW4sNPV5gNy6i+UbWWH5vPP0Xukfo6AwEIB4h+BBgWCAAmFiEE7Lua
Y6mBAEAu6c6RNQ9CJJlvY1QFAl4L4QACGwwFCQHhM4AACgkQNQ9CJJlvY1TRHwD/
TmU+v+O6kHscgaBZ2i4I4L7HJ833OnRfYkTJjimpuXQA/2/j5041lhk3+6j0acuz
FnnxMQbN/TM89/8dITnziTEJ
=RiIK
-----END PGP PUBLIC KEY BLOCK-----
"""
"""A certificate made by GnuPG in 2020: it does not expire, but its encryption key did after a year."""


def certificate(folder: Path, content: bytes = bytes(CERTIFICATE)) -> Path:
    path = folder / "receiver.asc"
    path.write_bytes(content)
    return path


@pytest.fixture
def keys(tmp_path: Path) -> EncryptionKeys:
    return EncryptionKeys(certificate(tmp_path), tmp_path / "state")


def test_receivers_and_the_warehouse_itself_can_decrypt(keys: EncryptionKeys, tmp_path: Path) -> None:
    encrypted = keys.encrypt(b"rows")
    assert b"rows" not in encrypted
    assert keys.decrypt(encrypted, "here") == b"rows"
    assert decrypt(encrypted, decryptor=RECEIVER.decryptor()).bytes == b"rows"


def test_encrypting_again_gives_other_bytes(keys: EncryptionKeys) -> None:
    assert keys.encrypt(b"rows") != keys.encrypt(b"rows")


def test_every_certificate_of_the_file_is_a_receiver(keys: EncryptionKeys, tmp_path: Path) -> None:
    other = Tsk.generate("another")
    certificate(tmp_path, bytes(CERTIFICATE) + bytes(other.extract_certificate()))
    assert decrypt(keys.encrypt(b"rows"), decryptor=other.decryptor()).bytes == b"rows"


def test_the_warehouses_key_is_readable_by_its_owner_only_and_stays(keys: EncryptionKeys) -> None:
    first = keys.recipients()[-1].fingerprint
    assert keys.recipients()[-1].fingerprint == first
    assert keys.own.stat().st_mode & 0o777 == 0o600
    assert keys.opens([first]) and not keys.opens([CERTIFICATE.fingerprint])


def test_without_the_warehouses_key_nothing_is_decrypted(keys: EncryptionKeys) -> None:
    encrypted = keys.encrypt(b"rows")
    keys.own.rename(keys.own.with_suffix(".bak"))
    with pytest.raises(WarehouseError, match="here: is encrypted, and the key to decrypt it is missing"):
        keys.decrypt(encrypted, "here")
    keys.recipients()  # creates another
    with pytest.raises(WarehouseError, match="No key to decrypt message") as raised:
        keys.decrypt(encrypted, "here")
    assert "backtrace" not in str(raised.value)


def test_an_altered_file_is_not_decrypted(keys: EncryptionKeys) -> None:
    encrypted = bytearray(keys.encrypt(os.urandom(1000)))
    encrypted[-30] ^= 1
    with pytest.raises(WarehouseError, match="here: OpenPGP: "):
        keys.decrypt(bytes(encrypted), "here")


def test_a_certificate_may_be_armored_or_binary(tmp_path: Path) -> None:
    for content in (bytes(CERTIFICATE), str(CERTIFICATE).encode()):
        (found,) = read_certificates(certificate(tmp_path, content))
        assert found.fingerprint == CERTIFICATE.fingerprint


@pytest.mark.parametrize(
    "content", [b"", b"a key, they said", bytes(CERTIFICATE)[:100]], ids=["empty", "words", "half of one"]
)
def test_an_invalid_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WarehouseError, match="is not an OpenPGP certificate"):
        read_certificates(certificate(tmp_path, content))


def test_all_of_several_armored_certificates_in_a_file_are_used(tmp_path: Path) -> None:
    other = Tsk.generate("another").extract_certificate()
    found = read_certificates(certificate(tmp_path, f"Ours:\n{CERTIFICATE}\n{other}\n".encode()))
    assert [one.fingerprint for one in found] == [CERTIFICATE.fingerprint, other.fingerprint]


def test_receivers_are_required_for_a_server_but_not_for_a_folder(tmp_path: Path) -> None:
    keys = EncryptionKeys(tmp_path / "none.asc", tmp_path)
    keys.require_usable(str(tmp_path))
    with pytest.raises(WarehouseError, match="receiver_key: does not name a readable file"):
        keys.require_usable("sftp://host/drops")


def test_a_lost_setting_never_leads_to_unencrypted_files(keys: EncryptionKeys) -> None:
    without = replace(keys, receivers=None)
    assert not without.encrypts
    without.require_usable("sftp://host/drops")
    keys.recipients()  # creates the warehouse's key
    assert without.encrypts
    for refused in (lambda: without.require_usable("sftp://host/drops"), lambda: without.encrypt(b"rows")):
        with pytest.raises(WarehouseError, match="receiver_key: is not set, although this warehouse encrypts"):
            refused()


@pytest.mark.parametrize(
    "content",
    [bytes(RECEIVER), str(RECEIVER).encode(), f"{CERTIFICATE}\n{RECEIVER}".encode()],
    ids=["binary", "armored", "behind a certificate"],
)
def test_a_secret_key_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WarehouseError, match="contains a secret key") as raised:
        read_certificates(certificate(tmp_path, content))
    assert "BEGIN PGP" not in str(raised.value)


@pytest.mark.parametrize("name", ["none.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----", "x" * 5000])
def test_a_missing_file_is_refused_and_not_named_because_it_may_be_a_key(tmp_path: Path, name: str) -> None:
    with pytest.raises(WarehouseError, match="receiver_key: does not name a readable file") as raised:
        read_certificates(tmp_path / name)
    assert name not in str(raised.value)


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    short = Tsk.generate("receiver", validity_seconds=86_400).extract_certificate()
    path = certificate(tmp_path, bytes(short))
    assert read_certificates(path, NOW + timedelta(hours=23))
    with pytest.raises(WarehouseError, match=f"{short.fingerprint.upper()} expired on"):
        read_certificates(path, NOW + timedelta(hours=25))


def test_a_revoked_certificate_is_refused(tmp_path: Path) -> None:
    revoked = bytes(CERTIFICATE) + bytes(CERTIFICATE.revoke(RECEIVER.certifier()))
    with pytest.raises(WarehouseError, match="is revoked"):
        read_certificates(certificate(tmp_path, revoked))


def test_a_certificate_without_a_key_for_encryption_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="has no key for encryption"):
        read_certificates(certificate(tmp_path, bytes(Cert.from_packets(WITHOUT_SUBKEYS))))


def test_an_expired_encryption_key_is_refused(tmp_path: Path) -> None:
    path = certificate(tmp_path, EXPIRED_SUBKEY.encode())
    assert read_certificates(path, datetime(2020, 6, 1, tzinfo=UTC))
    with pytest.raises(WarehouseError, match="has a key for encryption that expired on 2020-12-31"):
        read_certificates(path)


@pytest.mark.gnupg
def test_gnupg_can_decrypt_an_encrypted_file(tmp_path: Path) -> None:
    with receiver() as gnupg:
        keys = EncryptionKeys(certificate(tmp_path, gnupg.certificate()), tmp_path)
        content = os.urandom(100_000)
        (tmp_path / "rows.pgp").write_bytes(keys.encrypt(content))
        assert gnupg.decrypt(tmp_path / "rows.pgp") == content


@pytest.mark.gnupg
def test_expired_ones_of_several_keys_are_left_out(tmp_path: Path) -> None:
    with receiver(signs_only=True) as gnupg:
        gnupg.add_encryption_key(
            "--faked-system-time", "20200102T000000"
        )  # a day after the first, because the faked clock runs
        gnupg.add_encryption_key()
        (found,) = read_certificates(certificate(tmp_path, gnupg.certificate()))
    assert sum(packet.tag == Tag.PublicSubkey for packet in PacketPile.from_bytes(bytes(found))) == 1
