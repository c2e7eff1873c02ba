"""The program's own files: in a checkout, or in the package that a wheel installed."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_INSTALLED = PACKAGE / "project"  # the wheel's copy (pyproject.toml, tool.hatch.build.targets.wheel)
PROJECT_ROOT = _INSTALLED if _INSTALLED.is_dir() else PACKAGE.parent
"""The folder that holds `dbt_project/`, `models/`, `expectations/`, `queries/` and `docs/spec/`."""
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
EXPECTATIONS = PROJECT_ROOT / "expectations"
