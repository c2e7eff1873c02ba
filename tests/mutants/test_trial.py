"""A trial of a mutant in a fresh process, because a process with threads must not fork."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from pipeline.paths import PROJECT_ROOT
from tests.mutants.python_changes import mutants
from tests.mutants.python_room import Changed
from tests.mutants.trial import Verdict, first_failure, in_a_child

MODULE = "pipeline/guards/two_truths.py"


def in_a_fresh_process(call: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result(timeout=120)


def verdict_on_an_or_for_an_and(tests: str) -> Verdict:
    source = (PROJECT_ROOT / MODULE).read_text(encoding="utf-8")
    mutant = next(one for one in mutants(MODULE, source) if one.kind == "and, or, not")

    def judge() -> str | None:
        with Changed(mutant).imported():
            return first_failure([str(PROJECT_ROOT / tests)])

    return in_a_child(judge, 60)


def verdict_on_what_does_not_end() -> Verdict:
    def judge() -> None:
        while True:
            pass

    return in_a_child(judge, 0.3)


def test_a_mutant_is_killed_only_by_the_failing_test() -> None:
    own, other = "tests/guards/test_two_truths.py", "tests/guards/test_source_profile.py"
    assert (in_a_fresh_process(verdict_on_an_or_for_an_and, own).killed_by or "").startswith(own)
    assert in_a_fresh_process(verdict_on_an_or_for_an_and, other).killed_by is None


def test_an_endless_trial_is_stopped() -> None:
    assert in_a_fresh_process(verdict_on_what_does_not_end).killed_by == "time"
