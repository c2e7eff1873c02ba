"""The mutations of a model's SQL: each is a mistake that a person could make."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import sqlglot
from sqlglot import exp

DIALECT: Final = "duckdb"

Change = Callable[[], None]
"""Makes the change in the tree in which it was found."""


@dataclass(frozen=True)
class Place:
    """The place of a change, valid also for the model compiled with other variables, or in a unit test.

    `step` is the CTE (empty in the final select), `text` the expression without its literals and the names of
    databases, `ordinal` the number of the expression among equal ones in that step.
    """

    step: str
    kind: str
    text: str
    ordinal: int


@dataclass(frozen=True)
class SqlMutant:
    """One change of one model."""

    model: str
    place: Place

    @property
    def module(self) -> str:
        """The model."""
        return self.model

    @property
    def kind(self) -> str:
        """The class of its change, such as `comparison`."""
        return self.place.kind


Found = tuple[exp.Expr, str, Change]
"""The expression of a change, a word that identifies the change, and the change itself."""

_COMPARED: Final = {
    exp.GT: exp.GTE, exp.GTE: exp.GT, exp.LT: exp.LTE, exp.LTE: exp.LT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ,
    exp.NullSafeEQ: exp.NullSafeNEQ, exp.NullSafeNEQ: exp.NullSafeEQ,
}  # fmt: skip
_COMPUTED: Final = {exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Div, exp.Div: exp.Mul}
_AGGREGATED: Final = {
    exp.Sum: exp.Max, exp.Min: exp.Max, exp.Max: exp.Min, exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr, exp.ArgMin: exp.ArgMax, exp.ArgMax: exp.ArgMin,
}  # fmt: skip
_NUMBERED: Final = {exp.RowNumber: exp.Rank, exp.Rank: exp.RowNumber, exp.Lag: exp.Lead, exp.Lead: exp.Lag}
_UNITS: Final = {
    "year": "month", "month": "year", "day": "month", "hour": "minute", "minute": "hour", "second": "minute",
    "week": "month", "microsecond": "millisecond", "millisecond": "second",
}  # fmt: skip


def _like(node: exp.Expr, kind: type[exp.Expr]) -> Change:
    """Return a change that replaces an expression by one of another kind with the same operands."""
    return lambda: _put(node, kind(**{name: value for name, value in node.args.items() if name in kind.arg_types}))


def _put(node: exp.Expr, other: exp.Expr) -> None:
    node.replace(other)


def _without(node: exp.Expr, name: str, at: int) -> Change:
    """Return a change that drops one element of an expression's list."""

    def change() -> None:
        node.set(name, [one for n, one in enumerate(node.args[name]) if n != at])

    return change


def comparisons(node: exp.Expr) -> Iterator[Found]:
    """`>` for `>=`, `=` for `<>`, each also the other way, and `is null` for `is not null`."""
    if kind := _COMPARED.get(type(node)):
        yield node, "", _like(node, kind)
    if isinstance(node, exp.Is):
        whole = node.parent if isinstance(node.parent, exp.Not) else None
        yield (node, "", (lambda: _put(whole, node.copy())) if whole else lambda: _put(node, exp.not_(node.copy())))
    if isinstance(node, exp.Not) and not isinstance(node.this, exp.Is):
        yield node, "not", lambda: _put(node, exp.paren(node.this.copy()))


def bounds(node: exp.Expr) -> Iterator[Found]:
    """Whole numbers one higher, and one lower; lists one shorter."""
    if isinstance(node, exp.Literal) and node.is_int and not isinstance(node.parent, exp.DataTypeParam):
        for step in (1, -1):
            number = int(node.this) + step
            other = exp.Literal.number(number) if number >= 0 else exp.paren(exp.Neg(this=exp.Literal.number(-number)))
            yield node, f"{step:+}", lambda other=other: _put(node, other)
    if isinstance(node, exp.In) and len(node.expressions) > 1:
        for at in range(len(node.expressions)):
            yield node, f"without {at}", _without(node, "expressions", at)


def dates(node: exp.Expr) -> Iterator[Found]:
    """A month for a day, a year for a month, a minute for an hour, in intervals, parts and truncations."""
    unit = node.args.get("unit")
    if isinstance(node, exp.Extract):
        unit = node.this
    if unit is not None and (other := _UNITS.get(str(unit.name).lower())):
        new = exp.Literal.string(other) if isinstance(unit, exp.Literal) else exp.var(other)
        yield node, "", lambda: _put(unit, new)
    if isinstance(node, exp.Year | exp.Month | exp.Day):
        yield node, "", _like(node, {exp.Year: exp.Month, exp.Month: exp.Year, exp.Day: exp.Month}[type(node)])


