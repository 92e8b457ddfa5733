"""Every stream of Zendesk with the ways to read it, in the order in which a run reads them.

A new stream is one entry here, its records in records.py and its rows in rows/.
"""

from tasks.zendesk.desk import (
    Article,
    Brand,
    CustomStatus,
    Group,
    Holiday,
    Schedule,
    SlaPolicy,
    TicketField,
)
from tasks.zendesk.records import (
    Audit,
    Call,
    Identity,
    Leg,
    MetricEvent,
    Organization,
    Record,
    Ticket,
    TicketEvent,
    User,
)
from tasks.zendesk.satisfaction import Rating, SurveyResponse
from tasks.zendesk.streams.cursor import CursorStream
from tasks.zendesk.streams.listed import RATINGS, SURVEYS, ListStream, ScheduleStream
from tasks.zendesk.streams.single import ByTicket
from tasks.zendesk.streams.stream import Mode, Stream, Ways
from tasks.zendesk.streams.sweep import TicketSweep
from tasks.zendesk.streams.timed import TalkStream, TimeStream

HELP_CENTER_BEGAN = 1  # articles are kept whatever their age: read from the beginning of time
API = "/api/v2"
VOICE = f"{API}/channels/voice/stats/incremental"
AUDITS = f"{API}/tickets/{{}}/audits"
USERS = {"users": User}


def _staff(name: str, role: str) -> Ways:
    listed = ListStream(name, f"{API}/users", USERS, {"role": role}, False, f"{API}/users/count")
    return Ways(listed=listed)


STREAMS: dict[str, Ways] = {
    "agents": _staff("agents", "agent"),
    "admins": _staff("admins", "admin"),
    "groups": Ways(
        listed=ListStream(
            "groups", f"{API}/groups", {"groups": Group}, counted_at=f"{API}/groups/count"
        )
    ),
    "brands": Ways(listed=ListStream("brands", f"{API}/brands", {"brands": Brand})),
    "ticket_fields": Ways(
        listed=ListStream("ticket_fields", f"{API}/ticket_fields", {"ticket_fields": TicketField})
    ),
    "custom_statuses": Ways(
        listed=ListStream(
            "custom_statuses", f"{API}/custom_statuses", {"custom_statuses": CustomStatus}
        )
    ),
    "sla_policies": Ways(
        listed=ListStream(
            "sla_policies", f"{API}/slas/policies", {"sla_policies": SlaPolicy}, whole=True
        )
    ),
    "schedules": Ways(listed=ScheduleStream()),
    "users": Ways(
        export=CursorStream(
            "users",
            f"{API}/incremental/users/cursor.json",
            {"users": User, "identities": Identity},
            {"include": "identities"},
        ),
        listed=ListStream("users", f"{API}/users", USERS, counted_at=f"{API}/users/count"),
    ),
    "organizations": Ways(
        export=TimeStream(
            "organizations",
            f"{API}/incremental/organizations.json",
            {"organizations": Organization},
        ),
        listed=ListStream(
            "organizations",
            f"{API}/organizations",
            {"organizations": Organization},
            counted_at=f"{API}/organizations/count",
        ),
    ),
    "tickets": Ways(
        export=CursorStream(
            "tickets",
            f"{API}/incremental/tickets/cursor.json",
            {"tickets": Ticket, "users": User},
            {"include": "metric_sets,users"},
        ),
        listed=TicketSweep("tickets", {"tickets": Ticket, "users": User}),
        indispensable=True,
    ),
    "calls": Ways(
        export=TalkStream("calls", f"{VOICE}/calls.json", {"calls": Call}),
        listed=ByTicket(AUDITS),  # from the voice comments: who spoke how long, not who waited
    ),
    "call_legs": Ways(export=TalkStream("call_legs", f"{VOICE}/legs.json", {"legs": Leg})),
    "ticket_events": Ways(
        export=TimeStream(
            "ticket_events",
            f"{API}/incremental/ticket_events.json",
            {"ticket_events": TicketEvent},
            {"include": "comment_events"},
        ),
        listed=ByTicket(AUDITS),
        indispensable=True,
    ),
    "metric_events": Ways(
        export=TimeStream(
            "metric_events",
            f"{API}/incremental/ticket_metric_events.json",
            {"ticket_metric_events": MetricEvent},
        ),
        listed=ByTicket(f"{API}/tickets/{{}}", {"include": "metric_events"}),
    ),
    "satisfaction_ratings": Ways(listed=RATINGS),
    "survey_responses": Ways(listed=SURVEYS),
    "articles": Ways(
        export=TimeStream(
            "articles",
            f"{API}/help_center/incremental/articles.json",
            {"articles": Article},
            begins_at=HELP_CENTER_BEGAN,
        ),
        listed=ListStream("articles", f"{API}/help_center/articles", {"articles": Article}),
    ),
}

# The record of each list that a page can hold.
KINDS: dict[str, type[Record]] = {
    "tickets": Ticket,
    "users": User,
    "identities": Identity,
    "organizations": Organization,
    "ticket_events": TicketEvent,
    "audits": Audit,
    "ticket_metric_events": MetricEvent,
    "satisfaction_ratings": Rating,
    "survey_responses": SurveyResponse,
    "calls": Call,
    "legs": Leg,
    "groups": Group,
    "brands": Brand,
    "ticket_fields": TicketField,
    "custom_statuses": CustomStatus,
    "sla_policies": SlaPolicy,
    "schedules": Schedule,
    "holidays": Holiday,
    "articles": Article,
}

__all__ = ["KINDS", "STREAMS", "Mode", "Stream", "Ways"]
