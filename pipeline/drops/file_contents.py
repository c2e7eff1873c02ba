"""Checks the contents of a drop's files against its manifest: rows, types, keys, and one export in several forms.

Nothing in them is trusted: whatever is wrong becomes a fault of one line.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.scratch_database import scratch_connection
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.cuts import IN_EVERY_CUT
from pipeline.contracts.read_contracts import contract_from_dict
from pipeline.drops.csv_file import SAFE_SUFFIX, neutralised, read_csv
from pipeline.drops.described_drop import (
    DescribedCut,
    DescribedDrop,
    DescribedFile,
)

_SHOWN: Final = 5
"""Faults of one kind that are listed for one file; the rest are counted."""


def contract_of(file: DescribedFile) -> ExportContract:
    """Return the contract of a file as the manifest states it."""
    return contract_from_dict(
        {
            "export": file.export,
            "contract_version": file.contract_version,
            "primary_key": file.primary_key,
            "schema": [column.model_dump() for column in file.columns],
        }
    )


def content_faults(folder: Path, files: list[DescribedFile]) -> Iterator[str]:
    """Check rows, types and keys, and that all forms of an export agree."""
    by_name = {file.name: file for file in files}
    for export in dict.fromkeys(file.export for file in files):
        parquet = by_name.get(f"{export}.parquet")
        if parquet is None:
            continue
        contract = contract_of(parquet)
        table = _read_parquet(folder / parquet.name)
        if isinstance(table, str):
            yield f"{parquet.name}: {table}"
            continue
        faults = [*_schema_faults(table.schema, contract)]
        yield from (f"{parquet.name}: {fault}" for fault in faults)
        if table.num_rows != parquet.rows:
            yield f"{parquet.name}: has {table.num_rows:,} rows, the manifest says {parquet.rows:,}"
        if faults or not set(contract.primary_key) <= set(table.column_names):
            continue
        yield from (f"{parquet.name}: {fault}" for fault in _value_faults(table, contract))
        for suffix, expected in (("csv", table), (SAFE_SUFFIX, neutralised(table))):
            csv = by_name.get(f"{export}.{suffix}")
            if csv is not None:
                yield from (f"{csv.name}: {fault}" for fault in _csv_faults(folder / csv.name, expected, csv, contract))


def cut_faults(folder: Path, described: DescribedDrop, plain: Collection[str]) -> Iterator[str]:
    """Check each cut against its export: the contract, the accounts' ids and names, and the rows."""
    exports = {file.export: file for file in described.files}
    for cut in (cut for cut in described.cuts if cut.name.endswith(".parquet")):
        export = exports.get(cut.of)
        if export is None:
            yield f"{cut.name}: is a cut of {cut.of}, which the manifest doesn't list"
            continue
        ours = {column.name: column for column in export.columns}
        strange = [column.name for column in cut.columns if column != ours.get(column.name)]
        if strange:
            yield f"{cut.name}: {', '.join(strange)} differs from the contract of {cut.of}"
        lacking = [name for name in IN_EVERY_CUT if name not in {column.name for column in cut.columns}]
        if lacking:
            yield f"{cut.name}: has no {', '.join(lacking)}"
        if (cut.contract_version, cut.primary_key) != (export.contract_version, export.primary_key):
            yield f"{cut.name}: its key or contract version is not that of {cut.of}"
        if not strange and {cut.name, f"{cut.of}.parquet"} <= set(plain):
            yield from _cut_row_faults(folder, cut, [column.name for column in cut.columns])


def _cut_row_faults(folder: Path, cut: DescribedCut, columns: Sequence[str]) -> Iterator[str]:
    """Compare the rows of a cut with its export: without a filter it must have all rows, with one a part of them."""
    tables = [_read_parquet(folder / name) for name in (cut.name, f"{cut.of}.parquet")]
    ours, theirs = ((None if isinstance(table, str) else table) for table in tables)
    if ours is None or theirs is None or not set(columns) <= set(ours.column_names) & set(theirs.column_names):
        return  # the checks of the files themselves report this
    with scratch_connection() as connection:
        connection.register("ours", ours.select(columns))
        connection.register("theirs", theirs.select(columns))
        strange, missing = (
            connection.sql(f"select count(*) from (from {one} except all from {other})").fetchall()[0][0]
            for one, other in (("ours", "theirs"), ("theirs", "ours"))
        )
    if strange:
        yield f"{cut.name}: {strange:,} of its rows are not rows of {cut.of}"
    if missing and cut.filter is None:
        yield f"{cut.name}: {missing:,} rows of {cut.of} are not in it"


def _read_parquet(path: Path) -> pa.Table | str:
    try:
        table = pq.ParquetFile(path).read()  # not as a data set, which would turn names of folders into columns
        table.validate(full=True)  # also checks that texts are UTF-8
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        return f"is not a readable Parquet file ({in_short(error)})"
    return table