def joins(node: exp.Expr) -> Iterator[Found]:
    """`inner join` for `left join`, and the other way; `left join` for `full join`."""
    if isinstance(node, exp.Join) and (node.args.get("on") or node.args.get("using")):
        side = str(node.args.get("side") or "").upper()
        other = {"LEFT": None, "": "LEFT", "FULL": "LEFT"}.get(side, "")
        if other != "":
            yield node, "", lambda: node.args.update(side=other, kind=None if other else "INNER")


def connectives(node: exp.Expr) -> Iterator[Found]:
    """`or` for `and`, and the other way."""
    if isinstance(node, exp.And | exp.Or):
        kind = exp.Or if isinstance(node, exp.And) else exp.And
        yield node, "", lambda: _put(node, exp.paren(kind(this=node.this.copy(), expression=node.expression.copy())))


def fallbacks(node: exp.Expr) -> Iterator[Found]:
    """`coalesce` without one of its values."""
    if isinstance(node, exp.Coalesce):
        values = [node.this, *node.expressions]
        for at in range(len(values)):
            rest = [value.copy() for n, value in enumerate(values) if n != at]
            if rest:
                new = exp.Coalesce(this=rest[0], expressions=rest[1:]) if len(rest) > 1 else exp.paren(rest[0])
                yield node, f"without {at}", lambda new=new: _put(node, new)


def aggregates(node: exp.Expr) -> Iterator[Found]:
    """`max` for `sum` and `min`, `min` for `max`, one for a count, `every` for `some`; `rank`, `lead`."""
    if kind := {**_AGGREGATED, **_NUMBERED}.get(type(node)):
        yield node, "", _like(node, kind)
    if isinstance(node, exp.Count):
        one = exp.func("least", node.copy(), exp.Literal.number(1))
        if not isinstance(node.parent, exp.Window | exp.Filter):
            yield node, "", lambda: _put(node, one)


def orders(node: exp.Expr) -> Iterator[Found]:
    """`desc` for `asc`, and the other way: in windows and lists."""
    if isinstance(node, exp.Ordered):
        # DuckDB puts nulls last either way, so the change is of the direction alone
        yield node, "", lambda: node.args.update(desc=not node.args.get("desc"))


def distincts(node: exp.Expr) -> Iterator[Found]:
    """`distinct` dropped; `union all` for `union`."""
    if isinstance(node, exp.Select) and node.args.get("distinct"):
        yield node, "", lambda: node.set("distinct", None)
    if isinstance(node, exp.Distinct) and isinstance(node.parent, exp.Count) and len(node.expressions) == 1:
        yield node, "", lambda: _put(node, node.expressions[0].copy())
    if isinstance(node, exp.Union) and node.args.get("distinct"):
        yield node, "", lambda: node.set("distinct", False)


def conditions(node: exp.Expr) -> Iterator[Found]:
    """A condition dropped, of several or the only one: of `where`, `having`, `qualify`, `filter`, or of a join."""
    joined = node.args.get("on") if isinstance(node, exp.Join) else None
    whole = joined or (node.this if isinstance(node, exp.Where | exp.Having | exp.Qualify) else None)
    if whole is not None:
        parts = list(whole.flatten()) if isinstance(whole, exp.And) else [whole]
        for at, part in enumerate(parts):
            if joined is not None and len(parts) == 1:
                return
            rest = [one.copy() for n, one in enumerate(parts) if n != at]
            yield part, "dropped", lambda rest=rest: _put(whole, exp.and_(*rest) if rest else exp.true())


def branches(node: exp.Expr) -> Iterator[Found]:
    """`case` without one of its branches, or without `else`."""
    if isinstance(node, exp.Case):
        if len(node.args["ifs"]) > 1:
            for at in range(len(node.args["ifs"])):
                yield node, f"without {at}", _without(node, "ifs", at)
        if node.args.get("default") is not None:
            yield node, "without else", lambda: node.set("default", None)


def arithmetic(node: exp.Expr) -> Iterator[Found]:
    """`+` for `-`, `*` for `/`, each also the other way."""
    if (kind := _COMPUTED.get(type(node))) and not isinstance(node.expression, exp.Interval):
        yield node, "", _like(node, kind)


def partitions(node: exp.Expr) -> Iterator[Found]:
    """A window, or a group's rows, without one of the columns that separates it from others."""
    if isinstance(node, exp.Window):
        for at in range(len(node.args.get("partition_by") or ())):
            yield node, f"without {at}", _without(node, "partition_by", at)


