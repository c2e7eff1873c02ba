"""The command line: `warehouse run, verify, explain, sample, ui, contract`. Imports wait until they are needed."""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.common.errors import Interrupted, Interruptions, WarehouseError, in_words
from pipeline.common.shown_text import shown, shown_json, shown_lines
from pipeline.common.startup import hide, quick_imports
from pipeline.common.streams import Streams

if TYPE_CHECKING:
    from pipeline.orchestration.run import RunOutcome
    from pipeline.settings import Settings

app = typer.Typer(
    name="warehouse",
    help="Accounts, renewals and customer success: from the source systems to audited drops.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


explain = typer.Typer(help="Show the rules and inputs behind a value.", no_args_is_help=True)
contract = typer.Typer(help="The contracts of the exports.", no_args_is_help=True, add_completion=False)
app.add_typer(explain, name="explain")
app.add_typer(contract, name="contract")

_STATE = "A drop's folder, a model's YAML, dbt's manifest.json, an .odcs.yaml file or a git ref."

AnswerForm = Literal["table", "csv", "json"]

_DROP = "A drop's folder or URL, or 1/latest, 1/previous."


def _decisions(values: list[str] | None) -> dict[str, str] | None:
    """Read `NAME=VALUE` pairs."""
    if not values:
        return None
    pairs = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            raise WarehouseError("is not NAME=VALUE", where=f"--var {value}", remedy="write --var at_risk_days=90")
        pairs[name.strip()] = text.strip()
    return pairs


_Lmn = Annotated[str | None, typer.Option(help="Folder of LMN's workbooks or CSV files.", metavar="DIR")]
_Crm = Annotated[str | None, typer.Option(help="The CRM's tables.", metavar="DIR|URL")]
_Platform = Annotated[str | None, typer.Option(help="The platform's tables.", metavar="DIR|URL")]
_AsOf = Annotated[str | None, typer.Option(help="The instant to speak of; now if unset.", metavar="ISO")]
_SelectedYear = Annotated[int | None, typer.Option(help="The year of annual_revenue; as-of's if unset.")]
_Target = Annotated[str | None, typer.Option(help="duckdb, postgres or spark.")]
_Exports = Annotated[str | None, typer.Option(help="Where drops land.", metavar="DIR|URL")]
_State = Annotated[Path | None, typer.Option(help="Landing zone, database and run history.", metavar="DIR")]
_Var = Annotated[list[str] | None, typer.Option(help="Override a decision.", metavar="NAME=VALUE")]
_Accept = Annotated[
    list[str] | None, typer.Option(help="Accept a guard's finding for this run.", metavar="GUARD[:PLACE]=WHY")
]
_CsvSafe = Annotated[bool | None, typer.Option("--csv-safe", help="Also write spreadsheet-safe CSVs.")]
_Json = Annotated[bool, typer.Option("--json", help="For machines.")]
_RunsState = Annotated[Path | None, typer.Option(help="As for run.", metavar="DIR")]
_Drops = Annotated[str | None, typer.Option(help="Where drops lie.", metavar="DIR|URL")]


@app.command()
def run(
    lmn: _Lmn = None,
    crm: _Crm = None,
    platform: _Platform = None,
    as_of: _AsOf = None,
    selected_year: _SelectedYear = None,
    target: _Target = None,
    exports: _Exports = None,
    state: _State = None,
    var: _Var = None,
    csv_safe: _CsvSafe = None,
    xlsx: Annotated[bool | None, typer.Option("--xlsx", help="Also write workbooks of the lists.")] = None,
    cuts: Annotated[bool | None, typer.Option("--cuts", help="Also write narrow cuts of exports.")] = None,
    accept: _Accept = None,
) -> None:
    """Ingest, compute, check and publish."""
    with quick_imports():
        from pipeline.common.progress import open_progress
        from pipeline.orchestration.run import run_warehouse

    given = {
        "lmn": lmn,
        "crm": crm,
        "platform": platform,
        "as_of": as_of,
        "selected_year": selected_year,
        "target": target,
        "exports": exports,
        "state": state,
        "var": _decisions(var),
        "csv_safe": csv_safe,
        "xlsx": xlsx,
        "cuts": cuts,
    }
    outcome = run_warehouse(_settings(given), open_progress(), accept or ())
    if outcome.is_repetition:
        print("Nothing is new: sources, settings and program are as in the last run, whose drops stand.")
    _show(outcome)
    if outcome.held_back:
        for one in outcome.held_back:
            where = f"organization {one['organization_id']} was held back"
            problem = WarehouseError(one["what"], details=one["details"], where=where, remedy=one["remedy"])
            print(problem, file=sys.stderr)
        raise typer.Exit(3)


@app.command()
def plan(
    lmn: _Lmn = None,
    crm: _Crm = None,
    platform: _Platform = None,
    as_of: _AsOf = None,
    selected_year: _SelectedYear = None,
    target: _Target = None,
    exports: _Exports = None,
    state: _State = None,
    var: _Var = None,
    accept: _Accept = None,
    as_json: _Json = False,
) -> None:
    """Say what a run would change against the latest drops. Publish nothing; exit as that run would: 1 or 3."""
    with quick_imports():
        from pipeline.common.progress import open_progress
        from pipeline.orchestration.plan import plan_lines, plan_warehouse

    given = {
        "lmn": lmn,
        "crm": crm,
        "platform": platform,
        "as_of": as_of,
        "selected_year": selected_year,
        "target": target,
        "exports": exports,
        "state": state,
        "var": _decisions(var),
    }
    planned = plan_warehouse(_settings(given), open_progress(), accept or ())
    if as_json:
        _print_json([drop.as_dict() for drop in planned])
    else:
        _print(*plan_lines(planned))
    if held_back := [drop for drop in planned if drop.held_back]:
        raise typer.Exit(1 if len(held_back) == len(planned) else 3)


@app.command()
def refresh(
    lmn: _Lmn = None,
    crm: _Crm = None,
    as_of: _AsOf = None,
    selected_year: _SelectedYear = None,
    target: _Target = None,
    exports: _Exports = None,
    state: _State = None,
    var: _Var = None,
    csv_safe: _CsvSafe = None,
    accept: _Accept = None,
    every: Annotated[str | None, typer.Option(help="Go on, every 30s, 5m or 1h.", metavar="PERIOD")] = None,
) -> None:
    """Publish the CRM's lists as they are now (at risk, duplicates, neglected, their cache), in seconds."""
    from pipeline.common.progress import Progress, SilentView, open_progress
    from pipeline.orchestration.refresh_every import refresh_every, refresh_once, seconds_of

    given = {
        "lmn": lmn,
        "crm": crm,
        "as_of": as_of,
        "selected_year": selected_year,
        "target": target,
        "exports": exports,
        "state": state,
        "var": _decisions(var),
        "csv_safe": csv_safe,
    }
    settings = _settings(given)
    if every is None:
        refresh_once(settings, open_progress(), print, accept or ())
    else:
        refresh_every(settings, Progress(SilentView()), seconds_of(every), _print_at_once, _say, accept or ())


def _print_at_once(line: str) -> None:
    print(line, flush=True)


@app.command()
def check(
    lmn: _Lmn = None,
    crm: _Crm = None,
    platform: _Platform = None,
    state: _RunsState = None,
    as_json: _Json = False,
) -> None:
    """Read the sources and say how: files, headers, dates, rejects. Publish nothing; exit 1 where a run would stop."""
    from pipeline.common.progress import open_progress
    from pipeline.orchestration.check import check_lines, check_sources

    settings = _settings({"lmn": lmn, "crm": crm, "platform": platform, "state": state})
    checked = check_sources(settings, open_progress())
    if as_json:
        _print_json(checked.as_dict())
    else:
        _print(*check_lines(checked))
    if checked.stops:
        raise typer.Exit(1)


@app.command()
def verify(
    drop: Annotated[str | None, typer.Argument(help="A drop's folder, `latest` or URL.", metavar="DROP")] = None,
    key: Annotated[
        str | None, typer.Option(help="The sender's public key, which must have signed.", metavar="FILE|RW…")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Check the log of publications instead.")] = False,
    exports: _Drops = None,
    state: _RunsState = None,
) -> None:
    """Check a drop against its manifest, or the log of publications: a line per fault, exit 1 if there is one."""
    from pipeline.storage.minisign import read_public_key

    public = None if key is None else read_public_key(key)
    if log and drop is None:
        from pipeline.orchestration.logs import verify_logs

        faults, whole = verify_logs(_settings({"exports": exports, "state": state}), public)
    elif drop is not None and not log:
        from pipeline.contracts.contract import contracts_in_folder
        from pipeline.drops.verify import verify_drop
        from pipeline.paths import PROJECT_ROOT

        faults = verify_drop(drop, contracts_in_folder(PROJECT_ROOT / "models"), public)
        whole = [f"{drop}: as published" + ("" if public is None else f", signed with {public.text}")]
    else:
        raise WarehouseError("verify takes a DROP, or --log", remedy="write one of the two")
    _print(*map(str, faults))
    if faults:
        raise typer.Exit(1)
    _print(*whole)


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="A new file; the public half is written beside it.", metavar="FILE")],
) -> None:
    """Make a key pair for signatures, in minisign's form; the setting signing_key names FILE."""
    from pipeline.storage.minisign import write_key_pair

    public = write_key_pair(file)
    _print(f"{file}: the secret key, for you alone", f"{file.with_suffix('.pub')}: {public.text}, for your receivers")


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help=_DROP, metavar="DROP")],
    new: Annotated[str, typer.Argument(help=_DROP, metavar="DROP")],
    export: Annotated[str | None, typer.Option(help="One export only.")] = None,
    exports: _Drops = None,
    as_json: _Json = False,
) -> None:
    """Say how two drops differ: rows, cells by column, totals of money, accounts that moved."""
    from pipeline.drops.diff import diff_drops, diff_lines
    from pipeline.drops.find_drop import find_drop, open_drop

    place = _settings({"exports": exports}).exports
    with open_drop(find_drop(old, place)) as before, open_drop(find_drop(new, place)) as now:
        found = diff_drops(before, now, export)
    if as_json:
        _print_json(found.as_dict())
    else:
        _print(*diff_lines(found))


