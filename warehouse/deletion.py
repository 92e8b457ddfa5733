"""What its source deleted or redacted: no word of it stays, nor what was made of its words.

Every function runs in the tenant session and is safe to repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, delete, select, text, update

from warehouse.agents import forget_deleted_agents
from warehouse.tables import metadata
from warehouse.tables.ai import ticket_chunks, transcripts, turn_sentiments
from warehouse.tables.zendesk import (
    audit_events,
    comment_contents,
    recording_chunks,
    recordings,
    ticket_contents,
    tickets,
    user_contents,
    user_identity_contents,
    users,
)

# Made of all of a ticket's words: what they said once may be in any of it.
DERIVED = {
    "ai.ticket_work",
    "ai.turn_sentiments",
    "ai.ticket_scores",
    "ai.sop_checks",
    "ai.labels",
    "ai.assessments",
    "ai.assessment_reasons",
    "ai.quality_scores",
    "ai.summaries",
    "ai.batch_requests",
    "ai.alerts",
}


@dataclass(frozen=True)
class Redaction:
    """An event that took words out of a comment; without `comment_id`, of any of the ticket's."""

    event_id: int
    ticket_id: int
    comment_id: int | None
    happened_at: datetime


def forget_deleted_tickets(connection: Connection) -> int:
    """Deletes contents, transcripts, vectors and scores of tickets deleted upstream; the rows.

    The skeleton stays until its clock ends: that a ticket was deleted is counted. Of tickets that
    a legal hold keeps, everything stays.
    """
    held = text("id not in (select h.ticket_id from app.held_tickets as h)")
    gone = select(tickets.c.id).where(tickets.c.status == "deleted", held).scalar_subquery()
    connection.execute(
        update(recordings)
        .where(recordings.c.ticket_id.in_(gone), recordings.c.state.in_(["pending", "stored"]))
        .values(state="gone", reason="deleted upstream")
    )
    rows = 0
    for table in metadata.sorted_tables:
        wordy = table.info["class"] == "content" or table.fullname in DERIVED
        if wordy and "ticket_id" in table.columns:
            rows += connection.execute(delete(table).where(table.c.ticket_id.in_(gone))).rowcount
    return rows


def forget_deleted_users(connection: Connection) -> int:
    """Deletes who deleted users were; the rows. Their ids stay with what they did.

    Of agents the figures go too: they are about one person.
    """
    gone = select(users.c.id).where(users.c.active.is_(False)).scalar_subquery()
    rows = sum(
        connection.execute(delete(table).where(table.c.user_id.in_(gone))).rowcount
        for table in (user_contents, user_identity_contents)
    )
    return rows + forget_deleted_agents(connection)


def forget_redacted(connection: Connection, org_id: UUID, found: Sequence[Redaction]) -> int:
    """Deletes what was redacted, as it was before and what was made of it; how many were new.

    Their tickets are queued to be read again: what is left of the words comes with that. Must
    come before the rows of its page are loaded: those tell next time that it is done.
    """
    known = set(
        connection.execute(
            select(audit_events.c.id).where(audit_events.c.id.in_([one.event_id for one in found]))
        ).scalars()
    )
    fresh = [one for one in found if one.event_id not in known]
    for one in fresh:
        _forget_comment(connection, one)
    queue_repairs(connection, org_id, {one.ticket_id: one.happened_at for one in fresh}, "redacted")
    return len(fresh)


def queue_repairs(
    connection: Connection, org_id: UUID, asked: dict[int, datetime], reason: str
) -> None:
    """Asks for the events of these tickets to be read one by one; by id, when they changed."""
    if asked:
        connection.execute(
            text("""
                insert into zendesk.ticket_repairs (org_id, ticket_id, reason, changed_at)
                select :org_id, t.id, :reason, t.at
                from unnest(cast(:ids as bigint[]), cast(:at as timestamptz[])) as t (id, at)
                on conflict (org_id, ticket_id) do update
                set reason = excluded.reason, changed_at = excluded.changed_at, attempts = 0
            """),
            {
                "org_id": org_id,
                "reason": reason,
                "ids": list(asked),
                "at": list(asked.values()),
            },
        )


def _forget_comment(connection: Connection, one: Redaction) -> None:
    """The ticket's description may be the comment, so its earlier versions go as well."""
    _hear_again(connection, one)
    for table in (comment_contents, transcripts, ticket_chunks, turn_sentiments):
        connection.execute(delete(table).where(_of(table, one)))
    connection.execute(
        delete(ticket_contents).where(
            ticket_contents.c.ticket_id == one.ticket_id,
            ticket_contents.c.changed_at < one.happened_at,
        )
    )
    for table in metadata.sorted_tables:
        if table.fullname in DERIVED:
            connection.execute(delete(table).where(table.c.ticket_id == one.ticket_id))


def _hear_again(connection: Connection, one: Redaction) -> None:
    """What was recorded goes too, and is fetched anew: what is left of it, if Zendesk has it."""
    mine = _of(recordings, one)
    calls = select(recordings.c.call_id).where(mine).scalar_subquery()
    connection.execute(delete(recording_chunks).where(recording_chunks.c.call_id.in_(calls)))
    connection.execute(
        update(recordings)
        .where(mine, recordings.c.state.in_(["stored", "transcribed"]))
        .values(
            state="pending",
            reason="redacted upstream",
            size_bytes=None,
            chunks=None,
            digest=None,
            location=None,
        )
    )


def _of(table: Table, one: Redaction) -> ColumnElement[bool]:
    if one.comment_id is None:
        return table.c.ticket_id == one.ticket_id
    return table.c.comment_id == one.comment_id
