"""The cast: which of the first accounts plays which edge case. A role's value is the account's number.

`edge_cases/estimates.py` makes the estimates of a role, `write_crm.py` its CRM rows, `edge_cases/platform.py` and
`edge_cases/events.py` its rows on the platform.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Role(IntEnum):
    """An edge case, and the number of the account that plays it."""

    # renewals
    ENDS_TODAY = 0
    ENDS_IN_180_DAYS = 1
    ENDS_IN_181_DAYS = 2
    ENDED_YESTERDAY = 3
    RENEWED = 4
    DUPLICATES = 5
    RENEWAL_WITHOUT_ADDRESS = 6
    SAME_DAY_TIE = 7
    ARCHIVED_ESTIMATE = 8
    ARCHIVED_RENEWAL = 9
    ARCHIVED_ACCOUNT = 10
    ARCHIVED_BY_STATUS = 11
    SNOOZED = 12
    SNOOZE_OVER = 13
    SNOOZED_UNTIL_MIDNIGHT = 14
    SNOOZED_FOR_SOMETHING_ELSE = 15
    SNOOZED_TWICE = 16

    # durations, prices, segments
    WHOLE_YEARS = 17
    TYPOS = 18
    REVERSED_DATES = 19
    MONTH_ENDS = 20
    ODD_PRICES = 21
    PROJECTS_ONLY = 22
    STATUS_CONFLICTS = 23
    NO_DATES = 24
    LEFT_OUT_OF_STATISTICS = 25
    FLAGSHIP = 26
    LARGE = 27
    SECOND_LARGE = 28

    # one thing in several systems
    KNOWN_TO_BOTH = 29
    KNOWN_TO_THE_CRM_ALONE = 30
    LINKED_BY_CONTACT = 31
    LINKED_BY_ACCOUNT_ID = 32
    LINKED_WITH_BLANKS = 33
    ACCOUNT_OF_TWO_CUSTOMERS = 34
    SECOND_CUSTOMER_OF_THE_ACCOUNT = 35
    CRM_FILLS_THE_GAPS = 36
    AT_THE_EDGE_OF_TENANTS = 37

    # owners, parents, tiers
    NO_OWNER = 38
    UNKNOWN_OWNER = 39
    OWNER_OF_ANOTHER_TENANT = 40
    CHILD_OF_ITS_CHILD = 41
    PARENT_OF_ITS_PARENT = 42
    ITS_OWN_PARENT = 43
    UNKNOWN_PARENT = 44
    PARENT_OF_ANOTHER_TENANT = 45
    UNKNOWN_TIER = 46
    NO_REVENUE = 47

    # events, insights, texts
    NO_EVENTS = 48
    RUNS = 49
    UNANSWERED = 50
    ODD_MEETINGS = 51
    PEOPLE_WHO_DO_NOT_COUNT = 52
    ODD_TICKETS = 53
    ODD_INSIGHTS = 54
    ODD_TEXTS = 55


EVENTS_BY_HAND: Final = (
    Role.NO_EVENTS,
    Role.RUNS,
    Role.UNANSWERED,
    Role.ODD_MEETINGS,
    Role.PEOPLE_WHO_DO_NOT_COUNT,
    Role.ODD_TICKETS,
)
"""Roles whose only events are those of `edge_cases/events.py`, so that their figures can be checked by hand."""