@app.command()
def runs(
    state: _RunsState = None,
    as_json: _Json = False,
    due: Annotated[bool, typer.Option("--due", help="Say whether a drop is there in time; exit 1 if not.")] = False,
) -> None:
    """Tell the history of runs, the newest first: what each published, held back, and why."""
    if due:
        from pipeline.orchestration.due import require_in_time

        _print(require_in_time(_settings({"state": state}), partial(typer.echo, err=True)))
        return
    from pipeline.state.runs import RunRecords, run_lines
    from pipeline.state.workspace import Workspace

    records = RunRecords(Workspace(_settings({"state": state}).state).runs).newest_first()
    if as_json:
        _print_json([record.as_dict() for record in records])
    else:
        _print(*run_lines(records) or ["no run has ended yet"])


@app.command()
def history(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the records of kept drops again first.")] = False,
    target: Annotated[str | None, typer.Option(help="Whose marts: duckdb or postgres.")] = None,
    exports: _Drops = None,
    state: _RunsState = None,
) -> None:
    """Say of which instants account_history and the at-risk episodes know, and by which drop."""
    from pipeline.orchestration.look_back import rebuild_timeline, timeline_lines

    settings = _settings({"target": target, "exports": exports, "state": state})
    if rebuild:
        _print(*rebuild_timeline(settings, _say))
    _print(*timeline_lines(settings) or ["no drop is known yet"])


