"""`warehouse contract ...`: what the command line says of the contracts."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The contracts of the exports.", no_args_is_help=True, add_completion=False)

_STATE = "A drop's folder, a model's YAML, dbt's manifest.json, an .odcs.yaml file or a git ref."


@app.callback()
def _contract() -> None:
    """Keep `diff` a command of its own while it is the only one."""


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help=_STATE, metavar="OLD")],
    new: Annotated[str, typer.Argument(help=_STATE, metavar="NEW")],
) -> None:
    """Say what changed for readers of the exports: additive, breaking or none, column by column."""
    from pipeline.contracts.compatibility import compare
    from pipeline.settings import PROJECT_ROOT

    typer.echo(str(compare(old, new, PROJECT_ROOT)))
