"""Zendesk's records as far as vensor reads them. Unknown fields are ignored, missing ones empty.

Source: Zendesk's API reference (ticketing, voice, help center).
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from tasks.zendesk.inventory import known_names

# One without an offset is no instant: it compares with none that has one.
Instant = Annotated[datetime, Meta(tz=True)]
EMPTY = Raw(b"null")


class Record(Struct, gc=False):
    """`repr` shows nothing: records hold personal data."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    @classmethod
    def known_fields(cls) -> frozenset[str]:
        """The fields that are read, and those that are left out on purpose."""
        return _known_fields(cls)


@cache
def _known_fields(kind: type[Record]) -> frozenset[str]:
    return frozenset(kind.__struct_encode_fields__) | known_names(kind.__name__)


class Source(Record):
    rel: str | None = None


class Via(Record):
    channel: str | None = None
    source: Source | None = None


class MetricMinutes(Struct, frozen=True):
    calendar: int | None = None
    business: int | None = None


NO_MINUTES = MetricMinutes()


class MetricSet(Record, kw_only=True):
    ticket_id: int
    created_at: Instant | None = None
    updated_at: Instant
    reopens: int | None = None
    replies: int | None = None
    group_stations: int | None = None
    assignee_stations: int | None = None
    reply_time_in_minutes: MetricMinutes = NO_MINUTES
    first_resolution_time_in_minutes: MetricMinutes = NO_MINUTES
    full_resolution_time_in_minutes: MetricMinutes = NO_MINUTES
    agent_wait_time_in_minutes: MetricMinutes = NO_MINUTES
    requester_wait_time_in_minutes: MetricMinutes = NO_MINUTES
    on_hold_time_in_minutes: MetricMinutes = NO_MINUTES
    initially_assigned_at: Instant | None = None
    assigned_at: Instant | None = None
    solved_at: Instant | None = None
    latest_comment_added_at: Instant | None = None


class Ticket(Record, kw_only=True):
    id: int
    created_at: Instant
    updated_at: Instant
    generated_timestamp: int | None = None
    status: str
    custom_status_id: int | None = None
    priority: str | None = None
    type: str | None = None
    via: Raw = EMPTY
    group_id: int | None = None
    assignee_id: int | None = None
    requester_id: int | None = None
    submitter_id: int | None = None
    organization_id: int | None = None
    brand_id: int | None = None
    problem_id: int | None = None
    is_public: bool | None = None
    subject: str | None = None
    description: str | None = None
    recipient: str | None = None
    external_id: str | None = None
    tags: list[str] | None = None
    custom_fields: Raw = EMPTY
    satisfaction_rating: Raw = EMPTY
    metric_set: MetricSet | None = None
    support_type: str | None = None
    comment_count: int | None = None
    metric_events: Raw = EMPTY


AI_AGENT = "ai_agent"


