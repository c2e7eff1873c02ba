"""The contracts of the timeline's marts, which no model builds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import contracts_from_yaml

TIMELINE_MARTS: Final = ("account_history", "at_risk_audit", "at_risk_episodes", "metric_history")

_HERE: Final = Path(__file__).parent


@cache
def timeline_contract(mart: str) -> ExportContract:
    """Read the contract of a mart; KeyError if the timeline has none of that name."""
    if mart not in TIMELINE_MARTS:
        raise KeyError(mart)
    path = _HERE / f"{mart}.yml"
    (contract,) = contracts_from_yaml({path.name: path.read_text(encoding="utf-8")})
    return contract
