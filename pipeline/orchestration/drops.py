"""The drops as assets, staged, audited and published in one step, so that nothing changes them after the audit."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import SHIPPED_CUTS, Cut, read_cuts
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.build_record import Build
from pipeline.drops.destination import open_destination
from pipeline.drops.personal_data import PersonalData
from pipeline.engines import open_engine
from pipeline.ingest.landing.record import landed_tables
from pipeline.orchestration.audited_drops import AuditedDrops
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.dbt_project import asset_key
from pipeline.orchestration.release import Publication, Release
from pipeline.orchestration.resources import RunContext
from pipeline.orchestration.stopped import stopped_in_words
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.orchestration.asset_catalog import AssetCatalog

STAGED = dg.AssetKey(["drops", "staged"])
AUDITED = dg.AssetKey(["drops", "audited"])
PUBLISHED = dg.AssetKey(["drops", "published"])


@contextmanager
def open_release(run: RunContext, run_id: str, contracts: Sequence[ExportContract]) -> Iterator[Release]:
    """Prepare the publication of the current marts.

    WarehouseError if there are none, or they are older than the sources, or someone else has changed them.
    """
    landed = landed_tables(run.workspace)
    with closing(open_engine(run.settings)) as engine:
        build = Build.last(engine, run.workspace.built)
        if build is None:
            raise WarehouseError(
                "the models have not been built yet, or someone else has changed them since",
                remedy="materialise all of the models first; to use dbt by hand, work on a copy of the database",
            )
        build.require_current({table.table.qualified_name: table.fingerprint for table in landed})
        built = BuiltRun(
            run=replace(run, plan=build.plan),  # the plan by which the marts were built, perhaps in an earlier run
            run_id=run_id,
            engine=engine,
            contracts=contracts,
            landed=landed,
            build=build,
            destination=open_destination(run.settings, run.workspace),
            cuts=_cuts(run.settings, contracts),
            personal_data=PersonalData.of(run.settings, contracts),
        )
        yield Release(built)


def _cuts(settings: Settings, contracts: Sequence[ExportContract]) -> Sequence[Cut]:
    return read_cuts(settings.cuts_file or SHIPPED_CUTS, contracts) if settings.cuts else ()


def build_drop_assets(manifest: Mapping[str, Any], catalog: "AssetCatalog | None" = None) -> dg.AssetsDefinition:
    """Make the step that turns the marts into published drops.

    With `catalog` (for the page), the staged files of each export are assets as well, with the audit's checks and the
    guards as their checks.
    """
    contracts = contracts_from_manifest(manifest)
    exported = {contract.name for contract in contracts}
    marts = [asset_key(node) for node in manifest["nodes"].values() if node["name"] in exported]
    steps = [
        dg.AssetSpec(STAGED, deps=marts, group_name="drops", kinds={"parquet", "csv"}),
        dg.AssetSpec(AUDITED, deps=[STAGED], group_name="drops", kinds={"great_expectations"}),
        dg.AssetSpec(PUBLISHED, deps=[AUDITED], group_name="drops", kinds={"parquet", "csv"}),
    ]
    specs, shown = steps, None
    if catalog is not None:
        from pipeline.orchestration.drop_facts import DropFacts

        cuts = _cuts(catalog.settings, contracts)
        specs = [*catalog.exports(cuts), *map(catalog.drop, steps)]
        shown = DropFacts(contracts, cuts, manifest)

    @dg.multi_asset(name="drops", specs=specs, check_specs=shown.check_specs() if shown else None)
    def drops(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Stage, audit and publish a drop for each organization."""
        audits: list[AuditedDrops] = []
        exports: list[dg.MaterializeResult[Any]] = []
        started = time.monotonic()

        def on_audited(audited: AuditedDrops) -> None:
            audits.append(audited)
            exports.extend(shown.exports(audited, time.monotonic() - started) if shown else ())

        try:
            with (
                stopped_in_words(run, for_page=catalog is not None),
                open_release(run, context.run.run_id, contracts) as release,
            ):
                publication = replace(release, on_audited=on_audited).publish()
        except Exception:
            yield from exports
            if shown and audits:
                yield from shown.checks(audits[0])
            raise
        yield from exports
        if shown:
            yield from shown.checks(audits[0])
        held_back = _held_back(publication)
        metadata = _metadata(publication) | (dict(shown.links(publication, run.settings)) if shown else {})
        for key in (STAGED, AUDITED, PUBLISHED):
            seconds = round(time.monotonic() - started, 3)
            yield dg.MaterializeResult(asset_key=key, metadata={**metadata, "seconds": seconds})
        if shown and held_back:
            with stopped_in_words(run):
                raise fault_of_held_back(held_back)

    return drops


def _metadata(publication: Publication) -> dict[str, Any]:
    rows = [{file["export"]: file["rows"] for file in drop.manifest["files"]} for drop in publication.drops]
    drops = [
        {"organization_id": drop.organization_id, "location": drop.location, "is_new": drop.is_new, "rows": by_export}
        for drop, by_export in zip(publication.drops, rows, strict=True)
    ]
    count = sum(sum(by_export.values()) for by_export in rows)
    return {"drops": drops, "held_back": _held_back(publication), "dagster/row_count": count}


def _held_back(publication: Publication) -> list[dict[str, Any]]:
    return [
        {"organization_id": one, "what": problem.what, "details": list(problem.details), "remedy": problem.remedy}
        for one, problem in publication.held_back.items()
    ]


def fault_of_held_back(held_back: Sequence[Mapping[str, Any]]) -> WarehouseError:
    """Return the error of a run on the page that held organizations back, where the command would exit with code 3."""
    lines = [f"organization {one['organization_id']} was held back: {one['what']}" for one in held_back]
    return WarehouseError("\n".join(lines), remedy=f"{held_back[0]['remedy']}; the other organizations are published")
