"""Which evidence stands behind which column: the one table of it. A test fails where it lacks a column."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Final

from pipeline.explain.evidence import Evidence, Kind, Makes
from pipeline.paths import DBT_PROJECT

Columns = Mapping[str, tuple[Evidence, ...]]

_MESSAGE = ("channel", "thread_id", "message_id", "sent_at", "side", "team_member", "stakeholder", "sentiment")
_MEETING = (
    "meeting_id",
    "title",
    "kind",
    "status",
    "start_time",
    "hours",
    "seconds",
    "team_attendees",
    "stakeholders_attending",
)
_NEWEST_MESSAGE: Final = "sent_at desc nulls last, channel asc, message_id desc"
_NEWEST_MEETING: Final = "start_time desc nulls last, meeting_id desc"
_COUNT: Final = Makes("count")


def _source(*columns: str, kind: Kind = "first", beside: tuple[str, ...] = ()) -> Evidence:
    """What the platform says, else the CRM; columns `beside` them help the reader."""
    return Evidence(
        "spine",
        "What the sources say",
        (*columns, *beside),
        "platform_account_id",
        makes=Makes(kind, columns),
    )


def _messages(where: str, title: str, makes: Makes = _COUNT) -> Evidence:
    return Evidence("messages", title, _MESSAGE, _NEWEST_MESSAGE, where, makes)


def _left_out_messages(channels: str) -> Evidence:
    return Evidence(
        "messages",
        "Left out: after the run's instant, or before the communication window (D2)",
        _MESSAGE,
        _NEWEST_MESSAGE,
        f"{channels} and not is_counted",
        lost=True,
    )


def _counted(channels: str, title: str, condition: str = "") -> tuple[Evidence, ...]:
    """Messages that a count is made of, and those that it leaves out."""
    wanted = f"{channels} and {condition}" if condition else channels
    return _messages(f"{wanted} and is_counted", title), _left_out_messages(wanted)


def _last_message(where: str, title: str) -> Evidence:
    return _messages(f"{where} and is_past", title, Makes("latest", ("sent_at",)))


def _meetings(where: str, title: str, makes: Makes = _COUNT) -> Evidence:
    return Evidence("meetings", title, _MEETING, _NEWEST_MEETING, where, makes)


_LEFT_OUT_MEETINGS: Final = Evidence(
    "meetings",
    "Left out: cancelled, not yet begun, or before the communication window (D31)",
    _MEETING,
    _NEWEST_MEETING,
    "not is_counted",
    lost=True,
)


def _attendance(where: str, title: str, makes: Makes) -> Evidence:
    return Evidence(
        "attendance",
        title,
        ("meeting_id", "start_time", "person", "hours", "seconds"),
        "start_time desc nulls last, meeting_id desc, person_id asc",
        where,
        makes,
    )


_ANSWER = (
    "channel",
    "thread_id",
    "answered_message_id",
    "asked_at",
    "message_id",
    "sent_at",
    "person",
    "hours",
    "seconds",
)


def _answers(channel: str, side: str) -> Evidence:
    return Evidence(
        "turns",
        f"The answers of the {side}, each from the first message of the run that it answers",
        _ANSWER,
        _NEWEST_MESSAGE,
        f"channel = '{channel}' and is_answer and side = '{side}'",
        Makes("average_hours", ("seconds",)),
    )


def _open_threads(last_side: str, title: str) -> tuple[Evidence, ...]:
    shows = ("thread_id", "message_id", "sent_at", "side", "person")
    return (
        Evidence(
            "turns", title, shows, _NEWEST_MESSAGE, f"channel = 'email' and is_open and side = '{last_side}'", _COUNT
        ),
    )


def _provider(kind: str) -> tuple[Evidence, ...]:
    return (
        Evidence(
            "providers",
            "The owner's active tokens, newest first, then the organization's providers, commonest first",
            ("whose", "provider", "updated_at", "tokens"),
            "source_rank, place",
            f"kind = '{kind}'",
            Makes("first", ("provider",)),
        ),
    )


def _users(where: str | None, title: str, makes: Makes, *, lost: bool = False) -> Evidence:
    return Evidence(
        "users",
        title,
        (
            "user_id",
            "email",
            "events",
            "email_hours",
            "ticket_comment_hours",
            "chat_hours",
            "meeting_hours",
            "effort_hours",
            "effort_seconds",
            "hourly_cost",
            "effort_cost",
            "is_excluded",
        ),
        "effort_seconds desc, user_id asc nulls last",
        where,
        None if lost else makes,
        lost=lost,
    )


def _text(kind: str, column: str = "body") -> tuple[Evidence, ...]:
    return (
        Evidence(
            "texts",
            "The texts of this kind up to the run's instant, the latest first",
            ("text_id", "created_at", column),
            "created_at desc nulls last, text_id desc nulls last",
            f"kind = '{kind}'",
            Makes("first", (column,)),
        ),
    )


_INSIGHT = (
    "insight_id",
    "insight_type",
    "first_detected_at",
    "detected_at",
    "resolved_at",
    "is_active",
    "source",
    "context",
)
_INSIGHT_ORDER: Final = "detected_at desc nulls last, insight_id desc"


def _flag(insight_type: str) -> tuple[Evidence, ...]:
    where = f"insight_type = '{insight_type}'"
    return (
        Evidence(
            "insights", "Active insights of the type", _INSIGHT, _INSIGHT_ORDER, f"{where} and is_active", Makes("any")
        ),
        Evidence(
            "insights",
            "Insights of the type that are not active",
            _INSIGHT,
            _INSIGHT_ORDER,
            f"{where} and not is_active",
            lost=True,
        ),
    )


def _detections(insight_type: str) -> tuple[Evidence, ...]:
    where = f"insight_type = '{insight_type}' and detected_at is not null"
    makes = Makes("latest", ("detected_at",))
    return (Evidence("insights", "Detections of the type, active or resolved", _INSIGHT, _INSIGHT_ORDER, where, makes),)


def _insight_types(column: str) -> tuple[str, ...]:
    """The types of the seed that have a place in `column`."""
    with (DBT_PROJECT / "seeds" / "insight_types.csv").open(newline="", encoding="utf-8") as seed:
        return tuple(row["insight_type"] for row in csv.DictReader(seed) if row[column])


_SCORE_PART = ("part", "input", "weight", "benchmark", "benchmark_basis", "contribution")


def _score_parts(score: str) -> Evidence:
    return Evidence(
        "health_parts",
        "The parts of the score",
        _SCORE_PART,
        "position",
        f"score = '{score}'",
        Makes("sum", ("contribution",)),
    )


def _benchmark(*measures: str) -> Evidence:
    listed = ", ".join(f"'{measure}'" for measure in measures)
    return Evidence(
        "benchmarks",
        "Whose lower median the benchmark is",
        ("measure", "benchmark_basis", "peers"),
        "measure",
        f"measure in ({listed}) and x is not null",
    )


def _weighed_messages(where: str, title: str) -> Evidence:
    return Evidence(
        "messages",
        title,
        (*_MESSAGE, "age_days", "weight"),
        _NEWEST_MESSAGE,
        f"{where} and weight is not null",
    )


def _score_label(score: str) -> tuple[Evidence, ...]:
    return (
        Evidence(
            "labels",
            "The published score and the limits of its label",
            (f"{score}_score", "red_up_to", "yellow_up_to"),
            f"{score}_score",
            makes=Makes("label", (f"{score}_score", "red_up_to", "yellow_up_to")),
        ),
    )


_SHARE = (
    "year",
    "estimate_id",
    "estimate_number",
    "estimate_type",
    "price_used",
    "price_fallback",
    "contract_start",
    "contract_end",
    "duration_months",
    "contract_years",
    "year_basis",
    "shares",
    "share",
    "link_method",
)


def _shares(where: str | None, title: str, makes: Makes | None) -> Evidence:
    rules = ("accounts R5", "D4", "D5", "D7", "D8", "D9", "D10", "D13")
    order = "year asc, share desc, estimate_id asc"
    return Evidence("estimate_years", title, _SHARE, order, where, makes, rules=rules)


_UNCOUNTED_ESTIMATES: Final = Evidence(
    "estimates",
    "Estimates of the account that count in no year",
    ("estimate_id", "estimate_number", "status", "pipeline_status", "price_used", "not_counted_because"),
    "estimate_id",
    "not_counted_because is not null",
    lost=True,
)
_SELECTED_YEAR_SHARES: Final = _shares(
    "is_selected_year", "The won estimates' shares in the selected year", Makes("rounded_shares")
)
_SEGMENT = (
    "year",
    "segment",
    "rule",
    "condition",
    "revenue",
    "total",
    "share",
    "needs_revenue",
    "won_standard",
    "won_service",
)


def _segments(years: str, makes: Makes) -> tuple[Evidence, ...]:
    return (
        Evidence("segments", "The rule that decides", _SEGMENT, "year", f"{years} and is_deciding", makes),
        Evidence(
            "segments",
            "The rules that lose, in the order in which they are asked",
            (*_SEGMENT, "outcome"),
            "year, place",
            f"{years} and not is_deciding",
            lost=True,
        ),
        _shares(None if years == "1 = 1" else years, "The won estimates' shares behind the revenue", None),
    )


_RENEWAL = (
    "estimate_id",
    "estimate_number",
    "contract_end",
    "days_until_renewal",
    "rule",
    "because",
    "division",
    "address",
)
_RENEWAL_ORDER: Final = "outcome_rank, contract_end asc nulls last, estimate_id asc"


def _renewals(makes: Makes) -> tuple[Evidence, ...]:
    return (
        Evidence(
            "renewals",
            "The expiring contract that is selected",
            _RENEWAL,
            _RENEWAL_ORDER,
            "outcome = 'selected'",
            makes,
        ),
        Evidence(
            "renewals",
            "Estimates that are not, each with the first rule that speaks against it",
            _RENEWAL,
            _RENEWAL_ORDER,
            "outcome <> 'selected'",
            lost=True,
        ),
        Evidence(
            "snoozes",
            "The account's snoozes",
            ("snooze_id", "notification_type", "snoozed_until"),
            "snoozed_until desc nulls last, snooze_id asc",
        ),
    )


def _account_rows(column: str, kind: Kind = "first") -> tuple[Evidence, ...]:
    shows = ("source", "source_row", "is_primary_contact", column)
    order = "source_rank, source_row"
    return (
        Evidence(
            "account_sources",
            "The CRM's row, and the one of LMN's Contacts Export that fills what the CRM lacks",
            shows,
            order,
            "is_chosen",
            Makes(kind, (column,)),
        ),
        Evidence(
            "account_sources", "Other rows of the account in LMN's export", shows, order, "not is_chosen", lost=True
        ),
    )


def _state(*columns: str) -> Evidence:
    return Evidence("account_state", "What it is derived from", columns, "today")


def _people(part: str) -> tuple[Evidence, ...]:
    return (
        Evidence(
            "estimates",
            "The account's estimates that name one, won or not",
            ("estimate_id", "estimate_number", "status", part),
            "estimate_id",
            f"{part} is not null",
            Makes("names", (part,)),
        ),
    )


_EXTRACTED: Final = (Evidence("run", "The run", ("as_of",), "as_of", makes=Makes("first", ("as_of",))),)
_DATA_AS_OF: Final = (
    Evidence(
        "data_as_of",
        "The latest instant of each table of the organization, not after the run's",
        ("source_table", "source_column", "latest_at"),
        "latest_at desc, source_table, source_column",
        makes=Makes("latest", ("latest_at",)),
    ),
    Evidence("run", "The run's instant, where there is none", ("as_of",), "as_of"),
)
_SENTIMENT_CHANNELS: Final = "channel in ('email', 'chat', 'ticket comment', 'ticket opened')"
_ACTIVITY_CHANNELS: Final = "channel in ('email', 'chat', 'ticket opened')"
_ENGAGEMENTS: Final = (
    _last_message("not is_from_team", "What the account wrote and opened"),
    _meetings(
        "is_held and stakeholders_attending > 0",
        "Held meetings that a stakeholder attended",
        Makes("latest", ("start_time",)),
    ),
)
_REACH_OUTS: Final = (
    _last_message("is_from_team", "What the team wrote"),
    _meetings("is_held", "Held meetings", Makes("latest", ("start_time",))),
)
_DECISION_MAKER_MEETINGS: Final = _meetings(
    "is_held and decision_makers_attending > 0",
    "Held meetings that a decision maker attended",
    Makes("latest", ("start_time",)),
)
_USERS: Final = (
    _users("is_counted", "The team's users who did something for the account", _COUNT),
    _users("not is_counted", "Users who don't count: excluded, or without an event", _COUNT, lost=True),
)

_ACCOUNT_CORE: Columns = {
    "account_id": (_source("platform_account_id", "crm_only_account_id", beside=("crm_account_id",)),),
    "crm_id": (_source("platform_crm_id", "crm_crm_id", beside=("crm_account_id", "crm_lmn_crm_id")),),
    "app_id": (_source("platform_app_id"),),
    "account_name": (_source("platform_account_name", "crm_account_name"),),
    "domain": (_source("platform_domain"),),
    "parent_account_id": (_source("platform_parent_account_id", beside=("parent_account_name",)),),
    "tier_id": (_source("platform_tier_id", beside=("platform_tier_name",)),),
    "tier_name": (_source("platform_tier_name", beside=("platform_tier_id",)),),
    "owner_id": (_source("platform_owner_id", beside=("owner_email",)),),
    "organization_id": (_source("platform_organization_id", "crm_organization_id"),),
    "status": (_source("platform_status", "crm_status"),),
    "status_detail": (_source("platform_status_detail"),),
    "journey_id": (_source("platform_journey_id", beside=("platform_journey_phase_name",)),),
    "journey_phase_name": (_source("platform_journey_phase_name", beside=("platform_journey_id",)),),
    "revenue": (
        _source("platform_revenue", "crm_revenue"),
        _shares("is_selected_year", "The shares that make the CRM account's revenue of the selected year", None),
    ),
    "renewal_date": (_source("platform_renewal_date", "crm_renewal_date"),),
    "contract_start_date": (
        _source("platform_contract_start_date"),
        Evidence(
            "estimates",
            "Won estimates that have not ended; the earliest start, where the platform has no date",
            ("estimate_id", "estimate_number", "status", "contract_start", "contract_end"),
            "contract_start asc nulls last, estimate_id asc",
            "is_running",
            Makes("earliest", ("contract_start",)),
        ),
    ),
    "health_score": (
        _score_parts("health"),
        Evidence(
            "insights",
            "Insights that move the score",
            _INSIGHT,
            _INSIGHT_ORDER,
            "insight_type in ('churn_risk', 'churn_notification', 'renewal')",
        ),
    ),
    "health_score_label": _score_label("health"),
    "engagement_score": (
        _score_parts("engagement"),
        _benchmark("engagement"),
        _weighed_messages(_ACTIVITY_CHANNELS, "What the account wrote and opened, with its weight"),
        Evidence(
            "meetings",
            "Held meetings that a stakeholder attended",
            _MEETING,
            _NEWEST_MEETING,
            "is_held and stakeholders_attending > 0",
        ),
    ),
    "engagement_score_label": _score_label("engagement"),
    "sentiment_score": (
        _score_parts("sentiment"),
        _weighed_messages(_SENTIMENT_CHANNELS, "What the account wrote and opened, with its weight"),
    ),
    "sentiment_score_label": _score_label("sentiment"),
    "open_items_score": (
        _score_parts("open_items"),
        _benchmark("open_items"),
        Evidence(
            "turns",
            "Open e-mail threads",
            ("thread_id", "message_id", "sent_at", "side", "person"),
            _NEWEST_MESSAGE,
            "channel = 'email' and is_open",
        ),
        _weighed_messages("channel = 'ticket opened'", "Tickets opened in the window"),
    ),
    "open_items_score_label": _score_label("open_items"),
    "response_time_score": (
        _score_parts("response_time"),
        _benchmark("team_response", "account_response"),
        Evidence("turns", "Answers given in the window", ("side", *_ANSWER), _NEWEST_MESSAGE, "is_scored"),
    ),
    "response_time_score_label": _score_label("response_time"),
    **{f"insight_{kind}": _flag(kind) for kind in _insight_types("flag_position")},
    **{f"lifecycle_event_{kind}": _detections(kind) for kind in _insight_types("lifecycle_position")},
    "lifecycle_event_qbr": (
        *_detections("qbr"),
        _meetings("is_held and is_qbr", "Held meetings of kind qbr", Makes("latest", ("start_time",))),
    ),
    "next_qbr_date": (
        Evidence(
            "meetings",
            "Confirmed meetings of kind qbr after the run's instant",
            _MEETING,
            "start_time asc nulls last, meeting_id asc",
            "is_qbr and is_confirmed and not is_held and not is_cancelled",
            Makes("earliest", ("start_time",)),
        ),
        Evidence(
            "meetings",
            "Left out: cancelled or not confirmed",
            _MEETING,
            "start_time asc nulls last, meeting_id asc",
            "kind = 'qbr' and not is_held and (is_cancelled or not is_confirmed)",
            lost=True,
        ),
    ),
    "last_engagement": _ENGAGEMENTS,
    "last_reach_out": _REACH_OUTS,
    "last_touch": (*_ENGAGEMENTS, *_REACH_OUTS),
    "last_touch_dm": (
        _last_message("is_decision_makers", "Messages and tickets from or to a decision maker"),
        _DECISION_MAKER_MEETINGS,
    ),
    "total_activity": (
        *_counted(_ACTIVITY_CHANNELS, "E-mails, chat messages and tickets"),
        _meetings("is_counted", "Held meetings"),
        _LEFT_OUT_MEETINGS,
    ),
    "stakeholders_count": (
        Evidence(
            "stakeholders",
            "The account's stakeholders",
            ("stakeholder_id", "name", "role"),
            "stakeholder_id",
            "is_own and not is_opted_out",
            _COUNT,
        ),
        Evidence(
            "stakeholders",
            "Left out: opted out",
            ("stakeholder_id", "name", "role"),
            "stakeholder_id",
            "is_own and is_opted_out",
            lost=True,
        ),
    ),
    "users_count": _USERS,
    "multi_threaded": (
        Evidence(
            "stakeholders",
            "Unmuted stakeholders who acted in the last 90 days",
            ("stakeholder_id", "name", "role", "last_act_at"),
            "last_act_at desc nulls last, stakeholder_id asc",
            "is_active",
            Makes("two"),
        ),
        Evidence(
            "stakeholders",
            "Others: muted, or without an act in the last 90 days",
            ("stakeholder_id", "name", "role", "last_act_at", "is_muted"),
            "last_act_at desc nulls last, stakeholder_id asc",
            "not is_active",
            lost=True,
        ),
    ),
    "last_note": _text("note"),
    **{
        f"{sentiment}_sentiment": _counted(
            _SENTIMENT_CHANNELS, f"Messages and tickets of {sentiment} sentiment", f"sentiment = '{sentiment}'"
        )
        for sentiment in ("positive", "neutral", "negative")
    },
    "ai_expansion_summary": _text("expansion"),
    "expansion_readiness_level": _text("expansion", "readiness_level"),
    "ai_churn_analysis": _text("churn"),
    "ai_churn_risk_summary": _text("expansion", "churn_risk_summary"),
    "churn_date": (_source("platform_churn_date"),),
    "ai_account_summary": _text("account"),
    "ai_renewal_analysis": _text("renewal"),
    "extracted_at": _EXTRACTED,
    "data_as_of": _DATA_AS_OF,
}


def _message_columns(channel: str, plural: str, prefix: str) -> Columns:
    """The columns that e-mail and chat have alike: `prefix` names the sentiments', `plural` the messages."""
    where = f"channel = '{channel}'"
    singular = {"emails": "email", "chat_messages": "chat"}[plural]
    return {
        f"total_{plural}": _counted(where, "The messages"),
        f"team_sent_{plural}": _counted(where, "The team's messages", "is_from_team"),
        f"team_last_sent_{singular}_date": (_last_message(f"{where} and is_from_team", "The team's messages"),),
        f"account_sent_{plural}": _counted(where, "The account's messages", "not is_from_team"),
        f"account_last_sent_{singular}_date": (
            _last_message(f"{where} and not is_from_team", "The account's messages"),
        ),
        f"{plural}_sent_by_owner": _counted(where, "The owner's messages", "is_from_team and is_owners"),
        f"team_{singular}_response_time_hours": (_answers(channel, "team"),),
        f"account_{singular}_response_time_hours": (_answers(channel, "account"),),
        **{
            f"{prefix}_{sentiment}_sentiment": _counted(
                where, f"Messages of {sentiment} sentiment", f"sentiment = '{sentiment}'"
            )
            for sentiment in ("positive", "neutral", "negative")
        },
    }


