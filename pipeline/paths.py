"""Where the program's own files lie."""

from __future__ import annotations

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `dbt_project/`, `models/` and `expectations/`."""
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
