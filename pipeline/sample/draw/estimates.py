"""The estimates of a sample, before they are formatted for LMN's or the CRM's files.

Ordinary estimates have the proportions of real LMN data: a quarter is won, and a third of those has a contract end.
Edge cases of the rules (boundaries of days and months, renewals, duplicates, odd prices) are in
`edge_cases/estimates.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import ROW_COLUMN
from pipeline.ingest.tables import source_table
from pipeline.sample.draw.population import CAST, Account, Population
from pipeline.sample.draw.random_columns import Flags, Integers, Numbers, choose, day_number, days, money, pick

PER_ACCOUNT: Final = 4.8
"""Estimates for each account of the sample, over all tenants: 6.4 for each that LMN or the CRM knows."""

SCHEMA: Final = pa.schema(
    [
        field.with_nullable(True)
        for field in source_table("lmn", "estimates_list").arrow_schema
        if field.name != ROW_COLUMN
    ]
)

DIVISIONS: Final = (
    "LE Irrigation",
    "LE Landscapes",
    "LE Maintenance (Summer/Winter)",
    "LE Maintenance Enchancements",
    "LE Paving",
    "LE Tree Care",
    "Line Painting",
    "Parking Lot Sweeping",
    "Snow",
    "Warranty",
    "<unassigned>",
    "[unassigned]",
    "n/a",
)
_DIVISION_WEIGHTS: Final = (8, 16, 30, 12, 4, 6, 3, 5, 12, 1, 1, 0.7, 0.3)
_PROJECTS: Final = (
    "Sprinkler start-up and winterising",
    "Patio and planting beds",
    "Grounds maintenance",
    "Spring clean-up and mulch",
    "Driveway overlay",
    "Tree pruning",
    "Parking lot striping",
    "Lot sweeping",
    "Snow and ice management",
    "Warranty replacement",
    "Miscellaneous",
    "Miscellaneous",
    "Miscellaneous",
)
_WON_STATUSES: Final = (
    "Contract Signed",
    "Work Complete",
    "Billing Complete",
    "Email Contract Award",
    "Verbal Contract Award",
    "Contract In Progress",
    "Contract + Billing Complete",
    "Work In Progress",
    "Won",
    "Sold",
)
_LOST_STATUSES: Final = (
    "Estimate Lost",
    "Estimate Lost - No Reply",
    "Estimate Lost - Price Too High",
    "Estimate On Hold",
)
_OPEN_STATUSES: Final = (
    "Estimate In Progress",
    "Review + Approve",
    "Client Proposal Phase 1",
    "Contract Signed - Draft",
)
_STATUSES: Final = (*_WON_STATUSES, *_LOST_STATUSES, *_OPEN_STATUSES)
SALESPEOPLE: Final = (
    "Marta Olson",
    "Ben Castillo",
    "Priya Shah",
    "Jonas Weber",
    "Grace O'Neill",
    "Samir Haddad",
    "",
    "marta olson ",
)
ESTIMATORS: Final = ("Lars Dahl", "Lena Novak", "Ben Castillo", "Diego Ruiz", "Wanda Kim", "")
_REFERRALS: Final = ("", "Web search", "Existing customer", "Yard sign", "Trade show")

# The parts of a price in thousandths: cost and price of material, labor, equipment, other and subcontractors.
_PARTS: Final = (
    ("material_cost", 180),
    ("material_price", 260),
    ("labor_cost", 300),
    ("labor_price", 480),
    ("equipment_cost", 70),
    ("equipment_price", 110),
    ("other_costs", 20),
    ("other_price", 40),
    ("sub_costs", 80),
    ("sub_price", 110),
    ("total_cost", 650),
    ("total_overhead", 210),
    ("breakeven", 860),
    ("total_profit", 140),
)


@dataclass(frozen=True)
class Estimates:
    """Estimates in file order, and the number of each estimate's account in the population (-1: no account)."""

    table: pa.Table
    account: Integers

    def __len__(self) -> int:
        return len(self.account)


def ordinary_estimates(population: Population) -> Estimates:
    """Return the estimates of every account of the CRM's tenant, except the cast's."""
    random = population.random(1, 1)
    accounts = [account for account in population.crm_tenant if account.number >= CAST]
    total = round(len(population.accounts) * PER_ACCOUNT)
    appetite = np.exp(1.1 * _normal(random, len(accounts)))
    counts = np.floor(total * appetite / appetite.sum() + random.random(len(accounts))).astype(np.int64)
    owner_place = np.repeat(np.arange(len(accounts), dtype=np.int64), counts)
    # LMN's file order is by number, which follows the time of entry, so accounts are mixed
    owner_place = owner_place[random.permutation(len(owner_place))]
    return Estimates(
        _draw(population, random, accounts, owner_place),
        np.asarray([account.number for account in accounts], dtype=np.int64)[owner_place],
    )


