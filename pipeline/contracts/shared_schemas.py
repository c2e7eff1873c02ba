"""Converts between two forms of a manifest: each file's entry has its complete schema, or (version 2) they share it.

In version 2, `schemas` has the columns by export, and default values are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_LISTS: Final = ("files", "cuts")
_USUAL_TENANT: Final = "organization_id"


def share_schemas(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Move the columns of the files' entries to `schemas`; a file with other columns than the first keeps its own.

    The default values, nullable columns and the tenant `organization_id`, are left out.
    """
    schemas: dict[str, Any] = {}
    written: dict[str, Any] = {}
    listed = {
        name: [_sharing(file, schemas, written) for file in manifest[name]] for name in _LISTS if name in manifest
    }
    return {**manifest, **listed, "schemas": schemas}


def _sharing(file: Mapping[str, Any], schemas: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """Return a file's entry without a schema that is shared; `written` has that of the first file of each export."""
    own = without({name: value for name, value in file.items() if name != "schema"}, tenant=_USUAL_TENANT)
    first = written.setdefault(file["export"], file["schema"])
    if first is file["schema"] and file["export"] in schemas:  # files of one contract share the list: no comparison
        return own
    columns = [_in_short(column) for column in file["schema"]]
    is_shared = schemas.setdefault(file["export"], columns) == columns
    return own if is_shared else {**own, "schema": columns}


def without(described: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """Return a mapping without the values that are default (`usual`)."""
    return {name: value for name, value in described.items() if usual.get(name) != value or name not in usual}


def with_own_schemas(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest in which each file's entry has its complete schema; without `schemas` it has them already.

    AttributeError, KeyError, TypeError or ValueError if the manifest has another form.
    """
    if "schemas" not in manifest:
        return dict(manifest)
    schemas = {export: _in_full(columns) for export, columns in manifest["schemas"].items()}
    listed = {name: [_with_own(file, schemas) for file in manifest[name]] for name in _LISTS if name in manifest}
    return {**{name: value for name, value in manifest.items() if name != "schemas"}, **listed}


def _with_own(file: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    own = _in_full(file["schema"]) if "schema" in file else schemas[file["export"]]
    return {"tenant": _USUAL_TENANT, **file, "schema": own}


def _in_short(column: Mapping[str, Any]) -> list[Any]:
    """Write a column as name, type and, if needed, the rest: `["id", "bigint", {"nullable": false}]`."""
    more = without({name: value for name, value in column.items() if name not in ("name", "type")}, nullable=True)
    return [column["name"], column["type"], *([more] if more else [])]


def _in_full(columns: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [{"name": name, "type": kind, "nullable": True, **dict(*more)} for name, kind, *more in columns]
