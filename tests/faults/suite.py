"""The experiments of `make test-faults`, in the order in which they run."""

from __future__ import annotations

from typing import Final

from tests.faults import (
    deaths,
    hostile,
    interruptions,
    kills,
    laws,
    rivals,
    schedules,
    server_deaths,
    shuffles,
    tampering,
    together,
    worlds,
)
from tests.faults.experiments import Experiment

EXPERIMENTS: Final[dict[str, Experiment]] = {
    experiment.name: experiment
    for experiment in (
        deaths.EXPERIMENT,
        server_deaths.S3,
        server_deaths.SFTP,
        rivals.FOLDER,
        rivals.S3,
        rivals.SFTP,
        schedules.EXPERIMENT,
        tampering.EXPERIMENT,
        tampering.SIGNED,
        worlds.TENANTS,
        worlds.CRM,
        laws.EXPERIMENT,
        kills.DUCKDB,
        kills.POSTGRES,
        interruptions.EXPERIMENT,
        shuffles.EXPERIMENT,
        together.EXPERIMENT,
        hostile.EXPERIMENT,
    )
}
