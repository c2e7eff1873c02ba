"""An object store as a file system: an object appears whole, is created once, and objects are removed one by one."""

from __future__ import annotations

import errno
from functools import cache
from typing import Any

from aiobotocore.session import AioSession
from botocore.loaders import Loader, create_loader
from s3fs import S3FileSystem

_NOT_UNDERSTOOD = (errno.ENOSYS, errno.EINVAL)
"""What a store answers that doesn't know `If-None-Match`: NotImplemented, InvalidArgument or InvalidRequest."""


class S3Files(S3FileSystem):  # type: ignore[misc]  # s3fs has no types
    """`s3fs` with the few operations that a delivery needs; it repeats by itself what a store asks to repeat."""

    def write_whole(self, path: str, content: bytes, _drafts: str) -> None:
        """Write an object, over what may be there."""
        self.pipe_file(path, content)

    def write_new(self, path: str, content: bytes, _drafts: str) -> None:
        """Write an object that must not be there, which the store ensures if it can; FileExistsError if it is."""
        try:
            self.pipe_file(path, content, mode="create")
        except FileNotFoundError:  # the bucket
            raise
        except OSError as error:
            if self.exists(path):
                raise FileExistsError(path) from None
            if error.errno not in _NOT_UNDERSTOOD:
                raise
            self.pipe_file(path, content)

    def put_whole(self, source: str, path: str, _drafts: str) -> None:
        """Copy a file of this machine into an object, over what may be there."""
        self.put_file(source, path)

    def remove_tree(self, path: str) -> None:
        """Remove all objects below a prefix, each by itself: older stores refuse a bulk delete without Content-MD5."""
        for found in self.find(path):
            self.rm_file(found)

    def reconnect(self) -> None:
        """Nothing to do: each request has its connection."""


def open_store() -> Any:
    """Open the object store that the environment names (AWS_*): endpoint, region and keys are botocore's to find."""
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
    """Read botocore's descriptions of S3 once: a run opens several places, each for 0.5 s of CPU (2026-11-29)."""
    return create_loader()