@app.command()
def replay(
    drop: Annotated[str, typer.Argument(help=_DROP, metavar="DROP")],
    exports: _Drops = None,
    state: Annotated[Path | None, typer.Option(help="That of the run that published it.", metavar="DIR")] = None,
) -> None:
    """Make a drop again from the landing zone: exit 0 where it is the same to the byte, 1 where it is not."""
    from pipeline.common.progress import open_progress
    from pipeline.orchestration.replay import replay as replayed

    outcome = replayed(_settings({"exports": exports, "state": state}), drop, open_progress())
    typer.echo("\n".join(outcome.lines))
    if outcome.differing:
        raise typer.Exit(1)


@app.command()
def prune(
    exports: _Drops = None,
    state: _RunsState = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove what is past keeping: drops, and what of the landing zone no kept drop was made from."""
    from pipeline.orchestration.upkeep import prune_all

    pruned = prune_all(_settings({"exports": exports, "state": state}), dry_run=dry_run)
    typer.echo("\n".join(["would go:" if dry_run else "gone:", *pruned.lines]))


@app.command()
def rollback(
    drop: Annotated[str, typer.Argument(help=_DROP, metavar="DROP")],
    exports: _Drops = None,
    state: _RunsState = None,
) -> None:
    """Let `latest` name a drop that was published before."""
    from pipeline.orchestration.rollback import roll_back

    _print(roll_back(_settings({"exports": exports, "state": state}), drop))


@app.command()
def query(
    name: Annotated[str | None, typer.Argument(help="A question; left out, they are listed.", metavar="NAME")] = None,
    drop: Annotated[str | None, typer.Option(help=f"Ask a drop instead of the marts. {_DROP}", metavar="DROP")] = None,
    form: Annotated[AnswerForm, typer.Option("--format", help="How the answer is written.")] = "table",
    target: Annotated[str | None, typer.Option(help="Whose marts: duckdb or postgres.")] = None,
    exports: _Drops = None,
    state: _RunsState = None,
) -> None:
    """Answer one of the questions in queries/ by the published marts, or by a drop."""
    from pipeline.questions.answer import ask
    from pipeline.questions.layout import question_lines, written
    from pipeline.questions.question import find_question, read_questions

    if name is None:
        typer.echo("\n".join(question_lines(read_questions())))
        return
    question = find_question(name)
    settings = _settings({"target": target, "exports": exports, "state": state})
    typer.echo(written(ask(settings, question, drop), question, form), nl=False)


@explain.command("account")
def explain_account(
    identifier: Annotated[
        str, typer.Argument(help="account_id, the CRM's id, or the name or a part of it.", metavar="ID")
    ],
    column: Annotated[
        str | None, typer.Argument(help="A column, as revenue or account_core.revenue.", metavar="COLUMN")
    ] = None,
    organization: Annotated[int | None, typer.Option(help="Whose account, where ids overlap.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="What changed since the drop before, and why.")] = False,
    exports: Annotated[str | None, typer.Option(help="Where drops lie, for --changes.", metavar="DIR|URL")] = None,
    state: _RunsState = None,
    json: _Json = False,
) -> None:
    """Explain an account: every column's value, or one column's whole story."""
    from pipeline.explain.explanation import explain_account as explained
    from pipeline.explain.render import as_json, open_console, render

    settings = _settings({"state": state, "exports": exports})
    if changes:
        from pipeline.explain.changes import explain_changes
        from pipeline.explain.changes_layout import changes_as_json, changes_lines

        found = explain_changes(settings, identifier, column, organization)
        typer.echo(changes_as_json(found) if json else "\n".join(changes_lines(found)))
        return
    explanation = explained(settings, identifier, column, organization)
    if json:
        print(as_json(explanation))
    else:
        render(explanation, open_console())


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(help="A new folder for lmn/, crm/ and platform/.", metavar="OUT")],
    accounts: Annotated[int, typer.Option(help="Accounts of all tenants, 100 or more.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")],
    events_per_account: Annotated[int, typer.Option(help="Rows of the event tables per account, on average.")] = 440,
    organizations: Annotated[int, typer.Option(help="Tenants: 3 of different sizes, or more of one size.")] = 3,
    weeks: Annotated[int | None, typer.Option(help="Write so many weekly versions of one company instead.")] = None,
) -> None:
    """Write made-up sources of any size, with all that goes wrong in real ones, to be run --as-of 2025-01-15.

    With --weeks, a company that lives on: a folder for each week, named by the --as-of to run it with.
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


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]) -> None:
    """Write an example set-up: settings, an empty file of every source table with its header, a README."""
    from pipeline.set_up.example_folder import write_example_folder

    written = write_example_folder(folder)
    print(f"{len(written)} files in {folder}; its README.md says how to go on")


