"""What Zendesk knows, split by class: skeletons (no text, no identity) and sealed contents.

Source of the fields: Zendesk's API reference (ticketing, voice, help center).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import (
    content,
    erased,
    flag,
    instant,
    key,
    sealed,
    sealed_piece,
    skeleton,
    valid_from,
)

organizations = skeleton(
    "organizations",
    key("id"),
    instant("created_at"),
    instant("deleted_at"),
)
organization_contents = content("organization_contents", key("organization_id"), sealed())

users = skeleton(
    "users",
    key("id"),
    flag("role"),
    Column("active", Boolean),
    Column("suspended", Boolean),
    Column("organization_id", BigInteger),
    Column("email_index", LargeBinary, comment="HMAC of the e-mail: equality within one org"),
    Column("phone_index", LargeBinary, comment="HMAC of the phone: equality within one org"),
    instant("created_at"),
    Index(None, "org_id", "email_index"),
    Index(None, "org_id", "phone_index"),
)
user_contents = content("user_contents", key("user_id"), sealed())
user_identities = skeleton(
    "user_identities",
    key("id"),
    Column("user_id", BigInteger, nullable=False),
    flag("type"),
    Column("is_primary", Boolean),
    Column("verified", Boolean),
    Column("value_index", LargeBinary, comment="HMAC of the value: equality within one org"),
    Index(None, "org_id", "user_id"),
    Index(None, "org_id", "value_index"),
)
user_identity_contents = content(
    "user_identity_contents",
    key("identity_id"),
    Column("user_id", BigInteger, nullable=False),
    sealed(),
    Index(None, "org_id", "user_id"),
)

groups = skeleton("groups", key("id"), Column("name", Text), Column("deleted", Boolean))
brands = skeleton("brands", key("id"), Column("name", Text), Column("active", Boolean))
ticket_fields = skeleton(
    "ticket_fields",
    key("id"),
    flag("type"),
    Column("title", Text),
    Column("active", Boolean),
)
custom_statuses = skeleton(
    "custom_statuses",
    key("id"),
    flag("status_category"),
    Column("agent_label", Text),
    Column("active", Boolean),
)

tickets = skeleton(
    "tickets",
    key("id"),
    flag("status"),
    Column("custom_status_id", BigInteger),
    flag("priority"),
    flag("type"),
    flag("via_channel"),
    Column("group_id", BigInteger),
    Column("assignee_id", BigInteger),
    Column("requester_id", BigInteger),
    Column("submitter_id", BigInteger),
    Column("organization_id", BigInteger),
    Column("brand_id", BigInteger),
    Column("problem_id", BigInteger),
    Column("merged_into_id", BigInteger, comment="the ticket that this one was merged into"),
    Column("is_public", Boolean),
    instant("created_at", nullable=False),
    instant("updated_at", nullable=False),
    instant("deleted_at"),
    erased(),
    Index(None, "org_id", "updated_at"),
    Index(None, "org_id", "created_at"),
    Index(None, "org_id", "requester_id"),
    Index(None, "org_id", "submitter_id"),
    Index(None, "org_id", "erased_at", postgresql_where=text("erased_at is not null")),
    watched=True,
)
ticket_contents = content("ticket_contents", key("ticket_id"), sealed())

ticket_metrics = skeleton(
    "ticket_metrics",
    key("ticket_id"),
    Column("reopens", Integer),
    Column("replies", Integer),
    Column("group_stations", Integer),
    Column("assignee_stations", Integer),
    *(
        Column(f"{metric}_{clock}_minutes", Integer)
        for metric in (
            "first_reply",
            "first_resolution",
            "full_resolution",
            "agent_wait",
            "requester_wait",
            "on_hold",
        )
        for clock in ("calendar", "business")
    ),
    instant("initially_assigned_at"),
    instant("assigned_at"),
    instant("solved_at"),
    instant("latest_comment_added_at"),
    instant("created_at"),
    watched=True,
)

comments = skeleton(
    "comments",
    key("id"),
    Column("ticket_id", BigInteger, nullable=False),
    Column("author_id", BigInteger),
    flag("kind"),
    Column("is_public", Boolean),
    flag("via_channel"),
    Column(
        "author_role",
        Text,
        comment="the author's role when the comment was first loaded",
        info={"once": True},
    ),
    Column("call_id", BigInteger, comment="the Talk call of a VoiceComment"),
    instant("created_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    Index(None, "org_id", "author_id"),
    CheckConstraint("kind in ('Comment', 'VoiceComment')", name="kind"),
    watched=True,
)
comment_contents = content(
    "comment_contents",
    key("comment_id"),
    Column("ticket_id", BigInteger, nullable=False),
    sealed(),
    Index(None, "org_id", "ticket_id", postgresql_include=["loaded_at"]),
)

audits = skeleton(
    "audits",
    key("id"),
    Column("ticket_id", BigInteger, nullable=False),
    Column("author_id", BigInteger),
    flag("via_channel"),
    instant("created_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    Index(None, "org_id", "author_id"),
)
audit_events = skeleton(
    "audit_events",
    key("id"),
    Column("audit_id", BigInteger, nullable=False),
    Column("ticket_id", BigInteger, nullable=False),
    flag("event_type"),
    flag("field_name"),
    Column("previous_value", Text, comment="ids and states only; NULL for any other field"),
    Column("value", Text, comment="ids and states only; NULL for any other field"),
    instant("created_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    Index(None, "org_id", "field_name", "created_at"),
    # of whom a ticket was before it was another's, and of whom it is
    *(
        Index(None, "org_id", value, postgresql_where=text("field_name = 'requester_id'"))
        for value in ("value", "previous_value")
    ),
    watched=True,
)

metric_events = skeleton(
    "metric_events",
    key("id"),
    Column("ticket_id", BigInteger, nullable=False),
    flag("metric"),
    Column("instance_id", BigInteger),
    flag("type"),
    Column("sla_policy_id", BigInteger),
    Column("sla_target_minutes", Integer),
    Column("sla_in_business_hours", Boolean),
    Column("calendar_minutes", Integer),
    Column("business_minutes", Integer),
    Column("deleted", Boolean),
    instant("created_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    watched=True,
)

sla_policies = skeleton(
    "sla_policies",
    key("id"),
    valid_from(),
    Column("version", LargeBinary, nullable=False, comment="SHA-256 of the definition"),
    Column("title", Text),
    Column("position", Integer),
    Column("filter", JSONB),
    Column("policy_metrics", JSONB),
    instant("valid_to"),
)
schedules = skeleton(
    "schedules",
    key("id"),
    valid_from(),
    Column("version", LargeBinary, nullable=False, comment="SHA-256 of the definition"),
    Column("name", Text),
    Column("time_zone", Text),
    Column("intervals", JSONB, comment="minutes from Sunday 00:00, start_time and end_time"),
    instant("valid_to"),
)
holidays = skeleton(
    "holidays",
    key("id"),
    valid_from(),
    Column("version", LargeBinary, nullable=False, comment="SHA-256 of the definition"),
    Column("schedule_id", BigInteger, nullable=False),
    Column("name", Text),
    Column("start_on", Date),
    Column("end_on", Date),
    instant("valid_to"),
)

satisfaction_ratings = skeleton(
    "satisfaction_ratings",
    key("id"),
    Column("ticket_id", BigInteger, nullable=False),
    Column("assignee_id", BigInteger),
    Column("group_id", BigInteger),
    Column("requester_id", BigInteger),
    flag("score"),
    instant("created_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    Index(None, "org_id", "requester_id"),
    watched=True,
)
rating_contents = content(
    "rating_contents",
    key("rating_id"),
    Column("ticket_id", BigInteger, nullable=False),
    sealed(),
    Index(None, "org_id", "ticket_id"),
)

survey_responses = skeleton(
    "survey_responses",
    Column("id", Text, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    Column("responder_id", BigInteger),
    Column("survey_id", Text),
    Column("survey_version", Integer),
    flag("scale"),
    Column("rating", Integer, comment="as chosen, on the survey's own scale"),
    Column("lowest", Integer, comment="of the survey's scale"),
    Column("highest", Integer, comment="of the survey's scale"),
    Column("score", Double, comment="0 to 1: (rating - lowest) / (highest - lowest)"),
    flag("category"),
    instant("created_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    Index(None, "org_id", "responder_id"),
    CheckConstraint("score between 0 and 1", name="score"),
    watched=True,
)
survey_contents = content(
    "survey_contents",
    Column("response_id", Text, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    sealed(),
    Index(None, "org_id", "ticket_id"),
)

calls = skeleton(
    "calls",
    key("id"),
    Column("ticket_id", BigInteger),
    Column("agent_id", BigInteger),
    Column("customer_id", BigInteger),
    Column("group_id", BigInteger),
    Column("line_id", BigInteger),
    flag("line_type"),
    flag("direction"),
    flag("completion_status"),
    Column("duration_seconds", Integer),
    Column("wait_seconds", Integer),
    Column("talk_seconds", Integer),
    Column("hold_seconds", Integer),
    Column("wrap_up_seconds", Integer),
    Column("ivr_seconds", Integer),
    Column("exceeded_queue_wait", Boolean),
    Column("outside_business_hours", Boolean),
    Column("voicemail", Boolean),
    Column("callback", Boolean),
    flag("recording_consent"),
    flag("recording_consent_action"),
    flag("quality_issues"),
    instant("created_at", nullable=False),
    erased(),
    Index(None, "org_id", "ticket_id"),
    Index(None, "org_id", "customer_id"),
    Index(None, "org_id", "erased_at", postgresql_where=text("erased_at is not null")),
    watched=True,
)
call_contents = content(
    "call_contents",
    key("call_id"),
    Column("ticket_id", BigInteger),
    sealed(),
)
call_legs = skeleton(
    "call_legs",
    key("id"),
    Column("call_id", BigInteger, nullable=False),
    Column("agent_id", BigInteger),
    Column("user_id", BigInteger),
    flag("type"),
    flag("completion_status"),
    Column("duration_seconds", Integer),
    Column("talk_seconds", Integer),
    Column("hold_seconds", Integer),
    Column("wrap_up_seconds", Integer),
    Column("consultation_seconds", Integer),
    instant("created_at", nullable=False),
    Index(None, "org_id", "call_id"),
    Index(None, "org_id", "user_id"),
)

recordings = skeleton(
    "recordings",
    key("call_id"),
    Column("kind", Text, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    Column("comment_id", BigInteger, nullable=False),
    Column("duration_seconds", Integer),
    Column("size_bytes", BigInteger),
    Column("chunks", Integer),
    Column("digest", LargeBinary, comment="keyed hash of the audio: tells damage, reveals nothing"),
    Column("location", Text, comment="the sealed object's key in a store; NULL: recording_chunks"),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("reason", Text),
    instant("deleted_upstream_at"),
    Index(None, "org_id", "state"),
    Index(None, "org_id", "ticket_id"),
    CheckConstraint("kind in ('call', 'voicemail')", name="kind"),
    CheckConstraint(
        "state in ('pending', 'stored', 'transcribed', 'refused', 'declined', 'gone',"
        " 'undecodable')",
        name="state",
    ),
)
recording_chunks = content(
    "recording_chunks",
    key("call_id"),
    Column("kind", Text, primary_key=True),
    Column("chunk_no", Integer, primary_key=True, autoincrement=False),
    Column("ticket_id", BigInteger, nullable=False),
    sealed_piece(),
)
ticket_repairs = skeleton(
    "ticket_repairs",
    key("ticket_id"),
    Column("reason", Text, nullable=False, comment="why its events are to be read one by one"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    CheckConstraint(
        "reason in ('listed', 'count', 'redacted', 'missing', 'backfill')", name="reason"
    ),
)
