"""The command line: errors of the machine are reported in words, whatever the streams are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from io import StringIO
from pathlib import Path

import duckdb
import pytest

from pipeline.common.errors import WarehouseError, in_words
from pipeline.common.progress import PlainView, Progress
from pipeline.orchestration import run
from pipeline.paths import PROJECT_ROOT
from pipeline.report.failure import as_problem
from pipeline.settings import Settings

CALL = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); from pipeline import cli; cli.main()"
"""The command with default signal handling, because the tests may run under nohup."""


def warehouse(
    *arguments: object, call: str = CALL, shell: str = "", folder: Path = PROJECT_ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call the command; `shell` is appended as in a shell."""
    command = [sys.executable, "-c", call, *map(str, arguments)]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {shell}', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), **environment},
    )


def failing(statement: str) -> str:
    """Return code that replaces the body of `verify`."""
    return f"import pipeline.drops.verify as v\ndef fail(*_):\n    {statement}\nv.verify_drop = fail\n{CALL}"


DROP = ("verify", "drop")
LOST = "standard output: No space left on device; the output is incomplete\n"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ('import errno; raise OSError(errno.ENOSPC, "No space left on device", "/mnt/x")', "free some space"),
        ('import errno; raise OSError(errno.EROFS, "Read-only file system", "/mnt/x")', "a writable file system"),
        ('import duckdb; raise duckdb.IOException("IO Error: could not write /mnt/x")', "DuckDB: IO Error"),
    ],
)
def test_file_system_errors_are_reported_in_words(statement: str, said: str) -> None:
    ended = warehouse("verify", "drop", call=failing(statement))
    assert ended.returncode == 1
    assert said in ended.stderr and "/mnt/x" in ended.stderr and "To do: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_report_of_a_failed_run_has_the_same_message() -> None:
    assert str(as_problem(PermissionError(13, "Permission denied", "x"))).startswith("x: Permission denied\nTo do: ")
    assert in_words(KeyError("secret")) is None


def test_a_sample_below_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = warehouse("sample", tmp_path / "file" / "x", "--accounts", 200, "--seed", 1)
    assert ended.returncode == 1
    assert "name another folder" in ended.stderr and "Traceback" not in ended.stderr


ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
WHILE_DUCKDB_IS_AT_WORK = (
    "import os, threading, duckdb; c = duckdb.connect(); c.execute('set enable_progress_bar = false'); "
    f"threading.Timer(0.5, os.kill, (os.getpid(), {int(signal.SIGTERM)})).start(); "
    "[c.execute('select sum(range) from range(100_000_000)').fetchall() for _ in range(10_000)]"
)
WHILE_A_LIBRARY_LOADS = f"""
import os, sys
class Fragile:
    def find_spec(self, name, path=None, target=None):
        if name == "pyarrow":
            try:
                os.kill(os.getpid(), {int(signal.SIGTERM)})
                [None for _ in range(10**6)]
            except BaseException:
                raise ImportError("Encountered an error while initializing the extension")
sys.meta_path.insert(0, Fragile())
{CALL}
"""


@pytest.mark.parametrize("number", ENDING)
def test_an_interruption_is_reported_with_the_signals_exit_code(number: signal.Signals) -> None:
    ended = warehouse("verify", "drop", call=failing(f"import os; os.kill(os.getpid(), {int(number)})"))
    assert ended.returncode == 128 + number
    assert "interrupted" in ended.stderr and "Traceback" not in ended.stderr


def test_nohup_is_respected() -> None:
    call = failing(f"import os; os.kill(os.getpid(), {int(signal.SIGHUP)}); return ()")
    ended = warehouse("verify", "drop", call=call.replace("SIG_DFL", "SIG_IGN"))
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_interruption_during_a_query_is_not_reported_as_a_query_error() -> None:
    ended = warehouse("verify", "drop", call=failing(WHILE_DUCKDB_IS_AT_WORK))
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    assert "interrupted" in ended.stderr and "Traceback" not in ended.stderr


