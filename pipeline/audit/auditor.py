"""Coordinates the audit: reads the staged files, has them checked, and names what failed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from pipeline.audit.file_checks import check_files
from pipeline.audit.great_expectations import (
    Session,
    bound,
    named_in,
)
from pipeline.audit.judge import check_columns, judge, pending_rule, texts_of, unjudged
from pipeline.audit.known_verdicts import KnownVerdicts
from pipeline.audit.results import AuditResult, Check
from pipeline.audit.sql_functions import rule_connection
from pipeline.audit.staged_files import ORGANIZATION, StagedExport, combine, read_staged, read_whole
from pipeline.common.read_ahead import read_ahead
from pipeline.common.scratch_database import create_view, in_order, spare_memory
from pipeline.contracts.business_rules import BusinessRule, RuleBook
from pipeline.contracts.contract import ExportContract
from pipeline.storage.local_files import write_whole

_READERS: Final = 2
"""Exports that are read in parallel."""


@dataclass(frozen=True)
class _Frame:
    """The rows that some rules of an export check, or why there are none. `name` is None for the export's own rows."""

    contract: ExportContract
    name: str | None
    rules: Sequence[BusinessRule]
    rows: pa.Table | None
    problem: str = ""


class Audit:
    """One audit of the staged drops of one run, all organizations together.

    `folders` are the staging folders by organization; `exports` are the names of all exports that will be audited, in
    the order in which their checks are listed; `settings` are the values that rules may use besides `as_of`
    (selected_year and the dbt vars). With `spares_memory` memory is returned as soon as it is free.
    `reference_exports` are exports that rules need but no drop contains. `aside` are folders, by organization, with the
    complete rows of exports whose personal data is withheld: rules are checked on these, and failing rows are named by
    the parts of their key that are not personal. `known` are the verdicts of earlier audits in this process.

    Exports can be audited as soon as they are staged, in any order. Arrow reads them without Python, while Great
    Expectations checks in one thread what has been read: first an export by itself, then every frame for which it was
    the last export missing.
    """

    def __init__(
        self,
        folders: Mapping[int, Path],
        exports: Sequence[str],
        rule_books: Mapping[str, RuleBook],
        *,
        as_of: datetime,
        settings: Mapping[str, Any],
        spares_memory: bool = False,
        reference_exports: Sequence[str] = (),
        aside: Mapping[int, Path] | None = None,
        known: KnownVerdicts | None = None,
    ) -> None:
        if spares_memory:
            spare_memory()
        self._spares_memory = spares_memory
        self._folders = folders
        self._aside = aside or {}
        self._exports = exports
        self._rule_books = rule_books
        self._parameters = _parameters(as_of, settings)
        self._session = Session()
        self._connection = rule_connection()
        self._known = known or KnownVerdicts(remembers=False)
        self._known.begin()
        self._content: dict[str, Hashable] = {}
        self._named = [*exports, *reference_exports]
        self._awaited = set(self._named)
        self._readers = ThreadPoolExecutor(_READERS)
        self._judge = ThreadPoolExecutor(1)
        self._reading: list[Future[Future[None]]] = []
        self._waiting: list[tuple[ExportContract, str]] = []
        self._staged: dict[str, Sequence[StagedExport]] = {}
        self._rows: dict[str, pa.Table] = {}
        self._left_out: dict[str, set[str]] = {}
        self._column_checks: dict[str, list[Check]] = {}
        self._rule_checks: defaultdict[tuple[str, str | None], list[Check]] = defaultdict(list)

    def check_export(self, contract: ExportContract) -> None:
        """Start reading the files of an export, and check it once it is read."""

        def read() -> Future[None]:
            hashes = self._known.hashes(self._folders, f"{contract.name}.parquet", f"{contract.name}.csv")
            staged = self._known.of(("files", contract, hashes), lambda: read_staged(self._folders, contract))
            whole = self._known.hashes(self._aside, f"{contract.name}.parquet")
            self._content[contract.name] = (contract, hashes, whole)
            return self._judge.submit(self._judge_export, contract, staged)

        self._reading.append(self._readers.submit(read))

    def add_reference_export(self, name: str, path: Path) -> None:
        """Add the Parquet file of an export that no drop contains, for rules that need it."""

        def read() -> Future[None]:
            self._content[name] = self._known.hashes({0: path.parent}, path.name)
            return self._judge.submit(self._judge_with, name, path)

        self._reading.append(self._readers.submit(read))

    def finish(self, results: Path | None = None) -> AuditResult:
        """Make the remaining checks, and those that need all files; write Great Expectations' results to `results`."""
        for reading in self._reading:
            reading.result().result()
        self._readers.shutdown()
        self._judge.shutdown()
        self._judge_frames(self._waiting)
        self._connection.close()
        checks = check_files(self._session, [file for name in self._exports for file in self._staged.get(name, ())])
        checks += [check for name in self._exports for check in self._column_checks.get(name, ())]
        checks += [
            check
            for name in self._exports
            for frame in (None, *self._book_of(name).frames)
            for check in self._rule_checks[name, frame]
        ]
        if results is not None:
            suites = sorted(self._session.results.values(), key=itemgetter("suite"))
            write_whole(results, json.dumps(suites, indent=1, sort_keys=True, default=str))
        return AuditResult(tuple(checks))

    def _judge_export(self, contract: ExportContract, staged: Sequence[StagedExport]) -> None:
        """Check an export's columns and the rules on its own rows, then the frames that were waiting for it."""
        if not staged:
            return
        self._staged[contract.name] = staged
        rows = combine(staged)
        self._left_out[contract.name] = set(contract.arrow_schema.names) - set(rows.column_names)
        self._rows[contract.name] = _without_zone(combine(read_whole(self._aside, staged)) if self._aside else rows)
        self._connection.register(contract.name, self._rows[contract.name])
        self._column_checks[contract.name] = self._known.of(
            ("columns", self._content[contract.name]), lambda: check_columns(self._session, contract, rows)
        )
        self._waiting += [(contract, frame) for frame in self._book_of(contract.name).frames]
        self._judge_frames([(contract, None)])
        self._judge_frames(self._take_ready(contract.name))

    def _judge_with(self, name: str, path: Path) -> None:
        """Check the frames that were waiting for an export outside the drops."""
        create_view(self._connection, name, path, None)
        self._judge_frames(self._take_ready(name))

    def _take_ready(self, arrived: str) -> list[tuple[ExportContract, str]]:
        """Remove from the waiting frames, and return, those whose SQL needs no export that is still missing."""
        self._awaited.discard(arrived)
        awaited = sorted(self._awaited)
        ready = [one for one in self._waiting if not named_in(self._book_of(one[0].name).frames[one[1]], awaited)]
        self._waiting = [one for one in self._waiting if one not in ready]
        return ready

    def _judge_frames(self, frames: Sequence[tuple[ExportContract, str | None]]) -> None:
        """Check the rules on these frames (None: the export's own rows), unless their verdict is known.

        The rows of the next frame are prepared meanwhile.
        """
        if self._spares_memory:
            pa.default_memory_pool().release_unused()
        contents = {(contract.name, name): self._content_of_frame(contract, name) for contract, name in frames}
        known = {frame: self._known.find(content) for frame, content in contents.items()}
        self._rule_checks.update({frame: checks for frame, checks in known.items() if checks is not None})
        new = [(contract, name) for contract, name in frames if known[contract.name, name] is None]
        for frame in read_ahead(rows for contract, name in new for rows in self._frames_of(contract, name)):
            self._rule_checks[frame.contract.name, frame.name] += self._judge_frame(frame)
        for contract, name in new:
            self._known.keep(contents[contract.name, name], self._rule_checks[contract.name, name])

    def _content_of_frame(self, contract: ExportContract, name: str | None) -> Hashable:
        """List everything that the verdicts of a frame's rules depend on."""
        book = self._book_of(contract.name)
        rules = tuple(rule for rule in book.rules if rule.frame == name)
        sql = "" if name is None else book.frames[name]
        needed = [] if name is None else named_in(sql, self._named)
        exports = tuple((export, self._content.get(export)) for export in dict.fromkeys([contract.name, *needed]))
        values = json.dumps(bound(f"{sql} {texts_of(rules)}", self._parameters), sort_keys=True)
        return contract, name, sql, rules, exports, values, bool(self._aside)

    def _frames_of(self, contract: ExportContract, name: str | None) -> Iterator[_Frame]:
        """Prepare the rows of a frame: nothing if no rule uses it, several frames if some rules cannot be checked."""
        book = self._book_of(contract.name)
        rules = [rule for rule in book.rules if rule.frame == name]
        if name is None:  # of the rules on an export's own rows, one may lack a column that the others have
            lacking = {rule: self._missing([contract.name], texts_of([rule])) for rule in rules}
            yield from (_Frame(contract, name, [rule], None, missing) for rule, missing in lacking.items() if missing)
            rules = [rule for rule in rules if not lacking[rule]]
        if rules:
            try:
                rows = self._own_rows(contract, rules) if name is None else self._joined_rows(book.frames[name])
            except duckdb.Error as error:
                sql = f"{book.frames.get(name or '', '')} {texts_of(rules)}"
                missing = self._missing({contract.name, *named_in(sql, self._exports)}, sql)
                problem = f"the rows could not be put together: {str(error).splitlines()[0]}"
                yield _Frame(contract, name, rules, None, missing or problem)
            else:
                yield _Frame(contract, name, rules, rows)

    def _own_rows(self, contract: ExportContract, rules: Sequence[BusinessRule]) -> pa.Table:
        """Return an export's own rows, with only the columns that its rules name."""
        rows = self._rows[contract.name]
        named = named_in(texts_of(rules), rows.column_names)
        columns = dict.fromkeys([ORGANIZATION, *contract.primary_key, *named])
        return rows.select([name for name in columns if name in rows.column_names])

    def _joined_rows(self, sql: str) -> pa.Table:
        """Return the rows that a frame's SQL selects."""
        return self._connection.sql(sql, params=bound(sql, self._parameters)).to_arrow_table()

    def _missing(self, exports: Iterable[str], sql: str) -> str:
        """Return which columns of the SQL a file of these exports lacks, or has in another type than the contract's."""
        left_out = named_in(sql, sorted({name for export in exports for name in self._left_out.get(export, ())}))
        return f"not judged, because {', '.join(left_out)} is not as its contract has it" if left_out else ""

    def _book_of(self, export: str) -> RuleBook:
        """Return the rules of an export, which may be none."""
        return self._rule_books.get(export, RuleBook(export, (), {}))

    def _judge_frame(self, frame: _Frame) -> list[Check]:
        """Check the rules on a frame.

        The rows of a join have no order. If some fail, they are sorted, because the first failing rows are shown.
        """
        if frame.rows is None:
            return [unjudged(rule, frame.problem) for rule in frame.rules]
        suite = f"{frame.contract.name} rules {frame.name or 'rows'}"
        pending = [pending_rule(rule, frame.rows, self._parameters) for rule in frame.rules]
        contract = frame.contract
        if self._aside:
            pending = [replace(one, shows=()) for one in pending]
            key = tuple(name for name in contract.primary_key if name not in contract.personal_keys)
            contract = replace(contract, primary_key=key)
        checks = judge(self._session, suite, frame.rows, frame.rows, contract, pending)
        if frame.name is None or all(check.passed for check in checks):
            return checks
        rows = in_order(frame.rows, frame.rows.column_names)
        return judge(self._session, suite, rows, rows, contract, pending)


def _parameters(as_of: datetime, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `$name` in a rule, as JSON values, because an expectation is stored as JSON."""
    instant = as_of.replace(tzinfo=None)
    return {**settings, "as_of": instant.isoformat(sep=" "), "today": instant.date().isoformat()}


def _without_zone(rows: pa.Table) -> pa.Table:
    """Return instants in UTC without a zone, as rules compare them."""
    return rows.cast(
        pa.schema([f.with_type(pa.timestamp("us")) if pa.types.is_timestamp(f.type) else f for f in rows.schema])
    )
