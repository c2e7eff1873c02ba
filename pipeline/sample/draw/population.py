"""Who exists in a sample: the tenants, their accounts, the sites and people of each, and which systems know them.

All other modules draw from one population, so that an account is the same in LMN, in the CRM and on the platform. This
module writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.common.errors import WarehouseError
from pipeline.sample.draw import names
from pipeline.sample.draw.roles import Role

MIN_ACCOUNTS: Final = 100
"""With fewer, the cast would be nearly the whole sample."""

_LEAST_OF_A_TENANT: Final = 3
"""The smallest number of accounts of a tenant: three customers of the second one play edge cases."""

CAST: Final = len(Role)
"""The first accounts of the CRM's tenant are the cast: each is known to all three systems and plays edge cases."""


@dataclass(frozen=True)
class Tenant:
    """An organization on the platform. The CRM belongs to the first one."""

    organization_id: int
    name: str
    share: float
    """The tenant's share of all accounts."""


TENANTS: Final = (
    Tenant(1, "Lakeshore Exteriors", 0.75),
    Tenant(2, "Harborview Facilities", 0.15),
    Tenant(3, "Bluebird Pools", 0.10),
)


def tenants(count: int) -> tuple[Tenant, ...]:
    """Return this many tenants: the three, or more of one size, except for the first one, which has the cast."""
    if count == len(TENANTS):
        return TENANTS
    named = {tenant.organization_id: tenant.name for tenant in TENANTS}
    return tuple(Tenant(key, named.get(key, f"Company {key}"), 1 / count) for key in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Person:
    """Someone on the customer's side."""

    first_name: str
    last_name: str
    email: str
    phone: str
    title: str
    lmn_contact_id: str


@dataclass(frozen=True, slots=True)
class Site:
    """A place where work is done."""

    address: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account; ids are None in systems that do not know it."""

    number: int
    organization_id: int
    name: str
    kind: str
    domain: str
    customer_id: int | None
    """Its key on the platform; None for an account that only the CRM or LMN knows."""
    lmn_crm_id: str | None
    """LMN's CRM ID; None for an account that was made in the CRM by hand, and for other tenants."""
    in_lmn: bool
    crm_account_id: str | None
    """accounts.id in the CRM's database."""
    sites: tuple[Site, ...]
    people: tuple[Person, ...]

    @property
    def warehouse_id(self) -> str | None:
        """The account's id among the CRM's accounts, whether it came from the CRM or from LMN."""
        if self.crm_account_id is not None:
            return self.crm_account_id
        return f"lmn-account-{self.lmn_crm_id}" if self.in_lmn else None


@dataclass(frozen=True)
class Population:
    """All accounts of a sample, by number, and the instant that the sample is made for."""

    accounts: tuple[Account, ...]
    as_of: datetime
    seed: int
    tenants: tuple[Tenant, ...]
    cast: tuple[Account, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cast", self.accounts[:CAST])

    @property
    def crm_tenant(self) -> tuple[Account, ...]:
        """The accounts that LMN or the CRM knows."""
        return tuple(account for account in self.accounts if account.warehouse_id is not None)

    @property
    def customers(self) -> tuple[Account, ...]:
        """The accounts of all tenants that are customers on the platform, sorted by customer id."""
        found = [account for account in self.accounts if account.customer_id is not None]
        return tuple(sorted(found, key=lambda account: (account.customer_id or 0, account.organization_id)))

    def random(self, *key: int) -> np.random.Generator:
        """Return the stream of random numbers of one part of the sample: the same for the same seed and key."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))


def populate(accounts: int, seed: int, as_of: datetime, organizations: int = len(TENANTS)) -> Population:
    """Return a population of `accounts` accounts of all tenants; WarehouseError if it is too small for the cast."""
    _require(accounts, as_of, organizations)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    of_all = tenants(organizations)
    owners = _owners(accounts, of_all)
    drawn = _draw_accounts(random, owners)
    made = [_account(number, owners[number], drawn) for number in range(accounts)]
    # keys are only unique within a tenant: one id is the customer of two tenants
    first = owners.count(1)
    made[first] = replace(made[first], customer_id=made[Role.AT_THE_EDGE_OF_TENANTS].customer_id)
    return Population(tuple(made), as_of, seed, of_all)


def _require(accounts: int, as_of: datetime, organizations: int) -> None:
    """Raise WarehouseError if a sample can't be made of these numbers."""
    if accounts < MIN_ACCOUNTS:
        raise WarehouseError(
            f"a sample of {accounts} accounts is too small for its edge cases",
            remedy=f"ask for at least {MIN_ACCOUNTS} accounts",
        )
    if organizations < len(TENANTS):
        raise WarehouseError(f"the edge cases need {len(TENANTS)} organizations", remedy="ask for as many, or for more")
    if as_of.utcoffset() is None:
        raise WarehouseError(
            "the sample's instant has no time zone", remedy="give it with an offset, as in 2025-01-15T00:00:00Z"
        )


@dataclass(frozen=True)
class _Drawn:
    """What is drawn for accounts, with one entry for each."""

    kinds: list[str]
    names: list[str]
    reach: NDArray[np.float64]
    """Three numbers from 0 to 1, which decide the systems that know an account."""
    customer_ids: list[int | None]
    crm_ids: list[int]
    sites: list[list[list[int]]]
    people: list[list[list[int]]]
    counts: list[list[float]]
    """Two numbers from 0 to 1, which decide how many sites and people an account has."""


def _draw_accounts(random: np.random.Generator, owners: Sequence[int]) -> _Drawn:
    """Draw the properties of accounts; `owners` is the tenant of each."""
    accounts = len(owners)
    kinds = [names.KINDS[min(int(draw * 9), 6)] for draw in random.random(accounts).tolist()]  # a third are homes
    account_names = names.account_names(kinds, random)
    reach = random.random((accounts, 3))
    has_customer = [
        organization != 1 or number < CAST or float(draw) >= 0.07
        for number, (organization, draw) in enumerate(zip(owners, reach[:, 0], strict=True))
    ]
    # ids of all tenants are drawn at once, so that those of one tenant are not consecutive
    customer_ids = iter((1001 + random.permutation(sum(has_customer))).tolist())
    return _Drawn(
        kinds,
        account_names,
        reach,
        [next(customer_ids) if has_one else None for has_one in has_customer],
        (2_350_000 + np.cumsum(random.integers(4, 12, accounts))).tolist(),
        random.integers(0, 1 << 30, (accounts, 3, 3)).tolist(),
        random.integers(0, 1 << 30, (accounts, 3, 4)).tolist(),
        random.random((accounts, 2)).tolist(),
    )


def _account(number: int, organization_id: int, drawn: _Drawn) -> Account:
    """Make the account of a number from what was drawn for it."""
    reach, crm_id, customer_id = drawn.reach[number], drawn.crm_ids[number], drawn.customer_ids[number]
    of_crm, in_cast, name = organization_id == 1, number < CAST, drawn.names[number]
    only_customer = of_crm and not in_cast and customer_id is not None and reach[0] >= 0.97
    by_hand = of_crm and not in_cast and reach[1] < 0.07
    only_lmn = of_crm and not in_cast and not by_hand and reach[1] >= 0.92
    known = of_crm and not only_customer
    lmn_crm_id = str(crm_id) if known and not by_hand else None
    crm_account_id = None
    if known and not only_lmn:
        imported = lmn_crm_id is not None and reach[2] < 0.8
        crm_account_id = f"lmn-account-{lmn_crm_id}" if imported else f"acc-{number:06d}"
    domain = f"{names.slug(name)}.example"
    sites, people = (1 + int(count * most) for count, most in zip(drawn.counts[number], (2.2, 2.6), strict=True))
    return Account(
        number,
        organization_id,
        name,
        drawn.kinds[number],
        domain,
        customer_id,
        lmn_crm_id,
        in_lmn=lmn_crm_id is not None and bool(in_cast or reach[1] >= 0.1),
        crm_account_id=crm_account_id,
        sites=tuple(_site(draw) for draw in drawn.sites[number][:sites]),
        people=_people(drawn.people[number][:people], crm_id, domain),
    )


def _owners(accounts: int, of_all: Sequence[Tenant]) -> list[int]:
    """Return the tenant of each account; accounts of a tenant are consecutive."""
    first = max(round(accounts * of_all[0].share), CAST + 1)
    if of_all == TENANTS:
        second = round(accounts * of_all[1].share)
        sizes = [first, second, accounts - first - second]
    else:
        others = len(of_all) - 1
        sizes = [first, *((accounts - first + place) // others for place in range(others))]
    if min(sizes) < _LEAST_OF_A_TENANT:
        raise WarehouseError(
            f"{accounts} accounts are too few for {len(of_all)} organizations",
            remedy=f"ask for more accounts: {_LEAST_OF_A_TENANT} for each organization, and {CAST} for the edge cases",
        )
    return [tenant.organization_id for tenant, size in zip(of_all, sizes, strict=True) for _ in range(size)]


def _site(draw: list[int]) -> Site:
    city, state, postal_code = names.CITIES[draw[2] % len(names.CITIES)]
    return Site(names.street(draw[0], draw[1]), city, state, postal_code)


def _people(draws: list[list[int]], crm_id: int, domain: str) -> tuple[Person, ...]:
    made = []
    for index, (first, last, phone, title) in enumerate(draws):
        given, family = names.person(first, last)
        made.append(
            Person(
                given,
                family,
                f"{names.slug(given)}.{names.slug(family)}@{domain}",
                names.phone(phone),
                names.TITLES[title % len(names.TITLES)],
                # a P marks the primary contact, as LMN does
                f"P{crm_id + 105}" if index == 0 else f"S{crm_id + 105 + index}",
            )
        )
    return tuple(made)