def test_an_interruption_of_a_query_in_a_dagster_step_is_not_reported_as_a_failure(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name\na,A\n")
    fail = f"def fail(*_):\n    {WHILE_DUCKDB_IS_AT_WORK}"
    call = f"import pipeline.orchestration.sources as s\n{fail}\ns.ingest_source = fail\n{CALL}"
    ended = warehouse("run", "--crm", "crm", folder=tmp_path, call=call)
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    assert "interrupted" in ended.stderr and "Traceback" not in ended.stderr and "report:" not in ended.stderr
    assert not list(tmp_path.rglob("*-failed-*.html"))


def test_an_interruption_while_libraries_load_waits_until_they_have(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    ended = warehouse("run", "--crm", "crm", folder=tmp_path, call=WHILE_A_LIBRARY_LOADS)
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    assert "interrupted" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", ENDING)
def test_an_interruption_in_a_dagster_step_ends_the_same_way(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name\na,A\n")
    kill = f"import os; os.kill(os.getpid(), {int(number)}); [None for _ in range(10**6)]"
    call = f"import pipeline.orchestration.sources as s\ndef fail(*_):\n    {kill}\ns.ingest_source = fail\n{CALL}"
    ended = warehouse("run", "--crm", "crm", folder=tmp_path, call=call)
    assert "interrupted" in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
    assert ended.returncode == 128 + number


def test_unencodable_characters_are_written_as_escapes() -> None:
    ended = warehouse("verify", "nö", PYTHONIOENCODING="ascii")
    assert ended.returncode == 1
    assert "n\\xf6" in ended.stdout + ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    ended = warehouse("verify", "drop", call=failing("return ()"), shell=closed)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("stream", ["| true", "2>&1 | true", "> /dev/full", "2> /dev/full"])
@pytest.mark.parametrize(("result", "code"), [("return ()", 0), ("return ['a fault']", 1)])
def test_a_closed_or_full_stream_does_not_change_the_exit_code(stream: str, result: str, code: int) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'"$@" {stream}; exit ${{PIPESTATUS[0]}}', "bash", sys.executable, "-c", failing(result), *DROP],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT_ROOT,
    )
    assert ended.returncode == code
    assert ended.stderr == (LOST if stream == "> /dev/full" else "")


def test_a_run_into_a_closed_pipe_publishes(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name\na,A\n")
    arguments = ["run", "--crm", "crm", "--exports", "exports", "--state", "state"]
    ended = subprocess.run(
        ["bash", "-c", '"$@" | true; exit ${PIPESTATUS[0]}', "bash", sys.executable, "-c", CALL, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "exports" / "1" / "latest" / "manifest.json").exists()


@pytest.mark.parametrize("size", ["lots", "", "6", "-6GB", "0GB", "6GB;", "1_000MB", "6PB", "six GB"])
def test_an_invalid_memory_limit_is_refused_at_the_start(size: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        Settings(memory_limit=size)


@pytest.mark.parametrize("size", ["6GB", "512MiB", "1.5 gb", "80%", " 3tib ", "700000000 bytes", "900M"])
def test_every_accepted_size_is_accepted_by_duckdb(size: str) -> None:
    duckdb.connect(config={"memory_limit": Settings(memory_limit=size).memory_limit}).close()


@pytest.mark.parametrize("size", ["512MB", "1GiB", "1.9 gb", "1999M", "1999999999 bytes", "0.001%"])
def test_memory_is_returned_under_a_low_limit(size: str) -> None:
    assert Settings(memory_limit=size).spares_memory


@pytest.mark.parametrize("size", ["6GB", "2 GB", "1.9 GiB", "2000M", "3tib", "100000%"])
def test_memory_is_kept_under_a_higher_limit(size: str) -> None:
    assert not Settings(memory_limit=size).spares_memory


@pytest.mark.parametrize(("key", "nearest"), [("export", "similar names: exports"), ("zzz", "choose one of lmn, crm")])
def test_an_unknown_key_is_refused_with_its_file_and_the_nearest(key: str, nearest: str, tmp_path: Path) -> None:
    (tmp_path / "warehouse.toml").write_text(f'{key} = "x"\n')
    ended = warehouse("run", folder=tmp_path)
    assert ended.returncode == 1
    assert f"warehouse.toml: no setting is called {key}\nTo do: {nearest}" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "line", "said"),
    [
        (["--as-of", "soon"], {}, "", "--as-of: 'soon' is not a date or date-time; write it as 2025-01-15 or"),
        ([], {"WAREHOUSE_KEEP_DROPS": "0"}, "", "WAREHOUSE_KEEP_DROPS: Input should be greater than or equal to 1"),
        ([], {}, 'target = "oracle"', "target in warehouse.toml: Input should be 'duckdb', 'postgres' or 'spark'"),
        (["--target", "x"], {"WAREHOUSE_TARGET": "y"}, 'target = "z"', "--target: Input should be 'duckdb',"),
    ],
)
def test_an_invalid_setting_is_refused_with_its_origin(
    arguments: list[str], environment: dict[str, str], line: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "warehouse.toml").write_text(line)
    ended = warehouse("run", *arguments, folder=tmp_path, **environment)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"\n{said}") and ended.stderr.count("\n") == 3


def test_exports_below_a_file_stop_the_run_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "crm").mkdir()
    ended = warehouse("run", "--crm", "crm", "--exports", "file/x", folder=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 3 and "file: is a file" in ended.stderr
    assert not (tmp_path / ".state").exists()


@pytest.mark.parametrize("folder", ["it's", "100%"])
def test_an_installation_folder_that_dbt_or_dagster_cannot_use_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setattr(run, "PROJECT_ROOT", tmp_path / folder)
    with pytest.raises(WarehouseError, match="move or rename it"):
        run.run_warehouse(Settings(crm=str(tmp_path), state=tmp_path / "state"), Progress(PlainView(StringIO())))


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    assert warehouse("--version").stdout == f"warehouse {project['version']}\n"
