"""dbt's results as Dagster's events: only what was built is materialised, failed tests are failed checks.

Storing an event takes Dagster some ten milliseconds, so they are sent one by one, while dbt is at work.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from pipeline.dbt.runner import NodeResult


class DbtEvents:
    """The events of one build.

    `assets` (parents first) and `checks` are by dbt's unique id; `parents` are the parents of every node in dbt.
    Dagster expects the event of a parent before those of its children. `with_kept` means that whatever this build skips
    is still valid: such a parent gets an event that states this, just before the first node that was built on it. With
    `only`, no other assets have events. `facts` is metadata of each asset's table, and of the rows of failed tests.
    """

    def __init__(
        self,
        assets: Mapping[str, dg.AssetSpec],
        checks: Mapping[str, dg.AssetCheckSpec],
        parents: Mapping[str, Sequence[str]],
        *,
        with_kept: bool,
        only: Collection[dg.AssetKey] | None = None,
        facts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._assets = assets
        self._checks = checks
        self._parents = parents
        self._with_kept = with_kept
        self._only = only
        self._facts = facts or {}
        self._given: set[str] = set()

    def of(self, result: NodeResult) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Yield the events of a node that has ended."""
        if result.unique_id in self._checks and result.status != "skipped":
            self._given.add(result.unique_id)
            facts = self._facts.get(result.unique_id, {})
            yield _check_result(self._checks[result.unique_id], result, facts)
        elif result.unique_id in self._assets and result.ok:
            yield from self._materialised(result.unique_id, {"seconds": round(result.seconds, 3)})

    def of_the_rest(self) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Yield the events of everything that was skipped, after a build in which nothing failed."""
        if not self._with_kept:
            return
        for unique_id in self._assets:
            yield from self._materialised(unique_id, {"kept": True})
        for unique_id, check in self._checks.items():
            if unique_id not in self._given:
                yield dg.AssetCheckResult(
                    passed=True, asset_key=check.asset_key, check_name=check.name, metadata={"kept": True}
                )

    def _materialised(self, unique_id: str, metadata: Mapping[str, Any]) -> Iterator[dg.MaterializeResult[Any]]:
        if unique_id not in self._assets or unique_id in self._given:
            return
        if self._with_kept:
            for parent in self._parents[unique_id]:
                yield from self._materialised(parent, {"kept": True})
        self._given.add(unique_id)
        key = self._assets[unique_id].key
        if self._only is None or key in self._only:
            yield dg.MaterializeResult(asset_key=key, metadata={**self._facts.get(unique_id, {}), **metadata})


def _check_result(check: dg.AssetCheckSpec, result: NodeResult, facts: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=result.status in ("pass", "warn"),
        asset_key=check.asset_key,
        check_name=check.name,
        severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata={"failures": result.failures or 0, "message": result.message or "", **facts},
    )
