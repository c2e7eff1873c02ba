"""The marts of the timeline, as a run and the command line make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.common.formats import plural
from pipeline.common.instants import instant_text
from pipeline.contracts.timeline import timeline_contract
from pipeline.drops.catalog import organizations_in
from pipeline.drops.encrypted_files import open_exports
from pipeline.engines import AnyMart, PartedMart, WrittenMart, replace_marts
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.place import Place
from pipeline.timeline.marts import timeline_marts
from pipeline.timeline.record import ACCOUNTS
from pipeline.timeline.timeline import Timeline, latest_drops


def written_timeline(
    workspace: Workspace, exports: Place, new_drops: Mapping[int, str], *, is_rewritten: bool = False
) -> list[AnyMart]:
    """Make the marts of the timeline; `new_drops` are the drops that `latest` will point to, by organization."""
    timeline = Timeline(workspace.timeline)
    marts = timeline_marts(timeline, {**latest_drops(exports, timeline.organizations()), **new_drops})
    written = [WrittenMart(timeline_contract(name), rows) for name, rows in marts.rows.items()]
    return [PartedMart(timeline_contract(ACCOUNTS), marts.accounts, is_rewritten), *written]


def rebuild_timeline(settings: Settings, say: Callable[[str], None]) -> list[str]:
    """Rebuild the record of every retained drop, then the marts; return a line for each organization.

    Records of drops that are no longer retained are kept.
    """
    workspace, exports = Workspace(settings.state), open_exports(settings)
    timeline = Timeline(workspace.timeline)
    lines = []
    with workspace.turn(say):
        for organization_id in organizations_in(exports):
            made = timeline.fill(exports, organization_id, is_rewritten=True)
            lines.append(f"organization {organization_id}: {plural(len(made), 'record')} made from retained drops")
        with workspace.marts_turn():
            replace_marts(settings, written_timeline(workspace, exports, {}, is_rewritten=True))
    return lines


def timeline_lines(settings: Settings) -> Sequence[str]:
    """Return lines with the known instants of each organization, oldest first, and the drop of each."""
    timeline = Timeline(Workspace(settings.state).timeline)
    latest = latest_drops(open_exports(settings), timeline.organizations())
    return [
        f"organization {instant.organization_id}  {instant_text(instant.as_of)}  {instant.drops[0]}"
        for instant in timeline.instants(latest)
    ]
