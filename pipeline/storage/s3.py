"""An object store as a file system: objects appear atomically, are created once, and are removed one by one."""

from __future__ import annotations

import errno
from functools import cache
from typing import Any

from aiobotocore.session import AioSession
from botocore.loaders import Loader, create_loader
from s3fs import S3FileSystem

_NOT_UNDERSTOOD = (errno.ENOSYS, errno.EINVAL)
"""Errors of a store without `If-None-Match`: NotImplemented, InvalidArgument or InvalidRequest."""


class S3Files(S3FileSystem):  # type: ignore[misc]  # s3fs has no types
    """`s3fs` with the operations that a delivery needs; it repeats requests by itself if a store asks for that."""

    def write_whole(self, path: str, content: bytes, _drafts: str) -> None:
        """Write an object, replacing an existing one."""
        self.pipe_file(path, content)

    def write_new(self, path: str, content: bytes, _drafts: str) -> None:
        """Write an object, or raise FileExistsError if it exists; the check is atomic if the store supports that."""
        try:
            self.pipe_file(path, content, mode="create")
        except FileNotFoundError:  # no such bucket
            raise
        except OSError as error:
            if self.exists(path):
                raise FileExistsError(path) from None
            if error.errno not in _NOT_UNDERSTOOD:
                raise
            self.pipe_file(path, content)

    def put_whole(self, source: str, path: str, _drafts: str) -> None:
        """Copy a local file into an object, replacing an existing one."""
        self.put_file(source, path)

    def remove_tree(self, path: str) -> None:
        """Remove all objects under a prefix one by one: older stores refuse a bulk delete without Content-MD5."""
        for found in self.find(path):
            self.rm_file(found)

    def reconnect(self) -> None:
        """Do nothing: each request has its own connection."""


def open_store() -> Any:
    """Open the object store of the environment: botocore finds endpoint, region and keys in AWS_* and its files."""
    session = AioSession()
    session.register_component("data_loader", _service_models())
    return S3Files(
        session=session,
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={"connect_timeout": 30, "read_timeout": 60},
    )


@cache
def _service_models() -> Loader:
    """Cache botocore's descriptions of S3: a run opens several places, each for 0.5 s of CPU (2026-11-29)."""
    return create_loader()