CHANGES: Final[dict[str, Callable[[exp.Expr], Iterator[Found]]]] = {
    "comparison": comparisons,
    "bound": bounds,
    "date": dates,
    "join": joins,
    "and, or": connectives,
    "coalesce": fallbacks,
    "aggregate": aggregates,
    "order": orders,
    "distinct": distincts,
    "condition": conditions,
    "case": branches,
    "arithmetic": arithmetic,
    "partition": partitions,
}
"""Keyed by their class, as the counts name them."""


_LITERALS: Final = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_RELATIONS: Final = re.compile(
    r'(?:(?:"?\w+"?\.)?"?(?:staging|intermediate|marts|monitoring|seeds|raw)"?\.|__dbt__cte__)"?(\w+)"?'
)
"""Matches `"warehouse"."intermediate"."int_x"`, or `__dbt__cte__int_x` in a unit test: `int_x`."""
_FIXTURES: Final = ("__dbt__cte__", "dbt_internal_unit_test_expected")
_TESTED: Final = "dbt_internal_unit_test_actual"
_WORDS_AROUND: Final = 30
"""Characters that are shown on both sides of a change."""


def mutants(model: str, sql: str) -> list[SqlMutant]:
    """Find every mutant of a model's SQL, in the order of the tree."""
    return [SqlMutant(model, place) for place, _ in _places(_parsed(sql))]


def shown(mutant: SqlMutant, sql: str) -> tuple[str, str]:
    """Return a mutant's change in its model's SQL, before and after; equal texts if it changes nothing."""
    return _what_differs(rewritten(sql), changed(sql, mutant.place) or rewritten(sql))


def changed(sql: str, place: Place) -> str | None:
    """Make a change in the SQL of a model or of its unit test; None if it has no such place."""
    tree = _parsed(sql)
    for its, change in _places(tree):
        if its == place:
            change()
            return tree.sql(DIALECT)
    return None


@lru_cache(maxsize=512)
def rewritten(sql: str) -> str:
    """Return the SQL unchanged, but formatted like a mutant's."""
    return _parsed(sql).sql(DIALECT)


def _parsed(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect=DIALECT)


def _places(tree: exp.Expr) -> list[tuple[Place, Change]]:
    numbers: Counter[tuple[str, str, str]] = Counter()
    found = []
    of_macros = _of_macros(tree)
    for node in tree.walk(bfs=False):
        if (step := _step_of(node)) is None or id(node) in of_macros:
            continue
        for kind, look in CHANGES.items():
            for its, word, change in look(node):
                text = _LITERALS.sub("?", _RELATIONS.sub(r"\1", its.sql(DIALECT)))
                key = (step, kind, f"{word}: {text}" if word else text)
                found.append((Place(*key, ordinal=numbers[key]), change))
                numbers[key] += 1
    return found


def _of_macros(tree: exp.Expr) -> set[int]:
    """Find the output of macros that have their own tests (tests/macros): quotients, and the list of blanks.

    As in `cast(case when a >= 0 then cast(a as bigint) // cast(7 as bigint) else … end as decimal(36, 0)) * 0.01`.
    """
    found: set[int] = set()
    for node in tree.find_all(exp.IntDiv, exp.Chr):
        around = _AROUND_BLANKS if isinstance(node, exp.Chr) else _AROUND_QUOTIENTS
        whole: exp.Expr = node
        while isinstance(whole.parent, around):
            whole = whole.parent
        found.update(id(one) for one in whole.walk())
    return found


_AROUND_BLANKS: Final = (exp.DPipe, exp.RegexpReplace, exp.Paren)
_AROUND_QUOTIENTS: Final = (exp.IntDiv, exp.Case, exp.If, exp.Neg, exp.Paren, exp.Cast, exp.Mul)


def _step_of(node: exp.Expr) -> str | None:
    """Return the CTE of an expression, "" for the final select; None if it is not part of the model."""
    step = ""
    at: exp.Expr | None = node
    while at is not None:
        if isinstance(at, exp.CTE):
            if at.alias.startswith(_FIXTURES):
                return None
            step = step or ("" if at.alias == _TESTED else at.alias)
        at = at.parent
    return step


def _what_differs(before: str, after: str) -> tuple[str, str]:
    """Cut two texts to their difference, with some context."""
    first = next((n for n, pair in enumerate(zip(before, after, strict=False)) if len(set(pair)) > 1), 0)
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    begin = max(0, first - _WORDS_AROUND)

    def cut(text: str) -> str:
        return " ".join(text[begin : len(text) - last + _WORDS_AROUND].split())

    return cut(before), cut(after)
