"""The program `warehouse`: its commands by name, and how it starts and ends."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

import typer

from pipeline.commands import answers, drops, runs, set_up
from pipeline.commands.output import print_fault
from pipeline.common.errors import Interrupted, Interruptions, in_words
from pipeline.common.shown_text import shown, shown_lines
from pipeline.common.startup import hide
from pipeline.common.streams import Streams

app = typer.Typer(
    name="warehouse",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
explain = typer.Typer(help="Show the rules and inputs behind a value.", no_args_is_help=True)
contract = typer.Typer(help="The contracts of the exports.", no_args_is_help=True, add_completion=False)

COMMANDS = (
    runs.run,
    runs.plan,
    runs.refresh,
    runs.check,
    drops.verify,
    drops.key,
    drops.diff,
    answers.runs,
    answers.history,
    drops.replay,
    drops.prune,
    drops.rollback,
    drops.forget,
    answers.query,
    set_up.sample,
    set_up.init,
    set_up.config,
    set_up.ui,
)
"""In the order of `warehouse --help`."""

for command in COMMANDS:
    app.command()(command)
explain.command("account")(answers.explain_account)
contract.command("diff")(answers.contract_diff)
app.add_typer(explain, name="explain")
app.add_typer(contract, name="contract")


def _say_version(is_asked: bool) -> None:
    if is_asked:
        print(f"warehouse {version('account-warehouse')}")
        raise typer.Exit


@app.callback()
def _program(
    is_version_asked: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Accounts, renewals and customer success: from the source systems to audited drops."""


@explain.callback()
@contract.callback()
def _group() -> None:
    """Keep the single command of a group a command of its own."""


def main() -> None:
    """Run the command line; a fault with a remedy becomes a message and exit code 1."""
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
        if isinstance(error, Interrupted) or Interruptions.is_requested():
            code = Interruptions.exit_code()
            print_fault("interrupted: what is published is whole\nTo do: run again")
        elif (fault := in_words(error)) is not None:
            print_fault(str(fault))
        else:
            print_fault("\n".join(_trace(error)))
        sys.exit(code)


def _trace(error: BaseException) -> Iterator[str]:
    """Yield the traceback of a bug; its message may quote data."""
    import traceback

    for entry in traceback.TracebackException.from_exception(error).format():
        is_place = entry.startswith("  File ")
        yield from shown_lines(entry.rstrip("\n")) if is_place else [shown(entry.strip("\n"))]


def _leave(code: str | int | None) -> None:
    """Exit at once: freeing the million objects of dbt and Dagster takes as long as auditing a small drop."""
    Streams.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
