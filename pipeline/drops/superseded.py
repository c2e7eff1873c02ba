"""Records when `latest` left a drop: for some time after that, someone who found it there may be reading it.

A file beside the drops has this, because neither a drop, which never changes, nor its time or `as_of` tells: a drop of
last month may have been the latest until a minute ago.
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
    """Return when `latest` last left each drop that it has named, in UTC; nothing if that cannot be read."""
    try:
        found = json.loads(drops_folder.read(SUPERSEDED) or b"{}")
        return {name: datetime.fromisoformat(text) for name, text in found.items() if is_drop_name(name)}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def write_superseded(drops_folder: Place, moments: Mapping[str, datetime]) -> None:
    """Record when `latest` left which drop."""
    found = {name: instant_text(moment) for name, moment in sorted(moments.items())}
    drops_folder.write(SUPERSEDED, (json.dumps(found, indent=2) + "\n").encode())


def note_superseded(drops_folder: Place, by: str) -> None:
    """Record that `latest` is about to leave the drop that it names, if it is another than `by`."""
    before = latest_name(drops_folder)
    if before is None or before == by:
        return
    there = drop_folders(drops_folder)
    moments = {name: moment for name, moment in superseded_at(drops_folder).items() if name in there}
    write_superseded(drops_folder, {**moments, before: datetime.now(UTC)})
