"""What is still to be done for one organization. Every function runs in its tenant session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.ai import ticket_work


@dataclass(frozen=True)
class PendingTicket:
    """A ticket with text that a task hasn't read; `seen_at` is when the last of it was loaded."""

    ticket_id: int
    seen_at: datetime


@dataclass(frozen=True)
class SealedComment:
    """The latest version of one comment that still has its content."""

    comment_id: int
    ticket_id: int
    kind: str
    is_public: bool
    author_role: str | None
    created_at: datetime
    changed_at: datetime
    sealed: bytes

    def __repr__(self) -> str:
        return f"SealedComment({self.comment_id})"


@dataclass(frozen=True)
class SealedTranscript:
    """A transcript of the recording of one voice comment."""

    call_id: int
    kind: str
    model: str
    comment_id: int
    ticket_id: int
    changed_at: datetime
    sealed: bytes

    def __repr__(self) -> str:
        return f"SealedTranscript({self.call_id}, {self.kind})"


def pending_tickets(connection: Connection, task: str, model_version: str) -> list[PendingTicket]:
    """Tickets with a comment or transcript loaded since this task last read them.

    None that someone in it opted out of.
    """
    rows = connection.execute(
        text("""
            with loaded as (
                select ticket_id, loaded_at from zendesk.comment_contents
                union all
                select ticket_id, loaded_at from ai.transcripts
            ),
            newest as (
                select ticket_id, max(loaded_at) as seen_at from loaded group by ticket_id
            )
            select n.ticket_id, n.seen_at
            from newest as n
            left join ai.ticket_work as w
                on n.ticket_id = w.ticket_id
                and w.task = :task and w.model_version = :model_version
            where
                (w.seen_at is null or w.seen_at < n.seen_at)
                and n.ticket_id not in (select o.ticket_id from ai.opted_out_tickets as o)
            order by n.ticket_id
        """),
        {"task": task, "model_version": model_version},
    )
    return [PendingTicket(*row) for row in rows]


def mark_done(
    connection: Connection,
    org_id: UUID,
    tickets: Sequence[PendingTicket],
    *,
    task: str,
    model_version: str,
    content_hashes: dict[int, bytes],
) -> None:
    """Records that `task` has read these tickets up to what they held then."""
    if not tickets:
        return
    statement = insert(ticket_work).values(
        [
            {
                "org_id": org_id,
                "ticket_id": ticket.ticket_id,
                "task": task,
                "model_version": model_version,
                "content_hash": content_hashes[ticket.ticket_id],
                "seen_at": ticket.seen_at,
                "changed_at": ticket.seen_at,
            }
            for ticket in tickets
        ]
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "ticket_id", "task", "model_version"],
            set_={
                "content_hash": statement.excluded.content_hash,
                "seen_at": statement.excluded.seen_at,
                "changed_at": statement.excluded.changed_at,
                "loaded_at": statement.excluded.loaded_at,
            },
        )
    )


def known_hashes(
    connection: Connection, ticket_ids: Sequence[int], *, task: str, model_version: str
) -> dict[int, bytes]:
    """What `task` read last, by ticket: the same text is not worked on twice."""
    rows = connection.execute(
        text("""
            select ticket_id, content_hash from ai.ticket_work
            where task = :task and model_version = :model_version and ticket_id = any(:ids)
        """),
        {"task": task, "model_version": model_version, "ids": list(ticket_ids)},
    )
    return {row.ticket_id: bytes(row.content_hash) for row in rows}


def sealed_comments(connection: Connection, ticket_ids: Sequence[int]) -> list[SealedComment]:
    """The comments of these tickets that still have their content, in order of time."""
    rows = connection.execute(
        text("""
            select distinct on (s.created_at, s.id)
                s.id, s.ticket_id, s.kind, coalesce(s.is_public, true),
                coalesce(s.author_role, u.role), s.created_at, c.changed_at, c.sealed
            from zendesk.comments as s
            inner join zendesk.comment_contents as c on s.id = c.comment_id
            left join zendesk.users as u on s.author_id = u.id
            where s.ticket_id = any(:ids) and c.ticket_id = any(:ids)
            order by s.created_at, s.id, c.changed_at desc
        """),
        {"ids": list(ticket_ids)},
    )
    return [SealedComment(*row) for row in rows]


def sealed_transcripts(connection: Connection, ticket_ids: Sequence[int]) -> list[SealedTranscript]:
    """The transcripts of these tickets' recordings."""
    rows = connection.execute(
        text("""
            select call_id, kind, model, comment_id, ticket_id, changed_at, sealed
            from ai.transcripts where ticket_id = any(:ids)
            order by changed_at, call_id, kind
        """),
        {"ids": list(ticket_ids)},
    )
    return [SealedTranscript(*row) for row in rows]