@app.command()
def config(
    state: _RunsState = None,
    as_json: _Json = False,
) -> None:
    """Say which settings are in force here, and where each comes from; secrets are hidden."""
    from dataclasses import asdict

    from pipeline.set_up.in_force import config_lines, settings_in_force

    found = settings_in_force(_settings({"state": state}), {"state"} if state else set())
    if as_json:
        typer.echo(json.dumps([asdict(setting) for setting in found], indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(config_lines(found)))


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="The page's port on this machine.", min=1, max=65535)] = 3000,
    state: _RunsState = None,
) -> None:
    """Open Dagster's page: the asset graph, its runs, the schedule and the sensor."""
    from pipeline.orchestration.ui import serve

    serve(_settings({"state": state}), port)


def _show(outcome: RunOutcome) -> None:
    """Print what was published, in rows of each export and organization, and where."""
    from rich.console import Console
    from rich.table import Table

    if not outcome.drops:
        print("No organization has a row: nothing was published.")
        return
    table = Table(title="Rows published", title_justify="left")
    table.add_column("export")
    for drop in outcome.drops:
        table.add_column(f"organization {drop['organization_id']}", justify="right")
    for export in sorted({export for drop in outcome.drops for export in drop["rows"]}):
        table.add_row(export, *(f"{drop['rows'][export]:,}" for drop in outcome.drops))
    Console(width=10_000, highlight=False).print(table)  # a narrow terminal wraps it; rich would cut the names
    for drop in outcome.drops:
        _print(f"{drop['location']}  {'new' if drop['is_new'] else 'as published before'}")


