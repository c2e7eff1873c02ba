"""Helper processes: they answer with objects, an early end is an error, and none survives its run."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.common.worker_process import Result
from pipeline.paths import PROJECT_ROOT
from tests.common.counting import Counting

RUN = """
from tests.common.counting import Counting

for process in Counting().ask("be busy"):
    print(process, flush=True)
"""


def test_every_message_comes_before_its_result() -> None:
    with Counting() as helper:
        assert list(helper.ask(2)) == [0, 1, Result(2)]
        assert list(helper.ask(0)) == [Result(0)]


def test_output_that_a_helper_prints_is_not_mixed_into_its_answers(capfd: pytest.CaptureFixture[str]) -> None:
    with Counting() as helper:
        assert list(helper.ask("print")) == [Result("printed")]
        assert list(helper.ask(1)) == [0, Result(1)]
    assert capfd.readouterr() == ("", "")


def test_a_fault_with_a_remedy_is_passed_on_and_the_helper_stays() -> None:
    with Counting() as helper:
        with pytest.raises(WarehouseError) as caught:
            list(helper.ask(-1))
        assert vars(caught.value) == {"what": "can't count down", "details": (), "where": "to", "remedy": "count up"}
        assert list(helper.ask(0)) == [Result(0)]


def test_a_request_without_answer_reports_its_fault_with_the_next_one() -> None:
    with Counting() as helper:
        helper.send("say nothing")
        assert list(helper.ask(1)) == [0, Result(1)]
        helper.send(-1)
        with pytest.raises(WarehouseError, match="can't count down"):
            list(helper.ask(1))


@pytest.mark.parametrize("when", ["", "end"])
def test_a_helper_that_ends_without_an_answer_fails_the_run_whatever_its_exit_code(when: str) -> None:
    ends = pytest.raises(WarehouseError, match=r"the counting ended without an answer \(exit code 0\)")
    with Counting(*filter(None, [when])) as helper, ends:
        list(helper.ask("end"))


def test_nothing_can_be_sent_to_a_helper_that_was_killed() -> None:
    with Counting() as helper:
        list(helper.ask(0))
        os.kill(helper.pid, signal.SIGKILL)
        with pytest.raises(WarehouseError, match=r"\(exit code -9\)"):
            list(helper.ask(0))
        with pytest.raises(WarehouseError, match=r"\(exit code -9\)"):
            helper.send(0)


@pytest.mark.parametrize("prepares", [True, False])
def test_any_other_fault_ends_the_helper_and_is_quoted(prepares: bool) -> None:
    ends = pytest.raises(WarehouseError, match=r"(?s)the counting ended.*\(exit code 1\).*OverflowError: too far")
    with Counting(*["fail"] * prepares) as helper, ends:
        list(helper.ask("fail"))


def test_a_helper_does_not_load_a_folder_of_the_same_name_where_the_run_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("raise ImportError('somebody else')\n")
    monkeypatch.chdir(tmp_path)
    with Counting() as helper:
        assert list(helper.ask("where")) == [Result(str(PROJECT_ROOT / "pipeline" / "__init__.py"))]


def test_closing_a_helper_ends_it_at_once_and_twice_is_no_fault() -> None:
    helper = Counting()
    gone = os.pidfd_open(helper.pid)
    helper.close()
    helper.close()
    assert select.select([gone], [], [], 60)[0]


def test_a_helper_ends_when_its_run_was_killed_whatever_it_is_doing() -> None:
    """It may lock a database that the next run needs."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    with subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout is not None
        helper = os.pidfd_open(int(run.stdout.readline()))
        run.kill()
    ended, _, _ = select.select([helper], [], [], 60)
    assert ended == [helper]
