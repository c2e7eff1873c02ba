"""The page answers its own pages and local scripts, but no other site, and changes nothing on GET."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.routing import Route

from pipeline.orchestration.page.guard import GuardedWebserver
from pipeline.orchestration.page.report_links import link_to, report_route
from pipeline.settings import Settings

LAUNCH = (
    'mutation{launchRun(executionParams:{selector:{repositoryLocationName:"warehouse",repositoryName:"__repository__",'
    'jobName:"warehouse"},runConfigData:{},mode:"default"}){__typename}}'
)
SEEN = "mutation{setNuxSeen}"
VERSION = "{version}"
JSON = {"Content-Type": "application/json"}


class Page:
    """A page on a local port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._asked("GET", path, None, headers)

    def post(self, query: str, path: str = "/graphql", **headers: str) -> tuple[int, str]:
        return self._asked("POST", path, json.dumps({"query": query}), {**JSON, **headers})

    def _asked(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, {"Accept": "*/*", **named})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")


@contextmanager
def served(
    instance: dg.DagsterInstance, *names: str, read_only: bool = False, routes: Sequence[Route] = ()
) -> Iterator[Page]:
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget(), dg.__version__, read_only=read_only) as context:
        app = GuardedWebserver(context, names, read_only=read_only, routes=routes).create_asgi_app()
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.05)
            yield Page(server.servers[0].sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as instance:
        yield instance


@pytest.fixture(scope="module")
def page(instance: dg.DagsterInstance) -> Iterator[Page]:
    with served(instance) as page:
        yield page


@pytest.mark.parametrize("mutation", [LAUNCH, SEEN])
def test_a_get_from_another_site_starts_nothing(page: Page, mutation: str) -> None:
    path = f"/graphql?query={quote(mutation)}"
    status, said = page.get(path, Origin="http://evil.example", Host="evil.example")
    assert (status, said) == (400, "Invalid host header")
    assert page.get(path, Origin="http://evil.example")[0] == 403
    assert page.get(path)[0] == 405  # an <img> sends no Origin
    assert page.get(path, Origin=f"http://127.0.0.1:{page.port}")[0] == 405


def test_a_foreign_host_name_that_resolves_here_reads_nothing(page: Page) -> None:
    for host in ("evil.example", f"evil.example:{page.port}", "localhost.evil.example"):
        assert page.get("/server_info", Host=host)[0] == 400
        assert page.post(VERSION, Host=host)[0] == 400


def test_a_form_post_changes_nothing(page: Page) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain; application/json", ""):
        assert page.post(SEEN, Content_Type=kind)[0] == 415
        assert page.post(SEEN, f"/graphql?query={quote(SEEN)}", Content_Type=kind)[0] == 415
        assert page.post("", "/report_asset_materialization/a", Content_Type=kind)[0] == 415


def test_json_from_another_origin_changes_nothing(page: Page) -> None:
    for origin in ("http://evil.example", "null", f"http://evil.example:{page.port}", "http://[", "http://localhost:1"):
        assert page.post(SEEN, Origin=origin)[0] == 403


def test_the_page_itself_and_local_scripts_are_answered(page: Page) -> None:
    assert page.get("/")[0] == 200
    for headers in ({}, {"Origin": f"http://127.0.0.1:{page.port}"}):
        status, said = page.post(VERSION, **headers)
        assert (status, json.loads(said)["data"]["version"]) == (200, dg.__version__)
    assert page.post(SEEN, Host=f"localhost:{page.port}", Origin=f"http://localhost:{page.port}")[0] == 200


def test_behind_a_proxy_the_page_accepts_the_configured_name(instance: dg.DagsterInstance) -> None:
    with served(instance, "warehouse.example.com") as page:
        assert page.post(VERSION, Host="warehouse.example.com", Origin="https://warehouse.example.com")[0] == 200
        assert (
            page.post(VERSION, Origin="https://warehouse.example.com")[0] == 200
        )  # a proxy may not forward the host name
        assert page.post(VERSION, Host="warehouse.example.com", Origin="https://other.example.com")[0] == 403


def test_a_read_only_page_can_be_read_and_changes_nothing(instance: dg.DagsterInstance) -> None:
    with served(instance, read_only=True) as page:
        assert page.post(VERSION)[0] == 200
        for mutation in (LAUNCH, SEEN, f"query Q {VERSION} {SEEN}"):
            status, said = page.post(mutation)
            assert status == 400 and "this page is read-only" in said
        assert page.post("", "/report_asset_materialization/a")[0] == 403


def test_a_socket_of_another_origin_is_closed(page: Page) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec_WebSocket_Protocol": "graphql-ws",
    }
    assert page.get("/graphql", **upgrade, Origin="http://evil.example")[0] == 403
    assert page.get("/graphql", **upgrade, Origin=f"http://127.0.0.1:{page.port}")[0] == 101


def test_reports_and_business_pages_are_linked_and_served_and_nothing_else_is(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    pages = ("state/reports/run one.html", "exports/1/drop/index.html")
    for name in (*pages, "exports/1/drop/accounts.csv", "own.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "exports" / "link.html").symlink_to(tmp_path / "own.html")
    settings = Settings(exports=str(tmp_path / "exports"), state=tmp_path / "state")
    assert link_to(str(tmp_path / "own.html"), settings).value == str(tmp_path / "own.html")
    with served(instance, routes=[report_route(settings)]) as page:
        for name in pages:
            assert page.get(str(link_to(str(tmp_path / name), settings).value)) == (200, name)
        for path in ("exports/1/drop/accounts.csv", "exports/%2e%2e/own.html", "exports/link.html", "state/own.html"):
            assert page.get(f"/warehouse/{path}")[0] == 404
        assert page.get(f"/warehouse/{pages[1]}", Host="evil.example")[0] == 400