def _print(*lines: str) -> None:
    """Print lines that may quote what others wrote."""
    for line in lines:
        print(shown(line))


def _print_json(value: object) -> None:
    print(shown_json(json.dumps(value, indent=2, ensure_ascii=False)))


def _settings(given: dict[str, Any]) -> Settings:
    """Build the settings of this call, with a readable error."""
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
    except SettingsError:  # of all settings, only this one is JSON
        raise WarehouseError("is not JSON", where="WAREHOUSE_VAR", remedy='write {"at_risk_days": 90}') from None
    except ValidationError as error:
        unknown = [str(fault["loc"][0]) for fault in error.errors() if fault["type"] == "extra_forbidden"]
        if unknown:
            near = [name for key in unknown for name in difflib.get_close_matches(key, Settings.model_fields, n=1)]
            raise WarehouseError(
                f"no setting is called {', '.join(unknown)}",
                where="warehouse.toml",
                remedy=f"the nearest: {', '.join(near)}" if near else f"there are {', '.join(Settings.model_fields)}",
            ) from None
        faults = [
            shown(f"{_origin(str(fault['loc'][0]), given)}: {fault['msg'].removeprefix('Value error, ')}")
            for fault in error.errors()
        ]
        first, *rest = faults
        raise WarehouseError(first, details=rest, remedy="mend it there; docs/settings.md has them all") from None


def _origin(setting: str, given: dict[str, Any]) -> str:
    """Name where a setting's value comes from, as a person would look for it."""
    variable = f"WAREHOUSE_{setting.upper()}"
    if given.get(setting) is not None:
        return f"--{setting.replace('_', '-')}"
    return variable if os.environ.get(variable) else f"{setting} in warehouse.toml"


@contract.callback()
def _contract() -> None:
    """Keep `diff` a command of its own while it is the only one."""


@contract.command("diff")
def contract_diff(
    old: Annotated[str, typer.Argument(help=_STATE, metavar="OLD")],
    new: Annotated[str, typer.Argument(help=_STATE, metavar="NEW")],
) -> None:
    """Say what changed for readers of the exports: additive, breaking or none, column by column."""
    from pipeline.contracts.compatibility import compare
    from pipeline.paths import PROJECT_ROOT

    _print(*shown_lines(str(compare(old, new, PROJECT_ROOT))))


def main() -> None:
    """Run the command line; a fault with a remedy is said in words and ends with exit code 1."""
    Streams.open()
    Interruptions.listen()
    # pyarrow would load it to ask whether a list is a series: 0.19 s of CPU that no command has use for (2026-11-28)
    hide("pandas")
    code: str | int | None = 1
    atexit.register(lambda: _leave(code))  # what is registered first is called last, when all else has ended
    try:
        app()
    except SystemExit as ended:
        code = ended.code
        raise
    except (Interrupted, Exception) as error:
        if isinstance(error, Interrupted) or Interruptions.is_wished():
            code = Interruptions.exit_code()
            _say("interrupted: what is published is whole\nTo do: run again")
        elif (fault := in_words(error)) is not None:
            _say(str(fault))
        else:
            _say("\n".join(_trace(error)))
        sys.exit(code)


def _trace(error: BaseException) -> Iterator[str]:
    """Give the trace of a fault of the program; what the fault says may quote data."""
    import traceback

    for entry in traceback.TracebackException.from_exception(error).format():
        is_place = entry.startswith("  File ")
        yield from shown_lines(entry.rstrip("\n")) if is_place else [shown(entry.strip("\n"))]


def _say(words: str) -> None:
    print(f"\n{words}", file=sys.stderr)


def _leave(code: str | int | None) -> None:
    """Exit at once: freeing the million objects of dbt and Dagster takes as long as the audit of a small drop."""
    Streams.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
