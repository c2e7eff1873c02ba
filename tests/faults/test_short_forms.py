"""Each experiment in its short form: a few of the cases of `make test-faults`."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest

from tests.faults.__main__ import PAGE
from tests.faults.deaths import DEATH, disturbed
from tests.faults.doomed import STOPPED
from tests.faults.experiments import tally
from tests.faults.page import counts_of, with_counts
from tests.faults.publishing import Publisher, Reader, ReadError, template
from tests.faults.suite import EXPERIMENTS


@pytest.mark.parametrize("name", [name for name, experiment in EXPERIMENTS.items() if experiment.short])
def test_every_promise_holds(name: str) -> None:
    experiment = EXPERIMENTS[name]
    found = tally(experiment, range(0, experiment.count, max(1, experiment.count // experiment.short)))
    assert found.failures == {}
    assert found.tried >= experiment.short


def test_the_page_names_every_experiment_and_none_that_failed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = counts_of(page)
    assert list(found) == list(EXPERIMENTS)
    assert with_counts(page, EXPERIMENTS, found) == page, "the texts are those of the experiments"
    assert all(counts.failed == 0 for counts in found.values())


def test_a_disturbance_takes_effect(tmp_path: Path) -> None:
    """Otherwise the experiments would prove nothing."""
    staged = template(tmp_path / "template")

    def publish() -> None:
        Publisher.of(str(tmp_path / "exports"), tmp_path / "state", staged).publish("new")

    (tmp_path / "exports").mkdir()
    assert disturbed(tmp_path / "exports", DEATH, 5, publish) == -signal.SIGKILL
    assert disturbed(tmp_path / "exports", errno.ENOSPC, 5, publish) == STOPPED
    assert disturbed(tmp_path / "exports", "short write", 1, publish) == STOPPED
    assert disturbed(tmp_path / "exports", DEATH, 1_000, publish) == 0


def test_a_reader_notices_an_incomplete_drop(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    drop = Publisher.of(str(exports), tmp_path / "state", template(tmp_path / "template")).publish("new")
    (Path(drop.location) / "deals.csv").write_bytes(b"deal_id\n")
    with pytest.raises(ReadError, match=r"deals\.csv is not whole"):
        Reader.of(str(exports)).look()
