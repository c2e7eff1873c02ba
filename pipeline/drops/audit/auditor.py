"""Leads the audit: reads the staged files, has them judged, and names what failed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from pipeline.contracts import ExportContract
from pipeline.drops.audit.business_rules import BusinessRule, RuleBook
from pipeline.drops.audit.column_checks import ColumnCheck, column_checks
from pipeline.drops.audit.file_checks import check_files
from pipeline.drops.audit.great_expectations_session import (
    SEVERITIES,
    ExpectRowsToKeepCondition,
    Session,
    bound,
    columns_named,
    problem_of,
    to_frame,
)
from pipeline.drops.audit.results import SAMPLES, AuditResult, Check, FailedRow
from pipeline.drops.audit.rule_functions import rule_connection
from pipeline.drops.audit.staged_files import ORGANIZATION, StagedExport, as_text, combine, read_staged
from pipeline.duckdb_sql import quoted
from pipeline.read_ahead import read_ahead

_CELLS_A_FRAME: Final = 400_000
"""Most checks of Great Expectations copy their whole frame: narrow frames make a large table's audit much faster."""

_READERS: Final = 2
"""Exports that are read side by side, and ahead of the one that is judged."""

_LONGEST_SHOWN: Final = 200
"""Characters of a value that a failure shows."""


@dataclass(frozen=True)
class _Pending:
    """A check that Great Expectations is to judge: everything of the result but the verdict."""

    check: Check
    expectation: Any
    shows: tuple[str, ...]
    offends: Callable[[str, str | None], bool] | None = None


@dataclass(frozen=True)
class _Frame:
    """The rows that some rules of an export look at, or why there are none. `name` is None for the export's own."""

    contract: ExportContract
    name: str | None
    rules: Sequence[BusinessRule]
    rows: pa.Table | None
    problem: str = ""


