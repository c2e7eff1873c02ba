"""The audit's checks of files: columns, types, order of rows, and whether the CSV equals the Parquet file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.audit.great_expectations import named_in
from pipeline.audit.results import AuditResult, Check, FailedRow
from pipeline.contracts.business_rules import BusinessRule, RuleBook
from pipeline.contracts.contract import ContractColumn, ExportContract
from tests.audit.audits import audit_drops
from tests.audit.staged_drop import AS_OF, table_of, write_export

VISITS = ExportContract(
    name="visits",
    version="1.0.0",
    description="",
    primary_key=("site", "visit_id"),
    tenant="crm",
    columns=(
        ContractColumn("site", "varchar(5)", nullable=False),
        ContractColumn("visit_id", "bigint", nullable=False),
        ContractColumn("note", "text"),
        ContractColumn("cost", "numeric(10,4)"),
        ContractColumn("held", "boolean"),
        ContractColumn("on_day", "date"),
        ContractColumn("at", "timestamp"),
        ContractColumn("label", "varchar(6)", allowed=("Red", "Green")),
        ContractColumn("rating", "integer", range=(Decimal(1), Decimal(5))),
        ContractColumn("seats", "integer", range=(Decimal(0), None)),
        ContractColumn("parts", "text", is_json=True),
    ),
)
ROWS = [
    {"site": "a", "visit_id": 2, "note": "", "cost": Decimal("-0.0001"), "held": True, "rating": 1, "label": "Red"},
    {
        "site": "a",
        "visit_id": 10,
        "note": 'a "quoted",\r\nbroken line',
        "at": AS_OF.replace(microsecond=1),
        "rating": 5,
    },
    {
        "site": "b",
        "visit_id": 1,
        "note": None,
        "on_day": AS_OF.date(),
        "at": AS_OF,
        "parts": '{"a":[1.50,"x y"],"b":{}}',
    },
    {"site": "ä", "visit_id": 1, "note": " ", "cost": Decimal("123456.7000"), "held": False},
]


def visits(rows: list[dict[str, object]] = ROWS) -> pa.Table:
    return table_of(VISITS, rows)


def audited(folder: Path) -> dict[str, Check]:
    result = audit_drops({7: folder}, [VISITS], {}, as_of=AS_OF, settings={})
    return {check.name: check for check in result.checks}


def failed(folder: Path) -> set[str]:
    return {name for name, check in audited(folder).items() if not check.passed}


def test_files_that_keep_their_contract_pass(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    assert failed(tmp_path) == set()


def test_an_export_without_rows_passes(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits([]))
    assert failed(tmp_path) == set()


def test_a_column_list_failure_names_missing_extra_moved_and_retyped_columns(tmp_path: Path) -> None:
    table = visits()
    table = table.drop_columns(["note"]).append_column("remark", table["note"])
    table = table.set_column(table.column_names.index("rating"), "rating", table["rating"].cast(pa.int64()))
    order = [name for name in table.column_names if name != "cost"]
    order.insert(6, "cost")
    write_export(tmp_path, "visits", table.select(order))
    checks = audited(tmp_path)

    assert checks["columns"].problem == (
        "organization 7: missing: note; extra: remark; moved: cost (from 4 to 7); "
        "retyped: rating (is int64, should be integer as int32)"
    )
    assert checks["types"].problem == "organization 7: rating is int64, should be integer as int32"


def with_costs(*costs: str) -> pa.Table:
    """The visits, with costs wider than their column."""
    table = visits()
    values = pa.array([Decimal(cost) for cost in costs], pa.decimal128(38, 6))
    return table.set_column(table.column_names.index("cost"), "cost", values)


def test_decimals_that_do_not_fit_are_named_with_their_rows(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", with_costs("999999.9999", "1000000", "-1000000", "0.00005"))
    types = audited(tmp_path)["types"]
    assert types.problem == "organization 7: cost is decimal128(38, 6), should be numeric(10,4) as decimal128(10, 4)"
    assert types.failed == 3
    assert [(row.key, row.values) for row in types.samples] == [
        ({"site": "a", "visit_id": "10"}, {"cost": "1000000.000000"}),
        ({"site": "b", "visit_id": "1"}, {"cost": "-1000000.000000"}),
        ({"site": "ä", "visit_id": "1"}, {"cost": "0.000050"}),
    ]


def test_a_rule_on_a_column_of_another_type_fails_with_the_reason(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", with_costs("0", "0", "0", "0"))
    rules = [
        BusinessRule("visits", "cost_is_small", "error", "", holds="cost < 10"),
        BusinessRule("visits", "cost_is_large", "error", "", holds="price > 10", frame="priced"),
        BusinessRule("visits", "rated", "error", "", holds="coalesce(rating, 1) > 0"),
    ]
    book = RuleBook("visits", tuple(rules), {"priced": "select *, 2 * cost as price from visits"})
    result = audit_drops({7: tmp_path}, [VISITS], {"visits": book}, as_of=AS_OF, settings={})
    problems = {check.name: check.problem for check in result.checks if check.scope == "rule"}
    assert problems == {
        "cost_is_small": "not judged, because cost is not as its contract has it",
        "cost_is_large": "not judged, because cost is not as its contract has it",
        "rated": None,
    }


@pytest.mark.parametrize(
    ("column", "nullable", "problem"),
    [
        ("visit_id", True, "visit_id may be null by the file's schema, but is never null by the contract"),
        ("seats", False, "seats is declared not null, but may be null by the contract"),
    ],
)
def test_a_column_that_the_file_declares_otherwise_is_caught(
    tmp_path: Path, column: str, nullable: bool, problem: str
) -> None:
    table = visits([{**row, "seats": 1} for row in ROWS])
    at = table.column_names.index(column)
    field = table.schema.field(at).with_nullable(nullable)
    write_export(tmp_path, "visits", table.set_column(at, field, table[column]))
    assert failed(tmp_path) == {"types"}
    assert audited(tmp_path)["types"].problem == f"organization 7: {problem}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    (tmp_path / "visits.parquet").unlink()
    (tmp_path / "visits.csv").unlink()
    checks = audited(tmp_path)

    assert checks["columns"].problem == "organization 7: visits.parquet is missing; visits.csv is missing"
    assert checks["columns"].blocks


def test_only_a_missing_csv_is_named(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    (tmp_path / "visits.csv").unlink()
    assert audited(tmp_path)["csv"].problem == "organization 7: visits.csv is missing"


def test_a_file_that_is_not_parquet_is_a_failure_not_a_crash(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    (tmp_path / "visits.parquet").write_bytes(b"PAR1 no more")
    assert "visits.parquet cannot be read" in (audited(tmp_path)["columns"].problem or "")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", None),
        ("note", "x"),
        ("cost", Decimal("-0.0002")),
        ("held", False),
        ("on_day", AS_OF.date()),
        ("at", AS_OF),
        ("rating", 2),
    ],
)
def test_a_csv_cell_that_differs_is_caught(tmp_path: Path, column: str, value: object) -> None:
    changed = visits([{**ROWS[0], column: value}, *ROWS[1:]])
    write_export(tmp_path, "visits", visits(), csv=changed)
    check = audited(tmp_path)["csv"]

    assert (check.passed, check.failed) == (False, 1)
    (row,) = check.samples
    assert row.key == {"site": "a", "visit_id": "2"}
    assert set(row.values) == {f"{column} in Parquet", f"{column} in CSV"}


def test_a_csv_is_compared_row_by_row_however_many_blocks_it_has(tmp_path: Path) -> None:
    rows = [{"site": "a", "visit_id": number, "note": "x" * 200} for number in range(100_000)]  # some 21 MB
    changed = list(rows)
    for number in (0, 5_000, 99_999):
        changed[number] = {**rows[number], "note": "y"}
    write_export(tmp_path, "visits", visits(rows), csv=visits(changed))
    check = audited(tmp_path)["csv"]

    assert check.failed == 3
    assert [row.key["visit_id"] for row in check.samples] == ["0", "5000", "99999"]


def test_a_row_longer_than_a_block_is_compared(tmp_path: Path) -> None:
    rows = [*ROWS[:2], {"site": "b", "visit_id": 1, "note": "long, " * 2**20}]
    write_export(tmp_path, "visits", visits(rows))
    assert failed(tmp_path) == set()


def test_a_csv_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    path = tmp_path / "visits.csv"
    path.write_bytes(path.read_bytes().replace("ä".encode(), "ä".encode("latin-1")))
    assert audited(tmp_path)["csv"].problem == "organization 7: visits.csv cannot be read: it is not UTF-8"


def test_an_empty_text_is_not_a_null_in_the_csv(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    path = tmp_path / "visits.csv"
    path.write_text(path.read_text().replace('a,2,""', "a,2,"))
    assert failed(tmp_path) == {"csv"}


def test_decimals_keep_their_scale_in_the_csv(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits())
    path = tmp_path / "visits.csv"
    path.write_text(path.read_text().replace("123456.7000", "123456.7"))
    assert failed(tmp_path) == {"csv"}


def test_a_csv_with_fewer_rows_is_caught(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits(), csv=visits(ROWS[:3]))
    assert audited(tmp_path)["csv"].problem == "organization 7: the CSV has 3 rows, the Parquet file 4"


def test_a_csv_with_different_columns_is_caught(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits(), csv=visits().rename_columns(["place", *visits().column_names[1:]]))
    assert "missing: ['site'], extra: ['place']" in (audited(tmp_path)["csv"].problem or "")


def test_rows_out_of_key_order_are_caught(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits([ROWS[1], ROWS[0], *ROWS[2:]]))
    assert failed(tmp_path) == {"row_order"}


def test_a_duplicate_key_is_named_with_its_rows(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits([ROWS[0], *ROWS]))
    check = audited(tmp_path)["primary_key.unique"]
    assert check.failed == 2
    assert {tuple(row.key.values()) for row in check.samples} == {("a", "2")}


@pytest.mark.parametrize(
    ("check", "column", "value"),
    [
        ("site.length", "site", "abcdef"),
        ("site.length", "site", "a🙂🙂🙂🙂🙂"),
        ("label.allowed", "label", "red"),
        ("range", "rating", 0),
        ("range", "rating", 6),
        ("parts.json", "parts", '{"b":1,"a":2}'),
        ("parts.json", "parts", '{"a": 1}'),
        ("parts.json", "parts", '{"a":1,"a":1}'),
        ("parts.json", "parts", "{a:1}"),
        ("parts.json", "parts", ""),
        ("parts.json", "parts", '[{"b":1,"a":2}]'),
        ("parts.json", "parts", " {}"),
        ("parts.json", "parts", "{}\n"),
        ("parts.json", "parts", '{"a":"x y",\t"b":1}'),
        ("parts.json", "parts", '["\\"", 1]'),
    ],
)
def test_a_value_that_its_column_does_not_allow_is_named(
    tmp_path: Path, check: str, column: str, value: object
) -> None:
    rows = [{**ROWS[0], column: value}] if column == "site" else [{**ROWS[0], column: value}, *ROWS[1:]]
    write_export(tmp_path, "visits", visits(rows))
    found = audited(tmp_path)[check]

    assert (found.passed, found.failed) == (False, 1)
    assert found.samples[0].key["visit_id"] == "2"
    assert found.samples[0].values.get(column, found.samples[0].key.get(column)) == str(value)


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"a":1.50,"b":" a  b "}', '["x y","\\" "]', "null", '{"a":{"b":1},"b":0}']
)
def test_compact_json_with_sorted_keys_passes(tmp_path: Path, text: str) -> None:
    write_export(tmp_path, "visits", visits([{**ROWS[0], "parts": text}]))
    assert failed(tmp_path) == set()


def test_a_failing_row_shows_only_the_columns_at_fault(tmp_path: Path) -> None:
    write_export(tmp_path, "visits", visits([{**ROWS[0], "rating": 6, "seats": 0}, {**ROWS[1], "seats": -1}]))
    check = audited(tmp_path)["range"]
    assert [row.values for row in check.samples] == [{"rating": "6"}, {"seats": "-1"}]


def test_at_most_20_rows_are_named_and_all_are_counted(tmp_path: Path) -> None:
    rows = [{"site": "a", "visit_id": number, "rating": 9} for number in range(50)]
    write_export(tmp_path, "visits", visits(rows))
    check = audited(tmp_path)["range"]
    assert (check.rows, check.failed, len(check.samples)) == (50, 50, 20)
    assert "(50 of 50)" in str(check)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "... (201 characters)"),
        ("y" * 1_000, "y" * 200 + "... (1,000 characters)"),
    ],
    ids=len,
)
def test_a_long_value_is_shown_by_its_beginning(tmp_path: Path, text: str, shown: str) -> None:
    write_export(tmp_path, "visits", visits([{**ROWS[0], "parts": text}]))
    assert audited(tmp_path)["parts.json"].samples[0].values == {"parts": shown}


@pytest.mark.parametrize(
    ("value", "said"), [(None, "null"), ("", "''"), (" a", "' a'"), ("a ", "'a '"), ("a b", "a b")]
)
def test_a_value_is_shown_with_visible_blanks(value: str | None, said: str) -> None:
    row = FailedRow(1, {"id": "7"}, {"note": value})
    assert str(row) == f"id 7 (organization 1): note is {said}"


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("b > 1 and a = b", ["a", "b"]),
        ("a = 'b'", ["a"]),
        ("a = 'it''s b' or c", ["a", "c"]),
        ("ab + a_b", []),
        ("lower(a)", ["a"]),
    ],
)
def test_sql_names_a_column_only_as_a_word_outside_literals(sql: str, named: list[str]) -> None:
    assert named_in(sql, ["a", "b", "c"]) == named


def test_great_expectations_own_results_are_kept(tmp_path: Path) -> None:
    write_export(tmp_path / "drop", "visits", visits())
    results = tmp_path / "great_expectations.json"
    audit_drops({7: tmp_path / "drop"}, [VISITS], {}, as_of=AS_OF, settings={}, results=results)
    assert "expect_column_value_lengths_to_be_between" in results.read_text()


def test_a_tenant_sees_its_own_rows_only() -> None:
    check = Check("e", "c", "rule", "warn", "", passed=False, rows=5, failed=3, failed_by_organization={2: 3})
    results = [AuditResult((check,)).of_organization(organization)[0] for organization in (1, 2)]
    assert [(one["passed"], one["failed"]) for one in results] == [(True, 0), (False, 3)]


@pytest.mark.parametrize(
    ("rule", "frames"),
    [
        (BusinessRule("visits", "odd", "warn", "", holds="nowhere > 5"), {}),
        (
            BusinessRule("visits", "odd", "warn", "", holds="true", frame="others"),
            {"others": "select * from no_such_export"},
        ),
    ],
)
def test_a_warning_that_cannot_be_checked_stops_the_run_and_passes_for_nobody(
    tmp_path: Path, rule: BusinessRule, frames: dict[str, str]
) -> None:
    write_export(tmp_path, "visits", visits())
    book = RuleBook("visits", (rule,), frames)
    result = audit_drops({1: tmp_path}, [VISITS], {"visits": book}, as_of=AS_OF, settings={})
    (check,) = (check for check in result.checks if check.name == "odd")
    assert (check.severity, check.blocks) == ("error", True)
    (odd,) = (one for one in result.of_organization(1) if one["check"] == "odd")
    assert not odd["passed"]
