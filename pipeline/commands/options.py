"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pipeline.common.errors import WarehouseError

DROP = "A drop's folder or URL, or latest, 1/latest, 1/previous."

Lmn = Annotated[str | None, typer.Option(help="Folder of LMN's workbooks or CSV files.", metavar="DIR")]
Crm = Annotated[str | None, typer.Option(help="The CRM's tables.", metavar="DIR|URL")]
Platform = Annotated[str | None, typer.Option(help="The platform's tables.", metavar="DIR|URL")]
AsOf = Annotated[str | None, typer.Option(help="The instant that the run describes; now if unset.", metavar="ISO")]
SelectedYear = Annotated[int | None, typer.Option(help="The year of annual_revenue; as-of's if unset.")]
Target = Annotated[str | None, typer.Option(help="duckdb, postgres or spark.")]
Exports = Annotated[str | None, typer.Option(help="Where drops are published.", metavar="DIR|URL")]
State = Annotated[Path | None, typer.Option(help="Landing zone, database and run history.", metavar="DIR")]
Var = Annotated[list[str] | None, typer.Option(help="Override a decision.", metavar="NAME=VALUE")]
Accept = Annotated[
    list[str] | None, typer.Option(help="Accept a guard's finding for this run.", metavar="GUARD[:PLACE]=WHY")
]
CsvSafe = Annotated[bool | None, typer.Option("--csv-safe", help="Also write spreadsheet-safe CSVs.")]
Xlsx = Annotated[bool | None, typer.Option("--xlsx", help="Also write workbooks of the lists.")]
Cuts = Annotated[bool | None, typer.Option("--cuts", help="Also write narrow cuts of exports.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunsState = Annotated[Path | None, typer.Option(help="The state folder of the runs.", metavar="DIR")]
Drops = Annotated[str | None, typer.Option(help="Where drops are.", metavar="DIR|URL")]


def decisions_of(values: list[str] | None) -> dict[str, str] | None:
    """Parse `NAME=VALUE` pairs."""
    if not values:
        return None
    pairs = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            raise WarehouseError("is not NAME=VALUE", where=f"--var {value}", remedy="write --var at_risk_days=90")
        pairs[name.strip()] = text.strip()
    return pairs


_RUN_SETTINGS: Final = (
    *("lmn", "crm", "platform", "as_of", "selected_year", "target", "exports", "state"),
    *("var", "csv_safe", "xlsx", "cuts"),
)
"""The options of a run that are settings; the others (`--accept`, `--json`) only apply to one call."""


def run_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Select the settings from a command's options, its `locals()`; WarehouseError if a `--var` is invalid."""
    return {**{name: options[name] for name in _RUN_SETTINGS if name in options}, "var": decisions_of(options["var"])}
