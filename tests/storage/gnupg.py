"""GnuPG with a receiver's key, in its own home folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_RECEIVER = "receiver@example.com"


@dataclass(frozen=True)
class GnuPG:
    """A receiver with GnuPG."""

    home: Path

    def certificate(self) -> bytes:
        """Export the certificate for senders."""
        return self.call("--armor", "--export", _RECEIVER)

    def decrypt(self, path: Path) -> bytes:
        """Decrypt a file."""
        return self.call("--decrypt", str(path))

    def add_encryption_key(self, *options: str) -> None:
        """Add another encryption key to the certificate."""
        (fingerprint,) = [
            line.split(":")[9] for line in self.call("--with-colons", "-k").decode().splitlines() if line[:3] == "fpr"
        ][:1]
        self.call(*options, "--quick-add-key", fingerprint, "cv25519", "encr", "1y")

    def call(self, *arguments: str) -> bytes:
        """Call the program without prompts."""
        options = ["--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""]
        command = ["gpg", "--homedir", str(self.home), *options, *arguments]
        ended = subprocess.run(command, capture_output=True, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout


@contextmanager
def receiver(*, signs_only: bool = False) -> Iterator[GnuPG]:
    """Make a receiver's key; the home has a short path because it contains a socket."""
    with TemporaryDirectory(prefix="gnupg-", dir="/tmp") as home:
        try:
            gnupg = GnuPG(Path(home))
            kind = ("ed25519", "sign") if signs_only else ("default", "default")
            gnupg.call("--faked-system-time", "20200101T000000", "--quick-gen-key", _RECEIVER, *kind, "never")
            yield gnupg
        finally:
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True, check=False)
