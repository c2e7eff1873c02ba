"""What every step of a run is handed: its plan, and its turn at the state folder."""

from collections.abc import Iterator

import dagster as dg

from pipeline.common.progress import PlainView, Progress
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace


def plan_of(context: dg.AssetExecutionContext, settings: Settings) -> RunPlan:
    """Plan the run of a step."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    assert record is not None
    return RunPlan.of(settings, record.create_timestamp)


def progress_in_turn(settings: Settings) -> dg.ResourceDefinition:
    """Hold the state folder from a run's first step to its last: every step asks for this."""

    @dg.resource
    def progress(context: dg.InitResourceContext) -> Iterator[Progress]:
        with Workspace(settings.state).turn(context.log.info if context.log else print):
            yield Progress(PlainView())

    return progress
