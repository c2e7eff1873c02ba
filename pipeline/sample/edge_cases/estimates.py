"""The cast's estimates: boundaries of days and months, renewals and duplicates, odd prices, contradicting statuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.sample.draw.estimates import SCHEMA, Estimates
from pipeline.sample.draw.population import Account, Population
from pipeline.sample.draw.random_columns import rows
from pipeline.sample.draw.roles import Role

FLAGSHIPS_UP_TO: Final = 2_000
"""Up to this many accounts, three of them make 15 or 5 percent of a year's revenue, so that segments A and B occur; in
a larger sample no customer would be that large."""

_MAINTENANCE: Final = "LE Maintenance (Summer/Winter)"


def with_cast(population: Population, ordinary: Estimates) -> Estimates:
    """Return the ordinary estimates, followed by the cast's."""
    made = [*_boundaries(population), *_contracts(population), *_odd_prices(population), *_odd_links(population)]
    if len(population.accounts) <= FLAGSHIPS_UP_TO:
        made += _flagships(population, ordinary.table)
    for index, (_, row) in enumerate(made):
        row["lmn_estimate_id"] = f"EST{1_700_000 + index}"
    owners = np.asarray([account.number for account, _ in made], dtype=np.int64)
    table = pa.concat_tables([ordinary.table, rows(SCHEMA, [row for _, row in made])])
    return Estimates(table, np.concatenate([ordinary.account, owners]))


_Made = tuple[Account, dict[str, Any]]


def _won(
    account: Account, *, start: date | None, end: date | None, price: str | None = "12000.00", **other: Any
) -> _Made:
    """Return a won maintenance contract at the account's first site; `other` columns replace its values."""
    person = account.people[0]
    row: dict[str, Any] = {
        "estimate_type": "Service",
        "estimate_date": start - timedelta(days=40) if start else None,
        "contract_start": start,
        "contract_end": end,
        "project_name": "Grounds maintenance",
        "version": "1",
        "contact_name": f"{person.first_name} {person.last_name}",
        "crm_link": account.lmn_crm_id,
        "address": account.sites[0].address,
        "billing_address": account.sites[0].address,
        "phone_1": person.phone,
        "email": person.email,
        "salesperson": "Marta Olson",
        "estimator": "Lars Dahl",
        "status": "Contract Signed",
        "pipeline_status": "Sold",
        "division": _MAINTENANCE,
        "confidence_level": Decimal("100"),
        "archived": False,
        "exclude_stats": False,
        "total_price": Decimal(price) if price is not None else None,
        "total_price_with_tax": (Decimal(price) * Decimal("1.07")).quantize(Decimal("0.01"))
        if price is not None
        else None,
    }
    return account, row | other


def _boundaries(population: Population) -> Iterator[_Made]:
    """Yield contracts at the edges of the 180 days, renewals, duplicates, ties, archives and snoozes."""
    today = population.as_of.date()
    cast = population.cast

    def ending(role: Role, in_days: int, **other: Any) -> _Made:
        end = today + timedelta(days=in_days)
        return _won(cast[role], start=end - timedelta(days=364), end=end, **other)

    yield ending(Role.ENDS_TODAY, 0)
    yield ending(Role.ENDS_IN_180_DAYS, 180)
    yield ending(Role.ENDS_IN_181_DAYS, 181)
    yield ending(Role.ENDED_YESTERDAY, -1)

    site = cast[Role.RENEWED].sites[0].address
    yield ending(Role.RENEWED, 137)
    yield ending(
        Role.RENEWED, 502, division=f" {_MAINTENANCE.upper()} ", address=f"  {site.upper().replace(' ', '   ')} "
    )

    site = cast[Role.DUPLICATES].sites[0].address
    yield ending(Role.DUPLICATES, 60, price="8200.00")
    yield ending(Role.DUPLICATES, 90, price="8450.50", address=site.lower())
    yield ending(Role.DUPLICATES, 120, division="Snow", price="3100.00")

    yield ending(Role.RENEWAL_WITHOUT_ADDRESS, 45, address=None)
    yield ending(Role.RENEWAL_WITHOUT_ADDRESS, 410, address="   ")

    yield ending(Role.SAME_DAY_TIE, 106, division="LE Tree Care", price="2500.00")
    yield ending(Role.SAME_DAY_TIE, 106, division="Snow", price="9900.00")

    yield ending(Role.ARCHIVED_ESTIMATE, 30, archived=True)
    yield ending(Role.ARCHIVED_RENEWAL, 75)
    yield ending(Role.ARCHIVED_RENEWAL, 440, archived=True)
    for role in (
        Role.ARCHIVED_ACCOUNT,
        Role.ARCHIVED_BY_STATUS,
        Role.SNOOZED,
        Role.SNOOZE_OVER,
        Role.SNOOZED_UNTIL_MIDNIGHT,
        Role.SNOOZED_FOR_SOMETHING_ELSE,
        Role.SNOOZED_TWICE,
    ):
        yield ending(role, 100 + role)


