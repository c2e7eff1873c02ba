"""Decides what a drop contains in columns that name or describe a person: their values, pseudonyms, or nothing.

Rows pass through this module between the mart and the drop's files. So do the rows of the previous drop before a
comparison, so that a change of the setting does not look like changed rows.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.settings import Settings, Treatment
from pipeline.state.secret_key import pseudonym_key

_DEFAULT: Final = "default"
_PSEUDONYM_BYTES: Final = 12
_JSON_TEXT: Final = r'"(?:[^"\\]|\\.)*"'
"""A JSON text with its quotes, such as `"Ann \\"the\\" Lee"`."""


@dataclass(frozen=True)
class PersonalData:
    """The treatment of each export whose personal columns are withheld, and the key of the pseudonyms."""

    treatments: Mapping[str, Treatment]
    key: bytes = field(default=b"", repr=False)
    with_pseudonyms: frozenset[str] = frozenset()
    """Exports whose rows are already treated, so that their keys are pseudonyms."""

    @classmethod
    def of(cls, settings: Settings, contracts: Sequence[ExportContract]) -> PersonalData:
        """Read the settings for these exports; WarehouseError if they name one that does not exist."""
        chosen = (
            settings.personal_data if isinstance(settings.personal_data, dict) else {_DEFAULT: settings.personal_data}
        )
        known = {contract.name for contract in contracts}
        if unknown := sorted(chosen.keys() - known - {_DEFAULT}):
            raise WarehouseError(
                f"there is no export {', '.join(unknown)}",
                where="personal_data",
                remedy=f"name exports ({', '.join(sorted(known))}), or {_DEFAULT} for all others",
            )
        treatments = {
            contract.name: chosen.get(contract.name, chosen.get(_DEFAULT, "keep"))
            for contract in contracts
            if contract.personal_columns
        }
        return cls._with_key({name: how for name, how in treatments.items() if how != "keep"}, settings)

    @classmethod
    def of_drop(cls, manifest: Mapping[str, Any], settings: Settings) -> PersonalData:
        """Read the treatment from a published drop's manifest; WarehouseError if its pseudonyms have another key."""
        found = cls._with_key(treatments_of(manifest), settings)
        if found.treatments and manifest.get("pseudonyms") != found.key_id:
            raise WarehouseError(
                "the drop's pseudonyms were made with another key",
                where="pseudonym_key",
                remedy="name the file of the key that was used",
            )
        return found

    @classmethod
    def _with_key(cls, treatments: Mapping[str, Treatment], settings: Settings) -> PersonalData:
        return cls(treatments, pseudonym_key(settings.pseudonym_key, settings.state) if treatments else b"")

    def only(self, exports: Collection[str]) -> PersonalData:
        """Return the treatment of these exports only."""
        return replace(self, treatments={name: how for name, how in self.treatments.items() if name in exports})

    @property
    def key_id(self) -> str:
        """An identifier of the pseudonym key that does not reveal it."""
        return hmac.digest(self.key, b"key", "sha256").hex()[:16]

    def describe(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Return a manifest's body with the treatment of each file; unchanged if everything is kept."""
        if not self.treatments:
            return dict(manifest)
        listed = {
            name: [self._described(file) for file in manifest[name]] for name in ("files", "cuts") if name in manifest
        }
        return {**manifest, **listed, "pseudonyms": self.key_id}

    def _described(self, file: Mapping[str, Any]) -> dict[str, Any]:
        treatment = self.treatments.get(file.get("of", file["export"]))
        return {**file, "personal_data": treatment} if treatment else dict(file)

    def keeps(self, contract: ExportContract) -> bool:
        """Return whether drops contain the rows of an export unchanged."""
        return contract.name not in self.treatments

    def treated(self, rows: pa.Table, contract: ExportContract, organization_id: int, export: str = "") -> pa.Table:
        """Return an organization's rows as a drop may contain them, sorted by primary key.

        `export` names the export whose treatment applies if the contract is that of a cut.
        """
        treatment = self.treatments.get(export or contract.name)
        if treatment is None:
            return rows
        for column in contract.personal_columns:
            is_done = contract.name in self.with_pseudonyms and column.name in contract.personal_keys
            if column.name in rows.column_names and not is_done:
                values = self._treated_values(rows, column, contract, organization_id, treatment)
                place = rows.schema.get_field_index(column.name)
                rows = rows.set_column(place, rows.schema.field(place).with_type(values.type), values)
        if not contract.personal_keys.isdisjoint(rows.column_names):
            rows = rows.sort_by([(name, "ascending") for name in contract.primary_key])
        return rows

    def _treated_values(
        self,
        rows: pa.Table,
        column: ContractColumn,
        contract: ExportContract,
        organization_id: int,
        treatment: Treatment,
    ) -> pa.Array | pa.ChunkedArray:
        """Treat a column; a key gets pseudonyms even if other columns are dropped, because rows must stay distinct."""

        def pseudonym(value: str) -> str:
            return self.pseudonym(organization_id, value)

        values = rows[column.name].cast(pa.string())
        if treatment == "drop" and column.name not in contract.personal_keys:
            new = _replaced(values, _emptied_json(column)) if column.is_json else _emptied(values, column)
        else:
            new = _replaced(values, _pseudonymous_json(column, pseudonym) if column.is_json else pseudonym)
        other, meant = column.personal_where or ("", "")
        if other not in rows.column_names:
            return new
        return pc.if_else(pc.fill_null(pc.equal(rows[other], meant), False), new, values)

    def pseudonym(self, organization_id: int, value: str) -> str:
        """Return the pseudonym of a value in the drops of an organization, such as `p-k5x2…`: 22 characters."""
        digest = hmac.digest(self.key, f"value\0{organization_id}\0{value}".encode(), "sha256")
        return "p-" + base64.b32encode(digest[:_PSEUDONYM_BYTES]).decode().rstrip("=").lower()

    def compared_with(self, before: Mapping[str, Any]) -> tuple[PersonalData, frozenset[str]]:
        """Return how to treat the previous drop so that it can be compared with a drop treated like this.

        `before` is its manifest. The second value are exports whose personal columns can't be compared even then,
        because the previous drop withheld more of them or has pseudonyms of another key.
        """
        was = treatments_of(before)
        is_same_key = before.get("pseudonyms") in (None, self.key_id)
        names = {file["export"] for file in before["files"]}
        treat: dict[str, Treatment] = {}
        incomparable = set()
        for name in sorted(names):
            now, then = self.treatments.get(name, "keep"), was.get(name, "keep")
            if now == then and (now == "keep" or is_same_key):
                continue
            if then == "keep" or now == "drop":
                treat[name] = now
            if then != "keep":
                incomparable.add(name)
        return PersonalData(treat, self.key, frozenset(incomparable)), frozenset(incomparable)


KEPT: Final = PersonalData({})
"""Everything is kept unchanged."""


@contextmanager
def complete_rows_folders(personal_data: PersonalData, organizations: Iterable[int]) -> Iterator[dict[int, Path]]:
    """Yield a temporary folder for the complete rows of each organization; none if drops contain all values."""
    if not personal_data.treatments:
        yield {}
        return
    with TemporaryDirectory(prefix="whole-") as scratch:
        folders = {organization_id: Path(scratch) / str(organization_id) for organization_id in organizations}
        for folder in folders.values():
            folder.mkdir()
        yield folders


def treatments_of(manifest: Mapping[str, Any]) -> dict[str, Treatment]:
    """Return the treatment of each export of a drop that withholds personal columns."""
    return {file["export"]: file["personal_data"] for file in manifest["files"] if "personal_data" in file}


def treated_differently(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the exports whose personal columns two drops, by their manifests, treat differently."""
    is_same_key = one.get("pseudonyms") == other.get("pseudonyms")
    ours, theirs = treatments_of(one), treatments_of(other)
    names = ours.keys() | theirs.keys()
    return {name for name in names if ours.get(name) != theirs.get(name) or not is_same_key}


def _replaced(values: pa.ChunkedArray, replace: Callable[[str], str]) -> pa.Array:
    """Replace each text that is not empty; repeated texts are replaced once."""
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = [replace(value) if value else value for value in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def _emptied(values: pa.ChunkedArray, column: ContractColumn) -> pa.Array:
    """Empty a column: null, or an empty text where the contract allows no null."""
    return pa.nulls(len(values), pa.string()) if column.nullable else pa.array([""] * len(values), pa.string())


def _emptied_json(column: ContractColumn) -> Callable[[str], str]:
    """Return a function that empties the personal members of JSON objects, or a list of names."""
    if column.personal_members:
        return lambda text: _member(column).sub(r"\1null", text)
    return lambda _: "[]"


def _pseudonymous_json(column: ContractColumn, pseudonym: Callable[[str], str]) -> Callable[[str], str]:
    """Return a function that replaces the personal members of JSON objects, or every text of a list, by pseudonyms."""

    def named(quoted: str) -> str:
        value = json.loads(quoted)
        return json.dumps(pseudonym(value)) if value else quoted

    if column.personal_members:
        return lambda text: _member(column).sub(lambda found: found[1] + named(found[2]), text)
    return lambda text: re.sub(_JSON_TEXT, lambda found: named(found[0]), text)


def _member(column: ContractColumn) -> re.Pattern[str]:
    """Return a pattern for a personal member of compact JSON with its text, such as `"address":"1 Elm"`."""
    return re.compile(rf'("(?:{"|".join(map(re.escape, column.personal_members))})":)({_JSON_TEXT})')
