"""Servers where drops land: object stores and SFTP, their URLs and credentials, and their faults in words."""

from __future__ import annotations

import atexit
import os
from functools import cache
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from pipeline.common.errors import WarehouseError

SFTP_PASSWORD: Final = "WAREHOUSE_SFTP_PASSWORD"  # noqa: S105 (the name of a variable)
SFTP_KEY: Final = "WAREHOUSE_SFTP_KEY"
SFTP_KNOWN_HOSTS: Final = "WAREHOUSE_SFTP_KNOWN_HOSTS"
_SECRETS: Final = (SFTP_PASSWORD, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
_SFTP_PORT: Final = 22
_CONNECT_SECONDS: Final = 30
_PARTING_SECONDS: Final = 5


@cache
def end_with_the_process() -> None:
    """End fsspec's thread before the interpreter takes itself apart: what it holds would be reported as leaks."""
    import gc

    from fsspec.asyn import get_loop, iothread

    loop = get_loop()

    def end() -> None:
        gc.collect()  # closes the connections of places that nobody holds any more
        loop.call_soon_threadsafe(loop.stop)
        if iothread[0] is not None:
            iothread[0].join(_PARTING_SECONDS)

    atexit.register(end)


def split_url(address: str) -> SplitResult:
    """Split a URL; it is not quoted in an error before its password is out of it."""
    scheme = address.partition("://")[0]
    remedy = "give a folder, s3://bucket/prefix or sftp://user@host:port/path"
    if scheme not in ("s3", "sftp"):
        raise WarehouseError("drops can't be delivered to this kind of URL", where=f"{scheme}://…", remedy=remedy)
    try:
        url = urlsplit(address)
        _ = url.port
    except ValueError:
        raise WarehouseError("is not a URL", where=f"{scheme}://…", remedy=remedy) from None
    if not url.hostname or url.query or url.fragment:
        raise WarehouseError(
            "is not a URL that names a server or bucket and a path", where=shown_url(url), remedy=remedy
        )
    if url.password is not None or (url.scheme == "s3" and "@" in url.netloc):
        raise WarehouseError(
            "has a credential in the URL",
            where=shown_url(url),
            remedy=f"take it out; set {SFTP_PASSWORD} or {SFTP_KEY} for sftp://, the AWS_* variables for s3://",
        )
    return url


def shown_url(url: SplitResult) -> str:
    """Write a URL without its password, query and fragment."""
    server = url.netloc.rpartition("@")[2]
    user = "" if url.scheme == "s3" or not url.username else f"{url.username}@"
    return f"{url.scheme}://{user}{server}{url.path}".rstrip("/")


def object_store() -> Any:
    """Open the object store that the environment names (AWS_*)."""
    import s3fs

    # the endpoint, the region and the keys are botocore's to find in the environment
    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


def sftp_server(url: SplitResult) -> Any:
    """Connect to the SFTP server of a URL, with the credentials of the environment."""
    import asyncssh
    import sshfs

    options: dict[str, Any] = {
        "port": url.port or _SFTP_PORT,
        # asyncssh's own default; sshfs's would let any server in the middle pass for this one
        "known_hosts": os.environ.get(SFTP_KNOWN_HOSTS) or (),
        "connect_timeout": _CONNECT_SECONDS,
    }
    if url.username:
        options["username"] = unquote(url.username)
    if password := os.environ.get(SFTP_PASSWORD):
        options["password"] = password
    if key := os.environ.get(SFTP_KEY):
        options["client_keys"] = [asyncssh.read_private_key(key)]
    return sshfs.SSHFileSystem(url.hostname, skip_instance_cache=True, **options)


def unreachable(address: str, kind: str, error: Exception) -> WarehouseError:
    """What went wrong, without a secret. Raise it `from None`: the original message may hold one."""
    detail = " ".join(str(error).split()) or type(error).__name__
    for variable in _SECRETS:
        if secret := os.environ.get(variable):
            detail = detail.replace(secret, "***")
    remedies = {
        "s3": "check the bucket, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL; then run again",
        "sftp": f"check the server, its path, {SFTP_PASSWORD} or {SFTP_KEY}, and that {SFTP_KNOWN_HOSTS} "
        "(else ~/.ssh/known_hosts) holds the server's key; then run again",
        "file": "check the folder's permissions and the space left; then run again",
    }
    return WarehouseError(f"{type(error).__name__}: {detail}", where=address, remedy=remedies[kind])
