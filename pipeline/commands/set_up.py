"""The commands that set something up or serve it: sample, init, config, ui."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.given_settings import settings_given
from pipeline.commands.options import Json, RunsState


def sample(
    out: Annotated[Path, typer.Argument(help="A new folder for lmn/, crm/ and platform/.", metavar="OUT")],
    accounts: Annotated[int, typer.Option(help="Accounts of all tenants, 100 or more.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")],
    events_per_account: Annotated[int, typer.Option(help="Rows of the event tables per account, on average.")] = 440,
    organizations: Annotated[int, typer.Option(help="Tenants: 3 of different sizes, or more of one size.")] = 3,
    weeks: Annotated[int | None, typer.Option(help="Write this many weekly versions of one company instead.")] = None,
) -> None:
    """Write made-up sources of any size, with the faults of real ones, to run with --as-of 2025-01-15.

    With --weeks, write a company that changes from week to week: a folder for each week, named after its --as-of.
    """
    if weeks is not None:
        from pipeline.sample.weeks.write_weeks import write_weeks

        folders = write_weeks(out, accounts, seed, weeks)
        print(f"{len(folders)} weeks, {folders[0].name} to {folders[-1].name}")
        return
    from pipeline.sample import write_sample

    rows = write_sample(out, accounts, seed, events_per_account, organizations=organizations)
    for table, count in rows.items():
        print(f"{table:<36} {count:>12,}")


def init(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]) -> None:
    """Write an example set-up: settings, an empty file of every source table with its header, a README."""
    from pipeline.set_up.example_folder import write_example_folder

    written = write_example_folder(folder)
    print(f"{len(written)} files in {folder}; its README.md describes the next steps")


def config(
    state: RunsState = None,
    as_json: Json = False,
) -> None:
    """Show the settings in force and where each comes from; secrets are hidden."""
    from dataclasses import asdict

    from pipeline.set_up.in_force import config_lines, settings_in_force

    found = settings_in_force(settings_given({"state": state}), {"state"} if state else set())
    if as_json:
        typer.echo(json.dumps([asdict(setting) for setting in found], indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(config_lines(found)))


def ui(
    port: Annotated[int, typer.Option(help="The page's port on this machine.", min=1, max=65535)] = 3000,
    state: RunsState = None,
) -> None:
    """Serve Dagster's page: the asset graph, its runs, the schedules and the sensor."""
    from pipeline.orchestration.ui import serve

    serve(settings_given({"state": state}), port)
