"""The wheel: it contains all files that the program reads, and runs without a checkout, with read-only files."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from pipeline.paths import PROJECT_ROOT

READ = ("models", "dbt_project", "expectations", "queries", "docs/spec")
"""The folders of the checkout that the program reads."""
NOT_IN_IT = {"target", "logs", "lint", "__pycache__", ".user.yml"}
SAMPLE = PROJECT_ROOT / "sample"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out], cwd=PROJECT_ROOT, check=True)
    return next(out.glob("*.whl"))


def checkout_files(folder: Path) -> set[str]:
    files = (path.relative_to(PROJECT_ROOT) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in files if not NOT_IN_IT & set(path.parts)}


def test_the_wheel_has_every_file_that_the_program_reads(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    data = {f"pipeline/project/{name}" for folder in READ for name in checkout_files(PROJECT_ROOT / folder)}
    modules = checkout_files(PROJECT_ROOT / "pipeline")
    assert {name for name in held if ".dist-info/" not in name} == data | modules


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and this environment's dependencies; dbt's target folder is not writable."""
    environment = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": environment, "platbase": environment}))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "pipeline/project/dbt_project/target").write_text("in the way")
    return environment


def warehouse(python: Path, folder: Path, *arguments: str) -> str:
    """Call the command line of an environment outside a checkout, and return its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WAREHOUSE_"))}
    command = [python, "-P", "-m", "pipeline.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout


def run_sample(python: Path, folder: Path) -> Path:
    sources = [word for name in ("lmn", "crm", "platform") for word in (f"--{name}", str(SAMPLE / name))]
    warehouse(
        python, folder, "run", *sources, "--as-of", "2025-01-15T00:00:00Z", "--exports", "exports", "--state", "state"
    )
    return folder


@pytest.fixture(scope="module")
def run_of_the_wheel(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_sample(installed / "bin/python", tmp_path_factory.mktemp("run"))


def drops(folder: Path) -> set[str]:
    return {latest.resolve().name for latest in folder.glob("exports/*/latest")}


@pytest.mark.slow
def test_an_installed_wheel_publishes_the_drops_of_the_checkout(run_of_the_wheel: Path, tmp_path: Path) -> None:
    assert len(drops(run_of_the_wheel)) == 3
    assert drops(run_of_the_wheel) == drops(run_sample(Path(sys.executable), tmp_path))


@pytest.mark.slow
def test_an_installed_wheel_explains_a_value_with_the_text_of_the_spec(installed: Path, run_of_the_wheel: Path) -> None:
    python = installed / "bin/python"
    story = warehouse(python, run_of_the_wheel, "explain", "account", "1001", "revenue_segment", "--state", "state")
    assert "accounts R17  Default segment is 'C'" in story
