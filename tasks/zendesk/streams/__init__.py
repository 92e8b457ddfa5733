"""Every stream of Zendesk, in the order in which a run reads them.

A new stream is one line here, its records in records.py and its rows in rows/.
"""

from tasks.zendesk.desk import Article, Brand, CustomStatus, Group, SlaPolicy, TicketField
from tasks.zendesk.records import Call, Leg, MetricEvent, Organization, Ticket, TicketEvent, User
from tasks.zendesk.streams.cursor import CursorStream
from tasks.zendesk.streams.listed import ListStream, RatingStream, ScheduleStream
from tasks.zendesk.streams.stream import Stream
from tasks.zendesk.streams.timed import TalkStream, TimeStream

HELP_CENTER_BEGAN = 1  # articles are kept whatever their age: read from the beginning of time
VOICE = "/api/v2/channels/voice/stats/incremental"

STREAMS: dict[str, Stream] = {
    stream.name: stream
    for stream in (
        ListStream("agents", "/api/v2/users", {"users": User}, {"role": "agent"}),
        ListStream("admins", "/api/v2/users", {"users": User}, {"role": "admin"}),
        ListStream("groups", "/api/v2/groups", {"groups": Group}),
        ListStream("brands", "/api/v2/brands", {"brands": Brand}),
        ListStream("ticket_fields", "/api/v2/ticket_fields", {"ticket_fields": TicketField}),
        ListStream("custom_statuses", "/api/v2/custom_statuses", {"custom_statuses": CustomStatus}),
        ListStream("sla_policies", "/api/v2/slas/policies", {"sla_policies": SlaPolicy}),
        ScheduleStream(),
        CursorStream("users", "/api/v2/incremental/users/cursor.json", {"users": User}),
        TimeStream(
            "organizations",
            "/api/v2/incremental/organizations.json",
            {"organizations": Organization},
        ),
        CursorStream(
            "tickets",
            "/api/v2/incremental/tickets/cursor.json",
            {"tickets": Ticket, "users": User},
            {"include": "metric_sets,users"},
        ),
        TimeStream(
            "ticket_events",
            "/api/v2/incremental/ticket_events.json",
            {"ticket_events": TicketEvent},
            {"include": "comment_events"},
        ),
        TimeStream(
            "metric_events",
            "/api/v2/incremental/ticket_metric_events.json",
            {"ticket_metric_events": MetricEvent},
        ),
        RatingStream(),
        TalkStream("calls", f"{VOICE}/calls.json", {"calls": Call}),
        TalkStream("call_legs", f"{VOICE}/legs.json", {"legs": Leg}),
        TimeStream(
            "articles",
            "/api/v2/help_center/incremental/articles.json",
            {"articles": Article},
            begins_at=HELP_CENTER_BEGAN,
        ),
    )
}

__all__ = ["STREAMS", "Stream"]
