"""The requirements of Spark, and the errors if one is missing."""

from __future__ import annotations

import importlib.machinery
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.engines import spark_cluster
from pipeline.engines.spark_cluster import require_spark


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the Spark group is installed."""
    monkeypatch.setattr(spark_cluster, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None))


def java(folder: Path, version: str) -> Path:
    """Create a Java home whose java prints a version."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    return folder


def test_without_its_group_spark_is_refused_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_cluster, "find_spec", lambda name: None)
    with pytest.raises(WarehouseError, match=r"pyspark, dbt\.adapters\.spark cannot be imported") as raised:
        require_spark()
    assert "make setup-spark" in str(raised.value)


def test_a_partly_installed_group_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.machinery.ModuleSpec("pyspark", None)
    monkeypatch.setattr(spark_cluster, "find_spec", lambda name: found if name == "pyspark" else None)
    with pytest.raises(WarehouseError, match=r"\(dbt\.adapters\.spark cannot be imported\)"):
        require_spark()


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.22", "16"])
def test_a_java_that_is_too_old_is_refused(
    installed: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path, version)))
    major = version.removeprefix("1.").split(".")[0]
    with pytest.raises(WarehouseError, match=f"Java is version {major}, and Spark needs 17"):
        require_spark()


@pytest.mark.parametrize("version", ["17.0.15", "17", "21.0.1"])
def test_java_17_and_later_are_accepted(
    installed: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path, version)))
    require_spark()


def test_without_java_home_java_is_searched_on_the_path(
    installed: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{java(tmp_path, '17.0.1') / 'bin'}:/usr/bin:/bin")
    require_spark()


def test_a_missing_java_is_refused_with_what_to_install(
    installed: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WarehouseError, match="there is no Java") as raised:
        require_spark()
    assert "openjdk-17" in str(raised.value)
