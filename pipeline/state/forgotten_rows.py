"""Removes forgotten people from rows of landed source tables, marts and drops.

Rows stay, so that figures do not change: an id is replaced by another, the person's own columns become null, and their
name or address becomes a label in other texts. Names of accounts stay, even if they look like a person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.state.forgotten import Forgotten, OrganizationForgotten, Role

_ID_COLUMNS: Final[Mapping[str, Role]] = {
    "stakeholder_id": "stakeholder",
    "requester_id": "stakeholder",
    "user_id": "user",
    "assignee_id": "user",
    "author_id": "user",
    "owner_id": "user",
    "team_member_id": "user",
}
_IDS_OF_TABLES: Final[Mapping[tuple[str, str], Role]] = {
    ("stakeholder", "id"): "stakeholder",
    ("users", "id"): "user",
    ("customer", "owner"): "user",
}
_OWN_COLUMNS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "stakeholder": ("id", ("email", "name", "crm_id")),
    "stakeholder_fact": ("stakeholder_id", ("stakeholder_email", "stakeholder_name", "stakeholder_crm_id")),
    "users": ("id", ("email", "first_name", "last_name", "crm_id")),
    "team_dimension": (
        "team_member_id",
        (
            "team_member_email",
            "team_member_name",
            "team_member_first_name",
            "team_member_last_name",
            "team_member_crm_id",
        ),
    ),
    "account_owner_team": ("owner_id", ("owner_first_name", "owner_last_name", "owner_email", "owner_crm_id")),
}
"""By table with one row per person or account owner: the column with the person's id, and the columns to empty."""
_PHONES: Final = ("phone_1", "phone_2")
_OF_PERSONS: Final[Mapping[str, tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]]] = {
    "contacts": ((("email_1",), ("first_name", "last_name")), ("first_name", "last_name", "email_1", *_PHONES)),
    "contacts_export": (
        (("email_1",), ("email_2",), ("first_name", "last_name")),
        ("first_name", "last_name", "email_1", "email_2", *_PHONES),
    ),
    "leads_list": (
        (("email_1",), ("email_2",), ("first_name", "last_name")),
        ("first_name", "last_name", "email_1", "email_2", *_PHONES),
    ),
    "estimates_list": ((("email",), ("contact_name",)), ("contact_name", "email", *_PHONES)),
}
"""By table without ids of people: the columns that identify a person, and those to empty."""
_ACCOUNT_NAMES: Final = {
    ("customer", "name"),
    ("accounts", "name"),
    ("contacts_export", "name"),
    ("notification_cache", "cache_data"),
}
_LABELLED: Final = ("salesperson", "estimator", "scope_key")
"""Columns by which rows are counted, in which each forgotten person gets a label instead of null."""
_TENANT: Final = "organization_id"


def forget_rows(register: Forgotten, table: str, rows: pa.Table, organization_id: int | None = None) -> pa.Table:
    """Return rows without the forgotten people; the same table if it names none of them.

    `table` is the name of the source table, mart or export, such as `stakeholder`; `organization_id` is the
    organization of rows without such a column, by default the CRM's.
    """
    if not register or not rows.num_rows:
        return rows
    if _TENANT not in rows.column_names:
        own = register.of(register.crm_organization_id if organization_id is None else organization_id)
        return _forget(own, table, rows) if own else rows
    for one in pc.unique(rows[_TENANT]).to_pylist():
        if one is not None and (own := register.of(one)):
            changed = _forget(own, table, rows)
            if changed is not rows:
                rows = _only_of(one, changed, rows)
    return rows


def forget_batch(register: Forgotten, table: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch of a source table without the forgotten people."""
    if not register:
        return batch
    whole = decode_texts(pa.Table.from_batches([batch]))
    changed = forget_rows(register, table, whole)
    return batch if changed is whole else changed.combine_chunks().to_batches()[0]


def decode_texts(rows: pa.Table) -> pa.Table:
    """Return the rows with texts as such, not encoded by a dictionary."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field for field in rows.schema
    ]
    return rows.cast(pa.schema(fields, rows.schema.metadata))


