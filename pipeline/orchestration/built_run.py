"""A run between its models and its drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.dbt.build_record import Build
from pipeline.drops.destination import Destination
from pipeline.drops.personal_data import KEPT, PersonalData
from pipeline.engines import Engine
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.orchestration.resources import RunContext


@dataclass(frozen=True)
class BuiltRun:
    """A run whose marts are built, with what they were built from and the destination of its drops."""

    run: RunContext
    run_id: str
    engine: Engine
    contracts: Sequence[ExportContract]
    landed: Sequence[LandedTable]
    build: Build
    """What the marts were built from, by their stamp."""
    destination: Destination
    cuts: Sequence[Cut] = ()
    personal_data: PersonalData = KEPT
