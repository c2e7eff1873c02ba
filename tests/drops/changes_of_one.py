"""The `changes/` of one staged drop."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.contracts.contract import ExportContract
from pipeline.drops.find_drop import OpenDrop
from pipeline.drops.stage import StagedDrop
from pipeline.drops.write_changes import DropWithBaseline, WrittenChanges, write_changes
from pipeline.guards.drop_figures import DropFiles


def write_changes_of_one(
    drop: StagedDrop, files: DropFiles, before: OpenDrop, contracts: Sequence[ExportContract], *, xlsx: bool = False
) -> WrittenChanges:
    """Write the changes between a drop and the previous one, without reasons why accounts are no longer at risk."""
    (written,) = write_changes([DropWithBaseline(drop, files, before)], contracts, None, xlsx=xlsx)
    return written
