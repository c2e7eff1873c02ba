"""Weekly drops of organization 1, made up row by row and published to a folder, and their timeline marts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.instants import instant_text, run_name
from pipeline.drops.account_changes import OUTCOMES, account_changes
from pipeline.guards.drop_figures import DropFiles
from pipeline.storage.place import open_place
from pipeline.timeline.marts import timeline_marts
from pipeline.timeline.timeline import Timeline
from tests.drops.weeks import CONTRACTS, core, crm, whole_row

EXPORTS = ("account_core", "account_keys", "account_revenue_by_year", "accounts", "at_risk_accounts")

Listed = tuple[str, str, str]
"""The estimate, its contract's end and its value: `("e1", "2025-03-01", "100.00")`."""


def instant(day: int) -> datetime:
    """Return a day of January 2025."""
    return datetime(2025, 1, day, tzinfo=UTC)


@dataclass
class Past:
    """The exports and the timeline of one warehouse; `latest` is the drop of the last publication."""

    folder: Path
    latest: str | None = None

    def publish(
        self,
        day: int,
        listed: Mapping[int, Listed],
        *,
        outcomes: Mapping[str, str] | None = None,
        accounts: tuple[int, ...] = (1, 2),
        columns: Mapping[str, Any] | None = None,
        against: str | None = "latest",
        mark: str = "a",
        late: bool = False,
    ) -> str:
        """Publish the drop of a day as a run does, compared with `latest`; return its name.

        A `late` one does not become `latest`, and is compared with `against`.
        """
        before = self.latest if against == "latest" else against
        name = f"{run_name(instant(day))}-{mark * 8}"
        drop = self.folder / "exports" / "1" / name
        rows = {
            "account_core": [core(one, account_name=f"Account {one}", **(columns or {})) for one in accounts],
            "account_keys": [
                {"account_id": one, "organization_id": 1, "crm_account_id": f"c{one}"} for one in accounts
            ],
            "accounts": [crm(one) for one in accounts],
            "at_risk_accounts": [_listed(one, *risk) for one, risk in listed.items()],
        }
        files = self._write(drop, instant(day), rows)
        manifest: dict[str, Any] = {
            "organization_id": 1,
            "as_of": instant_text(instant(day)),
            "content_hash": mark * 64,
            "settings": {"selected_year": 2025},
            "guards": [{"guard": "rows", "level": "warn"}],
            "files": [
                {"name": f"{export}.parquet", "export": export, "rows": pq.read_metadata(path).num_rows}
                for export, path in files.parquet.items()
            ],
        }
        if before is not None:
            changes = drop / "changes" / "account_changes.parquet"
            changes.parent.mkdir()
            known = [{"estimate_id": key, "outcome": value} for key, value in (outcomes or {}).items()]
            table = account_changes(1, files, self._files(before), pa.Table.from_pylist(known, OUTCOMES))
            pq.write_table(table, changes)
            manifest["changes"] = {"against": before, "files": [{"name": "changes/account_changes.parquet"}]}
        (drop / "manifest.json").write_text(json.dumps(manifest))
        Timeline(self.folder / "timeline").fill(open_place(str(self.folder / "exports")), 1)
        if not late:
            self.latest = name
        return name

    def rows(self, mart: str, *columns: str) -> list[tuple[Any, ...]]:
        """Return columns of a mart's rows, in its order; instants as their days of January."""
        found = timeline_marts(Timeline(self.folder / "timeline"), {1: self.latest}).rows[mart]
        return [tuple(_plain(row[name]) for name in columns) for row in found.to_pylist()]

    def accounts(self) -> list[dict[str, Any]]:
        """Return the rows of account_history."""
        files = timeline_marts(Timeline(self.folder / "timeline"), {1: self.latest}).accounts
        return [row for path in files.values() for row in pq.read_table(path).to_pylist()]

    def _write(self, drop: Path, as_of: datetime, rows: Mapping[str, list[dict[str, Any]]]) -> DropFiles:
        drop.mkdir(parents=True)
        for export in EXPORTS:
            contract = replace(CONTRACTS[export], columns=CONTRACTS[export].exported_columns)
            whole = [whole_row(contract, row, as_of) for row in rows.get(export, ())]
            pq.write_table(pa.Table.from_pylist(whole, contract.arrow_schema), drop / f"{export}.parquet")
        return self._files(drop.name)

    def _files(self, name: str) -> DropFiles:
        drop = self.folder / "exports" / "1" / name
        as_of = datetime.fromisoformat(name.partition("-")[0])
        return DropFiles({export: drop / f"{export}.parquet" for export in EXPORTS}, as_of, 2025)


def _listed(account: int, estimate: str, end: str, value: str) -> dict[str, Any]:
    return {
        "account_id": f"c{account}",
        "account_name": f"Account {account}",
        "expiring_estimate_id": estimate,
        "renewal_date": date.fromisoformat(end),
        "estimate_value": Decimal(value),
        "revenue_segment": "C",
    }


def _plain(value: Any) -> Any:
    return value.day if isinstance(value, datetime) else value
