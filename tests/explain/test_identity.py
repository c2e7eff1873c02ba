"""Finding the account that a person means."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.explain.identity import find_account


def account(account_id: int, organization_id: int = 1, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(("account_name", "crm_id", "crm_account_id", "lmn_crm_id", "crm_name"))
    return {"account_id": account_id, "organization_id": organization_id, "is_customer": True, **row, **more}


ROWS = [
    account(1, account_name="Oak Glen HOA", crm_id="2350001", crm_account_id="acc-1", lmn_crm_id="2350001"),
    account(2, account_name="Élan Vital", crm_id="x2", crm_account_id="acc-2", crm_name="Elan Vital Inc"),
    account(3, account_name="Maple Run"),
    account(4, account_name="Maple Run"),
    account(7, organization_id=1, account_name="Tenant one's"),
    account(7, organization_id=2, account_name="Tenant two's"),
    account(9, organization_id=2, account_name="Oak Glen HOA"),
    account(10),
    account(11, crm_id="1"),
]


@pytest.mark.parametrize(
    ("identifier", "organization", "account_id"),
    [
        ("1", None, 1),  # an account_id before another's CRM id
        ("acc-2", None, 2),
        ("2350001", None, 1),
        ("  acc-1 ", None, 1),
        ("ÉLAN VITAL", None, 2),
        ("elan vital inc", None, 2),  # the CRM's name of it
        ("7", 2, 7),
        ("oak glen hoa", 1, 1),
        ("OAK GLEN HOA", 2, 9),
    ],
)
def test_an_account_is_found_by_its_ids_and_names(identifier: str, organization: int | None, account_id: int) -> None:
    found = find_account(ROWS, identifier, organization)
    assert found.account_id == account_id
    assert organization in (None, found.organization_id)


def said(identifier: str, organization: int | None = None) -> str:
    with pytest.raises(WarehouseError) as refused:
        find_account(ROWS, identifier, organization)
    return str(refused.value)


def test_an_id_that_two_tenants_have_asks_for_the_organization() -> None:
    message = said("7")
    assert "Tenant one's (7, organization 1)" in message
    assert "Tenant two's (7, organization 2)" in message
    assert "give --organization, or the account_id" in message


def test_a_name_that_two_accounts_have_lists_them() -> None:
    message = said("maple run")
    assert "2 accounts match that" in message
    assert "Maple Run (3, organization 1)" in message
    assert "Maple Run (4, organization 1)" in message
    assert "--organization" not in message


def test_many_accounts_with_one_name_are_counted() -> None:
    rows = [account(number, account_name="Same") for number in range(100, 120)]
    with pytest.raises(WarehouseError, match=r"20 accounts match that(.|\n)*and 12 more"):
        find_account(rows, "same", None)


def test_an_unknown_account_names_the_nearest() -> None:
    assert "similar: Maple Run" in said("Maple Rum")
    assert "similar: acc-" in said("acc-3")
    assert "give an account_id" in said("zzzzzzzz")


def test_an_organization_hides_the_others_accounts() -> None:
    message = said("Maple Run", organization=2)
    assert "no such account in organization 2" in message
    assert "Maple" not in message.split("\n", 1)[1]


def test_a_part_of_a_name_is_enough() -> None:
    assert find_account(ROWS, "an vital in", None).account_id == 2
    assert find_account(ROWS, "glen", 2).account_id == 9
    assert "2 accounts match that" in said("maple")


def test_a_whole_name_comes_before_a_part_of_another() -> None:
    rows = [account(1, account_name="Stone Bridge"), account(2, account_name="Stone")]
    assert find_account(rows, "stone", None).account_id == 2
