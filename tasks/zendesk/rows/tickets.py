"""Tickets, their metric sets, metric events and ratings."""

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter

import msgspec

from tasks.encryption import Sealer
from tasks.zendesk.contents import RatingContent, TicketContent
from tasks.zendesk.records import EMPTY, MetricEvent, MetricSet, Ticket, Via
from tasks.zendesk.satisfaction import Rating
from warehouse.loading import Rows
from warehouse.tables import zendesk

# `merged_into_id` is not among them: the event that merges sets it, no later page clears it.
TICKET = (
    "id",
    "status",
    "custom_status_id",
    "priority",
    "type",
    "via_channel",
    "group_id",
    "assignee_id",
    "requester_id",
    "submitter_id",
    "organization_id",
    "brand_id",
    "problem_id",
    "is_public",
    "created_at",
    "updated_at",
    "deleted_at",
    "changed_at",
)
TICKET_CONTENT = ("ticket_id", "sealed", "changed_at")
METRICS = (
    "ticket_id",
    "reopens",
    "replies",
    "group_stations",
    "assignee_stations",
    "first_reply_calendar_minutes",
    "first_reply_business_minutes",
    "first_resolution_calendar_minutes",
    "first_resolution_business_minutes",
    "full_resolution_calendar_minutes",
    "full_resolution_business_minutes",
    "agent_wait_calendar_minutes",
    "agent_wait_business_minutes",
    "requester_wait_calendar_minutes",
    "requester_wait_business_minutes",
    "on_hold_calendar_minutes",
    "on_hold_business_minutes",
    "initially_assigned_at",
    "assigned_at",
    "solved_at",
    "latest_comment_added_at",
    "created_at",
    "changed_at",
)
MINUTES = attrgetter(
    *(
        f"{metric}_time_in_minutes.{clock}"
        for metric in (
            "reply",
            "first_resolution",
            "full_resolution",
            "agent_wait",
            "requester_wait",
            "on_hold",
        )
        for clock in ("calendar", "business")
    )
)
REPAIR = ("ticket_id", "reason", "changed_at")
METRIC_EVENT = (
    "id",
    "ticket_id",
    "metric",
    "instance_id",
    "type",
    "sla_policy_id",
    "sla_target_minutes",
    "sla_in_business_hours",
    "calendar_minutes",
    "business_minutes",
    "deleted",
    "created_at",
    "changed_at",
)
RATING = (
    "id",
    "ticket_id",
    "assignee_id",
    "group_id",
    "requester_id",
    "score",
    "created_at",
    "changed_at",
)
RATING_FIELDS = attrgetter(*RATING[:-1], "updated_at")
RATING_CONTENT = ("rating_id", "ticket_id", "sealed", "changed_at")


def ticket_rows(records: Sequence[Ticket], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `tickets`, `ticket_contents` and `ticket_metrics`."""
    skeletons: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    metrics: list[tuple[object, ...]] = []
    for one in records:
        changed_at = changed_of(one)
        skeletons.append(_ticket(one, changed_at))
        if changed_at >= cutoff:
            contents.append((one.id, _sealed_ticket(one, sealer, changed_at), changed_at))
        if one.metric_set is not None:
            metrics.append(_metrics(one.metric_set, changed_at))
    return [
        Rows(zendesk.tickets, TICKET, skeletons),
        Rows(zendesk.ticket_contents, TICKET_CONTENT, contents),
        Rows(zendesk.ticket_metrics, METRICS, metrics),
    ]


def changed_of(one: Ticket) -> datetime:
    """When it last changed, changes by the system included where the source tells of them."""
    stamp = one.generated_timestamp
    return one.updated_at if stamp is None else datetime.fromtimestamp(stamp, UTC)


def repair_rows(records: Sequence[Ticket], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `ticket_repairs`: the events of these tickets are to be read one by one."""
    values: list[tuple[object, ...]] = [(one.id, "listed", changed_of(one)) for one in records]
    return [Rows(zendesk.ticket_repairs, REPAIR, values)]


def metric_event_rows(
    records: Sequence[MetricEvent], sealer: Sealer, cutoff: datetime
) -> list[Rows]:
    """Rows of `metric_events`."""
    return [
        Rows(zendesk.metric_events, METRIC_EVENT, [_metric_event(one) for one in records]),
    ]


def rating_rows(records: Sequence[Rating], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `satisfaction_ratings` and `rating_contents`."""
    contents: list[tuple[object, ...]] = [
        (one.id, one.ticket_id, _sealed_rating(one, sealer), one.updated_at)
        for one in records
        if (one.comment or one.reason) and one.updated_at >= cutoff
    ]
    return [
        Rows(zendesk.satisfaction_ratings, RATING, [RATING_FIELDS(one) for one in records]),
        Rows(zendesk.rating_contents, RATING_CONTENT, contents),
    ]


def _sealed_rating(one: Rating, sealer: Sealer) -> bytes:
    return sealer.seal(
        msgspec.json.encode(RatingContent(one.comment, one.reason)),
        column="zendesk.rating_contents.sealed",
        row_id=str(one.id),
        changed_at=one.updated_at,
    )


def _ticket(one: Ticket, changed_at: datetime) -> tuple[object, ...]:
    return (
        one.id,
        one.status,
        one.custom_status_id,
        one.priority,
        one.type,
        channel_of(one.via),
        one.group_id,
        one.assignee_id,
        one.requester_id,
        one.submitter_id,
        one.organization_id,
        one.brand_id,
        one.problem_id,
        one.is_public,
        one.created_at,
        one.updated_at,
        one.updated_at if one.status == "deleted" else None,
        changed_at,
    )


def channel_of(via: msgspec.Raw) -> str | None:
    """The channel of a via object: the rest of it names people."""
    return _via(via).channel


def relation_of(via: msgspec.Raw) -> str | None:
    """How the channel was used, such as "inbound" of a call."""
    source = _via(via).source
    return None if source is None else source.rel


def _via(via: msgspec.Raw) -> Via:
    if via is EMPTY:
        return Via()
    try:
        return msgspec.json.decode(via, type=Via | None) or Via()
    except msgspec.ValidationError:
        return Via()


def _sealed_ticket(one: Ticket, sealer: Sealer, changed_at: datetime) -> bytes:
    content = TicketContent(
        one.subject,
        one.description,
        one.recipient,
        one.external_id,
        one.tags,
        one.custom_fields,
        one.satisfaction_rating,
        one.via,
    )
    return sealer.seal(
        msgspec.json.encode(content),
        column="zendesk.ticket_contents.sealed",
        row_id=str(one.id),
        changed_at=changed_at,
    )


def _metrics(one: MetricSet, changed_at: datetime) -> tuple[object, ...]:
    return (
        one.ticket_id,
        one.reopens,
        one.replies,
        one.group_stations,
        one.assignee_stations,
        *MINUTES(one),
        one.initially_assigned_at,
        one.assigned_at,
        one.solved_at,
        one.latest_comment_added_at,
        one.created_at,
        max(one.updated_at, changed_at),
    )


def _metric_event(one: MetricEvent) -> tuple[object, ...]:
    sla, spent = one.sla or one.group_sla, one.status
    return (
        one.id,
        one.ticket_id,
        one.metric,
        one.instance_id,
        one.type,
        sla.policy.id if sla is not None and sla.policy is not None else None,
        sla.target if sla is not None else None,
        sla.business_hours if sla is not None else None,
        spent.calendar if spent is not None else None,
        spent.business if spent is not None else None,
        one.deleted,
        one.time,
        one.time,
    )
