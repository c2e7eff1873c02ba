"""Writes the platform's event tables of a sample: e-mails, chats, meetings with attendees, tickets with comments.

Events are made with numpy in chunks of customers and appended to Parquet files, so that 22 million rows take the memory
of one chunk. Each chunk has its own stream of random numbers. Edge cases of the rules are in `edge_cases/events.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline.ingest.tables import source_table
from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.event_chunk import EventChunk
from pipeline.sample.draw.population import Population
from pipeline.sample.draw.random_columns import rows
from pipeline.sample.draw.traits import draw_traits
from pipeline.sample.files.tables import ParquetFile

SHARES: Final = {"email_prop": 0.45, "chat_message": 0.20, "calendar_event_prop": 0.05, "ticket": 0.03}
"""Each table's share of all events; the rest are attendees (three per meeting) and comments (four per ticket)."""

EVENT_TABLES: Final = (
    "email_prop",
    "chat_message",
    "calendar_event_prop",
    "calendar_event_attendee",
    "ticket",
    "ticket_comment",
)

_CHUNK: Final = 1_000_000
"""The approximate number of events in memory at a time."""


def write_events(
    folder: Path,
    population: Population,
    customers: Customers,
    per_account: int,
    by_hand: dict[str, list[dict[str, Any]]],
) -> dict[str, int]:
    """Write the six event tables, `per_account` rows per account and the rows `by_hand`; return their row counts."""
    schemas = {name: source_table("platform", name).arrow_schema for name in EVENT_TABLES}
    files = {name: ParquetFile(folder / f"{name}.parquet", schema) for name, schema in schemas.items()}
    total = len(population.accounts) * per_account
    traits = draw_traits(population, customers)
    step = max(1, _CHUNK * len(customers) // max(total, 1))
    next_id = dict.fromkeys(EVENT_TABLES, 100_001)
    next_thread = dict.fromkeys(EVENT_TABLES, 1_001)

    for number, start in enumerate(range(0, len(customers), step)):
        chunk = EventChunk(population, customers, traits, slice(start, min(start + step, len(customers))), number)
        for name, make in (("email_prop", chunk.emails), ("chat_message", chunk.chats)):
            talk = make(round(total * SHARES[name]), next_thread[name], next_id[name])
            files[name].append(talk)
            next_id[name] += len(talk)
            next_thread[name] += len(talk)
        meetings, attendees = chunk.meetings(
            round(total * SHARES["calendar_event_prop"]), next_id["calendar_event_prop"]
        )
        files["calendar_event_prop"].append(meetings)
        files["calendar_event_attendee"].append(attendees)
        next_id["calendar_event_prop"] += len(meetings)
        tickets, comments = chunk.tickets(round(total * SHARES["ticket"]), next_id["ticket"], next_id["ticket_comment"])
        files["ticket"].append(tickets)
        files["ticket_comment"].append(comments)
        next_id["ticket"] += len(tickets)
        next_id["ticket_comment"] += len(comments)

    for name, made in by_hand.items():
        files[name].append(rows(schemas[name], made))
    for file in files.values():
        file.close()
    return {f"platform.{name}": file.rows for name, file in files.items()}
