"""Access control for Dagster's page: own host names, own pages, changes only as JSON.

Dagster itself answers a mutation by GET, under any host name. So any page in the operator's browser could start and
stop runs (`<img src="http://127.0.0.1:3000/graphql?query=mutation...">`), and one whose name resolves to this machine
could read everything. The page has no login: docs/service.md explains how to put one in front of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from dagster_webserver.webserver import DagsterWebserver
from graphql import ASTValidationRule, GraphQLError, OperationDefinitionNode, OperationType
from starlette.datastructures import Headers, QueryParams
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_SAFE: Final = frozenset({"GET", "HEAD"})


class RequestGuard:
    """Refuses requests that another site's page can make a browser send, and with `read_only` every change."""

    def __init__(self, app: ASGIApp, names: Collection[str], *, read_only: bool) -> None:
        self._app = app
        self._names = frozenset(names)
        self._read_only = read_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason=refusal[1])(scope, receive, send)
        else:
            status, why = refusal
            await PlainTextResponse(f"{why}\n", status)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason of a refusal; None if the request is accepted."""
        headers = Headers(scope=scope)
        if not self._is_own(headers.get("origin"), headers.get("host", "")):
            return 403, "this page answers its own pages only"
        if scope["type"] == "websocket":
            return None
        is_graphql = scope["path"].rstrip("/").endswith("/graphql")
        if scope["method"] in _SAFE:
            if is_graphql and "query" in QueryParams(scope["query_string"]):
                return 405, "send GraphQL queries by POST, as application/json"
            return None
        # text/plain and forms are what a browser sends for another site without asking
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "send changes as application/json"
        if self._read_only and not is_graphql:
            return 403, "this page is read-only"
        return None

    def _is_own(self, origin: str | None, host: str) -> bool:
        """Return whether a request comes from a page of ours, or from no page at all, such as a script."""
        if origin is None:
            return True
        try:
            url = urlsplit(origin)
            name = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        except ValueError:
            return False
        # behind a login proxy, the page's name is in the settings, and the port is the proxy's
        return url.netloc.lower() == host.lower() or name in self._names


class NoMutations(ASTValidationRule):
    """A GraphQL validation rule that rejects mutations."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Report a mutation."""
        if node.operation is OperationType.MUTATION:
            self.report_error(GraphQLError("this page is read-only", node))


class GuardedWebserver(DagsterWebserver[Any, Any]):
    """Dagster's page behind the guard.

    `process_context` is Dagster's; `names` are additional host names of the page; `routes` are our own pages.
    """

    def __init__(
        self, process_context: Any, names: Sequence[str], *, read_only: bool, routes: Sequence[BaseRoute] = ()
    ) -> None:
        self._names = (*LOOPBACK, *names)
        self._read_only = read_only
        self._routes = routes
        super().__init__(process_context, live_data_poll_rate=2000)

    def build_middleware(self) -> list[Middleware]:
        """Put the guard before Dagster's own middleware."""
        return [
            Middleware(TrustedHostMiddleware, allowed_hosts=list(self._names), www_redirect=False),
            Middleware(RequestGuard, names=self._names[len(LOOPBACK) :], read_only=self._read_only),
            *super().build_middleware(),
        ]

    def build_routes(self) -> list[BaseRoute]:
        """Put our own pages before Dagster's, which answers every other path."""
        dagsters: list[BaseRoute] = super().build_routes()  # type: ignore[no-untyped-call]
        return [*self._routes, *dagsters]

    def build_graphql_validation_rules(self) -> Collection[type[ASTValidationRule]]:
        """Reject mutations if the page is read-only."""
        rules = super().build_graphql_validation_rules()
        return [*rules, NoMutations] if self._read_only else rules
