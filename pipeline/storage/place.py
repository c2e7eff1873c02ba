"""A folder of drops: local, in an object store (`s3://`) or on an SFTP server (`sftp://`).

Only moving bytes belongs here; what a drop is and when it counts as published is in `publish_to_folder.py` and
`publish_to_url.py`. Credentials come from the environment and are in no address, error or log.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from pipeline.common.errors import WarehouseError
from pipeline.storage.local_files import write_whole
from pipeline.storage.remote import (
    SFTP_KEY,
    SFTP_KNOWN_HOSTS,
    Result,
    end_with_the_process,
    is_absent,
    named_file,
    object_store,
    parse_server_url,
    repeated,
    sftp_server,
    unreachable,
)
from pipeline.storage.urls import is_url

if TYPE_CHECKING:
    from pipeline.storage.openpgp import EncryptionKeys

LOCK: Final = ".lock"
"""The lock file in a folder of exports."""
DRAFT: Final = ".part"
"""The suffix of a file that is being uploaded to an SFTP server."""


@dataclass(frozen=True)
class Entry:
    """One entry of a folder: `size` in bytes (0 for a folder)."""

    name: str
    is_folder: bool
    size: int


@dataclass(frozen=True)
class Place:
    """A folder on a file system; `address` is shown to people and opens it again."""

    files: Any
    root: str
    address: str
    kind: str
    """`file`, `s3` or `sftp`."""
    keys: EncryptionKeys | None = None
    """The keys that encrypt and decrypt files, for callers that do so."""
    drops_folder: str = ""
    """The root of the drops folder that contains it, or empty. An SFTP server gets unfinished files in that folder, so
    that nobody takes them for a part of a drop."""

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return self.kind == "file"

    @property
    def name(self) -> str:
        """The name of the folder itself."""
        return posixpath.basename(self.root)

    def child(self, name: str) -> Place:
        """Return the folder `name` in it."""
        address = f"{self.address.rstrip('/')}/{name}"
        return replace(self, root=posixpath.join(self.root, name), address=address)

    def parent(self) -> Place:
        """Return the folder that contains it."""
        return replace(self, root=posixpath.dirname(self.root), address=posixpath.dirname(self.address))

    def entries(self) -> list[Entry]:
        """List it, by name; a missing folder is empty."""
        listed = self._call(lambda: self.files.ls(self.root, detail=True))
        if listed is None:
            return []
        found = {posixpath.basename(str(info["name"]).rstrip("/")): info for info in listed}
        found.pop("", None)
        if self.kind == "s3" and str(self.root).rstrip("/") in {str(info["name"]).rstrip("/") for info in listed}:
            found.pop(self.name, None)  # the marker object that some tools leave for a folder
        return [
            Entry(name, info["type"] == "directory", 0 if info["type"] == "directory" else int(info["size"] or 0))
            for name, info in sorted(found.items())
        ]

    def read(self, name: str) -> bytes | None:
        """Read a complete file; None if it does not exist."""
        return self._call(lambda: bytes(self.files.cat_file(self._path(name))))

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading at any position."""
        with self._faults():
            return cast(BinaryIO, repeated(lambda: self.files.open(self._path(name), "rb"), self._reconnect))

    def modified(self, name: str) -> datetime | None:
        """When a file last changed, in UTC; None if it does not exist."""
        found = self._call(lambda: cast(datetime, self.files.modified(self._path(name))))
        if found is None:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)

    def write(self, name: str, content: bytes) -> None:
        """Write a file atomically."""
        with self._faults():
            if self.is_local:
                Path(self.root).mkdir(parents=True, exist_ok=True)
                write_whole(Path(self.root) / name, content)
            else:
                repeated(
                    lambda: self.files.write_whole(self._path(name), content, self.drops_folder or self.root),
                    self._reconnect,
                )

    def create(self, name: str, content: bytes) -> bool:
        """Write a file on a server atomically, only if it does not exist; return whether it was written."""
        with self._faults():
            try:
                repeated(
                    lambda: self.files.write_new(self._path(name), content, self.drops_folder or self.root),
                    self._reconnect,
                )
            except FileExistsError:
                return False
        return True

    def upload(self, source: Path, name: str) -> None:
        """Copy a local file to a server atomically."""
        with self._faults():
            repeated(
                lambda: self.files.put_whole(str(source), self._path(name), self.drops_folder or self.root),
                self._reconnect,
            )

    def download(self, name: str, target: Path) -> None:
        """Copy one of its files to this machine."""
        with self._faults():
            repeated(lambda: self.files.get_file(self._path(name), str(target)), self._reconnect)

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with everything in it; do nothing if it does not exist."""
        path = self._path(name)

        def remove() -> None:
            if not self.files.isdir(path):
                self.files.rm_file(path)
            elif self.is_local:
                shutil.rmtree(path)
            else:
                self.files.remove_tree(path)

        self._call(remove)

    def _path(self, name: str) -> str:
        return posixpath.join(self.root, name)

    def _call(self, action: Callable[[], Result]) -> Result | None:
        """Call the file system; return None if the file or folder does not exist."""
        with self._faults():
            try:
                return repeated(action, self._reconnect)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                if not is_absent(error):
                    raise
        return None

    def _reconnect(self) -> None:
        self.files.reconnect()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn errors of a file system into WarehouseError, without secrets."""
        try:
            yield
        except Exception as error:
            if self.is_local and not isinstance(error, OSError):
                raise
            raise unreachable(self.address, self.kind, error) from None


def open_place(address: str, keys: EncryptionKeys | None = None) -> Place:
    """Open a folder by its path or URL (`s3://bucket/prefix`, `sftp://user@host:port/path`).

    `keys` encrypt and decrypt drops on servers.

    WarehouseError if the URL is not one of these, contains a password, or its server can't be reached.
    """
    if not is_url(address):
        from fsspec.implementations.local import LocalFileSystem

        root = str(Path(address).expanduser().absolute())
        return Place(LocalFileSystem(), root, address.rstrip("/") or "/", "file", keys)
    url = parse_server_url(address)
    shown = url.shown
    end_with_the_process()
    try:
        if url.scheme == "s3":
            return Place(object_store(), f"{url.host}{url.path}".rstrip("/"), shown, "s3", keys)
        return Place(sftp_server(url), url.path.rstrip("/") or "/", shown, "sftp", keys)
    except WarehouseError:
        raise
    except Exception as error:
        raise unreachable(shown, url.scheme, error) from None


def require_writable(address: str) -> None:
    """Raise WarehouseError if a folder or URL is not writable, as far as that shows without connecting or writing."""
    if is_url(address):
        if parse_server_url(address).scheme == "sftp":
            for variable in (SFTP_KEY, SFTP_KNOWN_HOSTS):
                named_file(variable)
        return
    folder = Path(address).expanduser().absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        raise WarehouseError(
            "is a file, so that no folder can be made here", where=str(there), remedy="name another folder for exports"
        )
    for path in (there, folder / LOCK):
        if path.exists() and not os.access(path, os.W_OK):
            raise WarehouseError(
                "this user can't write here, so that no drop can be published",
                where=str(path),
                remedy="change its permissions, or name another folder for exports",
            )
