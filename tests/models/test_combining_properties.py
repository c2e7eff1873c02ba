"""LMN's and the CRM's accounts, contacts and estimates combined, compared with a plain reading of lmn-format and D13.

The generated keys come from small pools, so that rows of the two systems match, don't match and contradict each other.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.harness import BuiltModels, Row, built_models

World = dict[tuple[str, str], list[Row]]

ACCOUNT_COLUMNS = ("name", "account_type", "icp_status", "tags", "city", "country")
METHODS = ["email", "phone", "crm_tags"]
SELECTED = ("+file:accounts.sql",)
"""The models that `compare` reads, as file selectors: a bare name would select the folder `accounts` too."""
EMAILS = ["ann@acme.example", " Ann@ACME.example", "bee@acme.example", "  "]
PHONES = ["(615) 555-0128", "+1 615.555.0128", "615-555-0129", "555-0128"]
ESTIMATE_COLUMNS = ("estimate_number", "status", "division", "address", "salesperson", "total_price")


def blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def first(*values: Any) -> Any:
    """Return the first value that is not null."""
    return next((value for value in values if value is not None), None)


def lmn_accounts(rows: list[Row]) -> dict[str, Row]:
    """lmn-format: one per CRM ID, from its primary contact's row, else its first row."""
    found: dict[str, Row] = {}
    for crm_id in {row["lmn_crm_id"] for row in rows}:
        own = [row for row in rows if row["lmn_crm_id"] == crm_id]
        marked = [row for row in own if (row["lmn_contact_id"] or "").lower().startswith("p")]
        chosen = next((row for row in own if row["primary_contact"]), (marked or own)[0])
        residential = (chosen["classification"] or "").lower() == "residential"
        found[crm_id] = {
            **chosen,
            "account_type": chosen["account_type"] and chosen["account_type"].lower(),
            "icp_status": "na" if residential else "required",
        }
    return found


def partners(theirs: list[Row], ours: list[str], key: str, prefix: str) -> dict[str, str | None]:
    """Return the row of the CRM that each LMN key matches (None: no match).

    By the key, else by the id that the CRM would make of it. A row of the CRM takes the values of one LMN row only.
    """
    by_key = {row[key]: row["id"] for row in theirs if row[key] is not None}
    ids = {row["id"] for row in theirs}
    return {
        value: by_key[value] if value in by_key else (prefix + value if prefix + value in ids else None)
        for value in ours
    }


def takers(found: dict[str, str | None], theirs: list[Row], key: str) -> dict[str, str]:
    """Return the LMN key whose values each row of the CRM takes: its own key before the one in its id."""
    chosen: dict[str, str] = {}
    own = {row["id"]: row[key] for row in theirs}
    for value, partner in found.items():
        if partner is not None and (partner not in chosen or own[partner] == value):
            chosen[partner] = value
    return chosen


def combined_accounts(world: World) -> dict[str, Row]:
    crm, lmn = world["crm", "accounts"], lmn_accounts(world["lmn", "contacts_export"])
    found = partners(crm, list(lmn), "lmn_crm_id", "lmn-account-")
    taken = takers(found, crm, "lmn_crm_id")
    accounts = {}
    for row in crm:
        other = lmn.get(taken.get(row["id"], ""), {})
        account = {"lmn_crm_id": first(row["lmn_crm_id"], other.get("lmn_crm_id"))}
        for name in ACCOUNT_COLUMNS:
            values = [row.get(name), other.get(name)]
            account[name] = next((value for value in values if not blank(value)), first(*reversed(values)))
        account["archived"] = first(row["archived"], other.get("archived"), False)
        accounts[row["id"]] = account
    for crm_id, row in lmn.items():
        if found[crm_id] is None:
            accounts["lmn-account-" + crm_id] = {
                **{name: row.get(name) for name in ("lmn_crm_id", *ACCOUNT_COLUMNS)},
                "archived": first(row["archived"], False),
            }
    for account in accounts.values():
        if blank(account["account_type"]):
            account["account_type"] = "prospect"
        account["tags"] = account["tags"] or "[]"
    return accounts


def addresses(row: Row) -> set[tuple[str, str]]:
    """related linking: a row's folded e-mail addresses and the last ten digits of its telephone numbers."""
    emails = {(row.get(name) or "").strip().lower() for name in ("email", "email_1", "email_2")} - {""}
    digits = {re.sub(r"[^0-9]", "", row.get(name) or "") for name in ("phone_1", "phone_2")}
    return {("email", text) for text in emails} | {("phone", text[-10:]) for text in digits if len(text) >= 10}


Contact = tuple[str | None, str, set[tuple[str, str]]]


