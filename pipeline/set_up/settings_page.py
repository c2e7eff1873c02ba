"""docs/settings.md, generated from the settings; a test fails if it is stale.

`python -m pipeline.set_up.settings_page` writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo

from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.storage.local_files import write_whole

PAGE: Final = Path("docs/settings.md")
_HEAD: Final = """\
# Settings

The command line overrides the environment (`WAREHOUSE_LMN`, …), which overrides `warehouse.toml` in the working folder;
`warehouse config` shows the settings in force and where each comes from. In the environment a setting is called
`WAREHOUSE_` plus its name in capitals, and a table is JSON: `WAREHOUSE_VAR='{"at_risk_days": 90}'`.

| setting | default | |
|---|---|---|
"""


def settings_page() -> str:
    """Return the page: a row for every setting, in the order of the code."""
    rows = [
        f"| `{name}` | {_default(field)} | {_cell(field.description or '')} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "".join(rows)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, bool | int):
        return str(value).lower()
    return _cell(f"`{' '.join(map(str, value))}`" if isinstance(value, tuple) else f"`{value}`")


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|")


if __name__ == "__main__":
    write_whole(PROJECT_ROOT / PAGE, settings_page())
