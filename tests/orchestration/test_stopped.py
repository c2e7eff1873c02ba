"""How a step of a page's run fails."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from pipeline.common.errors import WarehouseError
from pipeline.orchestration.stopped import StoppedError, stopped_in_words


def test_an_expected_error_stops_the_step_with_its_message_and_is_not_retried() -> None:
    with pytest.raises(StoppedError, match="the column is missing") as stopped, stopped_in_words():
        raise WarehouseError("the column is missing", where="accounts.csv", remedy="add it")
    assert isinstance(stopped.value, dg.Failure)
    assert stopped.value.allow_retries is False


def test_an_unexpected_error_keeps_its_traceback() -> None:
    with pytest.raises(KeyError) as bug, stopped_in_words():
        raise KeyError("revenue")
    recorded = serializable_error_info_from_exc_info((bug.type, bug.value, bug.tb))
    assert any("test_stopped.py" in line for line in recorded.stack)


def test_a_run_of_the_command_line_raises_the_error_itself() -> None:
    with pytest.raises(WarehouseError, match="the column is missing"), stopped_in_words(for_page=False):
        raise WarehouseError("the column is missing", where="accounts.csv", remedy="add it")
