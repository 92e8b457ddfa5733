"""What people said of scores, and the scores beside it. Every function runs in its session.

A label never changes a score: both stay, side by side, until their ticket goes. Of several people's
labels of one thing the last one counts.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, func, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.evaluation import labels

Target = Literal["ticket", "turn", "step"]


@dataclass(frozen=True, kw_only=True)
class Label:
    """What somebody said of a ticket, of one of its turns, or of a step of a procedure."""

    ticket_id: int
    target: Target
    value: str
    comment_id: int = 0
    turn_no: int = 0
    document_id: str = ""
    step_no: int = 0
    sop_version: bytes | None = None


@dataclass(frozen=True)
class Compared:
    """A label beside what a model said. `said` is None where the model gave a `score` only."""

    model_version: str
    truth: str
    said: str | None
    score: float
    confidence: float


@dataclass(frozen=True)
class TurnScore:
    """What a model said of a turn."""

    model_version: str
    ticket_id: int
    comment_id: int
    turn_no: int
    label: str
    confidence: float


@dataclass(frozen=True)
class StepVerdict:
    """What a model said of a step, in one conversation."""

    model_version: str
    ticket_id: int
    document_id: str
    step_no: int
    verdict: str
    confidence: float
    sop_version: bytes


def put_label(
    connection: Connection, org_id: UUID, label: Label, *, labelled_by: str, at: datetime
) -> None:
    """Stores the label in place of this person's earlier one of the same thing."""
    values = {"value": label.value, "sop_version": label.sop_version, "changed_at": at}
    newer = {**values, "loaded_at": func.clock_timestamp()}
    connection.execute(
        insert(labels)
        .values(org_id=org_id, labelled_by=labelled_by, **asdict(label) | values)
        .on_conflict_do_update(index_elements=[c.name for c in labels.primary_key], set_=newer)
    )


def turn_scores(connection: Connection, ticket_ids: Sequence[int]) -> list[TurnScore]:
    """The scores of these tickets' turns by every model, in order of time."""
    rows = connection.execute(
        text("""
            select model_version, ticket_id, comment_id, turn_no, label, confidence
            from ai.turn_sentiments where ticket_id = any(:ids)
            order by said_at, comment_id, turn_no, model_version
        """),
        {"ids": list(ticket_ids)},
    )
    return [TurnScore(**row._mapping) for row in rows]


def step_verdicts(connection: Connection, ticket_ids: Sequence[int]) -> list[StepVerdict]:
    """The verdicts on these tickets by every model, in the order of the steps."""
    rows = connection.execute(
        text("""
            select
                model_version, ticket_id, document_id, step_no, verdict, confidence, sop_version
            from ai.sop_checks where ticket_id = any(:ids)
            order by document_id, step_no, model_version
        """),
        {"ids": list(ticket_ids)},
    )
    return [StepVerdict(**row._mapping) for row in rows]


def scored_tickets(connection: Connection) -> list[int]:
    """The tickets that any model has judged, by id."""
    rows = connection.execute(
        text("""
            select ticket_id from ai.ticket_scores
            union
            select ticket_id from ai.sop_checks
            order by ticket_id
        """)
    )
    return list(rows.scalars())


def compared_turns(connection: Connection) -> list[Compared]:
    """The labels of turns beside every model's."""
    return _compared(
        connection,
        """
        select s.model_version, l.value, s.label, s.score, s.confidence
        from last as l
        inner join ai.turn_sentiments as s
            on l.ticket_id = s.ticket_id and l.comment_id = s.comment_id and l.turn_no = s.turn_no
        where l.target = 'turn' and s.label is not null
        """,
    )


def compared_tickets(connection: Connection) -> list[Compared]:
    """The labels of tickets beside every model's score of how they ended."""
    return _compared(
        connection,
        """
        select s.model_version, l.value, null, s.sentiment_end, 0::float8
        from last as l
        inner join ai.ticket_scores as s on l.ticket_id = s.ticket_id
        where l.target = 'ticket' and s.sentiment_end is not null
        """,
    )


def compared_steps(connection: Connection) -> list[Compared]:
    """The labels of steps beside every model's verdict on the same version of the procedure."""
    return _compared(
        connection,
        """
        select s.model_version, l.value, s.verdict, 0::float8, s.confidence
        from last as l
        inner join ai.sop_checks as s
            on l.ticket_id = s.ticket_id and l.document_id = s.document_id
            and l.step_no = s.step_no and l.sop_version = s.sop_version
        where l.target = 'step' and l.value <> 'unknown'
        """,
    )


def _compared(connection: Connection, joined: str) -> list[Compared]:
    rows = connection.execute(
        text(f"""
            with last as (
                select distinct on (
                    ticket_id, target, comment_id, turn_no, document_id, step_no
                ) *
                from ai.labels
                order by
                    ticket_id, target, comment_id, turn_no, document_id, step_no,
                    changed_at desc, labelled_by
            )
            {joined}
            order by 1, 2, 3, 4, 5
        """)
    )
    return [Compared(*row) for row in rows]