def contacts(world: World, accounts: dict[str, Row]) -> list[Contact]:
    """Return lower-case Contact ID, account and addresses of each contact, in lookup order."""
    by_crm_id = {account["lmn_crm_id"]: id_ for id_, account in accounts.items() if account["lmn_crm_id"] is not None}
    lmn: dict[str, tuple[str | None, set[tuple[str, str]]]] = {}
    without_id: list[tuple[str | None, str | None, set[tuple[str, str]]]] = []
    for row in world["lmn", "contacts_export"]:
        if row["first_name"] or row["last_name"]:
            account = by_crm_id.get(row["lmn_crm_id"])
            if row["lmn_contact_id"]:
                lmn.setdefault(row["lmn_contact_id"].lower(), (account, addresses(row)))
            else:
                without_id.append((None, account, addresses(row)))
    keys = {row["id"]: (row["lmn_contact_id"] or "").lower() or None for row in world["crm", "contacts"]}
    both: list[tuple[str | None, str | None, set[tuple[str, str]]]] = []
    for row in world["crm", "contacts"]:
        key, named = keys[row["id"]], row["id"].removeprefix("lmn-contact-")
        other = key if key in lmn else named if named in lmn and named not in keys.values() else None
        account, known = lmn[other] if other else (None, set())
        both.append((first(key, other), first(row["account_id"], account), addresses(row) | known))
    both += [
        (contact, account, known)
        for contact, (account, known) in lmn.items()
        if contact not in keys.values() and f"lmn-contact-{contact}" not in keys
    ]
    return [(contact, account, known) for contact, account, known in [*both, *without_id] if account in accounts]


def further_links(row: Row, accounts: dict[str, Row], known: list[Contact]) -> dict[str, str | None]:
    """related linking: the single account that an estimate's e-mail, numbers or tags match; none for two accounts."""

    def one(found: set[str]) -> str | None:
        return min(found) if len(found) == 1 else None

    own = addresses({name: row.get(name) for name in ("email", "phone_1", "phone_2")})
    tags = {tag.strip().lower() for tag in json.loads(row.get("crm_tags") or "[]")}
    return {
        **{
            kind: one({account for _, account, theirs in known for each in own & theirs if each[0] == kind})
            for kind in ("email", "phone")
        },
        "crm_tags": one({id_ for id_, account in accounts.items() if (account["lmn_crm_id"] or "").lower() in tags}),
    }


def combined_estimates(world: World, accounts: dict[str, Row]) -> dict[str, Row]:
    crm, lmn = world["crm", "estimates"], {row["lmn_estimate_id"]: row for row in world["lmn", "estimates_list"]}
    found = partners(crm, list(lmn), "lmn_estimate_id", "lmn-estimate-")
    taken = takers(found, crm, "lmn_estimate_id")
    by_crm_id = {account["lmn_crm_id"]: id_ for id_, account in accounts.items() if account["lmn_crm_id"] is not None}
    by_contact: dict[str | None, str] = {}
    known = contacts(world, accounts)
    for contact, account, _ in known:
        by_contact.setdefault(contact, account)
    rows = [(row["id"], row, lmn.get(taken.get(row["id"], ""), {})) for row in crm]
    rows += [("lmn-estimate-" + key, {}, row) for key, row in lmn.items() if found[key] is None]
    estimates = {}
    for id_, theirs, ours in rows:
        numbered = {**ours, "estimate_number": ours.get("lmn_estimate_id")}
        link = first(ours.get("crm_link"), theirs.get("lmn_contact_id"))
        steps = {
            "account_id": theirs.get("account_id") if theirs.get("account_id") in accounts else None,
            "lmn_crm_id": by_crm_id.get(link) if link is not None else None,
            "lmn_contact_id": by_contact.get(link.lower()) if link is not None else None,
            **further_links(ours, accounts, known),
        }
        method = next((name for name, account in steps.items() if account), "none")
        estimates[id_] = {
            **{name: first(numbered.get(name), theirs.get(name)) for name in ESTIMATE_COLUMNS},
            "archived": first(ours.get("archived"), theirs.get("archived"), False),
            "lmn_estimate_id": first(theirs.get("lmn_estimate_id"), ours.get("lmn_estimate_id")),
            "account_id": steps.get(method),
            "link_method": method,
        }
    return estimates


