"""The settings of one call: options override the environment, which overrides warehouse.toml."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pipeline.common.errors import WarehouseError
from pipeline.common.shown_text import shown

if TYPE_CHECKING:
    from pipeline.settings import Settings


def settings_given(given: dict[str, Any]) -> Settings:
    """Return the settings of this call; WarehouseError if one is invalid."""
    import difflib
    import tomllib

    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from pipeline.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WarehouseError(
            f"can't be read: {error}", where="warehouse.toml", remedy='write it as TOML, in UTF-8: target = "duckdb"'
        ) from None
    except SettingsError:  # the only setting that is JSON
        raise WarehouseError("is not JSON", where="WAREHOUSE_VAR", remedy='write {"at_risk_days": 90}') from None
    except ValidationError as error:
        unknown = [str(fault["loc"][0]) for fault in error.errors() if fault["type"] == "extra_forbidden"]
        if unknown:
            near = [name for key in unknown for name in difflib.get_close_matches(key, Settings.model_fields, n=1)]
            raise WarehouseError(
                f"no setting is called {', '.join(unknown)}",
                where="warehouse.toml",
                remedy=f"similar names: {', '.join(near)}"
                if near
                else f"choose one of {', '.join(Settings.model_fields)}",
            ) from None
        faults = [
            shown(f"{_origin(str(fault['loc'][0]), given)}: {fault['msg'].removeprefix('Value error, ')}")
            for fault in error.errors()
        ]
        first, *rest = faults
        raise WarehouseError(first, details=rest, remedy="correct it; docs/settings.md lists all settings") from None


def _origin(setting: str, given: dict[str, Any]) -> str:
    """Describe where a setting's value comes from, in the user's terms."""
    variable = f"WAREHOUSE_{setting.upper()}"
    if given.get(setting) is not None:
        return f"--{setting.replace('_', '-')}"
    return variable if os.environ.get(variable) else f"{setting} in warehouse.toml"