def _draw(population: Population, random: np.random.Generator, accounts: list[Account], owner: Integers) -> pa.Table:
    """Draw the columns of estimates; `owner` is the position of each estimate's account in `accounts`.

    The order of the draws decides every value, so new draws belong at the end.
    """
    size = len(owner)
    today = day_number(population.as_of.date())
    estimate_day = today - np.floor(1_500 * random.random(size) ** 1.4).astype(np.int64)
    won = random.random(size) < 0.26
    service = random.random(size) < np.where(won, 0.5, 0.35)
    division = choose(random, _DIVISION_WEIGHTS, size)
    division_absent = random.random(size) < 0.03
    contracts = _contracts(random, estimate_day, won, service)
    homes = np.asarray([account.kind == "home" for account in accounts], dtype=np.bool_)
    prices = _price_columns(random, won, service, homes[owner])
    statuses = _statuses(random, won)
    addresses = _addresses(random, accounts, owner, _sites(accounts))
    links = _links(random, accounts, owner)
    shared = estimate_day + random.integers(0, 20, size)
    unshared = random.random(size) < 0.3
    columns: dict[str, pa.Array] = {
        **_term_columns(random, estimate_day, won, service, division, contracts),
        **_party_columns(random, accounts, owner, addresses, links),
        **_progress_columns(random, statuses, shared, unshared),
        "division": pick(DIVISIONS, division, division_absent),
        **_other_columns(random, size),
        **prices,
    }
    return pa.table([columns[field.name].cast(field.type) for field in SCHEMA], schema=SCHEMA)


