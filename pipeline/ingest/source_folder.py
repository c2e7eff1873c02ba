"""Lists a source's folder: its files and folders, the values of hive folders, and the reasons not to read a file.

`source_files.py` assigns the files to tables.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from pipeline.common.errors import WarehouseError
from pipeline.common.shown_text import is_utf8, shown_name
from pipeline.ingest.readers.formats import FORMATS

FolderValues = tuple[tuple[str, str | None], ...]
"""The columns and values that the hive folders around a file name, outermost first."""

_QUIET: Final = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
"""Files and folders that operating systems create, besides those whose names begin with a dot or with `~$`."""
_HIVE_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
_HIVE_FOLDER: Final = re.compile(r"(?P<column>[^=]+)=(?P<value>.*)", re.DOTALL)  # organization_id=1
_OTHER_FORMATS: Final = {"_delta_log": "Delta Lake", ".hoodie": "Apache Hudi", "_versions": "Lance"}
"""Table formats whose folders also contain files of older versions, by the folder that marks them.

Iceberg is recognised by the files in its folder `metadata`.
"""
_DATA_ENDINGS: Final = frozenset(
    {*FORMATS, ".xls", ".xlsm", ".xlsb", ".ods", ".tsv", ".txt", ".json", ".jsonl", ".zip", ".gz", ".bz2", ".xz", ".7z"}
    | {".rar", ".tar", ".tgz", ".zst", ".pq", ".parq", ".arrow", ".feather", ".orc", ".avro", ".ndjson", ".numbers"}
    | {".dat", ".psv", ".tab", ".sqlite", ".sqlite3", ".duckdb", ".dbf", ".mdb", ".accdb"}
    | {".sav", ".dta", ".sas7bdat", ".xpt", ".rds", ".rdata", ".pkl", ".h5"}
)
_UNFINISHED: Final = frozenset({".crdownload", ".download", ".filepart", ".opdownload", ".part", ".partial"})
"""The endings that browsers and copying programs give a file until it is complete."""
_SYSTEM: Final = (Path("/proc"), Path("/sys"))
_DIGITS: Final = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class FolderEntry:
    """A file or folder, and the values of the hive folders around it."""

    path: Path
    values: FolderValues = ()


def folder_entries(folder: Path, *, skip: tuple[str, ...] = (".", "~$")) -> list[FolderEntry]:
    """List the files and folders in a folder and its hive folders, in natural order of names.

    Names that begin with one of `skip` are ignored. Raises WarehouseError if the folder can't be read, or belongs to a
    table format that keeps old versions of rows (Delta Lake, Iceberg, Hudi).
    """
    return list(_entries(folder, (), skip))


def _entries(folder: Path, values: FolderValues, skip: tuple[str, ...]) -> Iterator[FolderEntry]:
    _refuse_other_format(folder)
    for path in sorted(_listed(folder), key=lambda path: natural_order(path.name)):
        if path.name.startswith(skip) or path.name.lower() in _QUIET:
            continue
        hive = _HIVE_FOLDER.fullmatch(path.name)
        if hive and path.is_dir():
            must_be_utf8(path)
            value = None if hive["value"] == _HIVE_NULL else unquote(hive["value"])
            yield from _entries(path, (*values, (unquote(hive["column"]), value)), skip)
        else:
            yield FolderEntry(path, values)


def _listed(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise WarehouseError(
            f"the folder can't be read: {error.strerror}",
            where=shown_name(str(folder)),
            remedy="check the folder's permissions and its disk",
        ) from error


def natural_order(name: str) -> tuple[object, ...]:
    """Return a sort key by which `part-2` comes before `part-10`, and `List.csv` before `List (1).csv`."""
    stem, dot, suffix = name.rpartition(".")
    pieces = _DIGITS.split((stem if dot else name).lower())  # text and digits alternate: Estimates (, 10, )
    keys = tuple((int(piece), "") if at % 2 else (-1, piece) for at, piece in enumerate(pieces))
    return keys, suffix if dot else "", name


def _refuse_other_format(folder: Path) -> None:
    name = next((name for mark, name in _OTHER_FORMATS.items() if (folder / mark).is_dir()), None)
    metadata = folder / "metadata"
    if metadata.is_dir() and any(_is_iceberg(path.name) for path in _listed(metadata)):
        name = "Apache Iceberg"
    if name is not None:
        raise WarehouseError(
            f"this is a table of {name}, whose folder also contains files of older versions",
            where=shown_name(str(folder)),
            remedy="export the table's current version to Parquet or CSV files, and name their folder",
        )


def _is_iceberg(name: str) -> bool:
    return name.endswith((".metadata.json", ".avro")) or name == "version-hint.text"


def is_table_file(path: Path) -> bool:
    """Return whether this is a file in a format that can be read.

    Raises WarehouseError for a link to nothing or to a system file, and for a name that is not UTF-8, which DuckDB,
    Arrow and manifests do not support.
    """
    if path.suffix.lower() not in FORMATS:
        return False
    must_lead_somewhere(path)
    if not path.is_file():
        return False
    must_be_utf8(path)
    return True


def must_lead_somewhere(path: Path) -> None:
    """Raise WarehouseError for a link to nothing or to a special file: its table would seem not to be provided."""
    if not path.is_symlink():
        return
    if not path.exists():
        raise WarehouseError(
            f"this link leads nowhere: {shown_name(str(path.readlink()))} does not exist",
            where=shown_name(str(path)),
            remedy="restore the link's target, or remove the link",
        )
    target = path.resolve()
    is_special = not (target.is_file() or target.is_dir())
    if is_special or any(target.is_relative_to(system) for system in _SYSTEM):
        raise WarehouseError(
            f"this link leads to {shown_name(str(target))}, which is not a source file",
            where=shown_name(str(path)),
            remedy="remove the link, or point it to the right file",
        )


def must_be_utf8(path: Path) -> None:
    """Raise WarehouseError if the name is not UTF-8, like that of some files from older systems."""
    if not is_utf8(path.name):
        raise WarehouseError(
            "this name is not UTF-8, so it can't be written into a manifest",
            where=shown_name(str(path)),
            remedy="rename it",
        )


def why_left_out(path: Path) -> str:
    """Return the reason why a file or folder is not read."""
    if _is_unfinished(path):
        return "an unfinished download, left out"
    if path.suffix.lower() not in FORMATS:
        return "not CSV, Parquet or XLSX, left out"
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return f"{kinds.get(stat.S_IFMT(path.stat().st_mode), 'a device')}, not a file, left out"


def holds_data(path: Path) -> bool:
    """Return whether a file, or any file in a folder, contains data according to its ending."""
    if path.is_dir():
        return any(holds_data(inner) for inner in _listed(path) if not inner.name.startswith((".", "~$")))
    return (path.suffix.lower() in _DATA_ENDINGS or _is_unfinished(path)) and path.is_file()


def _is_unfinished(path: Path) -> bool:
    """Return whether a file is incomplete according to its ending: `accounts.csv.part`, `accounts.csv.tmp`."""
    ending = path.suffix.lower()
    return ending in _UNFINISHED or (ending == ".tmp" and Path(path.stem).suffix.lower() in _DATA_ENDINGS)
