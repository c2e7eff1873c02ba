"""Records when `latest` stopped naming a drop, because readers who found it there may still be reading it.

A file next to the drops has these instants. They can't be derived from the drops, which never change: last month's drop
may have been the latest until a minute ago.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from pipeline.common.instants import instant_text
from pipeline.drops.catalog import drop_folders, is_drop_name, latest_name
from pipeline.storage.place import Place

SUPERSEDED: Final = "superseded.json"


def superseded_at(drops_folder: Place) -> dict[str, datetime]:
    """Return, by drop, when `latest` last stopped naming it, in UTC; empty if the record cannot be read."""
    try:
        found = json.loads(drops_folder.read(SUPERSEDED) or b"{}")
        return {name: datetime.fromisoformat(text) for name, text in found.items() if is_drop_name(name)}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def write_superseded(drops_folder: Place, moments: Mapping[str, datetime]) -> None:
    """Write, by drop, when `latest` stopped naming it."""
    found = {name: instant_text(moment) for name, moment in sorted(moments.items())}
    drops_folder.write(SUPERSEDED, (json.dumps(found, indent=2) + "\n").encode())


def note_superseded(drops_folder: Place, by: str) -> None:
    """Record that `latest` is about to change from the drop that it names to `by`, if that is another one."""
    before = latest_name(drops_folder)
    if before is None or before == by:
        return
    there = drop_folders(drops_folder)
    moments = {name: moment for name, moment in superseded_at(drops_folder).items() if name in there}
    write_superseded(drops_folder, {**moments, before: datetime.now(UTC)})
