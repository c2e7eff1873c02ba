"""Compares contracts: what readers of the exports could rely on, and whether it still holds.

A change is *breaking* if something that a reader could rely on stops being true (a column gone, a wider type, a null
where there was none), *additive* if everything still holds and something is new (a column at the end, a narrower type),
and *none* if only descriptions and sources differ. A breaking change needs a new major version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.contract_states import contracts_of_state

Verdict = Literal["none", "additive", "breaking"]

_RANK: Final[dict[Verdict, int]] = {"none": 0, "additive": 1, "breaking": 2}


@dataclass(frozen=True)
class Change:
    """One change of an export or of one of its columns, in words."""

    export: str
    column: str | None
    verdict: Verdict
    says: str

    def __str__(self) -> str:
        what = f"{self.export}.{self.column}" if self.column else self.export
        return f"{self.verdict:<8}  {what}: {self.says}"


@dataclass(frozen=True)
class ContractDiff:
    """The differences between two states of the contracts, by export and column."""

    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """The most severe verdict of all changes."""
        return max((change.verdict for change in self.changes), key=lambda verdict: _RANK[verdict], default="none")

    def of(self, export: str) -> ContractDiff:
        """Return the changes of one export."""
        return ContractDiff(tuple(change for change in self.changes if change.export == export))

    def __str__(self) -> str:
        return "\n".join([*(str(change) for change in self.changes), f"All in all: {self.verdict}."])


def diff_contracts(old: Sequence[ExportContract], new: Sequence[ExportContract]) -> ContractDiff:
    """Compare two states of the contracts by the exported columns; exports are matched by name."""
    before = {contract.name: contract for contract in old}
    after = {contract.name: contract for contract in new}
    changes: list[Change] = []
    for name in sorted({*before, *after}):
        if name not in after:
            changes.append(Change(name, None, "breaking", "the export is gone"))
        elif name not in before:
            changes.append(Change(name, None, "additive", f"a new export, version {after[name].version}"))
        else:
            changes += _changes_of_export(before[name], after[name])
    return ContractDiff(tuple(changes))


def _changes_of_export(old: ExportContract, new: ExportContract) -> Iterator[Change]:
    if old.primary_key != new.primary_key:
        says = f"the primary key was {', '.join(old.primary_key)} and is {', '.join(new.primary_key)}"
        yield Change(new.name, None, "breaking", says)
    if old.tenant and old.tenant != new.tenant:
        yield Change(new.name, None, "breaking", f"it was split by {old.tenant} and is split by {new.tenant}")
    before = {column.name: column for column in old.exported_columns}
    after = {column.name: column for column in new.exported_columns}
    for name in before:
        if name not in after:
            yield Change(new.name, name, "breaking", "the column is gone")
    yield from _placed(new.name, list(before), list(after))
    for name, column in after.items():
        if name in before:
            for verdict, says in _changes_of_column(before[name], column):
                yield Change(new.name, name, verdict, says)
    if old.version != new.version:
        yield Change(new.name, None, "none", f"version {old.version} becomes {new.version}")


def _placed(export: str, before: list[str], after: list[str]) -> Iterator[Change]:
    """Yield the changes of columns that are new or have moved, because readers of a CSV may rely on positions."""
    kept_before = [name for name in before if name in after]
    kept_after = [name for name in after if name in before]
    last_kept = max((after.index(name) for name in kept_after), default=-1)
    for position, name in enumerate(after):
        if name not in before and position > last_kept:
            yield Change(export, name, "additive", f"a new column at the end, position {position + 1}")
        elif name not in before:
            yield Change(export, name, "breaking", f"a new column at position {position + 1}, before old ones")
    for name in kept_after:
        if kept_before.index(name) != kept_after.index(name):
            says = f"moved among the old columns, from position {before.index(name) + 1} to {after.index(name) + 1}"
            yield Change(export, name, "breaking", says)


def _changes_of_column(old: ContractColumn, new: ContractColumn) -> Iterator[tuple[Verdict, str]]:
    if old.data_type != new.data_type:
        verdict: Verdict = "additive" if _fits(new, old) else "breaking"
        yield verdict, f"{old.data_type} becomes {new.data_type}"
    if old.nullable != new.nullable:
        yield ("breaking", "may be null now") if new.nullable else ("additive", "is never null any more")
    if old.allowed != new.allowed:
        yield _allowed(old.allowed, new.allowed)
    if old.range != new.range:
        yield _range(old, new)
    if old.is_json != new.is_json:
        yield ("additive", "is JSON now") if new.is_json else ("breaking", "is not JSON any more")


def _fits(new: ContractColumn, old: ContractColumn) -> bool:
    """Return whether every value of the new type is also one of the old type, with the same text."""
    if old.data_type == "text" and new.max_length is not None:
        return True
    if old.max_length is not None and new.max_length is not None:
        return new.max_length <= old.max_length
    if old.precision is not None and new.precision is not None:
        return new.scale == old.scale and new.precision <= old.precision
    return (old.data_type, new.data_type) == ("bigint", "integer")


def _allowed(old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> tuple[Verdict, str]:
    if new is None:
        return "breaking", "may have any value now"
    if old is None:
        return "additive", f"is one of {', '.join(new)} now"
    gained = [value for value in new if value not in old]
    lost = [value for value in old if value not in new]
    if gained:
        return "breaking", f"may have the new values {', '.join(gained)}"
    return ("additive", f"never has {', '.join(lost)} any more") if lost else ("none", "its values are listed now")


def _range(old: ContractColumn, new: ContractColumn) -> tuple[Verdict, str]:
    (old_low, old_high), (new_low, new_high) = old.range or (None, None), new.range or (None, None)
    within_low = old_low is None or (new_low is not None and new_low >= old_low)
    within_high = old_high is None or (new_high is not None and new_high <= old_high)
    says = f"the range {_ends(old_low, old_high)} becomes {_ends(new_low, new_high)}"
    return ("additive" if within_low and within_high else "breaking"), says


def _ends(low: object, high: object) -> str:
    return f"[{'-' if low is None else low}, {'-' if high is None else high}]"


def check_versions(previous: Sequence[ExportContract], current: Sequence[ExportContract]) -> list[str]:
    """Compare the contracts of a run with those of the drop that `latest` names.

    Raises WarehouseError if a change is breaking and the export has no new major version. Returns a line for each
    export that has an additive change under its old version.
    """
    diff = diff_contracts(previous, current)
    old = {contract.name: contract for contract in previous}
    new = {contract.name: contract for contract in current}
    refused: list[str] = []
    noted: list[str] = []
    for name in sorted(old):
        changes = diff.of(name)
        if changes.verdict == "breaking" and (name not in new or _major(new[name]) <= _major(old[name])):
            needed = f"{_major(old[name]) + 1}.0.0" if name in new else "none: an export cannot be removed here"
            refused.append(f"{name} {old[name].version}, new major version {needed}")
            refused += [f"  {change}" for change in changes.changes if change.verdict == "breaking"]
        elif changes.verdict == "additive" and new[name].version == old[name].version:
            says = "; ".join(f"{change.column or name}: {change.says}" for change in changes.changes)
            noted.append(f"{name} {old[name].version} has grown under its old version ({says})")
    if refused:
        raise WarehouseError(
            "the run would break the contract of the last published drop; nothing was published.",
            details=refused,
            remedy="undo the change, or tell the readers and give the export a new major version in its model's YAML "
            "(config.meta.version); to remove an export, publish into a new exports folder",
        )
    return noted


def _major(contract: ExportContract) -> int:
    return int(contract.version.split(".")[0])


def compare(old: str, new: str, project: Path) -> ContractDiff:
    """Compare the two arguments of `warehouse contract diff`.

    Each is a drop (its folder or manifest), a file (YAML of models, dbt's manifest, an Open Data Contract Standard
    file), a folder of models, or a git ref of the project. If one is a file of some exports only, the others are
    ignored. WarehouseError if two such files have no export in common.
    """
    (before, before_is_whole), (after, after_is_whole) = (
        contracts_of_state(old, project),
        contracts_of_state(new, project),
    )
    if not before_is_whole:
        after = _only(after, before)
    if not after_is_whole:
        before = _only(before, after)
    if not before and not after:
        raise WarehouseError(
            "they have no export in common",
            where=f"{old} and {new}",
            remedy="give two states of the same exports, or a drop or a git ref on one side",
        )
    return diff_contracts(before, after)


def _only(contracts: Sequence[ExportContract], of: Sequence[ExportContract]) -> tuple[ExportContract, ...]:
    names = {contract.name for contract in of}
    return tuple(contract for contract in contracts if contract.name in names)