class Audit:
    """One audit of the staged drops of one run, all organizations together.

    `folders` are theirs, `settings` the values that rules may ask for beside `as_of` (selected_year and the dbt vars).
    Exports can be looked at as soon as they are staged. Arrow reads without Python: while Great Expectations judges one
    export, the next ones are read.
    """

    def __init__(
        self,
        folders: Mapping[int, Path],
        rule_books: Mapping[str, RuleBook],
        *,
        as_of: datetime,
        settings: Mapping[str, Any],
    ) -> None:
        self._folders = folders
        self._rule_books = rule_books
        self._parameters = _parameters(as_of, settings)
        self._session = Session()
        self._connection = rule_connection()
        self._readers = ThreadPoolExecutor(_READERS)
        self._reading: deque[tuple[ExportContract, Future[list[StagedExport]]]] = deque()
        self._staged: list[StagedExport] = []
        self._left_out: dict[str, set[str]] = {}
        self._column_checks: list[Check] = []
        self._rule_checks: defaultdict[str, list[Check]] = defaultdict(list)

    def look_at(self, contract: ExportContract) -> None:
        """Begin to read the files of an export, and judge those before it that have been read."""
        self._reading.append((contract, self._readers.submit(read_staged, self._folders, contract)))
        while len(self._reading) > _READERS:
            self._judge_next()

    def concluded(self, results: Path | None = None) -> AuditResult:
        """Judge what is left, and what needs all files; Great Expectations' own results go to `results`, as JSON."""
        while self._reading:
            self._judge_next()
        self._readers.shutdown()
        checks = [*check_files(self._session, self._staged), *self._column_checks]
        contracts = {export.contract.name: export.contract for export in self._staged}
        for frame in read_ahead(self._frames(contracts.values())):
            self._rule_checks[frame.contract.name] += self._judge_frame(frame)
        for name in contracts:
            checks += self._rule_checks[name]
        self._connection.close()
        if results is not None:
            results.write_text(json.dumps(self._session.results, indent=1, sort_keys=True, default=str))
        return AuditResult(tuple(checks))

    def _judge_next(self) -> None:
        """Judge the columns of an export, and the rules that look at nothing but its rows."""
        contract, reading = self._reading.popleft()
        staged = reading.result()
        if staged:
            self._staged += staged
            rows = combine(staged)
            self._left_out[contract.name] = set(contract.arrow_schema.names) - set(rows.column_names)
            self._connection.register(contract.name, _without_zone(rows))
            self._column_checks += _check_columns(self._session, contract, rows)
            for frame in self._frames_of(contract, [None]):
                self._rule_checks[contract.name] += self._judge_frame(frame)

    def _frames(self, contracts: Iterable[ExportContract]) -> Iterator[_Frame]:
        """Put the rows together that rules look at beyond those of their own export."""
        for contract in contracts:
            yield from self._frames_of(contract, self._book_of(contract).frames)

    def _frames_of(self, contract: ExportContract, names: Iterable[str | None]) -> Iterator[_Frame]:
        """Put the rows of these frames of an export together; None is its own rows."""
        book = self._book_of(contract)
        for name in names:
            rules = [rule for rule in book.rules if rule.frame == name]
            if name is None:  # of the rules on an export's own rows, one may lack a column that the others have
                lacking = {rule: self._missing([contract.name], _texts_of([rule])) for rule in rules}
                yield from (
                    _Frame(contract, name, [rule], None, missing) for rule, missing in lacking.items() if missing
                )
                rules = [rule for rule in rules if not lacking[rule]]
            if rules:
                try:
                    rows = _rows_of(name, contract, book, rules, self._connection, self._parameters)
                except duckdb.Error as error:
                    missing = self._missing(self._left_out, f"{book.frames.get(name or '', '')} {_texts_of(rules)}")
                    problem = f"the rows could not be put together: {str(error).splitlines()[0]}"
                    yield _Frame(contract, name, rules, None, missing or problem)
                else:
                    yield _Frame(contract, name, rules, rows)

    def _missing(self, exports: Iterable[str], sql: str) -> str:
        """Say which columns SQL asks for that a file of these exports has not, or not in the contract's type."""
        left_out = columns_named(sql, sorted({name for export in exports for name in self._left_out[export]}))
        return f"not judged, for {', '.join(left_out)} is not as its contract has it" if left_out else ""

    def _book_of(self, contract: ExportContract) -> RuleBook:
        """Give the rules of an export; it may have none."""
        return self._rule_books.get(contract.name, RuleBook(contract.name, (), {}))

    def _judge_frame(self, frame: _Frame) -> list[Check]:
        """Judge the rules that look at a frame."""
        if frame.rows is None:
            return [_unjudged(rule, frame.problem) for rule in frame.rules]
        pending = [_pending(rule, frame.rows, self._parameters) for rule in frame.rules]
        suite = f"{frame.contract.name} rules {frame.name or 'rows'}"
        return _judge(self._session, suite, frame.rows, frame.rows, frame.contract, pending)


