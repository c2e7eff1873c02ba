"""The CRM's table of estimates in a sample: estimates of LMN, some corrected in one system, and the CRM's own ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipeline.sample.draw.estimates import Estimates
from pipeline.sample.draw.population import CAST, Account, Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.files.tables import Row


def crm_instant(moment: datetime, style: int = 0) -> str:
    """Format an instant as one of the CRM's clients does: in UTC, with an offset, or without a zone (meaning UTC)."""
    match style % 5:
        case 3:
            return moment.astimezone(timezone(timedelta(hours=-6))).isoformat()
        case 4:
            return moment.strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def crm_estimates(population: Population, estimates: Estimates) -> Iterator[Row]:
    """Yield the rows of the table: estimates of both systems, of the CRM only, and rows that ingest rejects."""
    random, as_of = population.random(2, 2), population.as_of
    accounts = population.accounts
    in_crm = np.asarray([a.crm_account_id is not None for a in accounts], dtype=np.bool_)
    in_lmn = np.asarray([a.lmn_crm_id is not None for a in accounts], dtype=np.bool_)
    by_hand, known = (in_crm & ~in_lmn)[estimates.account], in_crm[estimates.account]
    # the cast's estimates are only in LMN, except for the two roles that concern both systems
    kept = by_hand | (known & (random.random(len(estimates)) < 0.25) & (estimates.account >= CAST))
    kept |= np.isin(estimates.account, [Role.KNOWN_TO_BOTH, Role.LINKED_BY_CONTACT])
    owners = estimates.account[kept].tolist()
    draws = random.integers(0, 1 << 30, (len(owners), 4)).tolist()
    for estimate, number, draw in zip(estimates.table.filter(pa.array(kept)).to_pylist(), owners, draws, strict=True):
        yield _copied_estimate(estimate, accounts[number], draw, as_of)
    yield from _own_estimates(population)


_COPIED: Final = (
    *("lmn_estimate_id", "estimate_type", "estimate_date", "contract_start", "contract_end", "project_name", "version"),
    *("total_price_with_tax", "address", "archived", "exclude_stats", "salesperson", "estimator"),
)
"""The columns that the CRM has as LMN exports them."""


def _copied_estimate(estimate: Mapping[str, Any], account: Account, draw: Sequence[int], as_of: datetime) -> Row:
    """Return the CRM's row of an estimate that LMN knows too."""
    entered: date = estimate["estimate_date"] or as_of.date() - timedelta(days=200)
    created = datetime(entered.year, entered.month, entered.day, 15, 30, draw[1] % 60, tzinfo=as_of.tzinfo)
    by_contact = account.number == Role.LINKED_BY_CONTACT or draw[2] % 25 == 0
    own = {
        "id": str(uuid.UUID(int=(draw[3] << 98) | (draw[2] << 68) | (draw[1] << 38) | draw[0] << 8, version=4)),
        "estimate_number": estimate["lmn_estimate_id"] if draw[1] % 4 else None,
        "account_id": None if by_contact else account.crm_account_id,
        "lmn_contact_id": account.people[0].lmn_contact_id.lower() if by_contact else None,
        "status": estimate["status"] if draw[2] % 6 else "won",
        "pipeline_status": estimate["pipeline_status"] if draw[2] % 6 else None,
        "total_price": _crm_price(estimate["total_price"], account, draw),
        "division": estimate["division"] or "LE Landscapes",
        "created_date": entered,
        "created_at": created,
        "updated_at": min(created + timedelta(days=draw[0] % 300), as_of - timedelta(minutes=5)),
    }
    return _estimate_row({**{name: estimate[name] for name in _COPIED}, **own})


def _crm_price(price: Decimal | None, account: Account, draw: Sequence[int]) -> Decimal | None:
    """Return the CRM's price of an estimate, which differs from LMN's if that was corrected in LMN only."""
    if price is None:  # the CRM has a price that LMN lacks
        return Decimal("300.00") if account.number == Role.KNOWN_TO_BOTH else None
    is_corrected = draw[0] % 10 == 0 or account.number == Role.KNOWN_TO_BOTH
    return (price * Decimal("0.95")).quantize(Decimal("0.01")) if is_corrected else price


def _own_estimates(population: Population) -> Iterator[Row]:
    """Yield estimates that only the CRM knows, and rows that ingest rejects or nulls a cell of."""
    cast, as_of = population.cast, population.as_of
    alone = cast[Role.KNOWN_TO_THE_CRM_ALONE]
    year = as_of.year

    def own(number: int, **other: object) -> Row:
        row: dict[str, object] = {
            "id": str(uuid.UUID(int=(1 << 100) | number, version=4)),
            "lmn_estimate_id": f"CRM{number:05d}",
            "estimate_number": f"Q-{number}",
            "estimate_type": "Service",
            "contract_start": date(year, 1, 1),
            "contract_end": date(year, 5, 31),
            "account_id": alone.crm_account_id,
            "status": "Won",
            "total_price": Decimal("2500.00"),
            "division": "Snow",
            "address": alone.sites[0].address,
            "archived": False,
            "created_date": date(year - 1, 11, 30),
            "created_at": as_of - timedelta(days=60),
            "updated_at": as_of - timedelta(days=30),
        }
        return _estimate_row(row | other)

    yield own(1)
    yield own(2, contract_start=None, contract_end=None, total_price=Decimal("125.00"), estimate_type="Standard")
    yield own(3, account_id="acc-unknown", total_price=Decimal("80.00"))
    yield own(4, account_id=None, total_price=Decimal("90.00"), lmn_contact_id="p0000000")
    yield own(5, lmn_estimate_id="CRM00001", total_price=Decimal("9999.00"), updated_at=as_of - timedelta(days=400))
    yield own(6, contract_end="2025-02-30", total_price="about 300")
    yield own(7, id=None)


def _estimate_row(made: dict[str, object]) -> Row:
    return {name: _text(value) for name, value in made.items()}


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime():
            return crm_instant(value)
        case _:
            return str(value)
