"""Nothing phones home: a run, a refresh and the page in a network that records traffic to other hosts."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sinkhole import sent_by

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parent.parent / "sample"
PROGRAM = f"{sys.executable} -m pipeline.cli"


@pytest.fixture(scope="module", autouse=True)
def _has_a_network_of_its_own() -> None:
    try:
        sent_by("true", ".")
    except OSError as error:
        pytest.skip(f"no network namespace can be made here: {error}")


def test_traffic_to_other_hosts_is_noticed(tmp_path: Path) -> None:
    """Otherwise the other tests would prove nothing."""
    (tmp_path / "ask.py").write_text("import socket\nsocket.create_connection(('192.0.2.7', 443))\n")
    found = sent_by(f"{sys.executable} ask.py || true", str(tmp_path))
    assert any(where.startswith("192.0.2.7 port 443") for where in found)
    (tmp_path / "ask.py").write_text("import socket\nsocket.getaddrinfo('example.org', 443)\n")
    assert any("example" in where for where in sent_by(f"{sys.executable} ask.py || true", str(tmp_path)))


def test_a_run_and_a_refresh_send_nothing(tmp_path: Path) -> None:
    sources = f"--lmn {SAMPLE}/lmn --crm {SAMPLE}/crm --as-of 2025-01-15T00:00:00Z --exports exports --state state"
    commands = f"{PROGRAM} run --platform {SAMPLE}/platform {sources} && {PROGRAM} refresh {sources}"
    assert sent_by(commands, str(tmp_path)) == []
    assert (tmp_path / "exports" / "1" / "notifications" / "latest").exists()


SERVE = f"{PROGRAM} ui --port 3999 --state state >page.log 2>&1 & page=$!"
STOP = "kill $page; wait $page; true"
WAIT = """
import time, urllib.request as web
for _ in range(240):
    try:
        web.urlopen("http://127.0.0.1:3999/").read()
        break
    except OSError:
        time.sleep(0.5)
"""


def test_the_pages_server_and_its_daemon_send_nothing(tmp_path: Path) -> None:
    ask = f"""{WAIT}
query = b'{{"query": "{{ repositoriesOrError {{ __typename }} }}"}}'
asked = web.Request("http://127.0.0.1:3999/graphql", query, {{"Content-Type": "application/json"}})
print(web.urlopen(asked).read())
time.sleep(20)
"""
    (tmp_path / "ask.py").write_text(ask)
    assert sent_by(f"{SERVE}\n{sys.executable} ask.py >answer.txt; {STOP}", str(tmp_path)) == []
    assert "RepositoryConnection" in (tmp_path / "answer.txt").read_text()


@pytest.mark.browser
def test_the_page_requests_nothing_elsewhere(tmp_path: Path) -> None:
    """The browser's own traffic does not count."""
    look = f"""{WAIT}
from tests.browsers import open_browser
with open_browser() as browser:
    page = browser.new_page()
    page.on("request", lambda request: print(request.url))
    page.goto("http://127.0.0.1:3999/")
    page.get_by_text("account_core").first.wait_for(timeout=90_000)
    time.sleep(10)
"""
    (tmp_path / "look.py").write_text(look)
    sent_by(f"{SERVE}\n{sys.executable} look.py >asked.txt; {STOP}", str(tmp_path))
    asked = [url for url in (tmp_path / "asked.txt").read_text().split() if not url.startswith(("data:", "blob:"))]
    assert len(asked) > 5
    assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}
