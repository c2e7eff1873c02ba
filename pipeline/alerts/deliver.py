"""Delivers alerts to chat, mail and webhooks through apprise. A failed delivery never fails the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import SecretStr

from pipeline.alerts.message import Alert, run_alert
from pipeline.settings import Settings
from pipeline.state.runs import RunRecord

_SECONDS: Final = 10
"""Seconds that a receiver may take to answer."""


def alert_of_run(settings: Settings, record: RunRecord, pages: Sequence[str], say: Callable[[str], None]) -> None:
    """Send the alert of a run that has ended; its message links `pages`, the run's reports."""
    if settings.alert_urls:
        deliver(settings, run_alert(record, pages, settings.alert_link), say)


def deliver(settings: Settings, alert: Alert, say: Callable[[str], None]) -> None:
    """Send an alert to every receiver if `alert_on` includes its event; report failures to `say`, without URLs."""
    urls = settings.alert_urls
    if not urls or alert.event not in settings.alert_on:
        return
    import apprise

    logging.getLogger("apprise").disabled = True  # it logs URLs, which contain passwords
    for number, url in enumerate(urls, 1):
        receiver = apprise.Apprise()
        try:
            if not receiver.add(_with_timeouts(url.get_secret_value())):
                say(f"no alert was sent to {_nth(number, urls)}: apprise does not know this kind of URL")
            elif not receiver.notify(title=alert.title, body=alert.body, body_format=apprise.NotifyFormat.TEXT):
                say(f"no alert was sent to {_nth(number, urls)}: it did not accept the message")
        except Exception as error:  # no receiver may change the run's outcome
            say(f"no alert was sent to {_nth(number, urls)}: {type(error).__name__}")


def _with_timeouts(url: str) -> str:
    """Add timeouts to a URL that has none: `json://host/?rto=10&cto=10`."""
    if "rto=" in url or "cto=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}rto={_SECONDS}&cto={_SECONDS}"


def _nth(number: int, urls: Sequence[SecretStr]) -> str:
    return f"receiver {number} of {len(urls)} in alert_urls"