def _only_of(organization_id: int, changed: pa.Table, rows: pa.Table) -> pa.Table:
    """Apply changes only to the rows of one organization, because ids may be shared."""
    is_own = pc.fill_null(pc.equal(rows[_TENANT], organization_id), False)
    for place, name in enumerate(rows.column_names):
        if changed[name] is not rows[name]:
            rows = rows.set_column(place, rows.schema.field(place), pc.if_else(is_own, changed[name], rows[name]))
    return rows


def _forget(own: OrganizationForgotten, table: str, rows: pa.Table) -> pa.Table:
    """Remove an organization's forgotten people from rows, as if all rows belonged to it."""
    changes = dict(_own_rows(own, table, rows))
    for name in rows.column_names:
        role = _IDS_OF_TABLES.get((table, name)) or _ID_COLUMNS.get(name)
        if role is not None and pa.types.is_integer(rows.schema.field(name).type):
            new = own.new_ids(role, pc.unique(rows[name]).to_pylist())
            if new:
                changes[name] = _replaced(rows[name], new)
        elif pa.types.is_string(rows.schema.field(name).type) and not _names_accounts(table, name):
            before = changes.get(name, rows[name])
            new_texts = dict(_new_texts(own, before, rows.schema.field(name)))
            if new_texts:
                changes[name] = _replaced(before, new_texts)
    for name, values in changes.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), values)
    return rows


def _own_rows(own: OrganizationForgotten, table: str, rows: pa.Table) -> Iterator[tuple[str, Any]]:
    """Yield the columns that identify people, emptied in the rows of forgotten people."""
    if table in _OWN_COLUMNS:
        key, columns = _OWN_COLUMNS[table]
        role = _IDS_OF_TABLES.get((table, key)) or _ID_COLUMNS[key]
        gone = own.new_ids(role, pc.unique(rows[key]).to_pylist()) if key in rows.column_names else {}
        is_theirs = pc.is_in(rows[key], pa.array(list(gone), rows.schema.field(key).type)) if gone else None
    elif table in _OF_PERSONS:
        known, columns = _OF_PERSONS[table]
        parts = [[rows[name].to_pylist() for name in names] for names in known if set(names) <= set(rows.column_names)]
        found = [
            any(own.is_person(*cells) for texts in parts for cells in [tuple(text[at] for text in texts)])
            for at in range(rows.num_rows)
        ]
        is_theirs = pa.chunked_array([pa.array(found)]) if any(found) else None
    else:
        return
    if is_theirs is None:
        return
    for name in (name for name in columns if name in rows.column_names):
        field = rows.schema.field(name)
        empty = pa.scalar(None if field.nullable else "[forgotten]", field.type)
        yield name, pc.if_else(pc.fill_null(is_theirs, False), empty, rows[name])


def _names_accounts(table: str, column: str) -> bool:
    return column == "account_name" or (table, column) in _ACCOUNT_NAMES


def _new_texts(own: OrganizationForgotten, values: Any, field: pa.Field) -> Iterator[tuple[str, str | None]]:
    """Yield each text that names a forgotten person with its replacement: null if it contains nothing else."""
    for text in pc.unique(values).to_pylist():
        if text is not None and (without := own.without(text)) != text:
            is_label = field.name in _LABELLED or not field.nullable
            yield text, None if not is_label and own.is_person(text) else without


def _replaced(values: Any, new: Mapping[Any, Any]) -> pa.ChunkedArray:
    """Replace the values that are keys of `new`."""
    kind = values.type
    place = pc.index_in(values, pa.array(list(new), kind))
    there = pa.array(list(new.values()), kind).take(
        place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place
    )
    result = pc.if_else(pc.is_valid(place), there, values)
    return result if isinstance(result, pa.ChunkedArray) else pa.chunked_array([result])
