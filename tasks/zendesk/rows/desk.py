"""The desk's own settings and articles: the organization's words, not its customers'."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from psycopg.types.json import Jsonb

from tasks.encryption import Sealer
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
from warehouse.loading import Rows
from warehouse.tables import zendesk
from warehouse.tables.knowledge import documents

SOP_LABEL = "sop"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
POLICY = ("id", "version", "title", "position", "filter", "policy_metrics", "changed_at")
SCHEDULE = ("id", "version", "name", "time_zone", "intervals", "changed_at")
HOLIDAY = ("id", "version", "schedule_id", "name", "start_on", "end_on", "changed_at")
DOCUMENT = ("document_id", "kind", "title", "body", "locale", "url", "version", "changed_at")


def group_rows(records: Sequence[Group], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    columns = ("id", "name", "deleted", "changed_at")
    return [
        Rows(
            zendesk.groups,
            columns,
            [(one.id, one.name, one.deleted, one.updated_at) for one in records],
        )
    ]


def brand_rows(records: Sequence[Brand], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    columns = ("id", "name", "active", "changed_at")
    return [
        Rows(
            zendesk.brands,
            columns,
            [(one.id, one.name, one.active, one.updated_at) for one in records],
        )
    ]


def field_rows(records: Sequence[TicketField], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    columns = ("id", "type", "title", "active", "changed_at")
    return [
        Rows(
            zendesk.ticket_fields,
            columns,
            [(one.id, one.type, one.title, one.active, one.updated_at) for one in records],
        )
    ]


def status_rows(records: Sequence[CustomStatus], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    columns = ("id", "status_category", "agent_label", "active", "changed_at")
    return [
        Rows(
            zendesk.custom_statuses,
            columns,
            [
                (one.id, one.status_category, one.agent_label, one.active, one.updated_at)
                for one in records
            ],
        )
    ]


def policy_rows(records: Sequence[SlaPolicy], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Versions of `sla_policies`: the warehouse keeps one for each change of the definition."""
    values: list[tuple[object, ...]] = [
        (
            one.id,
            _version(one.title, one.position, one.filter, one.policy_metrics),
            one.title,
            one.position,
            Jsonb(one.filter),
            Jsonb(one.policy_metrics),
            one.updated_at,
        )
        for one in records
    ]
    return [Rows(zendesk.sla_policies, POLICY, values)]


def schedule_rows(records: Sequence[Schedule], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Versions of `schedules`."""
    values: list[tuple[object, ...]] = [
        (
            one.id,
            _version(one.name, one.time_zone, one.intervals),
            one.name,
            one.time_zone,
            Jsonb(msgspec.to_builtins(one.intervals)),
            one.updated_at,
        )
        for one in records
    ]
    return [Rows(zendesk.schedules, SCHEDULE, values)]


def holiday_rows(records: Sequence[Holiday], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Versions of `holidays`. Zendesk doesn't say when one was changed."""
    values: list[tuple[object, ...]] = [
        (
            one.id,
            _version(one.schedule_id, one.name, one.start_date, one.end_date),
            one.schedule_id,
            one.name,
            one.start_date,
            one.end_date,
            BEGINNING,
        )
        for one in records
    ]
    return [Rows(zendesk.holidays, HOLIDAY, values)]


def article_rows(records: Sequence[Article], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `knowledge.documents`; an article with the label "sop" is a procedure."""
    values: list[tuple[object, ...]] = [
        (
            document_id(one.id),
            "sop" if SOP_LABEL in (one.label_names or ()) else "article",
            _text(one.title),
            _text(one.body),
            one.locale,
            one.html_url,
            _version(one.title, one.body),
            one.updated_at,
        )
        for one in records
        if not one.draft
    ]
    return [Rows(documents, DOCUMENT, values)]


def document_id(article_id: int) -> str:
    """The id of an article among the organization's documents."""
    return f"zendesk/{article_id}"


def _text(value: str | None) -> str:
    """Without NUL, which Postgres' text cannot hold: one article must not stop the others."""
    return (value or "").replace("\0", "")


def _version(*parts: object) -> bytes:
    """SHA-256 of the definition in canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).digest()
