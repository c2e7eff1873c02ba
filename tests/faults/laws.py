"""Metamorphic laws between two computed worlds: a change has only the effects that it should have."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipeline.ingest.tables import SOURCE_TABLES
from tests.faults.experiments import Experiment, Trial
from tests.models.customer_success.conftest import MARTS
from tests.models.customer_success.worlds import NOW, World, merged, tenant
from tests.models.harness import BuiltModels, Row, built_models

WEEKS: Final = timedelta(weeks=5)
FARTHER: Final = 1_000_000
"""The number added to every id; the order of ids, which breaks ties, stays."""

_IDS: Final = {
    column.name
    for table in SOURCE_TABLES
    if table.source == "platform"
    for column in table.arrow_schema
    if pa.types.is_integer(column.type) and column.name != "organization_id"
}


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    with ExitStack() as stack:
        now, later = (
            stack.enter_context(_models(folder / name, as_of)) for name, as_of in (("now", NOW), ("later", NOW + WEEKS))
        )
        laws: tuple[Callable[[BuiltModels, BuiltModels, random.Random], str | None], ...]
        laws = (_a_foreign_tenant_changes_nothing, _weeks_that_pass_move_only_dates, _other_ids_are_only_other_ids)
        yield lambda number: laws[number % len(laws)](now, later, random.Random(number))


@contextmanager
def _models(folder: Path, as_of: datetime) -> Iterator[BuiltModels]:
    folder.mkdir()
    commands = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    select = [f"+{mart}" for mart in MARTS]
    with built_models(folder, {}, as_of=as_of.isoformat(sep=" "), select=select, commands=commands) as models:
        yield models


def _some_tenant(rng: random.Random, organization: int) -> World:
    return tenant(rng, organization, rng.randint(1, 20), rng.randint(0, 8))


def _drop(models: BuiltModels, world: World, changed: Callable[[Any], Any] = lambda value: value) -> dict[str, Any]:
    """Compute the rows of organization 1, each value changed."""
    models.refill(world)
    found = {mart: models.query(f"select * from marts.{mart} where organization_id = 1") for mart in MARTS}
    return {
        mart: sorted(str(sorted((name, str(changed(value))) for name, value in row.items())) for row in rows)
        for mart, rows in found.items()
    }


def _first_difference(rows: list[str], others: list[str]) -> str:
    """Return the first two differing rows."""
    for row, other in zip(rows, others, strict=False):
        if row != other:
            at = next((place for place, (one, two) in enumerate(zip(row, other, strict=False)) if one != two), 0)
            return f"{row[max(0, at - 60) : at + 40]} | {other[max(0, at - 60) : at + 40]}"
    return f"{len(rows)} and {len(others)} rows"


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    for mart, rows in before.items():
        if rows != after[mart]:
            return f"{mart}: {_first_difference(rows, after[mart])}"
    return None


def _a_foreign_tenant_changes_nothing(now: BuiltModels, later: BuiltModels, rng: random.Random) -> str | None:
    ours, theirs = _some_tenant(rng, 1), _some_tenant(rng, 2)
    return _difference(_drop(now, ours), _drop(now, merged(ours, theirs)))


def _weeks_that_pass_move_only_dates(now: BuiltModels, later: BuiltModels, rng: random.Random) -> str | None:
    def back(value: Any) -> Any:
        return value - WEEKS if isinstance(value, (date, datetime)) else value

    world = _some_tenant(rng, 1)
    moved = _each_value(world, lambda _, value: value + WEEKS if isinstance(value, (date, datetime)) else value)
    return _difference(_drop(now, world), _drop(later, moved, back))


def _other_ids_are_only_other_ids(now: BuiltModels, later: BuiltModels, rng: random.Random) -> str | None:
    def back(value: Any) -> Any:
        is_id = isinstance(value, int) and not isinstance(value, bool) and value >= FARTHER
        return value - FARTHER if is_id else value

    world = _some_tenant(rng, 1)
    renamed = _each_value(
        world, lambda name, value: value + FARTHER if name in _IDS and isinstance(value, int) else value
    )
    return _difference(_drop(now, world), _drop(now, renamed, back))


def _each_value(world: World, changed: Callable[[str, Any], Any]) -> World:
    def row_of(row: Row) -> Row:
        return {name: changed(name, value) for name, value in row.items()}

    return {table: [row_of(row) for row in rows] for table, rows in world.items()}


EXPERIMENT = Experiment(
    name="invariants",
    promise="Another tenant's rows change nothing; shifting all times by whole weeks only shifts dates; other ids only "
    "change ids.",
    tried="A generated tenant is computed twice: beside another tenant, with all its times some weeks later, or "
    "with other ids.",
    count=1_500,
    short=0,
    setting=_setting,
)
