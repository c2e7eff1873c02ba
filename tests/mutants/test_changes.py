"""Each kind of mutation, before and after; and finding the place of a change again."""

from __future__ import annotations

import ast

import pytest

from tests.mutants import python_changes, sql_changes


def in_sql(sql: str, kind: str) -> list[str]:
    """Return a query after each change of a class."""
    found = [mutant.place for mutant in sql_changes.mutants("a_model", sql) if mutant.kind == kind]
    return [(sql_changes.changed(sql, place) or "").lower() for place in found]


def in_python(source: str, kind: str) -> list[str]:
    """Return a module after each change of a class."""
    found = [mutant for mutant in python_changes.mutants("a_module.py", source) if mutant.kind == kind]
    return [ast.unparse(python_changes.changed(source, mutant.ordinal)) for mutant in found]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("comparison", "select a > b from t", ["select a >= b from t"]),
        ("comparison", "select a = b from t", ["select a <> b from t"]),
        ("comparison", "select a is null from t", ["select not a is null from t"]),
        ("comparison", "select a is not null from t", ["select a is null from t"]),
        ("comparison", "select not a from t", ["select (a) from t"]),
        ("bound", "select cast(a as decimal(9, 2)) + 30 from t", [
            "select cast(a as decimal(9, 2)) + 31 from t", "select cast(a as decimal(9, 2)) + 29 from t",
        ]),
        ("bound", "select a in ('x', 'y') from t", ["select a in ('y') from t", "select a in ('x') from t"]),
        ("date", "select date_trunc('day', a) from t", ["select date_trunc('month', a) from t"]),
        ("date", "select extract(year from a) from t", ["select extract(month from a) from t"]),
        ("date", "select year(a) from t", ["select month(a) from t"]),
        ("join", "select 1 from t left join u on t.a = u.a", ["select 1 from t inner join u on t.a = u.a"]),
        ("join", "select 1 from t inner join u on t.a = u.a", ["select 1 from t left join u on t.a = u.a"]),
        ("join", "select 1 from t cross join u", []),
        ("and, or", "select a and b from t", ["select (a or b) from t"]),
        ("coalesce", "select coalesce(a, b, 0) from t", [
            "select coalesce(b, 0) from t", "select coalesce(a, 0) from t", "select coalesce(a, b) from t",
        ]),
        ("aggregate", "select sum(a), min(b) from t", [
            "select max(a), min(b) from t", "select sum(a), max(b) from t",
        ]),
        ("aggregate", "select count(*) from t", ["select least(count(*), 1) from t"]),
        ("order", "select row_number() over (order by a desc) from t", [
            "select row_number() over (order by a asc) from t",
        ]),
        ("distinct", "select distinct a from t", ["select a from t"]),
        ("distinct", "select count(distinct a) from t", ["select count(a) from t"]),
        ("distinct", "select a from t union select a from u", ["select a from t union all select a from u"]),
        ("condition", "select 1 from t where a and b", [
            "select 1 from t where b", "select 1 from t where a",
        ]),
        ("condition", "select 1 from t where a", ["select 1 from t where true"]),
        ("condition", "select 1 from t inner join u on t.a = u.a and t.b = u.b", [
            "select 1 from t inner join u on t.b = u.b", "select 1 from t inner join u on t.a = u.a",
        ]),
        ("case", "select case when a then 1 when b then 2 else 3 end from t", [
            "select case when b then 2 else 3 end from t", "select case when a then 1 else 3 end from t",
            "select case when a then 1 when b then 2 end from t",
        ]),
        ("arithmetic", "select a - b, a * b from t", ["select a + b, a * b from t", "select a - b, a / b from t"]),
        ("partition", "select sum(a) over (partition by b, c) from t", [
            "select sum(a) over (partition by c) from t", "select sum(a) over (partition by b) from t",
        ]),
    ],
)  # fmt: skip
def test_a_query_is_changed_in_one_place(kind: str, before: str, after: list[str]) -> None:
    assert in_sql(before, kind) == after


def test_a_place_is_found_in_a_unit_test() -> None:
    """Literals may differ there, relations are fixtures, and the model is part of a query."""
    model = 'with x as (select * from "warehouse"."marts"."t" where a > 30) select b > 1 as c from x'
    tested = (
        "with dbt_internal_unit_test_actual as (select c from (with __dbt__cte__t as (select 1 > 0 as a),"
        " x as (select * from __dbt__cte__t where a > 90) select b > 1 as c from x) as one) select * from two"
    )
    places = [one.place for one in sql_changes.mutants("m", model) if one.kind == "comparison"]
    assert [place.step for place in places] == ["", "x"]
    second, first = (str(sql_changes.changed(tested, place)).lower() for place in places)
    assert ("a >= 90" in first, "1 > 0" in first, "b > 1" in first) == (True, True, True)
    assert ("a > 90" in second, "b >= 1" in second) == (True, True)


def test_a_place_that_names_a_relation_is_found_in_a_unit_test() -> None:
    model = 'with y as (select distinct a from "warehouse"."intermediate"."int_x") select a from y'
    [place] = [one.place for one in sql_changes.mutants("m", model) if one.kind == "distinct"]
    tested = (
        "with dbt_internal_unit_test_actual as (select a from (with __dbt__cte__int_x as (select 1 as a),"
        " y as (select distinct a from __dbt__cte__int_x) select a from y) as one) select * from two"
    )
    assert "y as (select a from __dbt__cte__int_x)" in str(sql_changes.changed(tested, place)).lower()


def test_a_missing_place_is_not_changed() -> None:
    [place] = [one.place for one in sql_changes.mutants("m", "select a > b from t") if one.kind == "comparison"]
    assert sql_changes.changed("select a < b from t", place) is None


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("comparison", "a < b", ["a <= b"]),
        ("comparison", "a is not None", ["a is None"]),
        ("comparison", "a in b", ["a not in b"]),
        ("bound", "f(3)", ["f(4)", "f(2)"]),
        ("bound", "x: Literal[3] = None", []),
        ("and, or, not", "a and b", ["a or b"]),
        ("and, or, not", "not a", ["a"]),
        ("condition", "if a:\n    f()", ["if True:\n    f()", "if False:\n    f()"]),
        ("condition", "b if a else c", ["b if True else c", "b if False else c"]),
        ("condition", "[a for a in b if c]", ["[a for a in b]"]),
        ("condition", "if TYPE_CHECKING:\n    f()", []),
        ("result", "def f():\n    return a", ["def f():\n    return None"]),
        ("result", "f(True)", ["f(False)"]),
        ("result", "@dataclass(frozen=True)\nclass A:\n    pass", []),
        ("call", "f(a)", ["pass"]),
        ("call", "raise E", ["pass"]),
        ("call", "while a:\n    continue", ["while a:\n    break"]),
        ("arithmetic", "a + b", ["a - b"]),
        ("arithmetic", "isinstance(a, int | Decimal)", []),
    ],
)
def test_python_is_changed_in_one_place(kind: str, before: str, after: list[str]) -> None:
    assert in_python(before, kind) == after


def test_a_change_is_shown_by_the_difference() -> None:
    sql = "select a > b from t"
    [mutant] = [one for one in sql_changes.mutants("m", sql) if one.kind == "comparison"]
    assert sql_changes.shown(mutant, sql) == ("SELECT a > b FROM t", "SELECT a >= b FROM t")
    assert python_changes.shown("b = 1\na = b + c\n", 2) == ("a = b + c", "a = b - c")
