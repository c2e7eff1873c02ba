"""A run after changes in some sources gives the same result as a run from scratch, but builds less."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.dbt import build_record as rebuild
from pipeline.dbt.build_record import Build, BuildRecord, selection
from pipeline.dbt.runner import DbtContext, parsed_project, run_dbt
from pipeline.engines import RawTable, open_engine
from pipeline.orchestration.models import build_model_assets
from pipeline.orchestration.sources import build_source_assets
from pipeline.paths import PROJECT_ROOT
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from tests.orchestration.runs import Listener, run_context

SAMPLE = PROJECT_ROOT / "sample"


@dataclass
class Built:
    """The summary of a build's dbt step, and the models and seeds reported to Dagster: built ones and kept ones."""

    said: str
    built: set[str]
    kept: set[str]


def build(sources: Path, state: Path) -> Built:
    """Ingest and build."""
    listener = Listener()
    settings = Settings(
        lmn=str(sources / "lmn"),
        crm=str(sources / "crm"),
        platform=str(sources / "platform"),
        as_of="2025-01-15T00:00:00Z",
        state=state,
    )
    assets = [*build_source_assets(), build_model_assets(parsed_project().manifest)]
    resources = {"run": run_context(settings, listener)}
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        result = dg.materialize(assets, resources=resources, instance=instance)
    assert result.success
    named: dict[bool, set[str]] = {True: set(), False: set()}
    for event in result.get_asset_materialization_events():
        if event.node_name == "models":
            named["kept" in event.materialization.metadata].add(event.materialization.asset_key.path[-1])
    return Built(listener.summaries["dbt"], built=named[False], kept=named[True])


def marts(state: Path) -> dict[str, pa.Table]:
    """Read every mart, with its rows sorted by all columns."""
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        return {name: connection.sql(f"select * from marts.{name} order by all").to_arrow_table() for (name,) in names}


def edit_csv(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Rewrite a CSV's rows."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(change(rows))


def correct_a_price(sources: Path, pick: random.Random) -> None:
    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        pick.choice(rows)["total_price"] = f"{pick.randint(1, 900_000)}.25"
        return rows

    edit_csv(sources / "crm/estimates.csv", change)


def delete_an_account(sources: Path, pick: random.Random) -> None:
    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        rows.remove(pick.choice(rows))
        return rows

    edit_csv(sources / "crm/accounts.csv", change)


def turn_a_message(sources: Path, pick: random.Random) -> None:
    path = sources / "platform/email_prop.parquet"
    messages = pq.read_table(path)
    row = pick.randrange(messages.num_rows)
    other = "team" if messages["direction"][row].as_py() == "account" else "account"
    is_row = pa.array([index == row for index in range(messages.num_rows)])
    turned = pc.if_else(is_row, other, messages["direction"])
    at = messages.schema.get_field_index("direction")
    pq.write_table(messages.set_column(at, messages.schema.field(at), turned), path)


def delete_messages(sources: Path, pick: random.Random) -> None:
    path = sources / "platform/chat_message.parquet"
    messages = pq.read_table(path)
    pq.write_table(messages.slice(0, messages.num_rows - pick.randint(1, 40)), path)


def drop_a_table(sources: Path, pick: random.Random) -> None:
    (sources / "platform" / pick.choice(["note.csv", "ai_summary.csv"])).unlink(missing_ok=True)


CHANGES = (correct_a_price, delete_an_account, turn_a_message, delete_messages, drop_a_table)


def check_sequence(folder: Path, seed: int, steps: int) -> None:
    pick = random.Random(seed)
    sources = folder / "sources"
    shutil.copytree(SAMPLE, sources)
    build(sources, folder / "kept")
    for _ in range(steps):
        change = pick.choice(CHANGES)
        change(sources, pick)
        build(sources, folder / "kept")
    build(sources, folder / "fresh")
    kept, fresh = marts(folder / "kept"), marts(folder / "fresh")
    assert kept.keys() == fresh.keys()
    for name in fresh:
        assert kept[name].equals(fresh[name]), f"{name} differs after {seed=}"


@pytest.mark.slow
def test_successive_changes_end_like_a_run_from_scratch(tmp_path: Path) -> None:
    check_sequence(tmp_path, seed=1, steps=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_any_successive_changes_end_like_a_run_from_scratch(seed: int, tmp_path: Path) -> None:
    check_sequence(tmp_path, seed, steps=6)


def test_only_what_depends_on_a_changed_source_is_built(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(SAMPLE, sources)
    whole = build(sources, tmp_path / "state")
    assert not whole.kept
    repeated = build(sources, tmp_path / "state")
    assert "nothing has changed" in repeated.said
    assert repeated.kept == whole.built
    correct_a_price(sources, random.Random(0))
    last_run = Workspace(tmp_path / "state").last_run
    last_run.touch()
    part = build(sources, tmp_path / "state")
    assert not last_run.exists(), "the marts differ from those of the run"
    assert len(part.built) < len(whole.built) * 0.7
    assert int(part.said.split()[0]) == len(part.built)
    assert part.built | part.kept == whole.built
    assert not part.built & part.kept


@pytest.mark.parametrize("is_kept", [False, True])
def test_without_kept_events_dagster_is_told_only_of_the_awaited_models(is_kept: bool, tmp_path: Path) -> None:
    awaited = {dg.AssetKey(["marts", "accounts"]), dg.AssetKey(["drops", "staged"])}
    settings = Settings(crm=str(SAMPLE / "crm"), as_of="2025-01-15T00:00:00Z", state=tmp_path / "state")
    models = build_model_assets(parsed_project().manifest, awaited)
    resources = {"run": run_context(settings)}
    quiet = {"telemetry": {"enabled": False}}
    with dg.instance_for_test(overrides=quiet) if is_kept else dg.DagsterInstance.ephemeral(settings=quiet) as instance:
        result = dg.materialize([*build_source_assets(), models], resources=resources, instance=instance)
    named = {event.asset_key for event in result.get_asset_materialization_events() if event.node_name == "models"}
    checks = result.get_asset_check_evaluations()
    assert named == (set(models.keys) if is_kept else awaited & set(models.keys))
    assert {check.asset_check_key for check in checks} == set(models.check_keys)


def test_changed_row_counts_do_not_rebuild_the_communication_models(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(SAMPLE, sources)
    build(sources, tmp_path / "state")
    edit_csv(sources / "platform/ai_summary.csv", lambda rows: rows[1:])
    part = build(sources, tmp_path / "state")
    assert {"int_run__load_metrics", "int_customer_success__latest_texts"} <= part.built
    texts = "int_communication__meeting_texts"  # which has such rows
    assert {name for name in part.built if name.startswith("int_communication__")} <= {texts}


def dbt_with_another_decision(state: Path) -> None:
    """Run dbt by hand on the pipeline's own database."""
    environment = {"WAREHOUSE_DUCKDB_PATH": str(state / "warehouse.duckdb")}
    variables = {"as_of": "2025-01-15 00:00:00", "selected_year": 2025, "effort_minutes_email": 60}
    context = DbtContext("duckdb", state / "by-hand", environment, variables)
    assert all(node.ok for node in run_dbt(["run", "--select", "+account_communication_stats"], context))


def test_tables_changed_by_hand_with_dbt_are_built_again(tmp_path: Path) -> None:
    build(SAMPLE, tmp_path)
    before = marts(tmp_path)
    dbt_with_another_decision(tmp_path)
    assert not marts(tmp_path)["account_communication_stats"].equals(before["account_communication_stats"])
    assert not build(SAMPLE, tmp_path).kept
    assert all(table.equals(before[name]) for name, table in marts(tmp_path).items())


def test_models_older_than_the_sources_or_their_code_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    built = Build.of(PLAN, "duckdb", raw(crm__accounts="a", crm__estimates="b"))
    built.require_current({"crm__accounts": "a", "crm__estimates": "b"})
    with pytest.raises(WarehouseError, match=r"older than the sources: crm\.estimates changed"):
        built.require_current({"crm__accounts": "a", "crm__estimates": "c"})
    with pytest.raises(WarehouseError, match="only a part of the models was built"):
        built.without_raw().require_current({"crm__accounts": "a"})
    monkeypatch.setattr(rebuild, "project_fingerprint", lambda _: "another")
    with pytest.raises(WarehouseError, match="the models have changed since they were built"):
        built.require_current({"crm__accounts": "a", "crm__estimates": "b"})


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"build_id": "b", "plan": {}})])
def test_an_invalid_stamp_is_ignored(content: str, tmp_path: Path) -> None:
    with closing(open_engine(Settings(state=tmp_path))) as engine:
        BuildRecord("duckdb", engine.stamp(content)).write(tmp_path / "built.json")
        assert Build.last(engine, tmp_path / "built.json") is None


