"""One build of the bundled sample, and one of a small company, for all tests here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.common.progress import Progress, open_progress
from pipeline.dbt.build_record import Build
from pipeline.dbt.runner import DbtContext, run_dbt
from pipeline.engines import open_engine
from pipeline.engines.raw_tables import raw_tables
from pipeline.explain.queries import Queries, open_queries
from pipeline.ingest.landing.record import SOURCES, write_record
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.paths import PROJECT_ROOT
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from tests.explain.company import write_company

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a state folder with a build of the bundled sample, without drops."""
    settings = Settings(state=tmp_path_factory.mktemp("state"), as_of=AS_OF)
    build(settings, PROJECT_ROOT / "sample", open_progress())
    return settings


def build(settings: Settings, sources: Path, progress: Progress) -> None:
    workspace = Workspace(settings.state)
    for source in SOURCES:
        with progress.step(source) as step:
            folder = sources / source
            landed = ingest_source(source, str(folder) if folder.exists() else None, Landing(workspace.landing), step)
        write_record(workspace.landed(source), landed)
    plan = RunPlan.of(settings, AS_OF)
    tables = raw_tables(workspace, plan)
    engine = open_engine(settings)
    try:
        engine.load(tables)
        with engine.dbt_session() as environment:
            nodes = run_dbt(
                ["build", "--exclude-resource-type", "unit_test", "test"],
                DbtContext(settings.target, workspace.dbt_target, environment, plan.dbt_variables),
            )
        assert [node.name for node in nodes if not node.ok] == []
        Build.of(plan, settings.target, tables).stamp(engine, workspace.built)
    finally:
        engine.close()


@pytest.fixture(scope="module")
def queries(settings: Settings) -> Iterator[Queries]:
    with open_queries(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queries]:
    """The queries of a company that `company.py` describes."""
    sources = tmp_path_factory.mktemp("company")
    write_company(sources)
    settings = Settings(state=tmp_path_factory.mktemp("company-state"), as_of=AS_OF)
    build(settings, sources, open_progress())
    with open_queries(settings) as opened, pytest.MonkeyPatch.context() as environment:
        environment.delenv("TMPDIR", raising=False)  # the rest of the session uses the usual temporary folder
        environment.setattr(tempfile, "tempdir", None)
        yield opened
