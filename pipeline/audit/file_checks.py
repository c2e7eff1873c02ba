"""The checks of the staged files themselves: columns and their order, types, row order, and that the CSV agrees.

They come first, because a column with another name or type than in the contract is not checked further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.check_list import FILE_CHECKS
from pipeline.audit.csv_twin import as_text
from pipeline.audit.file_columns import DescribedColumn
from pipeline.audit.great_expectations import Session, gxe
from pipeline.audit.results import SAMPLES, Check, FailedRow
from pipeline.audit.staged_files import StagedExport, rows_out_of_order
from pipeline.common.shown_text import shown


@dataclass
class _Verdict:
    """The findings so far of one check of one export."""

    rows: int = 0
    failed: dict[int, int] = field(default_factory=dict)
    samples: list[FailedRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def fail(self, organization_id: int, failed: int = 1, problem: str | None = None) -> None:
        self.failed[organization_id] = self.failed.get(organization_id, 0) + failed
        if problem and problem not in self.problems:
            self.problems.append(problem)


def check_files(session: Session, staged: Sequence[StagedExport]) -> list[Check]:
    """Check the files of all exports and organizations, four checks per export."""
    disordered = {id(export): _disordered(export) for export in staged}
    contracts = {id(export.contract): export.contract for export in staged}
    expected = {one: " ".join(contract.arrow_schema.names) for one, contract in contracts.items()}
    files = pd.DataFrame(
        {
            "export": [export.contract.name for export in staged],
            "organization_id": [export.organization_id for export in staged],
            "contract_columns": [expected[id(export.contract)] for export in staged],
            "parquet_columns": [_listed(export.columns.found_names if export.columns else None) for export in staged],
            "csv_columns": [_listed(None if export.csv is None else export.csv.names) for export in staged],
            "parquet_rows": [-1 if export.rows is None else export.rows.num_rows for export in staged],
            "csv_rows": [-1 if export.csv is None else export.csv.rows for export in staged],
            "rows_out_of_order": [disordered[id(export)] for export in staged],
        }
    )
    verdicts = {(export.contract.name, name): _Verdict() for export in staged for name in FILE_CHECKS}
    for export in staged:
        for name in FILE_CHECKS:
            verdicts[export.contract.name, name].rows += 1
    for name, failing in _judge_files(session, files).items():
        for position in failing:
            export = staged[position]
            verdict = verdicts[export.contract.name, name]
            verdict.fail(export.organization_id, problem=_problem(name, export, disordered[id(export)]))
    _judge_columns(session, staged, verdicts)
    return [
        Check(
            export=export,
            name=name,
            scope="file",
            severity="error",
            says=FILE_CHECKS[name],
            passed=not verdict.failed,
            rows=verdict.rows,
            failed=sum(verdict.failed.values()),
            failed_by_organization=verdict.failed,
            samples=tuple(verdict.samples[:SAMPLES]),
            problem="\n".join(map(shown, verdict.problems)) or None,
        )
        for (export, name), verdict in verdicts.items()
    ]


def _listed(names: Sequence[str] | None) -> str:
    return "(no such file)" if names is None else " ".join(names)


def _disordered(export: StagedExport) -> int:
    """Count the rows out of order; 0 if the key's columns are missing, which another check reports."""
    key = export.contract.primary_key
    if (
        export.rows is None
        or export.columns is None
        or any(export.columns.found_names.count(name) != 1 for name in key)
    ):
        return 0
    return len(rows_out_of_order(export.rows, key))


def _judge_files(session: Session, files: pd.DataFrame) -> dict[str, list[int]]:
    """Return, by check, the positions of the files that fail it."""
    pairs = {
        "columns": [("contract_columns", "parquet_columns")],
        "csv": [("parquet_columns", "csv_columns"), ("parquet_rows", "csv_rows")],
    }
    expectations: list[tuple[str, Any]] = [
        (name, gxe.ExpectColumnPairValuesToBeEqual(column_A=a, column_B=b))
        for name, columns in pairs.items()
        for a, b in columns
    ]
    expectations.append(("row_order", gxe.ExpectColumnValuesToBeInSet(column="rows_out_of_order", value_set=[0])))
    results = session.validate("files", files, [expectation for _, expectation in expectations])
    failing: dict[str, list[int]] = {}
    for index, (name, _) in enumerate(expectations):
        if not results[index].success:
            failing.setdefault(name, []).extend(results[index].result["unexpected_index_list"])
    return failing


