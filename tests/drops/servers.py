"""Real servers on loopback: an object store and an SFTP server, each with faults to order."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "drops"
USER = "courier"
PASSWORD = "p4ss-w0rd-of-the-courier"
ACCESS_KEY = "AKIAEXAMPLEKEYOFTEST"
SECRET_KEY = "secret-key-of-the-test-that-nobody-sees"


@contextmanager
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve S3 with one empty bucket; give its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
        yield f"s3://{BUCKET}/exports"
    finally:
        server.stop()


class SftpServer:
    """An SFTP server in a thread, on a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self.renames: list[tuple[str, str]] = []

    def known_hosts(self, path: Path, key: asyncssh.SSHKey | None = None) -> Path:
        """Write the file by which a client knows this server, or knows it wrongly by another `key`."""
        public = (key or self.host_key).export_public_key().decode().strip()
        path.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return path

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve; give the URL of the folder `exports`."""
        root = self.root
        renames = self.renames

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(root).encode())

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                renames.append((oldpath.decode(), newpath.decode()))
                return super().posix_rename(oldpath, newpath)

        class Door(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (USER, PASSWORD)

        async def serve() -> Any:
            return await asyncssh.listen(
                "127.0.0.1", 0, server_factory=Door, server_host_keys=[self.host_key], sftp_factory=Files
            )

        thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(serve(), self.loop).result(20)
        self.port = server.get_port()
        try:
            yield f"sftp://{USER}@127.0.0.1:{self.port}/exports"
        finally:
            self.loop.call_soon_threadsafe(server.close)
            asyncio.run_coroutine_threadsafe(server.wait_closed(), self.loop).result(20)
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join(20)
            self.loop.close()


@contextmanager
def sftp_server(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, SftpServer]]:
    """Serve SFTP with the credentials in the environment; give the URL."""
    root.mkdir()
    server = SftpServer(root)
    with server.running() as url:
        monkeypatch.setenv("WAREHOUSE_SFTP_PASSWORD", PASSWORD)
        monkeypatch.setenv("WAREHOUSE_SFTP_KNOWN_HOSTS", str(server.known_hosts(root.parent / "known_hosts")))
        yield url, server
