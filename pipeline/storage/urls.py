"""URLs of databases and servers: parsed once, here, shown without secrets, and refused without being quoted.

Parsers split a password with an unescaped `@`, `/`, `?` or `#` differently than its writer meant, so that a piece of it
becomes a host or a path. Such a URL is refused. Messages only show scheme, host and database (for a file server: user,
port and path, which open it again).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from pipeline.common.errors import WarehouseError

ESCAPES: Final = "in its user and password escape @ as %40, / as %2F, : as %3A, ? as %3F, # as %23, % as %25"

_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+_.-]*"
_KNOWN_SCHEMES: Final = (
    *("postgresql", "postgres", "sqlite", "mysql", "mariadb", "oracle", "mssql", "sqlserver", "snowflake", "redshift"),
    *("s3", "s3a", "sftp", "ssh", "scp", "ftp", "ftps", "http", "https", "file", "jdbc", "odbc", "spark"),
)
_MISTYPED: Final = re.compile(
    rf"^(?:{'|'.join(_KNOWN_SCHEMES)})(?:\+\w+)?:"  # postgresql:/user:password@host/name
    r"|^//[^/]*@"  # //user:password@host/name
    r"|^[^/.~].*:.*@"  # user:password@host/name
    r"|(?:^|[\s;])(?:passw(?:or)?d|pwd|pass|sslpassword)\s*=|^\w+\s*=.*[\s;]\w+\s*=",  # host=db user=loader, as libpq's
    re.IGNORECASE,
)
_CREDENTIAL: Final = re.compile(r"(?:passw(?:or)?d|pwd|pass|secret|token)\s*=", re.IGNORECASE)
_SERVERS_OF_FILES: Final = ("s3", "sftp")
_PLAIN_PARAMETERS: Final = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "schema", "sslmode", "connect_timeout", "application_name", "mode"),
        *("client_encoding", "target_session_attrs", "gssencmode", "channel_binding", "driver", "charset", "uri"),
    }
)
"""Query parameters whose values a driver's message may show; all others are hidden."""

_SHORT: Final = 4
"""A secret with fewer characters is only hidden as a whole word, because as a part of words it would be everywhere."""


@dataclass(frozen=True)
class Url:
    """A URL that every parser splits in the same way; user, password, path and parameters are unescaped.

    `host` and `port` are as written: lists with commas if PostgreSQL has several. `path` starts with a slash.
    """

    scheme: str
    user: str | None
    password: str | None
    host: str
    port: str | None
    path: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def database(self) -> str:
        """The path without its slash: a database's name, or SQLite's file."""
        return self.path[1:]

    @property
    def shown(self) -> str:
        """Its form in messages, which opens a file server again."""
        path = re.sub("[@%?#]", lambda found: quote(found[0]), self.path)
        if self.scheme not in _SERVERS_OF_FILES:
            return f"{self.scheme}://{self.host}{path}"
        user = f"{quote(self.user, safe='')}@" if self.user and self.scheme == "sftp" else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host}{port}{path}".rstrip("/")

    def hide(self, text: str) -> str:
        """Mask user, password and parameters in a driver's text, escaped or not."""
        values = [value or name for name, value in self.parameters if name.lower() not in _PLAIN_PARAMETERS]
        words = [word for value in values for word in re.split(r"[\s;=,&]+", value) if len(word) >= _SHORT]
        hidden = hide(text, [*([self.password] if self.password else []), *values, *words])
        if self.user:
            hidden = _hide_word(hidden, self.user)
        return hidden


def hide(text: str, secrets: Iterable[str]) -> str:
    """Mask secrets in a text, as they are or escaped as in a URL."""
    forms = {form for secret in secrets for form in (secret, quote(secret), quote(secret, safe="")) if form}
    for form in sorted(forms, key=len, reverse=True):
        text = _hide_word(text, form) if len(form) < _SHORT else text.replace(form, "***")
    return text


def _hide_word(text: str, word: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "***", text)


def is_url(text: str) -> bool:
    """Return whether a text means a database or a server, correctly written or not, as opposed to a folder.

    An existing folder of that name is a folder, unless the text contains `://`.
    """
    return "://" in text or (_MISTYPED.search(text) is not None and not _is_there(text))


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long for a name, or with a zero byte
        return False


def parse_url(text: str, *, where: str, form: str) -> Url:
    """Parse a URL. WarehouseError, which quotes nothing of it, if it is ambiguous.

    `where` names the setting, `form` is the format of its URLs: `postgresql://user:password@host:5432/database`.
    """
    fault = WarehouseError("the URL can't be read", where=where, remedy=f"write it as {form}; {ESCAPES}")
    if not text.isprintable():
        raise fault
    found = re.fullmatch(
        rf"(?P<scheme>{_SCHEME})://(?:(?P<user>[^/?#@:]*)(?P<password>:[^/?#@]*)?@)?(?P<server>[^/?#@]*)"
        r"(?P<path>/[^?]*)?(?:\?(?P<query>.*))?",
        text.strip(),
    )
    if found is None:
        raise fault
    path, query, is_file = found["path"] or "", found["query"] or "", _is_file_url(found["scheme"], found["server"])
    if not is_file and ("@" in path + query or "#" in path + query or _CREDENTIAL.search(found["server"] + path)):
        raise fault
    servers = list(_servers(found["server"]))
    if None in servers or re.search(r"%(?![0-9A-Fa-f]{2})", f"{found['user']}{found['password']}"):
        raise fault
    decode = unquote if found["scheme"].startswith("postgres") else unquote_plus
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return Url(
        scheme=found["scheme"],
        user=None if found["user"] is None else unquote(found["user"]),
        password=None if found["password"] is None else unquote(found["password"][1:]),
        host=",".join(server[0] for server in servers if server),
        port=",".join(server[1] for server in servers if server).strip(",") or None,
        path=unquote(path),
        parameters=tuple((decode(name), decode(value)) for name, _, value in pairs),
    )


def _is_file_url(scheme: str, server: str) -> bool:
    """Return whether it names a local file (`sqlite:///file`), whose path may contain anything."""
    return not server and scheme.partition("+")[0] == "sqlite"


def _servers(text: str) -> Iterator[tuple[str, str] | None]:
    """Split `host:port,host:port` into names and ports; None for anything else."""
    for server in text.split(","):
        found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]*)(?::([0-9]{0,5}))?", server)
        yield None if found is None else (found[1], found[2] or "")
