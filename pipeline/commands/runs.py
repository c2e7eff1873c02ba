"""The commands that read the sources: run, plan, refresh, check."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.commands.given_settings import settings_given
from pipeline.commands.options import (
    Accept,
    AsOf,
    Crm,
    CsvSafe,
    Cuts,
    Exports,
    Json,
    Lmn,
    Platform,
    RunsState,
    SelectedYear,
    State,
    Target,
    Var,
    Xlsx,
    run_settings,
)
from pipeline.commands.output import print_at_once, print_fault, print_json, print_lines, print_published
from pipeline.common.errors import WarehouseError
from pipeline.common.startup import quick_imports


def run(
    lmn: Lmn = None,
    crm: Crm = None,
    platform: Platform = None,
    as_of: AsOf = None,
    selected_year: SelectedYear = None,
    target: Target = None,
    exports: Exports = None,
    state: State = None,
    var: Var = None,
    csv_safe: CsvSafe = None,
    xlsx: Xlsx = None,
    cuts: Cuts = None,
    accept: Accept = None,
) -> None:
    """Ingest, compute, check and publish."""
    given = run_settings(locals())
    with quick_imports():
        from pipeline.common.progress import open_progress
        from pipeline.orchestration.run import run_warehouse

    outcome = run_warehouse(settings_given(given), open_progress(), accept or ())
    if outcome.is_repetition:
        print("Nothing is new: sources, settings and program are those of the last run, whose drops stay.")
    print_published(outcome)
    if outcome.held_back:
        for one in outcome.held_back:
            where = f"organization {one['organization_id']} was held back"
            problem = WarehouseError(one["what"], details=one["details"], where=where, remedy=one["remedy"])
            print(problem, file=sys.stderr)
        raise typer.Exit(3)


def plan(
    lmn: Lmn = None,
    crm: Crm = None,
    platform: Platform = None,
    as_of: AsOf = None,
    selected_year: SelectedYear = None,
    target: Target = None,
    exports: Exports = None,
    state: State = None,
    var: Var = None,
    csv_safe: CsvSafe = None,
    xlsx: Xlsx = None,
    cuts: Cuts = None,
    accept: Accept = None,
    as_json: Json = False,
) -> None:
    """Show what a run would change against the latest drops. Publish nothing; exit as that run would: 0, 1 or 3."""
    given = run_settings(locals())
    with quick_imports():
        from pipeline.common.progress import open_progress
        from pipeline.orchestration.plan import plan_lines, plan_warehouse

    planned = plan_warehouse(settings_given(given), open_progress(), accept or ())
    if as_json:
        print_json([drop.as_dict() for drop in planned])
    else:
        print_lines(*plan_lines(planned))
    if held_back := [drop for drop in planned if drop.held_back]:
        raise typer.Exit(1 if len(held_back) == len(planned) else 3)


def refresh(
    lmn: Lmn = None,
    crm: Crm = None,
    platform: Annotated[
        str | None,
        typer.Option(help="The platform's tables; by default, as the latest run landed them.", metavar="DIR|URL"),
    ] = None,
    as_of: AsOf = None,
    selected_year: SelectedYear = None,
    target: Target = None,
    exports: Exports = None,
    state: State = None,
    var: Var = None,
    csv_safe: CsvSafe = None,
    xlsx: Xlsx = None,
    accept: Accept = None,
    every: Annotated[str | None, typer.Option(help="Repeat every 30s, 5m or 1h.", metavar="PERIOD")] = None,
) -> None:
    """Publish the CRM's current lists (at risk, duplicates, neglected, their cache), within seconds."""
    given = run_settings(locals())
    from pipeline.common.progress import Progress, SilentView, open_progress
    from pipeline.orchestration.refresh_every import refresh_every, refresh_once, seconds_of

    settings = settings_given(given)
    if every is None:
        refresh_once(settings, open_progress(), print, accept or ())
    else:
        refresh_every(settings, Progress(SilentView()), seconds_of(every), print_at_once, print_fault, accept or ())


def check(
    lmn: Lmn = None,
    crm: Crm = None,
    platform: Platform = None,
    as_of: AsOf = None,
    state: RunsState = None,
    as_json: Json = False,
) -> None:
    """Read the sources and report files, headers, dates and rejects. Publish nothing; exit 1 if a run would stop."""
    from pipeline.common.progress import open_progress
    from pipeline.orchestration.check import check_lines, check_sources

    settings = settings_given({"lmn": lmn, "crm": crm, "platform": platform, "as_of": as_of, "state": state})
    checked = check_sources(settings, open_progress())
    if as_json:
        print_json(checked.as_dict())
    else:
        print_lines(*check_lines(checked))
    if checked.stops:
        raise typer.Exit(1)
