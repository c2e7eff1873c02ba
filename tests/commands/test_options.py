"""run, plan and refresh have the same options: a command line for one works for the others."""

from __future__ import annotations

import inspect

import pytest

from pipeline.commands.runs import plan, refresh, run


@pytest.mark.parametrize(("command", "lacks"), [(plan, set()), (refresh, {"cuts"})])
def test_plan_and_refresh_take_the_options_of_run(command: object, lacks: set[str]) -> None:
    """Cuts are of `account_core`, which a refresh does not publish."""
    taken = inspect.signature(command).parameters.keys()  # type: ignore[arg-type]
    assert inspect.signature(run).parameters.keys() - taken == lacks
