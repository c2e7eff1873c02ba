"""Great Expectations, set up to check data frames in memory: no project folder, no network, no progress bars.

Two kinds of expectation are our own, because Great Expectations has none that fits: rows that satisfy an SQL condition
(its own multi-column expectations only know sums and equality), and JSON in the form in which exports write it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd
import pyarrow as pa

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read on import

import great_expectations as gx
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, ColumnMapExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.validator import Validator

from pipeline.audit.sql_functions import rule_connection

gxe: Any = gx.expectations
"""Great Expectations' own expectations."""

_IN_MEMORY: Final = DataContextConfig(
    store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
    progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    analytics_enabled=False,
)
"""Without a folder for pages either: the process may be killed at any moment, and must leave nothing behind."""

SEVERITIES: Final[dict[str, FailureSeverity]] = {"error": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}

POSITION: Final = "row_position"
"""The position of a row in its frame, counted from 0."""

_PARAMETER: Final = re.compile(r"\$([a-z_]+)")


class RowsBreakingCondition(TableMetricProvider):
    """The positions of the rows to which a condition applies and that violate it."""

    metric_name = "table.rows_breaking_condition"
    value_keys = ("holds", "when", "parameters")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 (Great Expectations makes a class method of it)
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, Any]:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        return rows_breaking_condition(frame, **metric_value_kwargs)


def rows_breaking_condition(frame: pd.DataFrame, holds: str, when: str | None, parameters: str) -> dict[str, Any]:
    """Count the rows to which `when` applies and give the positions of those for which `holds` is not true.

    A condition that is null is violated: a rule that skips nulls excludes them in `when`. Both are SQL; `$name` is
    replaced by a value of `parameters` (JSON).
    """
    texts = f"{holds} {when or ''}"
    named = named_in(texts, list(frame.columns))
    values = pa.Table.from_pandas(frame[named], preserve_index=False)
    rows = pa.table([pa.array(np.arange(len(frame))), *values.columns], names=[POSITION, *named])
    query = (
        f"with judged as (select {POSITION}, coalesce(({holds}), false) as holds from rows where {when or 'true'}) "
        f"select count(*), coalesce(list({POSITION} order by {POSITION}) filter (where not holds), []) from judged"
    )
    with rule_connection() as connection:
        connection.register("rows", rows)
        applied, positions = connection.execute(query, bound(texts, json.loads(parameters))).fetchall()[0]
    return {"rows": applied, "positions": positions}


def named_in(sql: str, names: Sequence[str]) -> list[str]:
    """Return the names that occur as a word in a piece of SQL, outside its quoted texts, in the order of `names`."""
    words = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'", "", sql)))
    return [name for name in names if name in words]


def bound(sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that a piece of SQL uses; the engine reports unknown ones."""
    used = set(_PARAMETER.findall(sql))
    return {name: value for name, value in parameters.items() if name in used}


class ExpectRowsToKeepCondition(BatchExpectation):
    """Expect `holds` to be true for every row to which `when` applies; both are SQL on the columns of the batch."""

    holds: str
    when: str | None = None
    parameters: str = "{}"

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_breaking_condition",)
    success_keys: ClassVar[tuple[str, ...]] = ("holds", "when", "parameters")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        found = metrics["table.rows_breaking_condition"]
        return {
            "success": not found["positions"],
            "result": {
                "element_count": found["rows"],
                "unexpected_count": len(found["positions"]),
                "unexpected_index_list": found["positions"],
            },
        }


class CanonicalJson(ColumnMapMetricProvider):
    """Whether a text is JSON in the form of the exports."""

    condition_metric_name = "column_values.canonical_json"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], **kwargs: Any) -> pd.Series[Any]:  # noqa: N805 (as above)
        known = {text: is_canonical_json(text) for text in column.unique()}
        return column.map(known).astype(bool)


def is_canonical_json(text: str) -> bool:
    """Return whether a text is JSON without blanks outside its strings, with sorted keys and none twice."""
    try:
        _JSON.decode(text)
    except ValueError:
        return False
    return _WITHOUT_BLANKS.fullmatch(text) is not None


def _sorted_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) or list(found) != sorted(found):
        raise ValueError("the keys are not sorted")
    return found


_JSON: Final = json.JSONDecoder(object_pairs_hook=_sorted_pairs)
_WITHOUT_BLANKS: Final = re.compile(r'(?:[^"\s]++|"(?:[^"\\]++|\\.)*+")*+')
"""Possessive quantifiers: each character can match in one way only. 4 MB of JSON take 0.02 s of CPU, and 0.36 s
character by character (2026-11-29)."""


class ExpectColumnValuesToBeCanonicalJson(ColumnMapExpectation):
    """Expect every text of a column to be compact JSON with sorted keys."""

    map_metric: ClassVar[str] = "column_values.canonical_json"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly",)


class Session:
    """Validates data frames cheaply: first whether everything passes, then, for what does not, which rows fail.

    Frames go straight to the execution engine: a batch of a data source would hash every cell for a fingerprint that
    nobody reads, which takes longer than all checks together.
    """

    def __init__(self) -> None:
        self._context = gx.get_context(mode="ephemeral", project_config=_IN_MEMORY)
        self.results: dict[str, dict[str, Any]] = {}

    def validate(self, name: str, frame: pd.DataFrame, expectations: Sequence[Any]) -> dict[int, Any]:
        """Validate a frame; return Great Expectations' result of each expectation by its place in `expectations`.

        A failed one has the positions of all failing rows in `unexpected_index_list`.
        """
        if not expectations:
            return {}
        for index, expectation in enumerate(expectations):
            expectation.meta = {**(expectation.meta or {}), "place": index}
        engine = PandasExecutionEngine()
        engine.load_batch_data(name, frame)
        validator = Validator(execution_engine=engine, data_context=self._context)
        results = _judged(validator, expectations, "BOOLEAN_ONLY")
        failed = [expectations[index] for index, result in sorted(results.items()) if not result.success]
        if failed:
            results.update(_judged(validator, failed, "COMPLETE"))
        described = [results[index].to_json_dict() for index in sorted(results)]
        self.results[name] = {"suite": name, "rows": len(frame), "results": described}
        return results


def _judged(validator: Validator, expectations: Sequence[Any], result_format: str) -> dict[int, Any]:
    """Evaluate expectations together, so that they share metrics of the frame."""
    configurations = [expectation.configuration for expectation in expectations]
    outcome = validator.graph_validate(configurations, runtime_configuration={"result_format": result_format})
    return {_place(result): result for result in outcome}


def _place(result: Any) -> int:
    return int(result.expectation_config.meta["place"])


def problem_of(result: Any) -> str | None:
    """Return why an expectation could not be evaluated; None if it was."""
    information = result.exception_info or {}
    raised = [information] if "raised_exception" in information else list(information.values())
    for one in raised:
        if one.get("raised_exception"):
            return str(one["exception_message"]).splitlines()[0]
    return None


def to_frame(rows: pa.Table) -> pd.DataFrame:
    """Convert an Arrow table to pandas without copying its values."""
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