_HELD: Final = (_meetings("is_counted", "Held meetings"), _LEFT_OUT_MEETINGS)

_ACCOUNT_COMMUNICATION_STATS: Columns = {
    "account_id": _ACCOUNT_CORE["account_id"],
    **_message_columns("email", "emails", "email"),
    "team_open_email_threads": _open_threads("account", "Threads whose last message the team has not answered"),
    "account_open_email_threads": _open_threads("team", "Threads whose last message the account has not answered"),
    "email_last_touch_dm": (
        _last_message("channel = 'email' and is_decision_makers", "E-mails from or to a decision maker"),
    ),
    "email_provider": _provider("email"),
    "total_meetings": _HELD,
    "meeting_time_hours": (
        _meetings("is_counted", "Held meetings", Makes("hours", ("seconds",))),
        _LEFT_OUT_MEETINGS,
    ),
    "team_meeting_time_hours": (
        _attendance(
            "is_team and is_counted", "Users who attended, a row for each meeting", Makes("hours", ("seconds",))
        ),
    ),
    "owner_meeting_time_hours": (
        _attendance("is_owners and is_counted", "Meetings that the owner attended", Makes("hours", ("seconds",))),
    ),
    "owner_total_meetings": (_attendance("is_owners and is_counted", "Meetings that the owner attended", _COUNT),),
    "last_meeting_date": (_meetings("is_held", "Held meetings", Makes("latest", ("start_time",))), _LEFT_OUT_MEETINGS),
    "last_dm_meeting_date": (_DECISION_MAKER_MEETINGS,),
    "next_meeting_date": (
        Evidence(
            "meetings",
            "Meetings after the run's instant",
            _MEETING,
            "start_time asc nulls last, meeting_id asc",
            "not is_held and not is_cancelled",
            Makes("earliest", ("start_time",)),
        ),
    ),
    "meeting_provider": _provider("calendar"),
    **_message_columns("chat", "chat_messages", "chat"),
    "last_dm_chat_date": (
        _last_message("channel = 'chat' and is_decision_makers", "Chat messages from or to a decision maker"),
    ),
    "chat_provider": _provider("chat"),
    "submitted_tickets": _counted("channel = 'ticket opened'", "Tickets opened"),
    "ticket_comments": _counted("channel = 'ticket comment'", "Comments on the account's tickets"),
    "team_ticket_response_time_hours": (_answers("ticket", "team"),),
    "account_ticket_response_time_hours": (_answers("ticket", "account"),),
    "tickets_to_owner": _counted("channel = 'ticket opened'", "Tickets assigned to the owner", "is_owners"),
    "last_ticket_opened_date": (_last_message("channel = 'ticket opened'", "Tickets opened"),),
    "ticket_provider": _provider("ticket"),
    "team_effort_hours": (_users(None, "The users' time in the effort window", Makes("hours", ("effort_seconds",))),),
    "owner_effort_hours": (
        _users("is_owners", "The owner's time in the effort window", Makes("hours", ("effort_seconds",))),
    ),
    "team_effort_cost": (
        _users(
            None, "The users' time in the effort window and its cost", Makes("cost", ("effort_seconds", "hourly_cost"))
        ),
    ),
    "efficiency_rate": (
        Evidence(
            "effort_rate",
            "The two published values",
            ("team_effort_cost", "time_frame_revenue"),
            "revenue",
            "revenue is not null",
            Makes("quotient", ("team_effort_cost", "time_frame_revenue")),
        ),
    ),
    "time_frame_revenue": (
        Evidence(
            "effort_rate",
            "The account's revenue and the window",
            ("revenue", "effort_window_days"),
            "revenue",
            "revenue is not null",
            Makes("time_frame", ("revenue", "effort_window_days")),
        ),
    ),
    "extracted_at": _EXTRACTED,
    "data_as_of": _DATA_AS_OF,
}

