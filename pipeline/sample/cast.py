"""The cast: which of the first accounts plays which edge case. A role's value is the account's number.

What a role does to estimates is in `cast_estimates.py`, to CRM rows in `crm.py`, on the platform in `cast_platform.py`
and `cast_events.py`.
"""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """An edge case about estimates, renewals or the CRM, and the number of the account that plays it."""

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
    WHOLE_YEARS = 17
    TYPOS = 18
    REVERSED_DATES = 19
    MONTH_ENDS = 20
    ODD_PRICES = 21
    PROJECTS_ONLY = 22
    STATUS_CONFLICTS = 23
    NO_DATES = 24
    LEFT_OUT_OF_STATISTICS = 25
    KNOWN_TO_BOTH = 26
    KNOWN_TO_THE_CRM_ALONE = 27
    LINKED_BY_CONTACT = 28
    FLAGSHIP = 29
    LARGE = 30
    SECOND_LARGE = 31
    NO_EVENTS = 32
    RUNS = 33
    UNANSWERED = 34
    ODD_MEETINGS = 35
    PEOPLE_WHO_DO_NOT_COUNT = 36
    ODD_TEXTS = 37
    ODD_INSIGHTS = 38
    AT_THE_EDGE_OF_TENANTS = 39