def some_world(rng: random.Random, size: int) -> World:
    """Generate rows of both systems with few keys, in every combination of known, unknown and missing."""
    crm_ids = [str(n) for n in range(1, size + 1)]
    contact_ids = ["P1", "p2", "3", "P4", "5", *crm_ids]
    estimate_ids = [f"EST{n}" for n in range(1, size + 3)]
    account_ids = [*(f"acc-{n}" for n in range(size)), "lmn-account-1", "lmn-account-2", "unknown"]

    def text(*values: str | None) -> str | None:
        return rng.choice([None, *values])

    def unique(values: list[str], count: int) -> list[str | None]:
        """Return unique keys with gaps."""
        return [value if rng.random() < 0.7 else None for value in rng.sample(values, count)]

    crm_accounts = rng.sample(account_ids[:-1], rng.randint(0, size))
    crm_contacts = [*(f"c-{n}" for n in range(size)), *(f"lmn-contact-{key}" for key in ("p1", "p2", "3", "p4"))]
    crm_estimates = rng.sample([*(f"e-{n}" for n in range(size)), "lmn-estimate-EST1", "lmn-estimate-EST2"], size)
    return {
        ("crm", "accounts"): [
            {
                "id": id_,
                "lmn_crm_id": crm_id,
                "name": rng.choice(["Acme", " ", "Beta"]),
                "account_type": text("Customer", "", " "),
                "icp_status": text("required"),
                "tags": text('["a"]'),
                "city": text("Guelph", "  "),
                "archived": rng.choice([None, False, True]),
            }
            for id_, crm_id in zip(crm_accounts, unique(crm_ids, len(crm_accounts)), strict=True)
        ],
        ("lmn", "contacts_export"): [
            {
                "lmn_crm_id": rng.choice(crm_ids),
                "lmn_contact_id": text(*contact_ids),
                "name": rng.choice(["Acme LMN", "Gamma"]),
                "account_type": text("Lead", "Client"),
                "classification": text("Residential", "Commercial"),
                "tags": text('["b"]'),
                "archived": rng.choice([None, False, True]),
                "primary_contact": rng.choice([None, False, True]),
                "first_name": text("Ann"),
                "last_name": text("Bee"),
                "email_1": text(*EMAILS),
                "email_2": text(*EMAILS),
                "phone_1": text(*PHONES),
                "phone_2": text(*PHONES),
                "city": text("Fergus"),
                "country": text("Canada"),
            }
            for _ in range(rng.randint(0, 2 * size))
        ],
        ("crm", "contacts"): [
            {
                "id": id_,
                "account_id": text(*account_ids),
                "lmn_contact_id": text("p1", "P2", "3", "5"),
                "email_1": text(*EMAILS),
                "phone_1": text(*PHONES),
            }
            for id_ in rng.sample(crm_contacts, rng.randint(0, size))
        ],
        ("crm", "estimates"): [
            {
                "id": id_,
                "lmn_estimate_id": key,
                "estimate_number": text("Q-1"),
                "account_id": text(*account_ids),
                "lmn_contact_id": text(*contact_ids, "p1"),
                "status": text("won"),
                "division": text("Snow"),
                "address": text("1 Elm"),
                "salesperson": text("Cy"),
                "total_price": rng.choice([None, Decimal("1.00")]),
                "archived": rng.choice([None, False, True]),
            }
            for id_, key in zip(crm_estimates, unique(estimate_ids, len(crm_estimates)), strict=True)
        ],
        ("lmn", "estimates_list"): [
            {
                "lmn_estimate_id": key,
                "crm_link": text(*contact_ids, "99"),
                "email": text(*EMAILS, "nobody@acme.example"),
                "phone_1": text(*PHONES),
                "phone_2": text(*PHONES),
                "crm_tags": text("[]", '["Snow"]', '["1"]', '["Snow"," 2 "]', '["1","2"]'),
                "status": text("lost"),
                "division": text("Paving"),
                "address": text("2 Elm"),
                "salesperson": text("Di"),
                "total_price": rng.choice([None, Decimal("2.00")]),
                "archived": rng.choice([None, False, True]),
            }
            for key in rng.sample(estimate_ids, rng.randint(0, len(estimate_ids)))
        ],
    }


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltModels]:
    with built_models(tmp_path_factory.mktemp("models"), {}, select=SELECTED, link_methods=METHODS) as built:
        yield built


def compare(models: BuiltModels, world: World) -> None:
    """Combine the world with the models and with the plain reading; both must be equal."""
    models.refill(world)
    accounts = combined_accounts(world)
    estimates = combined_estimates(world, accounts)
    with_contacts = {account for _, account, _ in contacts(world, accounts)}

    computed = {row["id"]: row for row in models.rows("accounts")}
    assert len(computed) == len(models.rows("accounts"))
    expected = {id_: {**account, "has_contacts": id_ in with_contacts} for id_, account in accounts.items()}
    assert {id_: {name: row[name] for name in expected.get(id_, ())} for id_, row in computed.items()} == expected

    listed = {row["id"]: row for row in models.rows("estimates")}
    assert len(listed) == len(models.rows("estimates"))
    assert {id_: {name: row[name] for name in estimates.get(id_, ())} for id_, row in listed.items()} == estimates


@settings(max_examples=30)
@given(rng=st.randoms(use_true_random=True), size=st.integers(1, 8))
def test_two_systems_are_combined_into_one_list(models: BuiltModels, rng: random.Random, size: int) -> None:
    """D13, source-schema, lmn-format: no account or estimate twice, none lost, each value from the right system."""
    compare(models, some_world(rng, size))


@pytest.mark.slow
@settings(max_examples=2000)
@given(rng=st.randoms(use_true_random=True), size=st.integers(1, 20))
def test_two_systems_are_combined_into_one_list_at_length(models: BuiltModels, rng: random.Random, size: int) -> None:
    compare(models, some_world(rng, size))
