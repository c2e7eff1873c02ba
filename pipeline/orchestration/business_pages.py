"""The business page of each drop of a run: gathers its data, and writes it into the staged folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.instants import named_instant
from pipeline.common.row_runs import places_by_value
from pipeline.contracts.contract import ExportContract
from pipeline.drops.catalog import organization_place, published_drops
from pipeline.drops.find_drop import OpenDrop
from pipeline.drops.stage import CHECKSUMS, StagedDrop
from pipeline.drops.write_changes import ACCOUNT_CHANGES, CHANGES
from pipeline.engines import TENANT
from pipeline.explain.rule_texts import rule_text
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.drop_findings import staged_files
from pipeline.report.business.accounts import RULED_COLUMNS
from pipeline.report.business.page import PAGE, render_business_pages
from pipeline.report.business.sources import MARTS, BusinessSources, EarlierDrop, Rule
from pipeline.report.facts import Plot
from pipeline.run_plan import RunPlan
from pipeline.storage.place import Place

_CORE: Final = "account_core"
_EARLIER: Final = 11
"""The number of earlier retained drops that a trend covers."""


def write_business_pages(
    built: BuiltRun,
    place: Place,
    drops: Sequence[StagedDrop],
    baselines: Mapping[int, OpenDrop],
    plots: Mapping[int, Sequence[Plot]],
) -> dict[int, dict[str, Any]]:
    """Write the page of each drop that contains account_core; return the manifests' descriptions of them."""
    plan, written = built.run.plan, {}
    with_core = [drop for drop in drops if staged_files(drop, plan).parquet.keys() >= {_CORE, "account_keys"}]
    marts = (
        {name: _by_organization(built.engine.read(name, list(columns))) for name, columns in MARTS.items()}
        if with_core
        else {}
    )
    rules = _rules(built.contracts)
    sources = []
    for drop in with_core:
        one = drop.organization_id
        files = dict(staged_files(drop, plan).parquet)
        counts = {file.export: file.rows for file in drop.files}
        changes = drop.folder / CHANGES / f"{ACCOUNT_CHANGES}.parquet"
        if changes.exists():
            files[ACCOUNT_CHANGES] = changes
            counts[ACCOUNT_CHANGES] = pq.read_metadata(changes).num_rows
        own = {name: rows.get(one, rows[None]) for name, rows in marts.items()}
        earlier = list(_earlier(place, one, plan, baselines.get(one)))
        sources.append(BusinessSources(one, files, counts, plots[one], own, earlier, rules))
    for drop, content in zip(with_core, render_business_pages(sources, plan), strict=True):
        (drop.folder / PAGE).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        with (drop.folder / CHECKSUMS).open("a") as checksums:
            checksums.write(f"{digest}  {PAGE}\n")
        written[drop.organization_id] = {"name": PAGE, "bytes": len(content), "sha256": digest}
    return written


def _rules(contracts: Sequence[ExportContract]) -> dict[str, list[Rule]]:
    """Return the rules of the columns that the page shows for an account, in the words of explain."""
    shown = [contract.column(name) for contract in contracts if contract.name == _CORE for name in RULED_COLUMNS]
    return {column.name: [Rule(one, rule_text(one).text) for one in column.rules] for column in shown}


def _by_organization(rows: pa.Table) -> dict[int | None, pa.Table]:
    """Split a mart into the rows of each organization; rows without one are dropped."""
    ordered = rows.take(pc.sort_indices(rows[TENANT]))
    places = places_by_value(ordered[TENANT])
    return {None: rows.slice(0, 0), **{one: ordered.slice(first, end - first) for one, (first, end) in places.items()}}


def _earlier(place: Place, organization_id: int, plan: RunPlan, before: OpenDrop | None) -> Iterator[EarlierDrop]:
    """Return the retained drops on this machine; of those on a server, only the one that was fetched anyway."""
    if not place.is_local:
        if before is not None and _CORE in before.files.parquet:
            yield EarlierDrop(before.files.as_of, before.files.parquet[_CORE])
        return
    folder = Path(organization_place(place, organization_id).root)
    latest: dict[Any, Path] = {}
    for entry in published_drops(organization_place(place, organization_id)):
        as_of, core = named_instant(entry.name), folder / entry.name / f"{_CORE}.parquet"
        if as_of < plan.as_of and core.exists():
            latest[as_of] = core  # one drop per instant
    for as_of in sorted(latest)[-_EARLIER:]:
        yield EarlierDrop(as_of, latest[as_of])
