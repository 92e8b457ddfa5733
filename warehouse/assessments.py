"""Assessments: what is pending, what the desk knows of a ticket, what was found.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Table, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.loading import Rows, merge
from warehouse.pending import PendingTicket
from warehouse.tables.ai import ticket_work
from warehouse.tables.assessments import (
    assessment_reasons,
    assessments,
    quality_scores,
    summaries,
    topics,
)

FOUND = (assessments, assessment_reasons, quality_scores, summaries)


@dataclass(frozen=True)
class TicketFacts:
    """What the desk knows of a ticket. Sentiments are in -1..1, None where it is not scored."""

    ticket_id: int
    status: str | None
    priority: str | None
    reopens: int
    reassignments: int
    repeat_contacts: int
    sentiment_end: float | None
    sentiment_minimum: float | None


@dataclass(frozen=True)
class Place:
    """Where something was said, or None where nobody said it."""

    comment_id: int | None
    turn_no: int | None
    start_char: int | None
    end_char: int | None


@dataclass(frozen=True)
class FoundReason:
    """A reason: its aspect, code and weight (0 to 1)."""

    aspect: str
    code: str
    weight: float
    place: Place


@dataclass(frozen=True)
class FoundCheck:
    """A category of the scorecard; `score` (0 to 1) is None where it does not apply."""

    category: str
    verdict: str
    score: float | None
    reason: str
    place: Place


@dataclass(frozen=True)
class FoundAssessment:
    """What was found in a ticket; risks are in 0..1."""

    ticket_id: int
    status: str | None
    model_version: str
    provider: str
    topic_id: str
    intent: str
    urgency: str
    effort: float
    churn_risk: float
    escalation_risk: float
    fallback: str | None
    changed_at: datetime


def pending_assessments(connection: Connection, model_version: str) -> list[PendingTicket]:
    """Tickets with words of which anything was loaded since they were last assessed.

    Their state, their measures and their sentiment count as well: a reopening is a reason. Open
    tickets come first. None that someone in it opted out of,
    or that this version was asked about in a batch that is not read yet.
    """
    rows = connection.execute(
        text("""
            with wordy as (
                select ticket_id, loaded_at from zendesk.comment_contents
                union all
                select ticket_id, loaded_at from ai.transcripts
            ),
            words as (
                select ticket_id, max(loaded_at) as loaded_at from wordy group by ticket_id
            ),
            scores as (
                select ticket_id, max(loaded_at) as loaded_at
                from ai.ticket_scores group by ticket_id
            ),
            newest as (
                select
                    t.id as ticket_id,
                    t.status in ('solved', 'closed') as is_settled,
                    greatest(w.loaded_at, t.loaded_at, m.loaded_at, s.loaded_at) as seen_at
                from words as w
                inner join zendesk.tickets as t on w.ticket_id = t.id
                left join zendesk.ticket_metrics as m on t.id = m.ticket_id
                left join scores as s on t.id = s.ticket_id
            )
            select n.ticket_id, n.seen_at
            from newest as n
            left join ai.ticket_work as w
                on n.ticket_id = w.ticket_id
                and w.task = 'assess' and w.model_version = :model_version
            where
                (w.seen_at is null or w.seen_at < n.seen_at)
                and n.ticket_id not in (select o.ticket_id from ai.opted_out_tickets as o)
                and n.ticket_id not in (
                    select r.ticket_id from ai.batch_requests as r
                    inner join ai.batches as b
                        on r.org_id = b.org_id and r.input_file_id = b.input_file_id
                    where b.state = 'open' and b.model_version = :model_version
                )
            order by n.is_settled, n.ticket_id
        """),
        {"model_version": model_version},
    )
    return [PendingTicket(*row) for row in rows]


def ticket_facts(connection: Connection, ticket_ids: Sequence[int]) -> dict[int, TicketFacts]:
    """What the desk knows of these tickets, by their ids.

    Contacts count where they came before the ticket: what comes later leaves it as it is.
    """
    rows = connection.execute(
        text("""
            select
                t.id as ticket_id,
                t.status,
                t.priority,
                coalesce(m.reopens, 0) as reopens,
                greatest(coalesce(m.assignee_stations, 1) - 1, 0)
                + greatest(coalesce(m.group_stations, 1) - 1, 0) as reassignments,
                (
                    select count(*)::integer from zendesk.tickets as e
                    where
                        e.requester_id = t.requester_id and e.id <> t.id
                        and e.created_at < t.created_at
                        and e.created_at >= t.created_at - interval '30 days'
                        and e.status is distinct from 'deleted' and e.merged_into_id is null
                ) as repeat_contacts,
                s.sentiment_end,
                s.sentiment_minimum
            from zendesk.tickets as t
            left join zendesk.ticket_metrics as m on t.id = m.ticket_id
            left join lateral (
                select sentiment_end, sentiment_minimum from ai.ticket_scores as c
                where c.ticket_id = t.id order by c.changed_at desc, c.loaded_at desc limit 1
            ) as s on true
            where t.id = any(:ids)
        """),
        {"ids": list(ticket_ids)},
    )
    return {row.ticket_id: TicketFacts(**row._mapping) for row in rows}


def replace_found(
    connection: Connection, org_id: UUID, ticket_ids: Sequence[int], found: Sequence[Rows]
) -> int:
    """Puts what is found now in the place of what was found in these tickets before; the rows."""
    for table in FOUND:
        connection.execute(delete(table).where(table.c.ticket_id.in_(ticket_ids)))
    return sum(merge(connection, org_id, rows) for rows in found)


def forget_former_marks(
    connection: Connection, ticket_ids: Sequence[int], *, model_version: str
) -> None:
    """Forgets that other versions assessed these tickets: what they found is gone."""
    connection.execute(
        delete(ticket_work).where(
            ticket_work.c.task == "assess",
            ticket_work.c.ticket_id.in_(ticket_ids),
            ticket_work.c.model_version != model_version,
        )
    )


def find_assessment(connection: Connection, ticket_id: int) -> FoundAssessment | None:
    """What was found in a ticket, or None where it is not assessed."""
    row = connection.execute(
        text("""
            select
                a.ticket_id, t.status, a.model_version, a.provider, a.topic_id, a.intent,
                a.urgency, a.effort, a.churn_risk, a.escalation_risk, a.fallback, a.changed_at
            from ai.assessments as a
            left join zendesk.tickets as t on a.ticket_id = t.id
            where a.ticket_id = :id
        """),
        {"id": ticket_id},
    ).one_or_none()
    return None if row is None else FoundAssessment(**row._mapping)


def reasons_of(connection: Connection, ticket_id: int) -> list[FoundReason]:
    """The reasons, as they were found."""
    c = assessment_reasons.c
    rows = connection.execute(
        select(c.aspect, c.code, c.weight, *_place(assessment_reasons))
        .where(c.ticket_id == ticket_id)
        .order_by(c.reason_no)
    )
    return [FoundReason(row.aspect, row.code, row.weight, Place(*row[3:])) for row in rows]


def checks_of(connection: Connection, ticket_id: int) -> list[FoundCheck]:
    """The categories of the scorecard that were judged by words."""
    c = quality_scores.c
    rows = connection.execute(
        select(c.category, c.verdict, c.score, c.reason, *_place(quality_scores))
        .where(c.ticket_id == ticket_id)
        .order_by(c.category)
    )
    return [
        FoundCheck(row.category, row.verdict, row.score, row.reason, Place(*row[4:]))
        for row in rows
    ]


def sealed_summary(connection: Connection, ticket_id: int) -> tuple[bytes, datetime] | None:
    """The sealed summary and the instant that it is bound to, while it is there."""
    row = connection.execute(
        select(summaries.c.sealed, summaries.c.changed_at)
        .where(summaries.c.ticket_id == ticket_id)
        .order_by(summaries.c.changed_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (bytes(row.sealed), row.changed_at)


def find_topics(connection: Connection) -> list[dict[str, Any]] | None:
    """The organization's own topics as they were set, or None."""
    found: list[dict[str, Any]] | None = connection.execute(
        select(topics.c.topics)
    ).scalar_one_or_none()
    return found


def set_topics(connection: Connection, org_id: UUID, told: Sequence[dict[str, Any]] | None) -> None:
    """Stores the organization's topics in place of others; None: the packaged ones again."""
    if told is None:
        connection.execute(delete(topics))
        return
    values = {"topics": list(told), "set_at": func.clock_timestamp()}
    connection.execute(
        insert(topics)
        .values(org_id=org_id, **values)
        .on_conflict_do_update(index_elements=["org_id"], set_=values)
    )


def _place(table: Table) -> list[Column[Any]]:
    names = ("comment_id", "turn_no", "start_char", "end_char")
    return [table.c[f"evidence_{name}"] for name in names]