def _problem(name: str, export: StagedExport, disordered: int) -> str:
    where = f"organization {export.organization_id}"
    if export.faults:
        return f"{where}: {'; '.join(export.faults)}"
    if name == "columns":
        fault = export.columns and export.columns.fault
        return f"{where}: {fault}" if fault else where
    if name == "row_order":
        return f"{where}: {disordered:,} rows come before the row above them"
    assert export.rows is not None and export.columns is not None and export.csv is not None
    if export.rows.num_rows != export.csv.rows:
        return f"{where}: the CSV has {export.csv.rows:,} rows, the Parquet file {export.rows.num_rows:,}"
    found = export.columns.found_names
    missing = [name for name in found if name not in export.csv.names]
    extra = [name for name in export.csv.names if name not in found]
    return f"{where}: the CSV's header is not the Parquet file's (missing: {missing}, extra: {extra})"


def _judge_columns(session: Session, staged: Sequence[StagedExport], verdicts: dict[tuple[str, str], _Verdict]) -> None:
    """Check the type of every column of every file, and its CSV form."""
    found = [(export, column) for export in staged if export.columns for column in export.columns.described]
    columns = pd.DataFrame(
        {
            "export": [export.contract.name for export, _ in found],
            "organization_id": [export.organization_id for export, _ in found],
            "column": [column.name for _, column in found],
            "contract_type": [column.contract_type for _, column in found],
            "parquet_type": [column.found_type for _, column in found],
            "contract_nullable": [column.contract_nullable for _, column in found],
            "parquet_nullable": [column.found_nullable for _, column in found],
            "cells_that_differ_in_csv": [_differing(export, column.name) for export, column in found],
        }
    )
    results = session.validate(
        "columns of files",
        columns,
        [
            gxe.ExpectColumnPairValuesToBeEqual(column_A="contract_type", column_B="parquet_type"),
            gxe.ExpectColumnPairValuesToBeEqual(column_A="contract_nullable", column_B="parquet_nullable"),
            gxe.ExpectColumnValuesToBeInSet(column="cells_that_differ_in_csv", value_set=[0]),
        ],
    )
    for index, name in enumerate(("types", "nullability", "csv")):
        if results and not results[index].success:
            for position in results[index].result["unexpected_index_list"]:
                export, column = found[position]
                verdict = verdicts[export.contract.name, "csv" if name == "csv" else "types"]
                where = f"organization {export.organization_id}: {column.name}"
                if name == "nullability":
                    verdict.fail(export.organization_id, problem=f"{where} {_redeclared(column)}")
                elif name == "types":
                    too_wide = export.too_wide(column.name)
                    problem = f"{where} is {column.found_type}, should be {column.wanted}"
                    verdict.fail(export.organization_id, max(1, len(too_wide)), problem)
                    verdict.samples.extend(_rows_named(export, column.name, too_wide[:SAMPLES]))
                else:
                    verdict.fail(export.organization_id, _differing(export, column.name))
                    verdict.samples.extend(_differing_cells(export, column.name))


def _differing(export: StagedExport, column: str) -> int:
    return len(export.differing[column].rows) if column in export.differing else 0


def _redeclared(column: DescribedColumn) -> str:
    found = "may be null by the file's schema" if column.found_nullable else "is declared not null"
    return f"{found}, but {'may be null' if column.contract_nullable else 'is never null'} by the contract"


def _rows_named(export: StagedExport, column: str, positions: np.ndarray[Any, np.dtype[np.int64]]) -> list[FailedRow]:
    """Name rows by their key, with their value in a column."""
    assert export.rows is not None and export.columns is not None
    key = [name for name in export.contract.primary_key if export.columns.found_names.count(name) == 1]
    shown = {name: as_text(export.rows[name].take(positions)).to_pylist() for name in {*key, column}}
    return [
        FailedRow(export.organization_id, {name: shown[name][index] for name in key}, {column: shown[column][index]})
        for index in range(len(positions))
    ]


def _differing_cells(export: StagedExport, column: str) -> list[FailedRow]:
    """Name the first rows in which the CSV differs from the Parquet file."""
    in_csv = export.differing[column].in_csv
    positions = export.differing[column].rows[: len(in_csv)]
    return [
        FailedRow(
            row.organization_id,
            row.key,
            {f"{column} in Parquet": row.values[column], f"{column} in CSV": in_csv[index]},
        )
        for index, row in enumerate(_rows_named(export, column, positions))
    ]