def _parameters(as_of: datetime, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give what `$name` stands for in a rule; as JSON values, for an expectation is kept as JSON."""
    instant = as_of.replace(tzinfo=None)
    return {**settings, "as_of": instant.isoformat(sep=" "), "today": instant.date().isoformat()}


def _check_columns(session: Session, contract: ExportContract, rows: pa.Table) -> list[Check]:
    """Judge what each column of an export promises, a few columns at a time."""
    present = [name for name in rows.column_names if name != ORGANIZATION]
    derived = column_checks(contract, present)
    by_columns: dict[tuple[str, ...], list[ColumnCheck]] = {}
    for check in derived:
        by_columns.setdefault(check.columns, []).append(check)
    groups = list(by_columns.items())
    checks = []
    size = max(8, _CELLS_A_FRAME // max(rows.num_rows, 1))
    for start in range(0, len(groups), size):
        group = groups[start : start + size]
        columns = list(dict.fromkeys([ORGANIZATION, *(name for names, _ in group for name in names)]))
        pending = [
            _Pending(
                Check(contract.name, check.name, "column", "error", check.says, passed=True, rules=check.rules),
                check.expectation,
                check.columns,
                check.offends,
            )
            for _, group_checks in group
            for check in group_checks
        ]
        suite = f"{contract.name} columns {start // size + 1}"
        checks += _judge(session, suite, rows.select(columns), rows, contract, pending)
    return checks


def _rows_of(
    frame: str | None,
    contract: ExportContract,
    book: RuleBook,
    rules: Sequence[BusinessRule],
    connection: duckdb.DuckDBPyConnection,
    parameters: Mapping[str, Any],
) -> pa.Table:
    """Put the rows of a frame together; of an export's own rows only the columns that its rules name.

    A join's rows come in any order, so they are sorted: the first of those that fail are shown.
    """
    if frame is not None:
        sql = book.frames[frame]
        in_order = f"select * from ({sql}) order by all"
        return connection.sql(in_order, params=bound(sql, dict(parameters))).to_arrow_table()
    texts = _texts_of(rules)
    present = connection.table(contract.name).columns
    columns = dict.fromkeys([ORGANIZATION, *contract.primary_key, *columns_named(texts, present)])
    kept = ", ".join(quoted(name) for name in columns if name in present)
    return connection.sql(f"select {kept} from {quoted(contract.name)}").to_arrow_table()


def _texts_of(rules: Iterable[BusinessRule]) -> str:
    return " ".join(f"{rule.holds} {rule.when or ''}" for rule in rules)


def _pending(rule: BusinessRule, rows: pa.Table, parameters: Mapping[str, Any]) -> _Pending:
    texts = _texts_of([rule])
    used = bound(texts, dict(parameters))
    return _Pending(
        Check(rule.export, rule.name, "rule", rule.severity, rule.says, passed=True, rules=rule.ids),
        ExpectRowsToKeepCondition(
            holds=rule.holds,
            when=rule.when,
            parameters=json.dumps(used, sort_keys=True),
            severity=SEVERITIES[rule.severity],
        ),
        tuple(columns_named(texts, rows.column_names)),
    )


def _unjudged(rule: BusinessRule, problem: str) -> Check:
    """Give the check of a rule that could not be judged: an error, for nobody knows what it would have said."""
    return Check(rule.export, rule.name, "rule", "error", rule.says, passed=False, rules=rule.ids, problem=problem)


def _judge(
    session: Session,
    suite: str,
    judged: pa.Table,
    rows: pa.Table,
    contract: ExportContract,
    pending: Sequence[_Pending],
) -> list[Check]:
    """Have a frame judged; name the failing rows from `rows`, which stand as in the frame."""
    results = session.validate(suite, to_frame(judged), [one.expectation for one in pending])
    return [_concluded(one, results[place], rows, contract) for place, one in enumerate(pending)]


def _concluded(pending: _Pending, result: Any, rows: pa.Table, contract: ExportContract) -> Check:
    check = pending.check
    problem = problem_of(result)
    # as in _unjudged, whatever the rule's severity
    severity = "error" if problem else check.severity
    positions = [] if result.success else list((result.result or {}).get("unexpected_index_list") or [])
    named = [
        name
        for name in dict.fromkeys([ORGANIZATION, *contract.primary_key, *pending.shows])
        if name in rows.column_names
    ]
    failing = rows.select(named).take(pa.array(positions, pa.int64()))
    organizations = Counter(failing[ORGANIZATION].to_pylist())
    return Check(
        check.export,
        check.name,
        check.scope,
        severity,
        check.says,
        passed=bool(result.success),
        rules=check.rules,
        rows=(result.result or {}).get("element_count", rows.num_rows),
        failed=len(positions),
        failed_by_organization=dict(sorted(organizations.items())),
        samples=_named(failing.slice(0, SAMPLES), contract.primary_key, pending),
        problem=f"could not be judged: {problem}" if problem else None,
    )


def _named(failing: pa.Table, key: Sequence[str], pending: _Pending) -> tuple[FailedRow, ...]:
    """Name failing rows by their key, with what they hold in the columns that were looked at."""
    texts = {name: as_text(failing[name]).to_pylist() for name in failing.column_names}
    key = [name for name in key if name in texts]
    shows = [name for name in pending.shows if name in texts]
    organizations = failing[ORGANIZATION].to_pylist()
    return tuple(
        FailedRow(
            organizations[place],
            {name: texts[name][place] for name in key},
            {
                name: _short(texts[name][place])
                for name in shows
                if (pending.offends(name, texts[name][place]) if pending.offends else name not in key)
            },
        )
        for place in range(failing.num_rows)
    )


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}... ({len(text):,} characters)"


def _without_zone(rows: pa.Table) -> pa.Table:
    """Give instants in UTC without zone, as rules compare them."""
    return rows.cast(
        pa.schema([f.with_type(pa.timestamp("us")) if pa.types.is_timestamp(f.type) else f for f in rows.schema])
    )