def _schema_faults(schema: pa.Schema, contract: ExportContract) -> Iterator[str]:
    """Compare the file's columns with the manifest's: missing, extra, moved, retyped."""
    try:
        expected = {column.name: column.arrow_type for column in contract.exported_columns}
    except (ValueError, pa.ArrowException) as error:
        yield f"the manifest names an unknown type ({in_short(error)})"
        return
    for name, kind in expected.items():
        if name not in schema.names:
            yield f"column {name} is missing"
        elif schema.names.count(name) == 1 and schema.field(name).type != kind:
            yield f"column {name} is {schema.field(name).type}, the manifest says {kind}"
    for name in schema.names:
        if name not in expected:
            yield f"column {quoted(name)} is not in the manifest"
    if sorted(schema.names) == sorted(expected) and schema.names != list(expected):
        yield "the columns are in another order than in the manifest"
    elif len(set(schema.names)) != len(schema.names):
        yield "a column occurs twice"


def _value_faults(table: pa.Table, contract: ExportContract) -> Iterator[str]:
    """Check columns that must not be null and their declaration in the file, lengths and the primary key."""
    for column in contract.exported_columns:
        yield from _column_faults(table[column.name], column)
        if table.schema.field(column.name).nullable != column.nullable:
            found, promised = ("may", "must not") if not column.nullable else ("must not", "may")
            yield f"column {column.name} {found} be null by the file's schema, and {promised} by the manifest"
    keys = table.select(list(contract.primary_key))
    counts = keys.group_by(list(contract.primary_key)).aggregate([([], "count_all")])
    repeated = counts.filter(pc.greater(counts["count_all"], 1))
    for row in range(min(repeated.num_rows, _SHOWN)):
        yield f"the key {_key(repeated, row, contract.primary_key)} occurs in {repeated['count_all'][row]} rows"
    if repeated.num_rows > _SHOWN:
        yield f"{repeated.num_rows - _SHOWN:,} more keys occur in more than one row"


def _column_faults(values: pa.ChunkedArray, column: ContractColumn) -> Iterator[str]:
    if not column.nullable and values.null_count:
        yield f"column {column.name} must not be null and is in {values.null_count:,} rows"
    if column.max_length is not None:
        too_long = pc.sum(pc.greater(pc.utf8_length(values), column.max_length)).as_py() or 0
        if too_long:
            yield f"column {column.name} is longer than {column.data_type} in {too_long:,} rows"


def _csv_faults(path: Path, expected: pa.Table, file: DescribedFile, contract: ExportContract) -> Iterator[str]:
    """Compare a CSV with the Parquet file, cell by cell."""
    found = read_csv(path, contract)
    if isinstance(found, str):
        yield found
        return
    if found.num_rows != file.rows:
        yield f"has {found.num_rows:,} rows, the manifest says {file.rows:,}"
    if found.num_rows != expected.num_rows:
        return
    faults = []
    count = 0
    for name in expected.column_names:
        ours, theirs = expected[name], found[name]
        same = pc.or_kleene(pc.fill_null(pc.equal(ours, theirs), False), pc.and_(pc.is_null(ours), pc.is_null(theirs)))
        if pc.all(same).as_py() is not False:
            continue
        places = pc.indices_nonzero(pc.invert(same))
        count += len(places)
        for place in places.slice(0, _SHOWN).to_pylist():
            row = _key(expected, place, contract.primary_key)
            faults.append(
                f"row {row}, column {name}: {_cell(theirs[place])}, but {_cell(ours[place])} in the Parquet file"
            )
    yield from faults[:_SHOWN]
    if count > _SHOWN:
        yield f"{count - _SHOWN:,} more cells differ from the Parquet file"


def _key(table: pa.Table, row: int, primary_key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {_cell(table[name][row])}" for name in primary_key)


def _cell(scalar: pa.Scalar) -> str:
    try:
        value = scalar.as_py()
    except (ValueError, OverflowError):  # a date or instant outside Python's range
        value = scalar.cast(pa.string()).as_py()
    return "null" if value is None else quoted(str(value))


def quoted(text: str) -> str:
    """Format an untrusted text on one line of readable length."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    return shown if shown.isprintable() and shown else json.dumps(shown)


def in_short(error: BaseException) -> str:
    """Return the message of an error on one line."""
    return quoted(" ".join(str(error).split()) or type(error).__name__)


def capped(faults: list[str], more: str) -> list[str]:
    """Return the first faults of a kind, and count the rest."""
    return faults if len(faults) <= _SHOWN else [*faults[:_SHOWN], f"{len(faults) - _SHOWN:,} {more}"]
