"""Reads the staged files from disk, and compares each CSV with its Parquet file, column by column.

This module only collects facts about files and their columns; Great Expectations checks them.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.audit.csv_twin import CsvShape, DifferingCells, compare_csv
from pipeline.audit.file_columns import FileColumns
from pipeline.audit.twin_files import read_twins
from pipeline.contracts.contract import ExportContract

ORGANIZATION: Final = "drop_organization_id"
"""The column of an audit's tables with the organization whose drop contains the row."""


@dataclass(frozen=True)
class StagedExport:
    """The two files of an export in one organization's folder.

    `rows` is None if the Parquet file cannot be read, `csv` if the CSV file cannot; `faults` then say why. `differing`
    has the columns in which the two files differ.
    """

    organization_id: int
    contract: ExportContract
    rows: pa.Table | None
    csv: CsvShape | None
    faults: tuple[str, ...]
    differing: Mapping[str, DifferingCells]
    columns: FileColumns | None
    """None without `rows`."""

    def too_wide(self, column: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the rows whose decimal exceeds the contract's precision or scale; none for other types."""
        wanted = self.contract.column(column).arrow_type
        if self.rows is None or not (pa.types.is_decimal(wanted) and pa.types.is_decimal(self.rows[column].type)):
            return np.array([], dtype=np.int64)
        values = self.rows[column]
        limit = Decimal(10) ** (wanted.precision - wanted.scale)
        fits = pc.and_(pc.less(pc.abs(values), limit), pc.equal(pc.round(values, wanted.scale), values))
        return np.flatnonzero(~np.asarray(pc.fill_null(fits, True).to_numpy(zero_copy_only=False), dtype=bool))


def read_staged(folders: Mapping[int, Path], contract: ExportContract) -> list[StagedExport]:
    """Read the files of an export in every organization's folder; an unreadable file becomes one of its `faults`."""
    files = {
        one: (_file(folder, contract, "parquet"), _file(folder, contract, "csv")) for one, folder in folders.items()
    }
    twins = read_twins([(one, parquet, csv) for one, (parquet, csv) in files.items()])
    known: list[FileColumns] = []
    return [_read_one(one, contract, files[one], twins.get(one), known) for one in sorted(files)]


def _read_one(
    one: int, contract: ExportContract, files: tuple[Path, Path], twins: pa.Table | None, known: list[FileColumns]
) -> StagedExport:
    """Read an organization's files of an export; `twins` are its rows if both files were already read and agree."""
    if twins is not None:
        columns = _columns(contract, twins.schema, known)
        return StagedExport(one, contract, twins, CsvShape(tuple(columns.found_names), twins.num_rows), (), {}, columns)
    parquet, csv = files
    rows, faults = _read_parquet(parquet)
    shape, differing, more = _compare_csv(csv, rows)
    found = None if rows is None else _columns(contract, rows.schema, known)
    return StagedExport(one, contract, rows, shape, (*faults, *more), differing, found)


def _file(folder: Path, contract: ExportContract, form: str) -> Path:
    return folder / f"{contract.name}.{form}"


def read_whole(aside: Mapping[int, Path], staged: Sequence[StagedExport]) -> list[StagedExport]:
    """Replace an export's staged rows by the complete ones in `aside`, for exports whose personal data is withheld."""
    whole = []
    for export in staged:
        path = aside.get(export.organization_id, Path()) / f"{export.contract.name}.parquet"
        is_aside = export.organization_id in aside and export.rows is not None and path.exists()
        whole.append(replace(export, rows=pq.read_table(path)) if is_aside else export)
    return whole


def _read_parquet(path: Path) -> tuple[pa.Table | None, tuple[str, ...]]:
    """Return the rows of a Parquet file, or why it can't be read."""
    try:
        with pq.ParquetFile(path) as file:
            return file.read(), ()
    except (OSError, pa.ArrowException) as error:
        return None, (_fault(path, error),)


def _compare_csv(
    path: Path, rows: pa.Table | None
) -> tuple[CsvShape | None, Mapping[str, DifferingCells], tuple[str, ...]]:
    """Return how a CSV file differs from its table, or why it can't be read."""
    try:
        return *compare_csv(path, rows), ()
    except (OSError, pa.ArrowException) as error:
        return None, {}, (_fault(path, error),)


def _columns(contract: ExportContract, schema: pa.Schema, known: list[FileColumns]) -> FileColumns:
    """Return the columns of a file with this schema, shared with other files of the same schema."""
    for columns in known:
        if columns.schema.equals(schema):
            return columns
    known.append(FileColumns(contract, schema))
    return known[-1]


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


def combine(staged: Sequence[StagedExport]) -> pa.Table:
    """Return the rows of one export of all organizations in one table, with the organization of each row.

    It only has the columns that every file has in the contract's type; the file checks report the others.
    """
    readable = [(export.organization_id, export.rows) for export in staged if export.rows is not None]
    valid = {id(export.columns): export.columns.valid_names for export in staged if export.columns is not None}
    kept = [
        column
        for column in staged[0].contract.exported_columns
        if all(column.name in names for names in valid.values())
    ]
    owners = np.repeat(
        np.array([one for one, _ in readable], np.int64), np.array([rows.num_rows for _, rows in readable], np.int64)
    )
    schema = pa.schema([(column.name, column.arrow_type) for column in kept])
    alike = [pa.concat_tables(rows) for _, rows in groupby((rows for _, rows in readable), lambda rows: rows.schema)]
    parts = [pa.table([rows[name] for name in schema.names], schema=schema) for rows in alike]
    rows = pa.concat_tables([schema.empty_table(), *parts])
    if len(owners) < _FEW_ROWS * len(readable):  # many tiny batches would slow down every later step
        rows = rows.combine_chunks()
    return pa.table([pa.array(owners), *rows.columns], names=[ORGANIZATION, *rows.column_names])


_FEW_ROWS: Final = 1_000
"""Rows per organization below which all rows are copied into one batch."""
