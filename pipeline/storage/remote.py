"""Servers where drops land: object stores and SFTP, their URLs and credentials, and their faults in words."""

from __future__ import annotations

import atexit
import os
from functools import cache
from typing import Any, Final

from pipeline.common.errors import WarehouseError
from pipeline.storage.urls import Url, hide, parse_url

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


def parse_server_url(address: str) -> Url:
    """Parse the URL of drops; WarehouseError, which quotes nothing of it, where it is none or holds a credential."""
    form = "a folder, s3://bucket/prefix or sftp://user@host:port/path"
    url = parse_url(address, where="the URL of the drops", form=form)
    if url.scheme not in ("s3", "sftp"):
        what = "drops can't be delivered to this kind of URL"
    elif url.password is not None or (url.scheme == "s3" and url.user is not None):
        raise WarehouseError(
            "has a credential in the URL",
            where=url.shown,
            remedy=f"take it out; set {SFTP_PASSWORD} or {SFTP_KEY} for sftp://, the AWS_* variables for s3://",
        )
    elif not url.host or "," in url.host or url.parameters:
        what = "is not a URL that names a server or bucket and a path"
    else:
        return url
    raise WarehouseError(what, where="the URL of the drops", remedy=f"give {form}")


def object_store() -> Any:
    """Open the object store that the environment names (AWS_*)."""
    import s3fs

    # the endpoint, the region and the keys are botocore's to find in the environment
    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


def sftp_server(url: Url) -> Any:
    """Connect to the SFTP server of a URL, with the credentials of the environment."""
    import asyncssh
    import sshfs

    options: dict[str, Any] = {
        "port": int(url.port or _SFTP_PORT),
        # asyncssh's own default; sshfs's would let any server in the middle pass for this one
        "known_hosts": named_file(SFTP_KNOWN_HOSTS) or (),
        "connect_timeout": _CONNECT_SECONDS,
    }
    if url.user:
        options["username"] = url.user
    if password := os.environ.get(SFTP_PASSWORD):
        options["password"] = password
    if key := named_file(SFTP_KEY):
        options["client_keys"] = [asyncssh.read_private_key(key)]
    return sshfs.SSHFileSystem(url.host.strip("[]"), skip_instance_cache=True, **options)


def named_file(variable: str) -> str | None:
    """Return the file that a variable names; WarehouseError where it can't be read.

    What the variable holds is not quoted: some set it to the key itself.
    """
    file = os.environ.get(variable)
    if file and not os.access(file, os.R_OK):
        raise WarehouseError("names no file that can be read", where=variable, remedy="name the file, by its path")
    return file or None


def _environment_secrets() -> list[str]:
    """List what no message may repeat: the credentials of the environment, an endpoint's too."""
    secrets = [os.environ.get(variable, "") for variable in _SECRETS]
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        _, _, rest = os.environ.get(variable, "").partition("://")
        credential, at, _ = rest.rpartition("@")
        query = rest.partition("?")[2]
        secrets += [f"{credential}{at}", credential, *credential.split(":"), query]
    return [secret for secret in secrets if secret]


def unreachable(address: str, kind: str, error: Exception) -> WarehouseError:
    """What went wrong, without a secret. Raise it `from None`: the original message may hold one."""
    detail = hide(" ".join(str(error).split()) or type(error).__name__, _environment_secrets())
    remedies = {
        "s3": "check the bucket, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL; then run again",
        "sftp": f"check the server, its path, {SFTP_PASSWORD} or {SFTP_KEY}, and that {SFTP_KNOWN_HOSTS} "
        "(else ~/.ssh/known_hosts) holds the server's key; then run again",
        "file": "check the folder's permissions and the space left; then run again",
    }
    return WarehouseError(f"{type(error).__name__}: {detail}", where=address, remedy=remedies[kind])
