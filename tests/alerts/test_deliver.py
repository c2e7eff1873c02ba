"""Alerts reach real receivers, for the chosen events; a failing receiver shows no secret."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from pipeline.alerts.deliver import deliver
from pipeline.alerts.message import Alert
from pipeline.settings import Settings
from tests.alerts.receivers import PASSWORD, mail_server, webhook

HELD_BACK = Alert("held_back", "Account Warehouse: drops were held back", "organization 2 was held back: <kept_keys>")


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.chdir(tmp_path)


def notes_of(alert: Alert, *urls: str, **settings: Any) -> list[str]:
    """Deliver an alert; return the notes about receivers that were not reached."""
    said: list[str] = []
    deliver(Settings(alert_urls=" ".join(urls), **settings), alert, said.append)
    return said


def test_a_webhook_gets_title_and_body() -> None:
    with webhook() as (url, messages):
        assert notes_of(HELD_BACK, url) == []
    assert (messages[0]["title"], messages[0]["message"]) == (HELD_BACK.title, HELD_BACK.body)


def test_a_mail_arrives_unchanged() -> None:
    with mail_server() as (url, mails):
        assert notes_of(HELD_BACK, url) == []
    assert mails[0]["Subject"] == HELD_BACK.title
    payload = next(part for part in mails[0].walk() if part.get_content_type() == "text/plain").get_payload(decode=True)
    assert b"<kept_keys>" in payload


def test_only_the_chosen_events_are_reported() -> None:
    with webhook() as (url, messages):
        notes_of(HELD_BACK, url, alert_on="failed overdue")
        notes_of(Alert("published", "title", "body"), url)
    assert messages == []


@pytest.mark.parametrize("status", [403, 500])
def test_a_refusing_receiver_is_named_by_its_number(status: int) -> None:
    with webhook(status) as (refusing, _), webhook() as (other, messages):
        said = notes_of(HELD_BACK, refusing, other)
    assert said == ["no alert was sent to receiver 1 of 2 in alert_urls: it did not accept the message"]
    assert len(messages) == 1


def test_an_unreachable_or_invalid_receiver_shows_no_secret(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        said = notes_of(
            HELD_BACK, f"json://robot:{PASSWORD}@127.0.0.1:{unused.getsockname()[1]}", f"nosuch://{PASSWORD}"
        )
    output = capfd.readouterr()
    assert [line.split(": ")[1][:8] for line in said] == ["it did n", "apprise "]
    assert PASSWORD not in "".join(said) + output.out + output.err
