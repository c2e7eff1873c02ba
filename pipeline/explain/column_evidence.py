"""Reads the evidence of each column: `meta.evidence` in its YAML, and the row sets that it names.

A column's YAML lists pieces of evidence; each names its rows, which are an analysis (without `explain_`) or a subset of
an analysis's rows. The analyses' YAML (`dbt_project/analyses/explain.yml`) defines these subsets and shared defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast, get_args

from pipeline.common.errors import WarehouseError
from pipeline.contracts.read_contracts import meta_of
from pipeline.explain.evidence import Evidence, Kind, Makes

_PREFIX: Final = "explain_"
_SETS: Final = "evidence"
_KEYS: Final = {"title", "shows", "order_by", "where", "makes", "lost", "rules"}
_Written = Mapping[str, Any]


@dataclass(frozen=True)
class ColumnEvidence:
    """The evidence of the project: `by_column` by table and column, `named_rows` by the names that columns may use."""

    by_column: Mapping[str, Mapping[str, tuple[Evidence, ...]]]
    named_rows: Mapping[str, tuple[Evidence, ...]]

    def of(self, table: str, column: str) -> tuple[Evidence, ...]:
        """Return the evidence of a column; empty if it has none."""
        return self.by_column.get(table, {}).get(column, ())


def read_evidence(manifest: Mapping[str, Any]) -> ColumnEvidence:
    """Read the evidence of every model's columns from dbt's manifest (the content of its `manifest.json`).

    WarehouseError, with the file and the column or row set, if the YAML names rows that no analysis has, or an unknown
    kind or key.
    """
    rows = _named_rows(node for node in manifest["nodes"].values() if node["resource_type"] == "analysis")
    by_column = {
        model["name"]: columns
        for model in manifest["nodes"].values()
        if model["resource_type"] == "model" and (columns := _columns(model, rows))
    }
    return ColumnEvidence(by_column, {name: tuple(map(_evidence, pieces)) for name, pieces in rows.items()})


@dataclass(frozen=True)
class _Piece:
    """A piece of evidence in the YAML: its own keys, and the analysis's defaults."""

    analysis: str
    defaults: _Written
    entry: _Written
    where: str


def _named_rows(analyses: Iterable[_Written]) -> dict[str, tuple[_Piece, ...]]:
    """Return the row sets that columns may name: each analysis with defaults in its YAML, and each of its subsets."""
    named: dict[str, tuple[_Piece, ...]] = {}
    for node in analyses:
        defaults = {key: value for key, value in meta_of(node).items() if key != _SETS}
        if not defaults:
            continue
        analysis = node["name"].removeprefix(_PREFIX)
        where = f"{_file(node)}: {node['name']}"
        _check(defaults, where)
        for name, pieces in [(analysis, [{}]), *meta_of(node).get(_SETS, {}).items()]:
            if name in named:
                raise _fault(f"{name} names two sets of rows", where, "give one of them another name")
            for entry in pieces:
                _check(entry, f"{where}: {name}")
            named[name] = tuple(_Piece(analysis, defaults, entry, f"{where}: {name}") for entry in pieces)
    return named


def _columns(model: _Written, rows: Mapping[str, tuple[_Piece, ...]]) -> dict[str, tuple[Evidence, ...]]:
    return {
        column["name"]: tuple(
            evidence
            for entry in written
            for evidence in _pieces(entry, rows, f"{_file(model)}: {model['name']}.{column['name']}")
        )
        for column in model["columns"].values()
        if (written := meta_of(column).get("evidence"))
    }


def _pieces(written: str | _Written, rows: Mapping[str, tuple[_Piece, ...]], where: str) -> list[Evidence]:
    """Make the evidence of an entry in a column's list, which is the name of rows or a mapping with that name."""
    entry = {"rows": written} if isinstance(written, str) else written
    _check({key: value for key, value in entry.items() if key != "rows"}, where)
    pieces = rows.get(entry.get("rows", ""))
    if pieces is None:
        remedy = "name an analysis or a row set of dbt_project/analyses/explain.yml"
        raise _fault(f"the evidence names the rows {entry.get('rows')!r}, which no analysis has", where, remedy)
    return [_evidence(piece, entry) for piece in pieces]


def _evidence(piece: _Piece, column: _Written | None = None) -> Evidence:
    """Combine the levels: a row set's keys take precedence over the column's, and these over the analysis's."""
    levels: list[_Written] = [piece.defaults, column or {}, piece.entry]
    merged: _Written = {key: value for level in levels for key, value in level.items()}
    makes = _makes(merged["makes"]) if "makes" in merged else None
    listed = [name for level in levels[1:] for name in level.get("shows", ())]
    made = [name for name in (makes.columns if makes else ()) if name not in listed]
    lost = merged.get("lost", False)
    return Evidence(
        query=piece.analysis,
        title=merged.get("title", ""),
        shows=tuple(dict.fromkeys([*piece.defaults.get("shows", ()), *made, *listed])),
        order_by=merged.get("order_by", ""),
        where=" and ".join(level["where"] for level in levels if "where" in level) or None,
        makes=None if lost else makes,
        lost=lost,
        rules=tuple(merged.get("rules", ())),
    )


def _makes(written: str) -> Makes:
    """Parse how rows make a value: `count`, or a kind and the columns that it uses (`latest sent_at`)."""
    kind, *columns = written.split()
    return Makes(cast(Kind, kind), tuple(columns))


def _check(entry: _Written, where: str) -> None:
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise _fault(f"the evidence has the unknown key {', '.join(unknown)}", where, f"use {', '.join(sorted(_KEYS))}")
    kinds = get_args(Kind)
    if "makes" in entry and str(entry["makes"]).split()[:1] not in [[kind] for kind in kinds]:
        raise _fault(f"{entry['makes']!r} is no kind of evidence", where, f"use one of {', '.join(kinds)}")


def _file(node: _Written) -> str:
    return str(node.get("patch_path") or node["original_file_path"]).rpartition("://")[2]


def _fault(what: str, where: str, remedy: str) -> WarehouseError:
    return WarehouseError(what, where=where, remedy=remedy)
