"""Dagster's GraphQL over the pipeline's definitions in this process, as its page uses it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster_graphql.schema import create_schema


class GraphQL:
    """The queries of the page and their answers."""

    def __init__(self, process: WorkspaceProcessContext) -> None:
        self._process = process
        self._schema = create_schema()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        context: Any = self._process.create_request_context()  # a new one for each request, because it caches
        result = asyncio.run(self._schema.execute_async(query, context_value=context, variables=variables))
        assert not result.errors, result.errors
        found: dict[str, Any] = result.data
        return found


@contextmanager
def asked(instance: dg.DagsterInstance) -> Iterator[GraphQL]:
    """Open GraphQL on the definitions for the settings in the environment."""
    target = LoadableTargetOrigin(
        executable_path=sys.executable, module_name="pipeline.orchestration.definitions", attribute="defs"
    )
    origin = InProcessCodeLocationOrigin(target, location_name="warehouse")
    with WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as process:
        assert not process.create_request_context().code_location_errors()
        yield GraphQL(process)
