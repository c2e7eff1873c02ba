"""Reads staged files as they lie on disk, and compares each CSV with its Parquet file, column by column.

What is found is facts, a row per file and a row per column of a file; Great Expectations judges them.
"""

from __future__ import annotations

import difflib
import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.audit.csv_twin import CsvShape, DifferingCells, compare_csv
from pipeline.contracts.contract import ExportContract

ORGANIZATION: Final = "drop_organization_id"
"""The column that tells, in the tables of an audit, whose drop a row lies in."""


@dataclass(frozen=True)
class StagedExport:
    """The two files of an export in one organization's folder.

    `rows` is null where the Parquet file cannot be read, `csv` where the CSV file cannot; `faults` then tell why.
    `differing` has the columns in which the two differ.
    """

    organization_id: int
    contract: ExportContract
    rows: pa.Table | None
    csv: CsvShape | None
    faults: tuple[str, ...]
    differing: Mapping[str, DifferingCells]

    @functools.cached_property
    def expected_names(self) -> list[str]:
        """The columns of the contract."""
        return [column.name for column in self.contract.exported_columns]

    @functools.cached_property
    def found_names(self) -> list[str]:
        """The columns of the Parquet file."""
        return [] if self.rows is None else list(self.rows.column_names)

    @functools.cached_property
    def retyped(self) -> dict[str, tuple[str, str]]:
        """The columns whose type is not the contract's: what was expected, and what was found."""
        if self.rows is None:
            return {}
        found = {field.name: field.type for field in self.rows.schema}
        return {
            column.name: (f"{column.data_type} as {column.arrow_type}", str(found[column.name]))
            for column in self.contract.exported_columns
            if column.name in found and found[column.name] != column.arrow_type
        }

    def too_wide(self, column: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The rows whose decimal has no place in the contract's precision and scale; none for other types."""
        wanted = self.contract.column(column).arrow_type
        if self.rows is None or not (pa.types.is_decimal(wanted) and pa.types.is_decimal(self.rows[column].type)):
            return np.array([], dtype=np.int64)
        values = self.rows[column]
        limit = Decimal(10) ** (wanted.precision - wanted.scale)
        fits = pc.and_(pc.less(pc.abs(values), limit), pc.equal(pc.round(values, wanted.scale), values))
        return np.flatnonzero(~np.asarray(pc.fill_null(fits, True).to_numpy(zero_copy_only=False), dtype=bool))

    @functools.cached_property
    def redeclared(self) -> dict[str, str]:
        """The columns that the Parquet file declares nullable, or not null, other than the contract: what it says."""
        if self.rows is None:
            return {}
        declared = {field.name: field.nullable for field in self.rows.schema}
        return {
            column.name: "may be null by the file's schema" if declared[column.name] else "is declared not null"
            for column in self.contract.exported_columns
            if column.name in declared and declared[column.name] != column.nullable
        }


def read_staged(folders: Mapping[int, Path], contract: ExportContract) -> list[StagedExport]:
    """Read the files of an export in every organization's folder; a file that cannot be read is a fault of it."""
    return [_read_export(organization_id, folder, contract) for organization_id, folder in sorted(folders.items())]


def read_whole(aside: Mapping[int, Path], staged: Sequence[StagedExport]) -> list[StagedExport]:
    """Put in place of an export's staged rows the whole ones, where they lie aside because drops withhold some."""
    whole = []
    for export in staged:
        path = aside.get(export.organization_id, Path()) / f"{export.contract.name}.parquet"
        is_aside = export.organization_id in aside and export.rows is not None and path.exists()
        whole.append(replace(export, rows=pq.read_table(path)) if is_aside else export)
    return whole


def _read_export(organization_id: int, folder: Path, contract: ExportContract) -> StagedExport:
    faults: list[str] = []
    rows = csv = None
    differing: Mapping[str, DifferingCells] = {}
    parquet_path, csv_path = folder / f"{contract.name}.parquet", folder / f"{contract.name}.csv"
    try:
        rows = pq.read_table(parquet_path)
    except (OSError, pa.ArrowException) as error:
        faults.append(_fault(parquet_path, error))
    try:
        csv, differing = compare_csv(csv_path, rows)
    except (OSError, pa.ArrowException) as error:
        faults.append(_fault(csv_path, error))
    return StagedExport(organization_id, contract, rows, csv, tuple(faults), differing)


def _fault(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path.name} is missing"
    return f"{path.name} cannot be read: {str(error).splitlines()[0]}"


def rows_out_of_order(rows: pa.Table, key: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the rows that come before the row above them, in the order of the key; duplicates are in order."""
    if rows.num_rows < 2:
        return np.array([], dtype=np.int64)
    comparisons = [(rows[name][:-1], rows[name][1:]) for name in key]
    later = [np.asarray(pc.fill_null(pc.greater(a, b), False).to_numpy(zero_copy_only=False)) for a, b in comparisons]
    equal = [np.asarray(pc.fill_null(pc.equal(a, b), False).to_numpy(zero_copy_only=False)) for a, b in comparisons]
    wrong = [
        functools.reduce(operator.and_, equal[:position], later[position].astype(bool)) for position in range(len(key))
    ]
    return np.flatnonzero(functools.reduce(operator.or_, wrong)) + 1


def column_list_faults(staged: StagedExport) -> str | None:
    """Say what is wrong with the list of columns: missing, extra, moved, retyped; None if nothing is."""
    if staged.rows is None:
        return None
    expected, found = staged.expected_names, staged.found_names
    common_expected = [name for name in expected if name in found]
    common_found = [name for name in found if name in expected]
    in_place: set[str] = set()
    for block in difflib.SequenceMatcher(None, common_expected, common_found, autojunk=False).get_matching_blocks():
        in_place.update(common_expected[block.a : block.a + block.size])
    lines = {
        "missing": [name for name in expected if name not in found],
        "extra": [name for name in found if name not in expected],
        "moved": [
            f"{name} (from {expected.index(name) + 1} to {found.index(name) + 1})"
            for name in common_found
            if name not in in_place
        ],
        "retyped": [f"{name} (is {found}, should be {wanted})" for name, (wanted, found) in staged.retyped.items()],
        "repeated": sorted({name for name in found if found.count(name) > 1}),
    }
    clauses = [f"{kind}: {', '.join(names)}" for kind, names in lines.items() if names]
    return f"organization {staged.organization_id}: {'; '.join(clauses)}" if clauses else None


def combine(staged: Sequence[StagedExport]) -> pa.Table:
    """Put the rows of one export of all organizations together, with the organization whose drop they lie in.

    Only the columns that every file has in the contract's type are kept: of the others, the file checks tell.
    """
    readable = [export for export in staged if export.rows is not None]
    contract = staged[0].contract
    kept = [
        column
        for column in contract.exported_columns
        if all(export.found_names.count(column.name) == 1 and column.name not in export.retyped for export in readable)
    ]
    schema = pa.schema([(ORGANIZATION, pa.int64()), *((column.name, column.arrow_type) for column in kept)])
    return pa.concat_tables(
        [
            pa.table(
                [
                    pa.array(np.full(export.rows.num_rows, export.organization_id, dtype=np.int64)),
                    *(export.rows[column.name] for column in kept),
                ],
                schema=schema,
            )
            for export in readable
            if export.rows is not None
        ]
        or [schema.empty_table()]
    )
