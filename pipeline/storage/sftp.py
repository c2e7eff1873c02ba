"""An SFTP server as a file system: files appear atomically, whichever of SFTP's renames the server supports."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from asyncssh import ConnectionLost, SFTPClient, SFTPError, SFTPNoSuchFile
from asyncssh.sftp import SFTPConnectionLost, SFTPNoConnection, SFTPOpUnsupported
from fsspec.asyn import sync_wrapper
from sshfs import SSHFileSystem

from pipeline.storage.place import DRAFT

BROKEN = (ConnectionLost, SFTPConnectionLost, SFTPNoConnection, ConnectionError, TimeoutError)
"""Errors of a connection that broke or could not be made; another attempt may succeed."""


def is_broken(error: Exception) -> bool:
    """Return whether a connection broke, as opposed to a refusal."""
    is_closed = "Can't create any SFTP connections" in str(error)  # sshfs has no class for it
    return is_closed or isinstance(error, BROKEN)


class SftpFiles(SSHFileSystem):  # type: ignore[misc]  # sshfs has no types
    """`sshfs` with support for servers without posix-rename, and those that refuse names with a leading dot."""

    def __init__(self, host: str, **options: Any) -> None:
        self._reached_by = (host, options)
        self._successor: SftpFiles | None = None
        super().__init__(host, **options)

    def reconnect(self) -> None:
        """Open the connection again after it broke."""
        host, options = self._reached_by
        self._successor = SftpFiles(host, **options)  # kept, because its connection closes when it is collected
        for name in ("_client", "_pool"):
            setattr(self, name, getattr(self._successor, name))

    async def _write_whole(self, path: str, content: bytes, drafts: str) -> None:
        await self._put_in_place(await self._draft(path, drafts, lambda draft: self._pipe_file(draft, content)), path)

    write_whole = sync_wrapper(_write_whole)

    async def _put_whole(self, source: str, path: str, drafts: str) -> None:
        await self._put_in_place(await self._draft(path, drafts, lambda draft: self._put_file(source, draft)), path)

    put_whole = sync_wrapper(_put_whole)

    async def _write_new(self, path: str, content: bytes, drafts: str) -> None:
        draft = await self._draft(path, drafts, lambda draft: self._pipe_file(draft, content))
        async with self._pool.get() as channel:
            await _rename_to_new(channel, draft, path)

    write_new = sync_wrapper(_write_new)

    async def _draft(self, path: str, drafts: str, write: Callable[[str], Awaitable[None]]) -> str:
        """Write a file in the folder of drafts under a unique name; return its path.

        A server may refuse a name with a leading dot.
        """
        own = f"{posixpath.basename(path)}.{secrets.token_hex(4)}{DRAFT}"
        hidden, plain = posixpath.join(drafts, f".{own}"), posixpath.join(drafts, own)
        try:
            await write(hidden)
        except BROKEN:
            raise
        except (SFTPError, OSError):
            await self._clear(hidden)  # a part of it may have been written
            try:
                await write(plain)
            except (SFTPError, OSError):
                await self._clear(plain)
                raise
            return plain
        return hidden

    async def _clear(self, draft: str) -> None:
        with suppress(SFTPError, OSError):
            await self._rm_file(draft)

    async def _put_in_place(self, draft: str, path: str) -> None:
        try:
            async with self._pool.get() as channel:
                await _rename(channel, draft, path)
        except SFTPNoSuchFile:  # no such folder
            await self._makedirs(posixpath.dirname(path), exist_ok=True)
            async with self._pool.get() as channel:
                await _rename(channel, draft, path)

    def remove_tree(self, path: str) -> None:
        """Remove a folder with everything in it, file by file."""
        self.rm(path, recursive=True)


async def _rename(channel: SFTPClient, draft: str, path: str) -> None:
    """Rename, replacing an existing file: atomically with OpenSSH's extension, else by removing it first."""
    try:
        await channel.posix_rename(draft, path)
    except BROKEN:
        raise
    except (SFTPOpUnsupported, SFTPError):
        if await channel.exists(path):
            await channel.remove(path)
        await channel.rename(draft, path)


async def _rename_to_new(channel: SFTPClient, draft: str, path: str) -> None:
    """Rename with SFTP's own rename, which refuses an existing name; FileExistsError then."""
    try:
        await channel.rename(draft, path)
    except BROKEN:
        raise
    except SFTPError:
        if not await channel.exists(path):
            raise
        with suppress(SFTPError):
            await channel.remove(draft)
        raise FileExistsError(path) from None