def of_agents(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Those that people work on. The exports leave AI agents' conversations out, lists do not."""
    return [one for one in tickets if one.support_type != AI_AGENT]


class Identity(Record, kw_only=True):
    """One of a user's addresses: an e-mail, a telephone number, an account elsewhere."""

    id: int
    user_id: int
    type: str | None = None
    value: str | None = None
    verified: bool | None = None
    primary: bool | None = None
    updated_at: Instant


class User(Record, kw_only=True):
    id: int
    created_at: Instant | None = None
    updated_at: Instant
    role: str | None = None
    active: bool | None = None
    suspended: bool | None = None
    organization_id: int | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    alias: str | None = None
    details: str | None = None
    notes: str | None = None
    signature: str | None = None
    external_id: str | None = None
    time_zone: str | None = None
    locale: str | None = None
    tags: list[str] | None = None
    user_fields: Raw = EMPTY


class Organization(Record, kw_only=True):
    id: int
    created_at: Instant | None = None
    updated_at: Instant
    deleted_at: Instant | None = None
    name: str | None = None
    domain_names: list[str] | None = None
    details: str | None = None
    notes: str | None = None
    external_id: str | None = None
    tags: list[str] | None = None
    organization_fields: Raw = EMPTY


class VoiceData(Record, kw_only=True, rename={"from_number": "from"}):
    call_id: int | None = None
    from_number: str | None = None
    answered_by_id: int | None = None
    call_duration: int | str | None = None
    started_at: Instant | None = None
    recording_url: str | None = None
    recording_duration: int | str | None = None
    recording_type: str | None = None
    recorded: bool | None = None
    call_recording_consent_action: str | None = None


class ChildEvent(Record, kw_only=True):
    """A comment, or one field's change. A change names its field by the key of its new value."""

    id: int
    event_type: str
    # of a comment
    author_id: int | None = None
    public: bool | None = None
    body: str | None = None
    plain_body: str | None = None
    html_body: str | None = None
    attachments: Raw = EMPTY
    data: Raw = EMPTY
    via: Raw = EMPTY
    # of a redaction
    comment_id: int | None = None
    # of a change
    previous_value: Any = None
    status: Any = UNSET
    custom_status_id: Any = UNSET
    priority: Any = UNSET
    type: Any = UNSET
    group_id: Any = UNSET
    assignee_id: Any = UNSET
    requester_id: Any = UNSET
    organization_id: Any = UNSET
    brand_id: Any = UNSET
    ticket_form_id: Any = UNSET
    problem_id: Any = UNSET
    schedule_id: Any = UNSET
    satisfaction_score: Any = UNSET
    subject: Raw | UnsetType = UNSET
    tags: Raw | UnsetType = UNSET


class TicketEvent(Record, kw_only=True):
    id: int
    ticket_id: int
    created_at: Instant
    updater_id: int | None = None
    via: str | None = None
    child_events: list[ChildEvent] | None = None


class AuditEvent(Record, kw_only=True):
    """One event of an audit. A change names its field in `field_name`."""

    id: int
    type: str
    author_id: int | None = None
    public: bool | None = None
    body: str | None = None
    plain_body: str | None = None
    html_body: str | None = None
    attachments: Raw = EMPTY
    data: Raw = EMPTY
    comment_id: int | None = None
    field_name: str | None = None
    value: Any = None
    previous_value: Any = None
    score: Any = None


class Audit(Record, kw_only=True):
    """What happened to a ticket at one instant, as `tickets/{id}/audits` lists it."""

    id: int
    ticket_id: int
    created_at: Instant
    author_id: int | None = None
    via: Raw = EMPTY
    events: list[AuditEvent] | None = None


class SlaApplied(Record, kw_only=True):
    target: int | None = None
    business_hours: bool | None = None
    policy: "SlaPolicyName | None" = None


class SlaPolicyName(Record, kw_only=True):
    id: int | None = None


class MetricEvent(Record, kw_only=True):
    id: int
    ticket_id: int
    metric: str | None = None
    instance_id: int | None = None
    type: str | None = None
    time: Instant
    status: MetricMinutes | None = None
    sla: SlaApplied | None = None
    group_sla: SlaApplied | None = None
    deleted: bool | None = None


class DeletedTicket(Record, kw_only=True):
    id: int
    deleted_at: Instant


class Call(Record, kw_only=True):
    id: int
    created_at: Instant
    updated_at: Instant
    ticket_id: int | None = None
    agent_id: int | None = None
    customer_id: int | None = None
    call_group_id: int | None = None
    line_id: int | None = None
    line_type: str | None = None
    direction: str | None = None
    completion_status: str | None = None
    duration: int | None = None
    wait_time: int | None = None
    talk_time: int | None = None
    hold_time: int | None = None
    wrap_up_time: int | None = None
    ivr_time_spent: int | None = None
    exceeded_queue_wait_time: bool | None = None
    outside_business_hours: bool | None = None
    voicemail: bool | None = None
    callback: bool | None = None
    call_recording_consent: str | None = None
    call_recording_consent_action: str | None = None
    quality_issues: list[str] | None = None
    phone_number: str | None = None
    line: str | None = None


class Leg(Record, kw_only=True):
    id: int
    call_id: int
    created_at: Instant
    updated_at: Instant
    agent_id: int | None = None
    user_id: int | None = None
    type: str | None = None
    completion_status: str | None = None
    duration: int | None = None
    talk_time: int | None = None
    hold_time: int | None = None
    wrap_up_time: int | None = None
    consultation_time: int | None = None
