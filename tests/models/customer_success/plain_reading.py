"""D24 to D37 and the scores, implemented directly from the decisions page, one customer at a time, in fractions.

It shares nothing with the models, which are compared with it. Rows are those of the source tables in the form of the
test harness; absent columns are null, and the organization is 1 unless a row has another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]
Tables = Mapping[tuple[str, str], list[Row]]
Meetings = list[tuple[Row, set[int], set[int]]]
"""Meetings with the users and the stakeholders attending."""

DAY = timedelta(days=1)
WINDOW = 90
FLAGS = [
    "account_dark",
    "no_reach_out",
    "no_meetings",
    "no_next_meeting",
    "no_qbr",
    "no_renewal_discussion",
    "no_exec_communication",
    "single_threaded",
    "churn_risk",
    "churn_notification",
    "positive_sentiment_trend",
    "negative_sentiment_trend",
    "account_responds_slower",
    "account_personnel_changes",
    "title_changed",
    "stakeholder_not_engaged",
    "stakeholder_roles_undefined",
]
LIFECYCLE = [
    "qbr",
    "renewal",
    "commercial_discussion",
    "churn_notification",
    "churn_risk",
    "highly_positive",
    "extremely_negative",
    "account_personnel_changes",
    "org_personnel_changes",
    "exec_touchbase",
    "expansion_opp",
    "onboarding",
]


SENTIMENTS = ("positive", "neutral", "negative")


def rounded(value: Fraction | int | None, places: int) -> Decimal | None:
    """Round half away from zero; null stays null."""
    if value is None:
        return None
    scaled = Fraction(value) * 10**places
    whole = (abs(scaled) * 2 + 1) // 2
    return Decimal(int(whole) * (1 if scaled >= 0 else -1)).scaleb(-places)


def label(score: Decimal | None) -> str | None:
    """Return the label of a score (scores labels)."""
    return None if score is None else "Red" if score <= 50 else "Yellow" if score <= 75 else "Green"


def weight(age: int) -> int:
    """Return round(10000 * 2^(-age/30)), from fifty digits."""
    with localcontext() as context:
        context.prec = 50
        exact = Decimal(10000) * Decimal(2) ** (Decimal(-age) / Decimal(30))
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


WEIGHTS = [weight(age) for age in range(WINDOW)]


def folded(text: str | None) -> str | None:
    return None if text is None else text.strip().lower()


@dataclass(frozen=True)
class Message:
    """One message of a thread; `rank` is 0 for a ticket's opening, which precedes its comments."""

    channel: str
    thread: int
    at: datetime
    rank: int
    id: int
    team: bool
    user: int | None
    stakeholder: int | None
    sentiment: str | None

    @property
    def counted_sentiment(self) -> str:
        """D36: no sentiment counts as neutral in columns, and not at all in scores."""
        return self.sentiment or "neutral"

    @property
    def person(self) -> int | None:
        return self.user if self.team else self.stakeholder


Messages = dict[str, list[Message]]
"""A customer's messages by channel: email, chat, opening, comment."""


def threads(messages: Iterable[Message]) -> list[list[Message]]:
    """Group messages by thread, each in the order of time, then id."""
    grouped: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        grouped[message.thread].append(message)
    return [sorted(found, key=lambda m: (m.at, m.rank, m.id)) for found in grouped.values()]


