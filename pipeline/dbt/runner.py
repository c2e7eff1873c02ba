"""Runs dbt in this process, on a parsed project that is cached until one of its files changes.

Parsing takes seconds and depends only on the project's files, so the result is kept in dbt's target folder under a
fingerprint of those files. The variables of a run (above all `as_of`) are not part of it, because models read them when
they are compiled.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.common.errors import WarehouseError
from pipeline.dbt.needed_nodes import keep_needed
from pipeline.paths import DBT_PROJECT, PROJECT_ROOT
from pipeline.storage.local_files import clear_drafts, hidden_name, is_full

_DATABASE = "WAREHOUSE_POSTGRES_DATABASE"
_USUAL_DATABASE = "warehouse"  # the profile's default, and the embedded server's
_PROJECT_FOLDERS = ("macros", "seeds", "analyses", "tests")

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


@dataclass(frozen=True)
class NodeResult:
    """The result of one node: `status` is dbt's status (success, pass, warn, error, fail, skipped)."""

    unique_id: str
    resource_type: str
    name: str
    status: str
    message: str | None
    failures: int | None
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the node succeeded, with or without a warning."""
        return self.status in ("success", "pass", "warn")


OnNode = Callable[[NodeResult], None]
"""A function that is called with the result of each node when it ends."""


@dataclass(frozen=True)
class DbtContext:
    """The context of a dbt call: the engine, dbt's output folder, its profile's environment, the project's vars."""

    target: str
    target_path: Path
    environment: Mapping[str, str]
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class ParsedProject:
    """The parsed dbt project in the folder where it is cached."""

    folder: Path

    @functools.cached_property
    def manifest(self) -> dict[str, Any]:
        """The content of dbt's manifest.json."""
        content: dict[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return content

    def unpacked(self, wanted: Collection[str] = (), views: Collection[str] = ()) -> Manifest:
        """Return dbt's own manifest object, a new copy each time, because dbt changes it during a command.

        With `wanted` models, it contains only these and what they need; the `views` among them become views.
        """
        from dbt.contracts.graph.manifest import Manifest

        manifest = Manifest.from_msgpack((self.folder / "partial_parse.msgpack").read_bytes())
        if wanted:
            keep_needed(manifest, wanted, views)
        manifest.build_flat_graph()
        return manifest


def parsed_project(
    target: str = "duckdb", environment: Mapping[str, str] | None = None, spare: Path | None = None
) -> ParsedProject:
    """Return the parsed project for an engine; parse it only if a file has changed since it was cached.

    `environment` is what the engine passes to dbt's profile. Only the database's name in it affects the parse. A new
    parse is cached in the project, or in the folder `spare` if the project is not writable.
    """
    database = (environment or {}).get(_DATABASE, _USUAL_DATABASE)
    return _parsed_project(target, project_fingerprint(target), database, spare)


@functools.lru_cache(maxsize=4)
def _parsed_project(target: str, fingerprint: str, database: str, spare: Path | None) -> ParsedProject:
    of_database = "" if database == _USUAL_DATABASE else hashlib.sha256(database.encode()).hexdigest()[:4]
    folders = [DBT_PROJECT / "target", *([spare / "parsed"] if spare else [])]
    possible = [folder / f"{target}-{fingerprint}{of_database}" for folder in folders]
    for kept in possible:
        if _is_readable(kept / "manifest.json"):
            return ParsedProject(kept)
    kept = next((kept for kept in possible if _is_writable(kept.parent)), possible[0])
    _parse(target, kept, {_DATABASE: database})
    return ParsedProject(kept)


def _is_readable(file: Path) -> bool:
    """Return whether a file exists and is readable; another user may have written it."""
    try:
        file.open("rb").close()
    except OSError:
        return False
    return True


def _is_writable(folder: Path) -> bool:
    """Return whether files can be created in a folder, which is made if needed; only trying it is reliable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def project_fingerprint(target: str) -> str:
    """Hash every file that dbt parses, their locations, and the versions of the parsers."""
    digest = hashlib.sha256(f"{target} {PROJECT_ROOT} {_parsing_versions(target)}".encode())
    folders = [PROJECT_ROOT / "models", *(DBT_PROJECT / name for name in _PROJECT_FOLDERS)]
    files = [DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml"]
    files += sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    for path in files:
        digest.update(str(path).removeprefix(f"{PROJECT_ROOT}{os.sep}").encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _parsing_versions(target: str) -> str:
    try:
        return f"{version('dbt-core')} {version(f'dbt-{target}')}"
    except PackageNotFoundError as error:
        raise WarehouseError(
            f"{error.name} is not installed",
            where=f"target {target}",
            remedy=f"run `make {'setup-spark' if target == 'spark' else 'setup'}`, or choose another target",
        ) from error


def _parse(target: str, kept: Path, environment: Mapping[str, str]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    clear_drafts(kept.parent)
    scratch = kept.parent / hidden_name()
    scratch.mkdir()  # readable by whoever may read the project: `tempfile` makes files private
    try:
        _invoke(["parse", "--no-partial-parse"], target, scratch, environment)
        with contextlib.suppress(OSError):  # another process may have cached the same
            scratch.rename(kept)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for stale in sorted(kept.parent.glob(f"{target}-*"), key=lambda path: path.stat().st_mtime)[:-3]:
        shutil.rmtree(stale, ignore_errors=True)


@contextmanager
def environment_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the time of one dbt call."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _invoke(
    arguments: Sequence[str],
    target: str,
    target_path: Path,
    environment: Mapping[str, str],
    manifest: Any = None,
    on_event: Callable[[Any], None] | None = None,
) -> Any:
    from dbt.cli.main import dbtRunner

    runner = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else [])
    common = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target", target]
    common += ["--target-path", str(target_path), "--log-path", str(target_path / "logs")]
    common += ["--quiet", "--log-level", "none"]
    common += ["--no-use-colors", "--no-version-check", "--no-send-anonymous-usage-stats"]
    with environment_variables({"WAREHOUSE_TARGET": target, **environment}):
        try:
            result = runner.invoke([*arguments, *common])
        finally:
            _close_connections(target)
    if result.exception is not None:
        if is_full(target_path):  # dbt gives no message
            raise WarehouseError(
                "No space left on device", where=str(target_path), remedy="free some space on that disk, and run again"
            ) from result.exception
        raise WarehouseError(
            f"dbt stopped: {result.exception}",
            where="dbt_project",
            remedy="fix the file or variable that dbt names; `dbt parse` shows the same message",
        ) from result.exception
    return result


def _close_connections(target: str) -> None:
    """Close dbt's connections, and its handle on an embedded database, because DuckDB allows only one writer."""
    from dbt.adapters.factory import cleanup_connections

    cleanup_connections()
    if target == "duckdb":
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()


_READY: dict[Path, Manifest] = {}


def load_dbt(target: str, spare: Path, wanted: Collection[str] = (), views: Collection[str] = ()) -> None:
    """Import dbt and unpack the parsed project (see `ParsedProject.unpacked`), so that a command can start at once.

    `spare` is the folder for a parse that cannot be cached in the project.
    """
    for module in ("dbt.cli.main", "dbt.task.build", f"dbt.adapters.{target}"):
        importlib.import_module(module)
    project = parsed_project(target, spare=spare)
    _READY[project.folder] = project.unpacked(wanted, views)


def run_dbt(arguments: Sequence[str], context: DbtContext, on_node: OnNode | None = None) -> list[NodeResult]:
    """Run a dbt command (such as `["build", "--select", …]`); return each node's result in order of completion.

    `on_node` is called for each node as it ends, except for ephemeral models, which are compiled into others. Failed
    nodes are returned, not raised.
    """
    project = parsed_project(context.target, context.environment, context.target_path)
    manifest = _READY.pop(project.folder, None) or project.unpacked()

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished" and on_node:
            result = event.data.run_result
            node = event.data.node_info
            if node.materialized == "ephemeral" and node.node_status == "success":
                return
            on_node(
                NodeResult(
                    node.unique_id,
                    node.resource_type,
                    node.node_name,
                    str(node.node_status),
                    result.message or None,
                    result.num_failures or None,
                    float(result.execution_time),
                )
            )

    given = [*arguments, "--no-write-json", "--vars", json.dumps(dict(context.variables))]
    result = _invoke(given, context.target, context.target_path, context.environment, manifest, on_event)
    return [
        NodeResult(
            r.node.unique_id,
            str(r.node.resource_type),
            r.node.name,
            str(r.status),
            r.message or None,
            r.failures,
            r.execution_time,
        )
        for r in result.result.results
    ]


def compile_analyses(names: Sequence[str], context: DbtContext) -> dict[str, str]:
    """Compile analyses (`dbt_project/analyses/<name>.sql`) and return the SQL of each by its name."""
    manifest = parsed_project(context.target, context.environment, context.target_path).unpacked()
    arguments = ["compile", "--no-populate-cache", "--no-write-json", "--no-introspect"]
    arguments += ["--select", *names, "--vars", json.dumps(dict(context.variables))]
    result = _invoke(arguments, context.target, context.target_path, context.environment, manifest)
    return {r.node.name: r.node.compiled_code for r in result.result.results}


if __name__ == "__main__":  # set-up parses the project once, so that no run has to
    parsed_project()
