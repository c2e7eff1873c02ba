"""The commands that read what was published: query, explain, runs, history, contract."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import typer

from pipeline.commands.given_settings import settings_given
from pipeline.commands.options import DROP, Drops, Json, RunsState
from pipeline.commands.output import print_fault, print_json, print_lines
from pipeline.common.shown_text import shown_lines

AnswerForm = Literal["table", "csv", "json"]

CONTRACTS = "A drop's folder, a model's YAML, dbt's manifest.json, an .odcs.yaml file or a git ref."


def query(
    name: Annotated[str | None, typer.Argument(help="A query; without it, they are listed.", metavar="NAME")] = None,
    drop: Annotated[str | None, typer.Option(help=f"Query a drop instead of the marts. {DROP}", metavar="DROP")] = None,
    form: Annotated[AnswerForm, typer.Option("--format", help="The format of the answer.")] = "table",
    target: Annotated[str | None, typer.Option(help="Whose marts: duckdb or postgres.")] = None,
    exports: Drops = None,
    state: RunsState = None,
) -> None:
    """Run one of the queries in queries/ on the published marts or on a drop; list them without NAME."""
    from pipeline.questions.answer import ask
    from pipeline.questions.layout import question_lines, written
    from pipeline.questions.question import find_question, read_questions

    if name is None:
        typer.echo("\n".join(question_lines(read_questions())))
        return
    question = find_question(name)
    settings = settings_given({"target": target, "exports": exports, "state": state})
    typer.echo(written(ask(settings, question, drop), question, form), nl=False)


def explain_account(
    identifier: Annotated[
        str, typer.Argument(help="account_id, the CRM's id, or all or part of the name.", metavar="ID")
    ],
    column: Annotated[
        str | None,
        typer.Argument(help="A column, such as revenue or win_loss.won_value.", metavar="COLUMN"),
    ] = None,
    organization: Annotated[int | None, typer.Option(help="The organization, if ids overlap.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="What changed since the previous drop, and why.")] = False,
    exports: Annotated[str | None, typer.Option(help="Where drops are, for --changes.", metavar="DIR|URL")] = None,
    state: RunsState = None,
    json: Json = False,
) -> None:
    """Explain an account: the value of every column, or one column's rules and rows."""
    from pipeline.explain.explanation import explain_account as explained
    from pipeline.explain.render import as_json, open_console, render

    settings = settings_given({"state": state, "exports": exports})
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


def runs(
    state: RunsState = None,
    as_json: Json = False,
    due: Annotated[
        bool, typer.Option("--due", help="Check whether a drop was published in time; exit 1 if not.")
    ] = False,
) -> None:
    """List past runs, newest first: what each published, what was held back, and why."""
    if due:
        from pipeline.orchestration.due import require_in_time

        print_lines(require_in_time(settings_given({"state": state}), partial(typer.echo, err=True)))
        return
    from pipeline.state.runs import RunRecords, run_lines
    from pipeline.state.workspace import Workspace

    records = RunRecords(Workspace(settings_given({"state": state}).state).runs).newest_first()
    if as_json:
        print_json([record.as_dict() for record in records])
    else:
        print_lines(*run_lines(records) or ["no run has ended yet"])


def history(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Rebuild the records of retained drops first.")] = False,
    target: Annotated[str | None, typer.Option(help="Whose marts: duckdb or postgres.")] = None,
    exports: Drops = None,
    state: RunsState = None,
) -> None:
    """List the instants that account_history and the at-risk episodes cover, and the drop of each."""
    from pipeline.orchestration.run_timeline import rebuild_timeline, timeline_lines

    settings = settings_given({"target": target, "exports": exports, "state": state})
    if rebuild:
        print_lines(*rebuild_timeline(settings, print_fault))
    print_lines(*timeline_lines(settings) or ["no drop is known yet"])


def contract_diff(
    old: Annotated[str, typer.Argument(help=CONTRACTS, metavar="OLD")],
    new: Annotated[str, typer.Argument(help=CONTRACTS, metavar="NEW")],
) -> None:
    """Compare two contracts, column by column; exit 1 if the change is breaking."""
    from pipeline.contracts.compatibility import compare
    from pipeline.paths import PROJECT_ROOT

    found = compare(old, new, PROJECT_ROOT)
    print_lines(*shown_lines(str(found)))
    if found.verdict == "breaking":
        raise typer.Exit(1)
