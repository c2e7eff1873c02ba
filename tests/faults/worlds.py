"""Generated companies, computed by the models and by a plain reading of the specs, and compared cell by cell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.experiments import Experiment, Trial
from tests.models import test_revenue_and_risk_properties as crm
from tests.models.customer_success import test_properties as customer_success
from tests.models.customer_success.conftest import MARTS
from tests.models.customer_success.worlds import NOW, merged, tenant
from tests.models.harness import built_models

COMPANIES_OF_A_TRIAL: Final = 100
"""The number of tenants computed together, because filling the models costs the same for one as for many."""


@contextmanager
def _tenants(folder: Path) -> Iterator[Trial]:
    with built_models(
        folder,
        {},
        as_of=NOW.isoformat(sep=" "),
        select=[f"+{mart}" for mart in MARTS],
        commands=("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
    ) as models:

        def trial(number: int) -> str | None:
            rng = random.Random(number)
            organizations = range(1, COMPANIES_OF_A_TRIAL + 1)
            world = merged(*(tenant(rng, one, rng.randint(1, 12), rng.randint(0, 8)) for one in organizations))
            customer_success.compare(models, world, organizations)
            return None

        yield trial


@contextmanager
def _crm(folder: Path) -> Iterator[Trial]:
    with built_models(
        folder,
        {},
        as_of=crm.NOW.isoformat(sep=" "),
        select=crm.SELECTED,
        selected_year=crm.SELECTED_YEAR,
    ) as models:

        def trial(number: int) -> str | None:
            rng = random.Random(number)
            if number % 5 == 3:
                world = crm.year_of_percents(rng, rng.randint(1, 6))
            elif number % 5 == 4:
                world = crm.halves_of_cents(rng, rng.randint(1, 30))
            else:
                world = crm.some_world(rng, rng.randint(1, 30), rng.randint(0, 150))
            crm.compare(models, world)
            return None

        yield trial


_PROMISE: Final = "Every cell has the value that the specs and decisions define."

TENANTS: Final = Experiment(
    name="generated platforms",
    promise=_PROMISE,
    tried="A generated tenant with many values at boundaries: each cell of account-core and "
    "account-communication-stats is compared with a plain Python implementation that uses fractions.",
    count=200,
    short=0,
    setting=_tenants,
    cases_of_a_trial=COMPANIES_OF_A_TRIAL,
)
CRM: Final = Experiment(
    name="generated CRMs",
    promise=_PROMISE,
    tried="A generated CRM: revenue and segments by year, the at-risk list and the neglected list are compared with a "
    "plain Python implementation that uses fractions.",
    count=5_000,
    short=0,
    setting=_crm,
)
