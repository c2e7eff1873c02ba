"""Real servers on loopback: an object store and an SFTP server, with injectable faults."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

import asyncssh
import asyncssh.sftp
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


@contextmanager
def drop_server(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve an empty destination for drops, `s3` or `sftp` (in this folder); yield its URL."""
    if kind == "s3":
        with object_store(monkeypatch) as url:
            yield url
    else:
        with sftp_server(folder, monkeypatch) as (url, _):
            yield url


Fault = Callable[[str, str, Message], tuple[int, str, str] | None]
"""Maps a request (method, path, headers) to the status, code and message to answer with, or None to pass it on."""


@contextmanager
def faulty_object_store(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> Iterator[str]:
    """Serve S3 behind a proxy that answers some requests itself."""
    with object_store(monkeypatch) as url:
        store = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _proxy_of(store, fault))
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.server_port}")
        try:
            yield url
        finally:
            proxy.shutdown()
            proxy.server_close()
            thread.join(20)


def _proxy_of(store: str, fault: Fault) -> type[http.server.BaseHTTPRequestHandler]:
    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

        def pass_on(self) -> None:
            content = self._content()
            if (answer := fault(self.command, self.path, self.headers)) is not None:
                status, code, message = answer
                body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
                self._answer(status, body.encode(), {})
                return
            connection = http.client.HTTPConnection(store)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
            connection.request(self.command, self.path, content, {**headers, "Content-Length": str(len(content))})
            response = connection.getresponse()
            self._answer(response.status, response.read(), dict(response.getheaders()))
            connection.close()

        def _content(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            own = ("connection", "transfer-encoding", "date", "server", "content-length")
            for name, value in headers.items():
                if name.lower() not in own:
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            length = headers.get("content-length", headers.get("Content-Length")) if is_head else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            if not is_head:
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on  # noqa: N815 (the names that the server calls)

    return Proxy


class SftpServer:
    """An SFTP server in a thread, on its own folder.

    `quirks`: `nodot` refuses names that begin with a dot, `full` has no room for checksums, `nodelete` removes nothing.
    """

    def __init__(self, root: Path, quirks: tuple[str, ...] = ()) -> None:
        self.root = root
        self.quirks = quirks
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self.renames: list[tuple[str, str]] = []

    def known_hosts(self, path: Path, key: asyncssh.SSHKey | None = None) -> Path:
        """Write a client's known_hosts file for this server, or a wrong one with another `key`."""
        public = (key or self.host_key).export_public_key().decode().strip()
        path.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return path

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve; give the URL of the folder `exports`."""
        root = self.root
        renames, quirks = self.renames, self.quirks

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(root).encode())

            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                if "nodot" in quirks and Path(path.decode()).name.startswith("."):
                    raise asyncssh.SFTPPermissionDenied("names that begin with a dot are not allowed")
                if "full" in quirks and pflags & asyncssh.FXF_WRITE and b"SHA256" in path:
                    raise asyncssh.SFTPFailure("quota exceeded")
                return super().open(path, pflags, attrs)

            def remove(self, path: bytes) -> Any:
                if "nodelete" in quirks:
                    raise asyncssh.SFTPPermissionDenied("nothing is deleted here")
                return super().remove(path)

            def rename(self, oldpath: bytes, newpath: bytes) -> Any:
                done = super().rename(oldpath, newpath)
                renames.append((oldpath.decode(), newpath.decode()))
                return done

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                if "strictrename" in quirks and Path(os.fsdecode(self.map_path(newpath))).exists():
                    raise asyncssh.SFTPFailure("target exists")
                renames.append((oldpath.decode(), newpath.decode()))
                return super().posix_rename(oldpath, newpath)

        connections: list[asyncssh.SSHServerConnection] = []

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                connections.append(conn)

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

        async def stop(server: Any) -> None:
            server.close()
            for connection in connections:  # clients keep theirs open, and from Python 3.12 on a server waits for them
                connection.abort()
            await server.wait_closed()

        thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(serve(), self.loop).result(20)
        self.port = server.get_port()
        try:
            yield f"sftp://{USER}@127.0.0.1:{self.port}/exports"
        finally:
            asyncio.run_coroutine_threadsafe(stop(server), self.loop).result(20)
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join(20)
            self.loop.close()


@contextmanager
def sftp_server(
    root: Path, monkeypatch: pytest.MonkeyPatch, quirks: tuple[str, ...] = ()
) -> Iterator[tuple[str, SftpServer]]:
    """Serve SFTP with the credentials in the environment; give the URL. `noposix` knows no posix-rename."""
    root.mkdir(exist_ok=True)
    if "noposix" in quirks:
        handler, name = asyncssh.sftp.SFTPServerHandler, b"posix-rename@openssh.com"
        monkeypatch.setattr(handler, "_extensions", [one for one in handler._extensions if one[0] != name])
        known = {kind: handle for kind, handle in handler._packet_handlers.items() if kind != name}
        monkeypatch.setattr(handler, "_packet_handlers", known)
    server = SftpServer(root, quirks)
    with server.running() as url:
        monkeypatch.setenv("WAREHOUSE_SFTP_PASSWORD", PASSWORD)
        monkeypatch.setenv("WAREHOUSE_SFTP_KNOWN_HOSTS", str(server.known_hosts(root.parent / "known_hosts")))
        yield url, server
