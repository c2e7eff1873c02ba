"""Helper processes: they answer in lines, an early end is an error, and none outlives its run."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.common.worker_process import HelperProcess

_COUNTS = """
from pipeline.common.errors import WarehouseError
from pipeline.common.worker_process import serve

def answer(request, send):
    if request["to"] < 0:
        raise WarehouseError("can't count down", where="to", remedy="count up")
    if request["to"] == 0 and "quietly" in request:
        return None
    if request["to"] > 100:
        raise OverflowError("too far")
    for number in range(request["to"]):
        send({"number": number})
    print("counted")  # must not end up between the answers
    return request["to"]

serve(lambda: None, answer)
"""

_BUSY = """
import os, threading
from pipeline.common.worker_process import serve

def answer(request, send):
    send({"process": os.getpid()})
    threading.Event().wait()

serve(lambda: None, answer)
"""

_SCRIBBLES = """
import tempfile
from pipeline.common.worker_process import serve

serve(lambda: None, lambda request, send: tempfile.mkdtemp())
"""

_RUN = f"""
import sys
from pipeline.common.worker_process import HelperProcess

for message in HelperProcess("busy", "no.module", command=[sys.executable, "-c", {_BUSY!r}]).ask({{}}):
    print(message["process"], flush=True)
"""


def counting() -> HelperProcess:
    return HelperProcess("counting", "no.module", command=[sys.executable, "-c", _COUNTS])


def test_every_message_comes_before_its_result() -> None:
    with counting() as helper:
        assert [list(message.items()) for message in helper.ask({"to": 2})] == [
            [("number", 0)],
            [("number", 1)],
            [("result", 2)],
        ]
        assert list(helper.ask({"to": 0})) == [{"result": 0}]


def test_a_fault_with_a_remedy_is_passed_on_and_the_helper_stays() -> None:
    with counting() as helper:
        with pytest.raises(WarehouseError, match="to: can't count down\nTo do: count up"):
            list(helper.ask({"to": -1}))
        assert list(helper.ask({"to": 0})) == [{"result": 0}]


def test_what_is_only_told_has_no_answer_but_its_fault_comes_with_the_next_one() -> None:
    with counting() as helper:
        helper.tell({"to": 0, "quietly": True})
        assert list(helper.ask({"to": 1})) == [{"number": 0}, {"result": 1}]
        helper.tell({"to": -1})
        with pytest.raises(WarehouseError, match="can't count down"):
            list(helper.ask({"to": 1}))


def test_a_helper_that_has_ended_can_be_told_nothing() -> None:
    with HelperProcess("gone", "no.module", command=[sys.executable, "-c", "import sys; sys.exit(3)"]) as helper:
        helper._process.wait()
        with pytest.raises(WarehouseError, match=r"the gone ended before it had answered \(exit code 3\)"):
            helper.tell({})


def test_a_folder_of_the_same_name_where_the_run_was_started_is_not_what_a_helper_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("raise ImportError('somebody else')\n")
    monkeypatch.chdir(tmp_path)
    with HelperProcess("ours", "pipeline.common.errors") as helper:
        assert helper._process.wait() == 0


def test_any_other_fault_ends_it_with_its_last_words() -> None:
    ends = pytest.raises(WarehouseError, match=r"(?s)the counting ended.*\(exit code 1\).*OverflowError: too far")
    with counting() as helper, ends:
        list(helper.ask({"to": 101}))


def test_what_a_helper_left_in_the_temporary_folder_goes_with_it() -> None:
    with HelperProcess("scribe", "no.module", command=[sys.executable, "-c", _SCRIBBLES]) as helper:
        (answer,) = helper.ask({})
        written = answer["result"]
        assert Path(written).exists()
    assert helper._end is not None
    helper._end.join()
    assert not Path(written).exists()


def test_a_helper_ends_when_its_run_was_killed_whatever_it_is_at(tmp_path: Path) -> None:
    """It may hold a database that the next run needs."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # nobody is left to clear it
    with subprocess.Popen([sys.executable, "-c", _RUN], stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout is not None
        helper = os.pidfd_open(int(run.stdout.readline()))
        run.kill()
    ended, _, _ = select.select([helper], [], [], 60)
    assert ended == [helper]
