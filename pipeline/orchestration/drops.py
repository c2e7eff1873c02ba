"""The drops as assets: staged, audited, published, in one step, so that nothing comes between check and publication."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import dagster as dg

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ExportContract, contracts_from_manifest
from pipeline.contracts.cuts import SHIPPED_CUTS, read_cuts
from pipeline.dbt.build_record import Build
from pipeline.drops.destination import open_destination
from pipeline.engines import open_engine
from pipeline.ingest.landing.record import landed_tables
from pipeline.orchestration.models import asset_key
from pipeline.orchestration.release import Release
from pipeline.orchestration.resources import RunContext

STAGED = dg.AssetKey(["drops", "staged"])
AUDITED = dg.AssetKey(["drops", "audited"])
PUBLISHED = dg.AssetKey(["drops", "published"])


@contextmanager
def open_release(run: RunContext, run_id: str, contracts: Sequence[ExportContract]) -> Iterator[Release]:
    """Open the way from the marts that stand to the drops.

    WarehouseError where there are none, or they are older than the sources, or somebody else has changed them.
    """
    landed = landed_tables(run.workspace)
    with closing(open_engine(run.settings)) as engine:
        build = Build.standing(engine, run.workspace.built)
        if build is None:
            raise WarehouseError(
                "the models have not been built yet, or somebody else has changed them since",
                remedy="materialise all of the models first; to use dbt by hand, work on a copy of the database",
            )
        build.require_current({table.table.qualified_name: table.fingerprint for table in landed})
        yield Release(
            run=replace(run, plan=build.plan),  # the marts' own, where an earlier run has built them
            run_id=run_id,
            engine=engine,
            contracts=contracts,
            landed=landed,
            build=build,
            destination=open_destination(run.settings, run.workspace),
            cuts=read_cuts(run.settings.cuts_file or SHIPPED_CUTS, contracts) if run.settings.cuts else (),
        )


def build_drop_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Make the step that turns the marts into published drops."""
    contracts = contracts_from_manifest(manifest)
    exported = {contract.name for contract in contracts}
    marts = [asset_key(node) for node in manifest["nodes"].values() if node["name"] in exported]

    @dg.multi_asset(
        name="drops",
        specs=[
            dg.AssetSpec(STAGED, deps=marts, group_name="drops", kinds={"parquet", "csv"}),
            dg.AssetSpec(AUDITED, deps=[STAGED], group_name="drops", kinds={"great_expectations"}),
            dg.AssetSpec(PUBLISHED, deps=[AUDITED], group_name="drops", kinds={"parquet", "csv"}),
        ],
    )
    def drops(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        """Stage, audit and publish a drop for each organization."""
        with open_release(run, context.run.run_id, contracts) as release:
            publication = release.publish()
        facts = [
            {
                "organization_id": drop.organization_id,
                "location": drop.location,
                "is_new": drop.is_new,
                "rows": {file["export"]: file["rows"] for file in drop.manifest["files"]},
            }
            for drop in publication.drops
        ]
        held_back = [
            {
                "organization_id": one,
                "what": problem.what,
                "details": list(problem.details),
                "remedy": problem.remedy,
            }
            for one, problem in publication.held_back.items()
        ]
        for key in (STAGED, AUDITED, PUBLISHED):
            yield dg.MaterializeResult(asset_key=key, metadata={"drops": facts, "held_back": held_back})

    return drops
