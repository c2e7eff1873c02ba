"""Shared by all tests: reproducible property tests, optional programs, a staged drop, one Spark cluster."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browsers import BROWSERS, open_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from pipeline.drops.stage import StagedDrop
    from pipeline.engines.spark_cluster import LocalCluster

settings.register_profile("default", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

NEEDED = {"browser": BROWSERS, "libreoffice": ("soffice",), "gnupg": ("gpg",), "minisign": ("minisign",)}
"""The programs on the PATH, any of which the tests of a mark need."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests of a program that this machine does not have."""
    for mark, programs in NEEDED.items():
        without = [item for item in items if item.get_closest_marker(mark)]
        if without and not any(shutil.which(name) for name in programs):
            config.hook.pytest_deselected(items=without)
            items[:] = [item for item in items if not item.get_closest_marker(mark)]
            print(f"\n{len(without)} {mark} tests need {programs[0]} on the PATH and are left out")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """An external cluster: a master and two workers, for all tests that need one."""
    from pipeline.engines.spark import SparkEngine
    from pipeline.engines.spark_cluster import LocalCluster

    cluster = LocalCluster(tmp_path_factory.mktemp("cluster"), cores=1, memory="1g")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")  # the machine's name may have no address
        yield cluster
        SparkEngine.shut_down()
    cluster.stop()


@pytest.fixture
def spark_session(spark_cluster: LocalCluster, tmp_path: Path) -> Any:
    """A session on that cluster, with the settings of a run; an open one is reused."""
    from pipeline.engines.spark import SparkEngine
    from pipeline.settings import Settings

    if SparkEngine._session is None:
        SparkEngine(Settings(state=tmp_path, target="spark", spark_master=spark_cluster.master)).load([])
    return SparkEngine._session


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., StagedDrop]:
    """Stage the marts of an organization in a folder named after it."""
    from pipeline.drops.stage import stage_drops
    from tests.drops.made_drops import CONTRACTS, CRM, marts

    def stage_into(
        folder: Path | None = None,
        organization_id: int = 1,
        *,
        csv_safe: bool = False,
        **tables: Any,
    ) -> StagedDrop:
        target = folder or tmp_path / "staged"
        (drop,) = stage_drops(marts(**tables), CONTRACTS, {organization_id: target}, CRM, csv_safe=csv_safe)
        return drop

    return stage_into