_ACCOUNTS: Columns = {
    "id": _account_rows("account_id"),
    "lmn_crm_id": _account_rows("lmn_crm_id"),
    "name": _account_rows("name"),
    "account_type": _account_rows("account_type", "default"),
    "status": _account_rows("status", "default"),
    "revenue_segment": _segments("is_selected_year", Makes("segment", ("segment",))),
    "segment_by_year": _segments("1 = 1", Makes("by_year", ("segment",))),
    "annual_revenue": (_SELECTED_YEAR_SHARES, _UNCOUNTED_ESTIMATES),
    "revenue_by_year": (
        _shares(None, "The won estimates' shares in each year", Makes("rounded_shares")),
        _UNCOUNTED_ESTIMATES,
    ),
    "organization_score": _account_rows("organization_score"),
    "tags": _account_rows("tags", "default"),
    "archived": _account_rows("archived", "default"),
    **{
        name: _account_rows(name)
        for name in (
            "last_interaction_date",
            "renewal_date",
            "snoozed_until",
            "icp_status",
            "address_1",
            "address_2",
            "city",
            "state",
            "postal_code",
            "country",
            "created_date",
            "created_at",
            "updated_at",
        )
    },
    "is_archived": (_state("archived", "stated_status", "is_archive_conflict"),),
    "is_customer": (_state("account_type", "tags"),),
    "is_prospect": (_state("account_type", "tags"),),
    "has_contacts": (
        Evidence("contacts", "Its contacts", ("contact_id", "lmn_contact_id"), "contact_id", makes=Makes("any")),
    ),
    "has_completed_scorecard": (
        Evidence(
            "scorecards",
            "Completed scorecards",
            ("scorecard_id", "score", "completed_date"),
            "completed_date desc nulls last, scorecard_id asc",
            "is_completed",
            Makes("any"),
        ),
        Evidence(
            "scorecards",
            "Scorecards that are not completed, or not yet",
            ("scorecard_id", "score", "completed_date"),
            "completed_date desc nulls last, scorecard_id asc",
            "not is_completed",
            lost=True,
        ),
    ),
    "salespeople": _people("salesperson"),
    "estimators": _people("estimator"),
    "days_since_last_interaction": (
        Evidence(
            "account_state",
            "The last interaction and today",
            ("last_interaction_date", "today"),
            "today",
            makes=Makes("days", ("last_interaction_date", "today")),
        ),
    ),
    "is_at_risk": _renewals(Makes("any")),
    "days_until_renewal": _renewals(Makes("first", ("days_until_renewal",))),
}

EVIDENCE: Final[Mapping[str, Columns]] = {
    "account_core": _ACCOUNT_CORE,
    "account_communication_stats": _ACCOUNT_COMMUNICATION_STATS,
    "accounts": _ACCOUNTS,
}
"""Evidence by table and column."""

CHANNELS: Final = Evidence(
    "channels",
    "The channels that have a source table: without one a column is null, not 0 (D36)",
    ("has_email", "has_meetings", "has_chat", "has_tickets"),
    "has_email",
)
"""What stands beside a null of a customer's communication column."""