def _contracts(population: Population) -> Iterator[_Made]:
    """Yield durations of 12, 13, 24, 25, 36 and 60 months, month ends, and reversed dates."""
    cast, year = population.cast, population.as_of.year

    def term(role: Role, start: date, end: date, **other: Any) -> _Made:
        return _won(cast[role], start=start, end=end, **other)

    yield term(Role.WHOLE_YEARS, date(year - 1, 1, 1), date(year, 12, 31), price="120000.00")  # 24 months
    yield term(Role.WHOLE_YEARS, date(year - 1, 4, 1), date(year, 4, 1), division="Snow")  # 12 exactly
    yield term(
        Role.WHOLE_YEARS, date(year - 2, 3, 15), date(year + 1, 3, 14), price="100000.00", division="LE Irrigation"
    )
    yield term(
        Role.WHOLE_YEARS, date(year - 3, 1, 1), date(year + 1, 12, 31), price="50000.01", division="LE Tree Care"
    )
    yield term(Role.TYPOS, date(year - 1, 10, 1), date(year, 10, 15), price="13000.00")  # 13
    yield term(Role.TYPOS, date(year - 2, 5, 1), date(year, 5, 2), price="25000.00", division="Snow")  # 25
    yield term(Role.REVERSED_DATES, date(year, 3, 31), date(year - 1, 4, 1), price="7000.00")
    yield term(Role.REVERSED_DATES, date(year, 1, 2), date(year, 1, 1), price="700.00", division="Snow")
    yield term(Role.MONTH_ENDS, date(year - 1, 1, 31), date(year - 1, 2, 28), price="310.28")  # 1
    yield term(
        Role.MONTH_ENDS, date(year - 1, 3, 1) - timedelta(days=1), date(year, 2, 28), price="2900.00", division="Snow"
    )  # 12
    yield term(Role.MONTH_ENDS, date(year - 1, 12, 31), date(year, 12, 31), price="3100.00", division="LE Paving")  # 12


def _this_year(population: Population, role: Role, price: str | None = "4000.00", **other: Any) -> _Made:
    """Return a contract for the sample's year."""
    year = population.as_of.year
    usual: dict[str, Any] = {"start": date(year, 1, 1), "end": date(year, 12, 31), "price": price}
    return _won(population.cast[role], **usual | other)


def _odd_prices(population: Population) -> Iterator[_Made]:
    """Yield odd prices, estimate types and statuses."""
    year, odd = population.as_of.year, partial(_this_year, population)

    yield odd(Role.ODD_PRICES, "0.00", total_price_with_tax=Decimal("535.00"))
    yield odd(Role.ODD_PRICES, None, total_price_with_tax=Decimal("1070.00"), division="Snow")
    yield odd(Role.ODD_PRICES, None, total_price_with_tax=None, division="LE Paving")
    yield odd(Role.ODD_PRICES, "-250.75", division="Warranty")
    yield odd(Role.ODD_PRICES, "0.005", total_price=Decimal("0.01"), division="LE Irrigation")

    yield odd(Role.PROJECTS_ONLY, "18000.00", estimate_type="Standard")
    yield odd(Role.PROJECTS_ONLY, "0.00", estimate_type=" standard ", division="LE Landscapes")
    yield odd(Role.PROJECTS_ONLY, "900.00", start=date(year - 1, 1, 1), end=date(year - 1, 12, 31))

    for pipeline, status in (
        ("Not Sold", "Estimate Lost"),
        ("Not Sold", "Contract Signed"),
        ("Sold", "Estimate Lost"),
        ("sold - verbal", "Estimate In Progress"),
        ("Pending", " WON "),
        ("Lost", "Work Complete"),
        ("", "Contract Signed - Draft"),
        (None, "contract + billing complete"),
        (None, None),
    ):
        yield odd(Role.STATUS_CONFLICTS, "1500.00", pipeline_status=pipeline, status=status)


def _odd_links(population: Population) -> Iterator[_Made]:
    """Yield missing dates, flags, odd links to accounts, and statuses that only contain the word lost."""
    cast, year, odd = population.cast, population.as_of.year, partial(_this_year, population)

    yield odd(Role.NO_DATES, "660.00", start=None, end=None)
    yield odd(Role.NO_DATES, "770.00", start=None, end=None, estimate_date=date(year - 1, 6, 1))
    yield odd(Role.NO_DATES, "880.00", start=None)
    yield odd(Role.NO_DATES, "990.00", end=None)

    yield odd(Role.LEFT_OUT_OF_STATISTICS, exclude_stats=True)
    yield odd(Role.LEFT_OUT_OF_STATISTICS, archived=True, division="Snow")
    yield odd(Role.KNOWN_TO_BOTH, "5000.00")
    yield odd(Role.KNOWN_TO_BOTH, None, total_price_with_tax=None, division=None)
    yield odd(Role.LINKED_BY_CONTACT, crm_link=cast[Role.LINKED_BY_CONTACT].people[0].lmn_contact_id)
    yield odd(Role.LINKED_BY_CONTACT, "50.25", crm_link=cast[Role.LINKED_BY_CONTACT].people[0].lmn_contact_id.lower())

    for status in ("Lost to another bidder", "Deposit lost?", "Ballosted Beds"):
        yield odd(Role.STATUS_CONFLICTS, "100.00", pipeline_status="Pending", status=status, salesperson=None)


def _flagships(population: Population, ordinary: pa.Table) -> Iterator[_Made]:
    """Yield contracts of accounts that are large enough for segments A and B in this sample."""
    won = pc.fill_null(pc.equal(ordinary["pipeline_status"], "Sold"), False)
    total = pc.sum(ordinary.filter(won)["total_price"]).as_py()
    a_year = int(total) // 4
    for role, percent in ((Role.FLAGSHIP, 110), (Role.LARGE, 35), (Role.SECOND_LARGE, 25)):
        for year in range(population.as_of.year - 3, population.as_of.year + 1):
            yield _won(
                population.cast[role],
                start=date(year, 1, 1),
                end=date(year, 12, 31),
                price=f"{a_year * percent // 100}.00",
                project_name=f"{year} grounds, snow and irrigation",
            )
