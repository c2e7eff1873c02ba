"""A state folder with a lost or damaged part: it is rebuilt if possible, else an error names it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.common.progress import PlainView, Progress
from pipeline.dbt.build_record import Build
from pipeline.drops.manifest import MANIFEST
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.explain.queries import open_queries
from pipeline.orchestration import run, skip_repeated
from pipeline.orchestration.skip_repeated import record_run, recorded_drops
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.history import DUPLICATES, DUPLICATES_SCHEMA, METRICS, METRICS_SCHEMA, RunHistory
from pipeline.state.workspace import Workspace

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)
DAMAGES = {"empty": lambda content: b"", "cut": lambda content: content[: len(content) // 2]}


class State:
    """The state folder of a run, with one raw table, one mart and a drop."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(state=folder / "state", as_of=AS_OF)
        self.workspace = Workspace(self.settings.state)
        self.database = self.workspace.state / "warehouse.duckdb"
        self.part = self.workspace.landing / "part.parquet"
        self.part.parent.mkdir()
        pq.write_table(pa.table({"id": [1]}), self.part)
        self.table = RawTable("crm__accounts", pa.schema([("id", pa.int64())]), (self.part,), "a")
        with closing(DuckDBEngine(self.settings)) as engine:
            engine.load([self.table])
            Build.of(RunPlan.of(self.settings, AS_OF), "duckdb", [self.table]).stamp(engine, self.workspace.built)
        drop = folder / "exports" / "1" / "20250115T000000Z-0a1b2c3d"
        drop.mkdir(parents=True)
        (drop / MANIFEST).write_text('{"files": [{"name": "accounts.csv", "bytes": 2}]}')
        (drop / "accounts.csv").write_text("id")
        self.drop = drop
        (drop.parent / "latest").symlink_to(drop.name)
        record_run(self.workspace, "same", [{"location": str(drop), "is_new": True}], {})

    def load(self) -> bool:
        """Load as a run does; return whether it may build only a part."""
        with closing(DuckDBEngine(self.settings)) as engine:
            standing = Build.last(engine, self.workspace.built)
            engine.load([self.table])
        return standing is not None

    @property
    def is_repeated(self) -> bool:
        return recorded_drops(self.workspace, "same") is not None


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def test_an_intact_state_is_neither_recomputed_nor_rebuilt(state: State) -> None:
    assert state.is_repeated
    with open_queries(state.settings) as queries:
        assert queries.plan.as_of == AS_OF
    assert state.load()


def written_to(database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table mine as select 1 as one")


LOSSES: dict[str, Callable[[State], object]] = {
    "no database": lambda state: state.database.unlink(),
    "a database without models": lambda state: (state.database.unlink(), state.load()),
    "a database that somebody else has written to": lambda state: written_to(state.database),
    "an empty database file": lambda state: state.database.write_bytes(b""),
    "half a database": lambda state: state.database.write_bytes(state.database.read_bytes()[:100_000]),
    "no landed part": lambda state: state.part.unlink(),
    "no record of the build": lambda state: state.workspace.built.unlink(),
    "half a record of the build": lambda state: state.workspace.built.write_text('{"plan": {'),
    "an empty record of the build": lambda state: state.workspace.built.write_text(""),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_state_is_rebuilt_and_explain_reports_the_loss(state: State, loss: str) -> None:
    LOSSES[loss](state)
    before = {path: path.stat().st_size for path in state.workspace.state.iterdir()}
    with (
        pytest.raises(WarehouseError, match="run `warehouse run` with this --state first"),
        open_queries(state.settings),
    ):
        pass
    after = {path: path.stat().st_size for path in state.workspace.state.iterdir() if path.name != "run.lock"}
    assert after == {path: size for path, size in before.items() if path.name != "run.lock"}
    assert not state.is_repeated, "otherwise explain would require a run that does nothing"


@pytest.mark.parametrize(
    "loss", ["no database", "an empty database file", "half a database", "a database without models"]
)
def test_a_lost_or_damaged_database_is_rebuilt_completely(state: State, loss: str) -> None:
    LOSSES[loss](state)
    assert not state.load()
    with duckdb.connect(str(state.database), read_only=True) as connection:
        assert connection.execute("select id from raw.crm__accounts").fetchall() == [(1,)]


def test_a_locked_database_is_not_taken_for_damaged(state: State) -> None:
    hold = f"import duckdb; held = duckdb.connect({str(state.database)!r}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(duckdb.IOException, match="lock"):
            state.load()
        other.kill()
    assert state.load()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"drops": null, "fingerprint": "same"}'])
def test_a_damaged_record_of_the_last_run_is_ignored(state: State, content: str) -> None:
    state.workspace.last_run.write_text(content)
    assert not state.is_repeated


def test_a_changed_drop_does_not_count_as_published(state: State) -> None:
    file = state.drop / "accounts.csv"
    file.write_text("ids")
    with pytest.raises(WarehouseError, match="has 3 now") as caught:
        recorded_drops(state.workspace, "same")
    assert caught.value.where == str(file)
    file.unlink()
    with pytest.raises(WarehouseError, match="is gone"):
        recorded_drops(state.workspace, "same")
    state.drop.rename(state.drop.with_name("moved-away"))
    assert not state.is_repeated, "the remedy works: a run publishes the drop again"


def test_a_record_of_the_last_run_is_read_back_unchanged(state: State) -> None:
    recorded = json.loads(state.workspace.last_run.read_text())
    assert recorded_drops(state.workspace, "same") == recorded["drops"]
    assert recorded_drops(state.workspace, "other") is None
    assert recorded_drops(state.workspace, None) is None
    record_run(state.workspace, None, recorded["drops"], {})
    assert recorded_drops(state.workspace, None) is None, "the contents of a database are known only once it is read"


@pytest.mark.parametrize("mart", [DUPLICATES, METRICS])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_history_is_an_error_that_names_the_file(tmp_path: Path, mart: str, damage: str) -> None:
    history = RunHistory(tmp_path)
    history.keep(AS_OF, {DUPLICATES: DUPLICATES_SCHEMA.empty_table(), METRICS: METRICS_SCHEMA.empty_table()})
    (file,) = tmp_path.rglob(f"{mart}.parquet")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    later = datetime(2025, 1, 16, tzinfo=UTC)
    with pytest.raises(WarehouseError, match="damaged") as caught:
        (history.duplicates_before(later), history.metrics_before(later))
    assert str(file) in str(caught.value)
    file.unlink()
    assert history.metrics_before(later) == ()
    left = [path.stem for path in history.duplicates_before(later)]
    assert left == ([DUPLICATES] if mart == METRICS else []), "a refresh leaves duplicates alone"


def test_a_published_run_that_cannot_be_recorded_has_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "last-run.part")

    (tmp_path / "crm").mkdir()
    monkeypatch.setattr(run, "helpers_started_early", lambda *_: nullcontext())
    monkeypatch.setattr(run, "_execute", lambda *_: ([{"location": "here"}], []))
    monkeypatch.setattr(skip_repeated, "record_run", full)
    said = StringIO()
    settings = Settings(crm=str(tmp_path / "crm"), state=tmp_path / "state", exports=str(tmp_path / "exports"))
    outcome = run.run_warehouse(settings, Progress(PlainView(said)))
    assert outcome.drops == [{"location": "here"}]
    assert "No space left" in said.getvalue()


def test_drops_that_are_no_longer_latest_do_not_count_as_published(state: State) -> None:
    link = state.drop.parent / "latest"
    link.unlink()
    link.symlink_to("20250116T000000Z-0a1b2c3d")
    assert not state.is_repeated
