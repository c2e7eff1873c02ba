"""The plan of the run that an asset is made in: the same for each of its steps, told by the run's own start."""

import dagster as dg

from pipeline.run_plan import RunPlan
from pipeline.settings import Settings


def plan_of(context: dg.AssetExecutionContext, settings: Settings) -> RunPlan:
    """Plan the run of a step."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    assert record is not None
    return RunPlan.of(settings, record.create_timestamp)
