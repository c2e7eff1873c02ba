"""The plan of the run that makes an asset. Each step asks Dagster when the run started, so all have the same plan."""

import dagster as dg

from pipeline.run_plan import RunPlan
from pipeline.settings import Settings


def plan_of(context: dg.AssetExecutionContext, settings: Settings) -> RunPlan:
    """Plan the run of a step."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    assert record is not None
    return RunPlan.of(settings, record.create_timestamp)