def answers(messages: Iterable[Message]) -> list[tuple[Message, Message, int]]:
    """D28: return each answer with the first message of the run that it answers, and the whole seconds between them."""
    found = []
    for thread in threads(messages):
        begins = thread[0]
        for message in thread[1:]:
            if message.team != begins.team:
                found.append((begins, message, (message.at - begins.at) // timedelta(seconds=1)))
                begins = message
    return found


def open_threads(messages: Iterable[Message], now: datetime, team_owes: bool) -> int:
    """D29: count threads whose last message is from the other side, more than 24 hours and less than 90 days old."""
    last = [thread[-1] for thread in threads(messages)]
    return sum(m.team != team_owes and timedelta(hours=24) < now - m.at < 90 * DAY for m in last)


def latest(instants: Iterable[datetime | None]) -> datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)


def average_hours(found: list[tuple[Message, Message, int]], team: bool) -> Decimal | None:
    seconds = [s for _, answer, s in found if answer.team == team]
    return rounded(Fraction(sum(seconds), 3600 * len(seconds)), 2) if seconds else None


class Tenant:
    """The rows of one organization up to an instant; nothing else is read."""

    def __init__(self, tables: Tables, organization: int, now: datetime) -> None:
        self.now = now
        self._rows = {
            name: [row for row in rows if row.get("organization_id", 1) == organization]
            for (source, name), rows in tables.items()
            if source == "platform"
        }
        self.customers = self.table("customer")
        self.users = {row["id"]: row for row in self.table("users")}
        self.stakeholders = {row["id"]: row for row in self.table("stakeholder")}
        self.measures = {row["id"]: self._measures(row) for row in self.customers}

    def table(self, name: str) -> list[Row]:
        return self._rows.get(name, [])

    def past(self, name: str, column: str) -> list[Row]:
        return [row for row in self.table(name) if row[column] <= self.now]

    def silent(self, team: bool, person: int | None) -> bool:
        if team:
            return bool(self.users.get(person, {}).get("excluded"))
        return bool(self.stakeholders.get(person, {}).get("opted_out"))

    def decision_maker(self, stakeholder: int | None) -> bool:
        return folded(self.stakeholders.get(stakeholder, {}).get("role")) == "decision maker"

    def messages(self, customer: int, channel: str) -> list[Message]:
        """The messages of a channel up to now: email, chat, opening or comment."""
        table, thread, instant = {
            "email": ("email_prop", "thread_id", "sent_at"),
            "chat": ("chat_message", "conversation_id", "sent_at"),
            "opening": ("ticket", "id", "opened_at"),
            "comment": ("ticket_comment", "ticket_id", "created_at"),
        }[channel]
        tickets = {row["id"] for row in self.past("ticket", "opened_at") if row["customer_id"] == customer}
        found = []
        for row in self.past(table, instant):
            if row["customer_id"] != customer or (channel == "comment" and row["ticket_id"] not in tickets):
                continue
            opening = channel == "opening"
            sentiment = folded(row.get("sentiment"))
            found.append(
                Message(
                    channel=channel,
                    thread=row[thread],
                    at=row[instant],
                    rank=int(channel == "comment"),
                    id=row["id"],
                    team=not opening and row["direction"] == "team",
                    user=row.get("assignee_id" if opening else "user_id"),
                    stakeholder=row.get("requester_id" if opening else "stakeholder_id"),
                    sentiment=sentiment if sentiment in ("positive", "negative") else "neutral" if sentiment else None,
                )
            )
        return found

    def meetings(self, customer: int) -> Meetings:
        """The meetings that are not cancelled, with the users and stakeholders attending."""
        found = []
        for event in self.table("calendar_event_prop"):
            if event["customer_id"] != customer or folded(event.get("status")) == "cancelled":
                continue
            rows = [
                row
                for row in self.table("calendar_event_attendee")
                if row["event_id"] == event["id"] and row.get("attended") is not False
            ]
            people = [{r.get(k) for r in rows} - {None} for k in ("user_id", "stakeholder_id")]
            found.append((event, people[0], people[1]))
        return found

    def age(self, instant: datetime) -> int:
        return (self.now - instant) // DAY

    def stats(self, row: Row) -> dict[str, Any]:
        """The communication columns of a customer, and the activity columns of account_core (D28 to D36)."""
        customer = row["id"]
        messages = {c: self.messages(customer, c) for c in ("email", "chat", "opening", "comment")}
        held = [m for m in self.meetings(customer) if m[0]["start_time"] <= self.now]
        return {
            **self._message_columns(row, messages),
            **self._meeting_columns(row, held),
            **self._touch_columns(messages, held),
            **self._people_columns(row, messages, held),
            **self._effort_columns(row, messages, held),
        }

    def _message_columns(self, row: Row, messages: Messages) -> dict[str, Any]:
        """Counts, answers, open threads and sentiment (D28 to D30)."""
        owner = row.get("owner")
        tickets = messages["opening"] + messages["comment"]
        out: dict[str, Any] = {}
        names = {
            "email": ("total_emails", "sent_emails", "last_sent_email_date", "emails_sent_by_owner"),
            "chat": ("total_chat_messages", "sent_chat_messages", "last_sent_chat_date", "chat_messages_sent_by_owner"),
        }
        for channel, (total, sent, last, by_owner) in names.items():
            found = messages[channel]
            out[total] = len(found)
            for side, team in (("team", True), ("account", False)):
                out[f"{side}_{sent}"] = sum(m.team == team for m in found)
                out[f"{side}_{last}"] = latest(m.at for m in found if m.team == team)
            out[by_owner] = sum(m.team and owner is not None and m.user == owner for m in found)
            for sentiment in ("positive", "neutral", "negative"):
                out[f"{channel}_{sentiment}_sentiment"] = sum(m.counted_sentiment == sentiment for m in found)
        for channel, found in (("email", messages["email"]), ("chat", messages["chat"]), ("ticket", tickets)):
            out[f"team_{channel}_response_time_hours"] = average_hours(answers(found), True)
            out[f"account_{channel}_response_time_hours"] = average_hours(answers(found), False)
        out["team_open_email_threads"] = open_threads(messages["email"], self.now, team_owes=True)
        out["account_open_email_threads"] = open_threads(messages["email"], self.now, team_owes=False)
        out["submitted_tickets"] = len(messages["opening"])
        out["ticket_comments"] = len(messages["comment"])
        out["tickets_to_owner"] = sum(owner is not None and m.user == owner for m in messages["opening"])
        out["last_ticket_opened_date"] = latest(m.at for m in messages["opening"])
        everything = messages["email"] + messages["chat"] + tickets
        for sentiment in ("positive", "neutral", "negative"):
            out[f"{sentiment}_sentiment"] = sum(m.counted_sentiment == sentiment for m in everything)
        return out

    def _meeting_columns(self, row: Row, held: Meetings) -> dict[str, Any]:
        """D31."""
        hours = [(self._seconds(meeting) / 3600, users) for meeting, users, _ in held]
        owned = [spent for spent, users in hours if row.get("owner") in users]
        ahead = [m["start_time"] for m, _, _ in self.meetings(row["id"]) if m["start_time"] > self.now]
        return {
            "total_meetings": len(held),
            "meeting_time_hours": rounded(sum((spent for spent, _ in hours), Fraction(0)), 2),
            "team_meeting_time_hours": rounded(sum((spent * len(users) for spent, users in hours), Fraction(0)), 2),
            "owner_meeting_time_hours": rounded(sum(owned, Fraction(0)), 2),
            "owner_total_meetings": len(owned),
            "last_meeting_date": latest(m["start_time"] for m, _, _ in held),
            "next_meeting_date": min(ahead, default=None),
        }

    def _touch_columns(self, messages: Messages, held: Meetings) -> dict[str, Any]:
        """D32, D33."""
        everything = [m for found in messages.values() for m in found]
        with_dm = {c: [m.at for m in found if self.decision_maker(m.stakeholder)] for c, found in messages.items()}
        held_with_dm = [m["start_time"] for m, _, people in held if any(map(self.decision_maker, people))]
        engaged = [m["start_time"] for m, _, people in held if people]
        engagement = latest([*(m.at for m in everything if not m.team), *engaged])
        reach_out = latest([*(m.at for m in everything if m.team), *(m["start_time"] for m, _, _ in held)])
        return {
            "email_last_touch_dm": latest(with_dm["email"]),
            "last_dm_chat_date": latest(with_dm["chat"]),
            "last_dm_meeting_date": latest(held_with_dm),
            "last_touch_dm": latest([*held_with_dm, *(at for found in with_dm.values() for at in found)]),
            "last_engagement": engagement,
            "last_reach_out": reach_out,
            "last_touch": latest([engagement, reach_out]),
            "total_activity": len(everything) - len(messages["comment"]) + len(held),
        }

    def _people_columns(self, row: Row, messages: Messages, held: Meetings) -> dict[str, Any]:
        """D33."""
        everything = [m for found in messages.values() for m in found]
        users = {m.user for m in everything} | {user for _, attending, _ in held for user in attending}
        acts = [(m.stakeholder, m.at) for m in everything if not m.team]
        acts += [(person, meeting["start_time"]) for meeting, _, people in held for person in people]
        active = {
            person
            for person, at in acts
            if person is not None
            and self.now - at < 90 * DAY
            and not self.stakeholders.get(person, {}).get("muted")
            and not self.silent(False, person)
        }
        return {
            "stakeholders_count": sum(
                s["customer_id"] == row["id"] and not s.get("opted_out") for s in self.stakeholders.values()
            ),
            "users_count": sum(user is not None and not self.silent(True, user) for user in users),
            "multi_threaded": len(active) >= 2,
        }

    def _effort_columns(self, row: Row, messages: Messages, held: Meetings) -> dict[str, Any]:
        """D34."""
        effort: dict[int | None, Fraction] = defaultdict(Fraction)
        for channel, minutes in (("email", 15), ("comment", 15), ("chat", 4)):
            for m in messages[channel]:
                if m.team and self.now - m.at < 365 * DAY:
                    effort[m.user] += 60 * minutes
        for meeting, attending, _ in held:
            if self.now - meeting["start_time"] < 365 * DAY:
                for user in attending:
                    effort[user] += self._seconds(meeting)
        effort = defaultdict(Fraction, {user: spent for user, spent in effort.items() if not self.silent(True, user)})
        exact = Fraction(0)
        for user, spent in effort.items():
            hourly = self.users.get(user, {}).get("hourly_cost")
            exact += spent / 3600 * Fraction(60 if hourly is None else hourly)
        cost = rounded(exact, 2) or Decimal(0)
        revenue = row.get("revenue")
        frame = None if revenue is None else rounded(Fraction(revenue) * 365 / 365, 2)
        rate = Fraction(cost) / Fraction(frame) if frame is not None and frame > 0 else None
        owner = row.get("owner")
        return {
            "team_effort_hours": rounded(sum(effort.values(), Fraction(0)) / 3600, 2),
            "owner_effort_hours": rounded((effort[owner] if owner is not None else Fraction(0)) / 3600, 2),
            "team_effort_cost": cost,
            "time_frame_revenue": frame,
            "efficiency_rate": rounded(rate, 4),
        }

    @staticmethod
    def _seconds(meeting: Row) -> Fraction:
        """D31: exact, at most a day, 0 if the end is missing or before the start."""
        end = meeting.get("end_time")
        if end is None or end < meeting["start_time"]:
            return Fraction(0)
        return Fraction(min(end - meeting["start_time"], DAY) // timedelta(microseconds=1), 10**6)

    def provider(self, row: Row, kind: str) -> str | None:
        """D35: that of the owner's newest active token, else the organization's most common one; ties alphabetical."""
        tokens = [
            t
            for t in self.table("user_api_token")
            if folded(t["kind"]) == kind
            and t.get("active")
            and (t.get("updated_at") is None or t["updated_at"] <= self.now)
        ]
        own = [t for t in tokens if row.get("owner") is not None and t["user_id"] == row["owner"]]
        if own:
            newest = max(t.get("updated_at") or datetime.min for t in own)
            return min(str(t["provider"]) for t in own if (t.get("updated_at") or datetime.min) == newest)
        names = [str(t["provider"]) for t in tokens]
        return min(set(names), key=lambda name: (-names.count(name), name), default=None)

    def texts(self, customer: int) -> dict[str, str | None]:
        """D37: the latest of each kind."""

        def last(table: str, kind: str | None = None) -> Row:
            rows = [
                r
                for r in self.past(table, "created_at")
                if r["customer_id"] == customer and (kind is None or folded(r["kind"]) == kind)
            ]
            return max(rows, key=lambda r: (r["created_at"], r["id"]), default={})

        opportunity = last("ai_expansion_opportunities")
        return {
            "last_note": last("note").get("body"),
            "ai_expansion_summary": opportunity.get("expansion_summary"),
            "expansion_readiness_level": opportunity.get("readiness_level"),
            "ai_churn_risk_summary": opportunity.get("churn_risk_summary"),
            "ai_churn_analysis": last("ai_summary", "churn").get("summary"),
            "ai_account_summary": last("ai_summary", "account").get("summary"),
            "ai_renewal_analysis": last("ai_summary", "renewal").get("summary"),
        }

    def meeting_summaries(self, customer: int) -> list[dict[str, Any]]:
        """related meeting_summary: the meetings of a customer that are not cancelled, past or future; D31, D37."""
        found = []
        for meeting, users, people in self.meetings(customer):
            texts = [
                row
                for row in self.past("ai_summary", "created_at")
                if (row["customer_id"], row.get("event_id")) == (customer, meeting["id"])
            ]
            organizer = meeting.get("organizer_email")
            found.append(
                {
                    "meeting_id": meeting["id"],
                    "account_id": customer,
                    "meeting_date": meeting["start_time"],
                    "meeting_duration_minutes": int(rounded(self._seconds(meeting) / 60, 0) or 0),
                    "meeting_organizer_email": organizer and organizer[:100],
                    "meeting_attendee_count": len(users) + len(people),
                    "meeting_internal_attendee_count": len(users),
                    "meeting_customer_attendee_count": len(people),
                    "meeting_summary": max(texts, key=lambda r: (r["created_at"], r["id"]), default={}).get("summary"),
                }
            )
        return found

    def stakeholder_fact(self, row: Row) -> dict[str, Any]:
        """related stakeholder_fact: a stakeholder's activity on the threads and meetings of their own customer."""
        customer, who = row["customer_id"], row["id"]
        channels = ("email", "chat", "opening", "comment")
        named = {c: [m for m in self.messages(customer, c) if m.stakeholder == who] for c in channels}
        theirs = {c: [m for m in found if not m.team] for c, found in named.items()}
        to_them = [m.at for found in named.values() for m in found if m.team]
        invited = self._invitations(row)
        held = [(event, rows) for event, rows in invited if event["start_time"] <= self.now]
        ahead = [(event, rows) for event, rows in invited if event["start_time"] > self.now]

        def attends(rows: list[Row]) -> bool:
            return any(r.get("attended") is not False for r in rows)

        def accepts(rows: list[Row]) -> bool:
            return any(folded(r.get("response")) == "accepted" for r in rows)

        calls = [(event, rows) for event, rows in held if folded(event.get("kind")) in ("call", "video")]
        accepted = [rows for _, rows in calls if accepts(rows)]
        attended = [event["start_time"] for event, rows in held if attends(rows)]
        own = [answer for answer in answers(self.messages(customer, "email")) if answer[1].person == who]
        score = self._own_sentiment(row, [m for found in theirs.values() for m in found])
        everything = [m.counted_sentiment for found in theirs.values() for m in found]
        return {
            "stakeholder_id": who,
            "account_id": customer,
            "stakeholder_email": row.get("email"),
            "stakeholder_name": row.get("name") and row["name"][:100],
            "stakeholder_gs_role": row.get("role"),
            "stakeholder_touch_frequency": row.get("touch_frequency"),
            "stakeholder_muted": bool(row.get("muted")),
            "stakeholder_opted_out": bool(row.get("opted_out")),
            "stakeholder_last_engagement": latest([*(m.at for found in theirs.values() for m in found), *attended]),
            "stakeholder_last_reach_out": latest([*to_them, *(event["start_time"] for event, _ in held)]),
            "stakeholder_last_received_email": latest(m.at for m in theirs["email"]),
            "stakeholder_last_sent_email": latest(m.at for m in named["email"] if m.team),
            "stakeholder_sent_emails": len(theirs["email"]),
            **{
                f"stakeholder_{name}_{sentiment}": sum(m.counted_sentiment == sentiment for m in theirs[channel])
                for name, channel in (("emails", "email"), ("chat", "chat"))
                for sentiment in ("positive", "negative", "neutral")
            },
            "stakeholder_response_time_hours": average_hours(own, team=False),
            "stakeholder_email_relationships": len({m.user for m in named["email"]} - {None}),
            "stakeholder_attended_meetings": len(attended),
            "stakeholder_accepted_meetings": sum(accepts(rows) for _, rows in held),
            "stakeholder_invited_meetings": len(held),
            "stakeholder_last_attended_meeting": latest(attended),
            "stakeholder_next_scheduled_meeting": min(
                (event["start_time"] for event, rows in ahead if attends(rows)), default=None
            ),
            "stakeholder_attended_calls": sum(attends(rows) for _, rows in calls),
            "stakeholder_accepted_calls": len(accepted),
            "stakeholder_show_rate": rounded(Fraction(100 * sum(map(attends, accepted)), len(accepted)), 2)
            if accepted
            else None,
            "stakeholder_sent_chat_messages": len(theirs["chat"]),
            "stakeholder_submitted_tickets": len(theirs["opening"]),
            **{f"stakeholder_{sentiment}_items": everything.count(sentiment) for sentiment in SENTIMENTS},
            "stakeholder_sentiment_score": score,
            "stakeholder_sentiment": label(score),
        }

    def _invitations(self, row: Row) -> list[tuple[Row, list[Row]]]:
        """Return the meetings of a stakeholder's customer that invite them, with the attendee rows."""
        found = []
        for event, _, _ in self.meetings(row["customer_id"]):
            rows = [
                attendee
                for attendee in self.table("calendar_event_attendee")
                if (attendee["event_id"], attendee.get("stakeholder_id")) == (event["id"], row["id"])
            ]
            if rows:
                found.append((event, rows))
        return found

    def _own_sentiment(self, row: Row, theirs: list[Message]) -> Decimal | None:
        """scores sentiment: over one person's own messages; those who opted out have none."""
        felt = [(m.sentiment, WEIGHTS[self.age(m.at)]) for m in theirs if m.sentiment and self.age(m.at) < WINDOW]
        if len(felt) < 3 or row.get("opted_out"):
            return None
        p, n = (sum(w for sentiment, w in felt if sentiment == kind) for kind in ("positive", "negative"))
        r = Fraction(p - n, sum(w for _, w in felt) + 50000)
        return rounded(65 + (35 if r >= 0 else 65) * r, 2)

    def owner_team(self, row: Row) -> dict[str, Any]:
        """related account_owner_team: the owner of a customer and the owner's work for it; D28, D30, D36, D39."""
        owner = row.get("owner")
        stats = self.stats(row)
        messages = {channel: self.messages(row["id"], channel) for channel in ("email", "chat")}
        received = [m for m in messages["email"] if not m.team and owner is not None and m.user == owner]
        own = [other for other in self.customers if owner is not None and other.get("owner") == owner]
        listed = {member["team_member_id"]: member for member in self.team_members()}.get(owner, {})

        def hours(channel: str) -> Decimal | None:
            found = answers(messages[channel])
            return average_hours([a for a in found if owner is not None and a[1].user == owner], True)

        return {
            "account_id": row["id"],
            "owner_id": owner,
            **{
                f"owner_{name}": listed.get(f"team_member_{name}")
                for name in ("first_name", "last_name", "email", "department", "title", "mailbox_connected")
            },
            "owner_has_staircase_access": listed.get("team_member_has_access"),
            "owner_excluded_from_analysis": listed.get("team_member_excluded_from_analysis"),
            "owner_sent_emails": stats["emails_sent_by_owner"],
            "owner_received_emails": len(received),
            **{
                f"owner_emails_{sentiment}_sentiment": sum(m.counted_sentiment == sentiment for m in received)
                for sentiment in ("positive", "neutral", "negative")
            },
            "owner_response_time_hours": hours("email"),
            "owner_chat_response_time_hours": hours("chat"),
            "owner_attended_meetings": stats["owner_total_meetings"],
            "owner_meetings_time_hours": stats["owner_meeting_time_hours"],
            "owner_sent_messages": stats["chat_messages_sent_by_owner"],
            "owner_assigned_tickets": stats["tickets_to_owner"],
            "owner_effort_hours": stats["owner_effort_hours"],
            "owner_owned_accounts_count": len(own),
            "owner_owned_accounts_revenue": sum((other.get("revenue") or Decimal(0) for other in own), Decimal("0.00")),
        }

    def team_members(self) -> list[dict[str, Any]]:
        """related team_dimension: every user; D2, D39."""
        found = []
        for key, user in sorted(self.users.items()):
            parts = [(user.get(name) or "").strip() for name in ("first_name", "last_name")]
            connected = [
                token
                for token in self.table("user_api_token")
                if token["user_id"] == key
                and folded(token["kind"]) == "email"
                and token.get("active")
                and (token.get("updated_at") is None or token["updated_at"] <= self.now)
            ]
            state = folded(user.get("state"))
            found.append(
                {
                    "team_member_id": key,
                    "team_member_email": user["email"][:100],
                    "team_member_name": " ".join(part for part in parts if part)[:200] or None,
                    **{
                        f"team_member_{name}": user.get(name) and user[name][:100]
                        for name in ("first_name", "last_name")
                    },
                    "team_member_title": user.get("title") and user["title"][:200],
                    "team_member_department": user.get("department") and user["department"][:100],
                    "team_member_has_access": None if state is None else state == "active",
                    "team_member_excluded_from_analysis": bool(user.get("excluded")),
                    "team_member_mailbox_connected": bool(connected),
                }
            )
        return found

    def topics(self) -> dict[int, dict[str, Any]]:
        """related topic_dimension: every topic created by now, by its id; D2, D39."""
        return {
            row["id"]: {
                "topic_id": row["id"],
                "topic_name": row["name"][:100],
                "parent_topic_id": row.get("parent_id"),
                "topic_description": row.get("description"),
                "topic_created_at": row.get("created_at"),
            }
            for row in self.table("topic")
            if row.get("created_at") is None or row["created_at"] <= self.now
        }

    def topics_of(self, customer: int) -> list[dict[str, Any]]:
        """related account_topic_fact: the topics of a customer, known or not; D2, D36."""
        listed = self.topics()
        mentions = [row for row in self.past("topic_mention", "occurred_at") if row["customer_id"] == customer]
        found = []
        for topic in {row["topic_id"] for row in mentions}:
            channels = [folded(row.get("channel")) for row in mentions if row["topic_id"] == topic]
            feelings = [folded(row.get("sentiment")) for row in mentions if row["topic_id"] == topic]
            parent = listed.get(topic, {}).get("parent_topic_id")
            found.append(
                {
                    "account_id": customer,
                    "topic_id": topic,
                    "topic_name": listed.get(topic, {}).get("topic_name"),
                    "parent_topic_name": listed.get(parent, {}).get("topic_name"),
                    "topic_positive_sentiment": feelings.count("positive"),
                    "topic_neutral_sentiment": sum(f not in ("positive", "negative") for f in feelings),
                    "topic_negative_sentiment": feelings.count("negative"),
                    "topic_total_activity": len(channels),
                    "topic_total_emails": channels.count("email"),
                    "topic_total_chat": channels.count("chat"),
                    "topic_total_video": channels.count("video"),
                    "topic_total_tickets": channels.count("ticket"),
                }
            )
        return found

    def names(self, row: Row) -> dict[str, Any]:
        """Return the tenant's names of a customer's tier and journey, and its references unchanged."""

        def name(table: str, key: int | None) -> str | None:
            return next((r["name"] for r in self.table(table) if r["id"] == key), None)

        return {
            "tier_name": name("tier", row.get("tier_id")),
            "journey_phase_name": name("customer_journey", row.get("journey_id")),
            "parent_account_id": row.get("parent_id"),
            "owner_id": row.get("owner"),
        }

    def qbr(self, customer: int) -> dict[str, Any]:
        """D27: the last QBR detected or held, and the next confirmed one."""
        meetings = [m for m, _, _ in self.meetings(customer) if folded(m.get("kind")) == "qbr"]
        held = [m["start_time"] for m in meetings if m["start_time"] <= self.now]
        ahead = [
            m["start_time"] for m in meetings if m["start_time"] > self.now and folded(m.get("status")) == "confirmed"
        ]
        upcoming = min(ahead, default=None)
        return {
            "lifecycle_event_qbr": latest([*held, self.insights(customer)[1]["qbr"]]),
            "next_qbr_date": None if upcoming is None else upcoming.date(),
        }

    def data_as_of(self, crm_accounts: list[Row]) -> datetime:
        """D3: the latest instant of the organization's own rows, and of the CRM's if given."""
        columns = {
            "customer": ("updated_at",),
            "insight": ("created_at", "last_detected_at", "resolved_at"),
            "ai_expansion_opportunities": ("created_at",),
            "ai_summary": ("created_at",),
            "email_prop": ("sent_at",),
            "chat_message": ("sent_at",),
            "calendar_event_prop": ("start_time",),
            "ticket": ("opened_at", "closed_at"),
            "ticket_comment": ("created_at",),
            "note": ("created_at",),
            "user_api_token": ("updated_at",),
        }
        found = [row.get(c) for table, names in columns.items() for row in self.table(table) for c in names]
        found += [row.get(c) for row in crm_accounts for c in ("created_at", "updated_at")]
        return latest(at for at in found if at is not None and at <= self.now) or self.now

    def _measures(self, row: Row) -> dict[str, Any]:
        """Return the inputs of a customer's scores."""
        customer = row["id"]
        found = {c: self.messages(customer, c) for c in ("email", "chat", "opening", "comment")}

        def counted(channel: str) -> list[Message]:
            return [
                m
                for m in found[channel]
                if not m.team and self.age(m.at) < WINDOW and not self.silent(False, m.stakeholder)
            ]

        def weights(instants: Iterable[datetime]) -> Fraction:
            return Fraction(sum(WEIGHTS[self.age(at)] for at in instants), 10000)

        held = [
            event["start_time"]
            for event, _, people in self.meetings(customer)
            if event["start_time"] <= self.now
            and self.age(event["start_time"]) < WINDOW
            and any(not self.silent(False, person) for person in people)
        ]
        opinions = [m for channel in found for m in counted(channel) if m.sentiment is not None]
        given = [
            (answer.team, seconds)
            for channel in (found["email"], found["chat"], found["opening"] + found["comment"])
            for begins, answer, seconds in answers(channel)
            if self.age(answer.at) < WINDOW
            and not self.silent(begins.team, begins.person)
            and not self.silent(answer.team, answer.person)
        ]

        def response(team: bool) -> Decimal | None:
            seconds = [s for side, s in given if side == team]
            return rounded(Fraction(sum(seconds), len(seconds)), 0) if seconds else None

        return {
            "engagement": weights(m.at for m in counted("email"))
            + weights(m.at for m in counted("chat")) / 2
            + weights(held) * 3
            + weights(m.at for m in counted("opening")),
            "team_response": response(True),
            "account_response": response(False),
            "open_items": 2 * open_threads(found["email"], self.now, team_owes=True)
            + open_threads(found["email"], self.now, team_owes=False)
            + Fraction(7 * len(counted("opening")), 90),
            "sentiment": [
                weights(m.at for m in opinions if m.sentiment == s) for s in ("positive", "negative", "neutral")
            ],
            "opinions": len(opinions),
        }

    def benchmark(self, row: Row, measure: str) -> Fraction:
        """Return the lower median of unchurned customers in the tier, else the organization, else the target."""
        everyone = [
            (c, self.measures[c["id"]][measure]) for c in self.customers if folded(c.get("status")) != "churned"
        ]
        everyone = [(c, x) for c, x in everyone if x is not None]
        tier = row.get("tier_id")
        peers = [x for c, x in everyone if tier is not None and c.get("tier_id") == tier]
        if len(peers) < 8:
            peers = [x for _, x in everyone]
        if len(peers) < 8:
            return Fraction(
                {"engagement": 10, "team_response": 24 * 3600, "account_response": 48 * 3600, "open_items": 2}[measure]
            )
        return Fraction(min(x for x in peers if 2 * sum(y <= x for y in peers) >= len(peers)))

    def scores(self, row: Row) -> dict[str, Any]:
        """The five scores and their labels."""
        own = self.measures[row["id"]]

        def up(measure: str) -> Fraction:
            x, b = Fraction(own[measure]), self.benchmark(row, measure)
            if b == 0:
                return Fraction(100 if x > 0 else 0)
            return 200 * x / (2 * x + b)

        def down(measure: str) -> Fraction | None:
            if own[measure] is None:
                return None
            x, b = Fraction(own[measure]), self.benchmark(row, measure)
            if b == 0:
                return Fraction(0 if x > 0 else 100)
            return 300 * b / (2 * x + 3 * b)

        scores: dict[str, Decimal | None] = {"engagement": rounded(up("engagement"), 2)}
        positive, negative, neutral = own["sentiment"]
        lean = (positive - negative) / (positive + neutral + negative + 5)
        scores["sentiment"] = rounded(65 + (35 if lean >= 0 else 65) * lean, 2) if own["opinions"] >= 3 else None
        team, account = down("team_response"), down("account_response")
        if team is not None and account is not None:
            scores["response_time"] = rounded(Fraction(7, 10) * team + Fraction(3, 10) * account, 2)
        else:
            scores["response_time"] = rounded(account if team is None else team, 2)
        scores["open_items"] = rounded(down("open_items"), 2)
        shares = {"engagement": 35, "sentiment": 30, "response_time": 20, "open_items": 15}
        known = {name: share for name, share in shares.items() if scores[name] is not None}
        scores["health"] = None
        if len(known) >= 2 and sum(known.values()) >= 50:
            health = sum(Fraction(scores[name] or 0) * share for name, share in known.items()) / sum(known.values())
            flags, dates = self.insights(row["id"])
            if flags["churn_risk"]:
                health -= 10
            renewal = dates["renewal"]
            if renewal is not None and self.now - renewal < 30 * DAY:
                health += 5
            if flags["churn_notification"]:
                health = min(health, Fraction(30))
            scores["health"] = rounded(max(Fraction(0), min(health, Fraction(100))), 2)
        out: dict[str, Any] = {}
        for name, score in scores.items():
            out[f"{name}_score"] = score
            out[f"{name}_score_label"] = label(score)
        return out

    def insights(self, customer: int) -> tuple[dict[str, bool], dict[str, datetime | None]]:
        """D26, D27: the flags, and the latest detections without held meetings."""
        rows = [r for r in self.past("insight", "created_at") if r["data_ref"] == customer]
        flags = {t: any(folded(r["type"]) == t and r.get("is_active") for r in rows) for t in FLAGS}
        dates = {}
        for kind in LIFECYCLE:
            seen = [r.get("last_detected_at") or r["created_at"] for r in rows if folded(r["type"]) == kind]
            dates[kind] = latest(at for at in seen if at <= self.now)
        return flags, dates
