"""The CRM's lists as assets of the page: what `warehouse refresh` publishes, and the job that refreshes them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pipeline.common.progress import Progress
from pipeline.contracts.lists import LISTS
from pipeline.orchestration.refresh_every import refresh_helpers
from pipeline.orchestration.resources import PageView
from pipeline.orchestration.stopped import stopped_in_words
from pipeline.settings import Settings
from pipeline.storage.urls import is_url

if TYPE_CHECKING:
    from pipeline.orchestration.asset_catalog import AssetCatalog

GROUP: Final = "notifications"


def build_notification_assets(settings: Settings, catalog: "AssetCatalog") -> dg.AssetsDefinition:
    """Make the step that refreshes the lists. It has its own state folder, so it never waits for a run."""

    @dg.multi_asset(name="notifications", specs=catalog.notifications(sorted(LISTS)))
    def notifications(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """Read LMN and the CRM, and publish the lists as they are now."""
        from pipeline.orchestration.refresh import Refresher

        progress = Progress(PageView(context.log.info))
        with stopped_in_words(), refresh_helpers(settings) as helpers:
            done = Refresher(settings, progress, helpers).refresh()
        folder = done.drop.location
        for name, rows in sorted(done.rows.items()):
            yield dg.MaterializeResult(
                asset_key=[GROUP, name],
                metadata={
                    "dagster/row_count": rows,
                    "seconds": round(done.seconds, 3),
                    "has changed": done.has_changed,
                    "folder": dg.MetadataValue.url(folder) if is_url(folder) else dg.MetadataValue.path(folder),
                },
            )

    return notifications