def _term_columns(
    random: np.random.Generator,
    estimate_day: Integers,
    won: Flags,
    service: Flags,
    division: Integers,
    contracts: tuple[Integers, Integers, Flags],
) -> dict[str, pa.Array]:
    """Return the columns of an estimate's id, type, dates and project."""
    size = len(estimate_day)
    start, end, has_contract = contracts
    year = pc.cast(pa.array(1970 + estimate_day // 365.2425, pa.float64()), pa.int64(), safe=False).cast(pa.string())
    numbers = pa.array(1_807_000 + np.arange(size)).cast(pa.string())
    return {
        "lmn_estimate_id": pc.binary_join_element_wise("EST", numbers, ""),
        "estimate_type": pick(("Standard", "Service"), service.astype(np.int64)),
        "estimate_date": days(estimate_day, random.random(size) < 0.02),
        "estimate_close_date": days(estimate_day + random.integers(5, 60, size), ~won),
        "contract_start": days(start, ~has_contract & (random.random(size) < 0.8)),
        "contract_end": days(end, ~has_contract),
        "project_name": pc.binary_join_element_wise(year, pick(_PROJECTS, division), " "),
        "version": pick(("1", "2", "3"), choose(random, (8, 3, 1), size)),
    }


def _party_columns(
    random: np.random.Generator,
    accounts: list[Account],
    owner: Integers,
    addresses: tuple[pa.Array, pa.Array],
    links: tuple[list[str | None], Flags],
) -> dict[str, pa.Array]:
    """Return the columns of an estimate's contact, addresses and salespeople."""
    size = len(owner)
    contact = [f"{account.people[0].first_name} {account.people[0].last_name}" for account in accounts]
    link, link_absent = links
    return {
        "contact_name": pick(contact, owner),
        "crm_link": pick(link, owner * 2 + (random.random(size) < 0.02), link_absent),
        "crm_tags": pick(("", "Client", "Client, VIP", "Lead"), choose(random, (5, 3, 1, 1), size)),
        "address": addresses[0],
        "billing_address": addresses[1],
        "phone_1": pick([account.people[0].phone for account in accounts], owner),
        "phone_2": pa.nulls(size, pa.string()),
        "email": pick([account.people[0].email for account in accounts], owner, random.random(size) < 0.1),
        "salesperson": pick(SALESPEOPLE, choose(random, (6, 5, 5, 4, 3, 2, 1, 1), size)),
        "estimator": pick(ESTIMATORS, choose(random, (5, 5, 4, 3, 2, 1), size)),
    }


def _progress_columns(
    random: np.random.Generator, statuses: tuple[Integers, Integers], shared: Integers, unshared: Flags
) -> dict[str, pa.Array]:
    """Return the columns of an estimate's statuses and proposal."""
    size = len(shared)
    status, pipeline = statuses
    return {
        "status": pick(_STATUSES, status),
        "pipeline_status": pick(("Sold", "Lost", "Pending", "", " SOLD ", "Not Sold"), pipeline),
        "proposal_first_shared": days(shared, unshared),
        "proposal_last_shared": days(shared + random.integers(0, 30, size), unshared),
        "proposal_last_updated": days(shared + random.integers(0, 40, size)),
    }


def _other_columns(random: np.random.Generator, size: int) -> dict[str, pa.Array]:
    """Return the columns that depend on nothing else."""
    percents = [Decimal(percent) for percent in (0, 25, 50, 75, 100)]
    return {
        "referral": pick(_REFERRALS, choose(random, (6, 2, 2, 1, 1), size)),
        "referral_note": pa.nulls(size, pa.string()),
        "confidence_level": pick(percents, choose(random, (1, 2, 3, 2, 2), size)),
        "archived": pa.array(random.random(size) < 0.06),
        "exclude_stats": pa.array(random.random(size) < 0.02),
    }


def _price_columns(random: np.random.Generator, won: Flags, service: Flags, at_home: Flags) -> dict[str, pa.Array]:
    """Return the columns of an estimate's prices, costs and hours."""
    size = len(won)
    cents = _prices(random, service, at_home)
    no_price, no_taxed = random.random(size) < 0.02, random.random(size) < 0.1
    cents = np.where(random.random(size) < 0.01, 0, cents)
    taxed = cents + (cents * 7125 + 50_000) // 100_000
    return {
        "labor_hours": money(cents * 480 // 1000 // 55),
        "total_price": money(cents, no_price),
        "total_price_with_tax": money(taxed, no_taxed),
        "predicted_sales": money(np.where(won, cents, cents // 3)),
        **{name: money(cents * thousandths // 1000) for name, thousandths in _PARTS},
    }


def _normal(random: np.random.Generator, size: int) -> Numbers:
    """Return nearly normal numbers as sums of uniform ones, which every release of numpy draws alike."""
    sums: Numbers = random.random((size, 6)).sum(axis=1)
    sums -= 3.0
    sums *= np.sqrt(2.0)
    return sums


def _contracts(
    random: np.random.Generator, estimate_day: Integers, won: Flags, service: Flags
) -> tuple[Integers, Integers, Flags]:
    """Return the first and the last day of the contracts, and which estimates have one."""
    size = len(estimate_day)
    has_contract = random.random(size) < np.where(won & service, 0.55, np.where(won, 0.1, 0.15))
    # a contract begins on the first of one of the five months after the estimate
    month = (estimate_day.astype("datetime64[D]").astype("datetime64[M]")).astype(np.int64) + random.integers(
        1, 6, size
    )
    years = np.asarray((12, 24, 36, 60, 6, 13, 25), dtype=np.int64)[choose(random, (70, 9, 6, 1, 8, 2, 1), size)]
    start = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    last = (month + years).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
    # some contracts end on the anniversary itself, which makes exactly 12 months; some a day later, which makes 13
    last += choose(random, (7, 2, 0.2), size)
    return start, last, has_contract


def _prices(random: np.random.Generator, service: Flags, at_home: Flags) -> Integers:
    """Return prices in cents: about 1,100 dollars for homes and 8,000 for businesses, and a few credits."""
    size = len(service)
    dollars = np.exp(np.where(at_home, 7.0, 9.0) + 0.9 * _normal(random, size) + 0.4 * service)
    cents = np.floor(dollars * 100).astype(np.int64)
    cents = np.where(random.random(size) < 0.5, cents // 5_000 * 5_000, cents)
    credited: Integers = np.where(random.random(size) < 0.005, -cents // 20, cents)
    return credited


def _statuses(random: np.random.Generator, won: Flags) -> tuple[Integers, Integers]:
    """Return the positions of the status and the pipeline status; a few contradict each other."""
    size = len(won)
    first_lost, first_open = len(_WON_STATUSES), len(_WON_STATUSES) + len(_LOST_STATUSES)
    pending = random.random(size) < 0.35
    status = np.where(
        won,
        random.integers(0, first_lost, size),
        np.where(
            pending, random.integers(first_open, len(_STATUSES), size), random.integers(first_lost, first_open, size)
        ),
    )
    pipeline = np.where(
        won, choose(random, (90, 1, 2, 4, 3, 0), size), np.where(pending, 2, choose(random, (0, 9, 0, 0, 0, 1), size))
    )
    return status.astype(np.int64), pipeline.astype(np.int64)


def _sites(accounts: list[Account]) -> Integers:
    """Return the position of each account's first site in the list of all sites."""
    counts = np.asarray([len(account.sites) for account in accounts], dtype=np.int64)
    return np.cumsum(counts) - counts


def _addresses(
    random: np.random.Generator, accounts: list[Account], owner: Integers, first_site: Integers
) -> tuple[pa.Array, pa.Array]:
    """Return the project's and the billing address; the same site has several spellings."""
    size = len(owner)
    spelt = []
    for account in accounts:
        for site in account.sites:
            plain = f"{site.address}, {site.city}"
            spelt += [plain, plain.upper(), plain.replace(" ", "  ")]
    counts = np.asarray([len(account.sites) for account in accounts], dtype=np.int64)[owner]
    chosen = first_site[owner] + np.floor(random.random(size) * counts).astype(np.int64)
    project = pick(spelt, chosen * 3 + choose(random, (17, 2, 1), size), random.random(size) < 0.05)
    return project, pick(spelt, first_site[owner] * 3)


def _links(random: np.random.Generator, accounts: list[Account], owner: Integers) -> tuple[list[str | None], Flags]:
    """Return two links for each account (its CRM ID and its contact's id), and which estimates have none."""
    spelt: list[str | None] = []
    for account in accounts:
        spelt += [account.lmn_crm_id, account.people[0].lmn_contact_id if account.in_lmn else account.lmn_crm_id]
    return spelt, random.random(len(owner)) < 0.03
