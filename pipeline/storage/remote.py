"""Servers for drops: object stores and SFTP, their URLs and credentials, and explanations of their errors."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final, TypeVar

from pipeline.common.errors import WarehouseError
from pipeline.storage.urls import Url, hide, parse_url

SFTP_PASSWORD: Final = "WAREHOUSE_SFTP_PASSWORD"  # noqa: S105 (the name of a variable)
SFTP_KEY: Final = "WAREHOUSE_SFTP_KEY"
SFTP_KNOWN_HOSTS: Final = "WAREHOUSE_SFTP_KNOWN_HOSTS"
_SECRETS: Final = (SFTP_PASSWORD, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
_SFTP_PORT: Final = 22
_CONNECT_SECONDS: Final = 30
_PARTING_SECONDS: Final = 5
_PAUSES: Final = (1, 4)
"""Seconds to wait before repeating what a broken connection interrupted."""

Result = TypeVar("Result")


@cache
def end_with_the_process() -> None:
    """End fsspec's thread before the interpreter shuts down, which would report its objects as leaks."""
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
    """Parse the URL of drops; WarehouseError, which quotes nothing of it, if it is invalid or has a credential."""
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
    from pipeline.storage.s3 import open_store

    return open_store()


def sftp_server(url: Url) -> Any:
    """Connect to the SFTP server of a URL, with the credentials of the environment."""
    import asyncssh

    from pipeline.storage.sftp import SftpFiles

    options: dict[str, Any] = {
        "port": int(url.port or _SFTP_PORT),
        # asyncssh's own default; the default of sshfs would accept any server in the middle
        "known_hosts": named_file(SFTP_KNOWN_HOSTS) or (),
        "connect_timeout": _CONNECT_SECONDS,
        "keepalive_interval": _CONNECT_SECONDS,  # detects a dead server without interrupting a slow one
    }
    if url.user:
        options["username"] = url.user
    if password := os.environ.get(SFTP_PASSWORD):
        options["password"] = password
    if key := named_file(SFTP_KEY):
        options["client_keys"] = [asyncssh.read_private_key(key)]
    return repeated(lambda: SftpFiles(url.host.strip("[]"), skip_instance_cache=True, **options))


def repeated(action: Callable[[], Result], reconnect: Callable[[], None] = lambda: None) -> Result:
    """Call a function over a network, and repeat it after a pause if the connection broke; raise the third error."""
    for pause in _PAUSES:
        try:
            return action()
        except Exception as error:
            if not _is_broken(error):
                raise
            time.sleep(pause)
            with suppress(Exception):  # the next attempt reports what is wrong
                reconnect()
    return action()


def _is_broken(error: Exception) -> bool:
    """Return whether a connection broke, as opposed to a refusal; the S3 client repeats its requests by itself."""
    if "asyncssh" not in sys.modules:
        return False
    from pipeline.storage.sftp import is_broken

    return is_broken(error)


def named_file(variable: str) -> str | None:
    """Return the file that a variable names; WarehouseError if it can't be read.

    The variable is not quoted, because people set it to the key itself.
    """
    file = os.environ.get(variable)
    if file and not os.access(file, os.R_OK):
        raise WarehouseError("does not name a readable file", where=variable, remedy="name the file, by its path")
    return file or None


def _environment_secrets() -> list[str]:
    """List what no message may contain: the credentials of the environment, including those in an endpoint."""
    secrets = [os.environ.get(variable, "") for variable in _SECRETS]
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        _, _, rest = os.environ.get(variable, "").partition("://")
        credential, at, _ = rest.rpartition("@")
        query = rest.partition("?")[2]
        secrets += [f"{credential}{at}", credential, *credential.split(":"), query]
    return [secret for secret in secrets if secret]


def unreachable(address: str, kind: str, error: Exception) -> WarehouseError:
    """Return what went wrong, without secrets. Raise it `from None`, because the original message may contain one."""
    detail = hide(" ".join(str(error).split()) or type(error).__name__, _environment_secrets())
    names = set(_fault_names(error))
    for faults, what, remedy in _FAULTS[kind]:
        if names & faults:
            return WarehouseError(f"{what} ({type(error).__name__}: {detail})", where=address, remedy=remedy)
    return WarehouseError(f"{type(error).__name__}: {detail}", where=address, remedy=_REMEDIES[kind])


def is_absent(error: Exception) -> bool:
    """Return whether an object, a file or a folder does not exist, as opposed to its bucket."""
    kinds = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
    return isinstance(error, kinds) and "NoSuchBucket" not in _fault_names(error)


def _fault_names(error: BaseException | None) -> Iterator[str]:
    """Return the class names of an error and its causes, and S3's error code."""
    while error is not None:
        yield from (kind.__name__ for kind in type(error).__mro__)
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            yield str(response.get("Error", {}).get("Code"))
        error = error.__cause__ or error.__context__


_REMEDIES: Final = {
    "s3": "check the bucket, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL; then run again",
    "sftp": f"check the server, its path, {SFTP_PASSWORD} or {SFTP_KEY}, and that {SFTP_KNOWN_HOSTS} "
    "(or ~/.ssh/known_hosts) has the server's key; then run again",
    "file": "check the folder's permissions and the space left; then run again",
}
_FAULTS: Final[dict[str, list[tuple[set[str], str, str]]]] = {
    "s3": [
        (
            {"NoSuchBucket"},
            "there is no such bucket",
            "create it, or check its name, AWS_DEFAULT_REGION and AWS_ENDPOINT_URL; then run again",
        ),
        (
            {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"},
            "the bucket is in another region",
            "set AWS_DEFAULT_REGION to the bucket's region, and run again",
        ),
        (
            {"NoCredentialsError", "PartialCredentialsError", "InvalidAccessKeyId", "SignatureDoesNotMatch"},
            "the store does not know this key",
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; then run again",
        ),
        (
            {"AccessDenied", "403"},
            "the key may not do this",
            "give it the right to list the bucket, and to read, write and delete below the prefix; then run again",
        ),
        (
            {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError"},
            "the store does not answer",
            "check AWS_ENDPOINT_URL and the network; the drop has no manifest yet, so run again when the store answers",
        ),
        ({"SlowDown", "ServiceUnavailable", "503"}, "the store is too busy", "run again later"),
    ],
    "sftp": [
        (
            {"HostKeyNotVerifiable"},
            "the server's host key is unknown",
            f"ask its operator for the key, and add it to the file {SFTP_KNOWN_HOSTS} (or ~/.ssh/known_hosts)",
        ),
        (
            {"PermissionDenied"},
            "the server does not let this user in",
            f"check the user in the URL, {SFTP_PASSWORD} and {SFTP_KEY}; then run again",
        ),
        (
            {"SFTPPermissionDenied", "SFTPWriteProtect"},
            "the user may not do this there",
            "have the server's operator give the user the right to write, rename and delete in this folder",
        ),
        (
            {"SFTPFailure", "SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"},
            "the server refused",
            "check the server's free space, quota and permissions; then run again",
        ),
        (
            {"ConnectionLost", "SFTPConnectionLost", "ConnectionError", "gaierror", "TimeoutError"},
            "the server does not answer",
            "check its name and port, and the network; then run again",
        ),
    ],
    "file": [],
}
"""Errors of servers, by class or code: the explanation, and what to do."""
