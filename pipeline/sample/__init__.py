"""Made-up sources of any size: tables of LMN, the CRM and the platform, with the faults of real ones.

`write_sample` makes them. The same numbers, seed and instant give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.sample.draw.estimates import ordinary_estimates
from pipeline.sample.draw.population import MIN_ACCOUNTS, TENANTS, populate
from pipeline.sample.edge_cases.estimates import with_cast
from pipeline.sample.write_crm import write_crm
from pipeline.sample.write_lmn import write_lmn
from pipeline.sample.write_platform import write_platform

DEFAULT_AS_OF: Final = datetime(2025, 1, 15, tzinfo=UTC)
"""The instant for which a sample is made: all its edge cases occur in a run with this `--as-of`."""

DEFAULT_EVENTS_PER_ACCOUNT: Final = 440

FOLDERS: Final = ("lmn", "crm", "platform")

__all__ = ["DEFAULT_AS_OF", "DEFAULT_EVENTS_PER_ACCOUNT", "MIN_ACCOUNTS", "write_sample"]


def write_sample(
    out: Path,
    accounts: int,
    seed: int,
    events_per_account: int = DEFAULT_EVENTS_PER_ACCOUNT,
    as_of: datetime = DEFAULT_AS_OF,
    organizations: int = len(TENANTS),
) -> dict[str, int]:
    """Write `out`/lmn, `out`/crm and `out`/platform; return the number of rows of each table, such as `crm.accounts`.

    `accounts` is the number of accounts of all tenants, `organizations` that of tenants, `events_per_account` that of
    rows of the event tables per account on average. WarehouseError if there are too few accounts, or if one of the
    folders is not empty.
    """
    for name in FOLDERS:
        if (out / name).is_dir() and any((out / name).iterdir()):
            raise WarehouseError(
                "the folder is not empty", where=str(out / name), remedy="name a new folder, or remove this one"
            )
    if events_per_account < 0:
        raise WarehouseError(f"can't write {events_per_account} events per account", remedy="give 0 or more")
    population = populate(accounts, seed, as_of, organizations)
    estimates = with_cast(population, ordinary_estimates(population))
    return (
        write_lmn(out / "lmn", population, estimates)
        | write_crm(out / "crm", population, estimates)
        | write_platform(out / "platform", population, events_per_account)
    )
