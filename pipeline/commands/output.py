"""Prints the output of commands: lines and JSON with escaped control characters, and the table of published rows."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pipeline.common.shown_text import shown, shown_json

if TYPE_CHECKING:
    from pipeline.orchestration.run import RunOutcome


def print_lines(*lines: str) -> None:
    """Print lines that may quote data."""
    for line in lines:
        print(shown(line))


def print_at_once(line: str) -> None:
    """Print a line without buffering."""
    print(line, flush=True)


def print_json(value: object) -> None:
    """Print an answer as JSON."""
    print(shown_json(json.dumps(value, indent=2, ensure_ascii=False)))


def print_published(outcome: RunOutcome) -> None:
    """Print how many rows of each export were published for each organization, and where."""
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
    Console(width=10_000, highlight=False).print(table)  # let a narrow terminal wrap it, because rich would cut names
    for drop in outcome.drops:
        print_lines(f"{drop['location']}  {'new' if drop['is_new'] else 'as published before'}")


def print_fault(words: str) -> None:
    """Print a message, which may have several lines, to standard error."""
    print(f"\n{words}", file=sys.stderr)