PLAN = RunPlan.from_json(
    {"as_of": "2025-01-15T00:00:00+00:00", "selected_year": 2025, "decisions": {"at_risk_days": 180}, "overridden": []}
)


def raw(**fingerprints: str) -> list[RawTable]:
    return [RawTable(name, pa.schema([]), (), fingerprint) for name, fingerprint in fingerprints.items()]


def test_changed_tables_are_found_by_fingerprint(tmp_path: Path) -> None:
    last = Build.of(PLAN, "duckdb", raw(crm__accounts="a", crm__estimates="b"), [{"source": "crm"}])
    with closing(open_engine(Settings(state=tmp_path))) as engine:
        last.stamp(engine, tmp_path / "built.json")
        standing = Build.last(engine, tmp_path / "built.json")
    assert standing == last
    now = Build.of(PLAN, "duckdb", raw(crm__accounts="a", crm__estimates="c", run__loads="d"))
    assert now.changed_since(standing) == ["crm__estimates", "run__loads"]
    assert selection(["crm__estimates", "run__loads"]) == ["--select", "source:crm.estimates+", "source:run.loads+"]


def test_another_instant_decision_target_or_part_builds_everything() -> None:
    tables = raw(crm__accounts="a")
    now = Build.of(PLAN, "duckdb", tables)
    later = RunPlan.from_json({**PLAN.to_json(), "as_of": "2025-01-16T00:00:00+00:00"})
    other = RunPlan.from_json({**PLAN.to_json(), "decisions": {"at_risk_days": 90}})
    assert now.changed_since(now) == []
    assert now.changed_since(None) is None
    assert now.changed_since(Build.of(later, "duckdb", tables)) is None
    assert now.changed_since(Build.of(other, "duckdb", tables)) is None
    assert now.changed_since(Build.of(PLAN, "postgres", tables)) is None
    assert now.changed_since(now.without_raw()) is None


def test_a_changed_project_builds_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    last = Build.of(PLAN, "duckdb", raw(crm__accounts="a"))
    monkeypatch.setattr(rebuild, "project_fingerprint", lambda _: "another")
    assert Build.of(PLAN, "duckdb", raw(crm__accounts="a")).changed_since(last) is None
