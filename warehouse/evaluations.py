"""What evaluations are made of beside labels, and their results. In the tenant session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.evaluation import evaluations

# held_out: texts inside this package; labels: what people of the organization said; sandbox: what
# the sandbox knows to be true; tickets: what the organization's own tickets show without a truth.
Source = Literal["held_out", "labels", "sandbox", "tickets"]
Capability = Literal["sentiment", "course", "procedures", "personal", "transcribe", "alerts"]
Figure = Literal[
    "accuracy",
    "macro_f1",
    "kappa",
    "quadratic_kappa",
    "calibration_error",
    "csat_spearman",
    "precision",
    "recall",
    "violation_precision",
    "violation_recall",
    "quote_validity",
    "abstention",
    "word_error_rate",
    "name_recall",
    "email_recall",
    "phone_recall",
    "card_recall",
]


@dataclass(frozen=True)
class Rated:
    """How a ticket ended by a model's score (-1 to 1), and by its customer's rating (0 to 1)."""

    model_version: str
    sentiment_end: float
    rating: float


@dataclass(frozen=True)
class Pointer:
    """Where the evidence of a verdict lies."""

    model_version: str
    ticket_id: int
    comment_id: int
    turn_no: int
    start_char: int
    end_char: int


@dataclass(frozen=True)
class Abstained:
    """How many verdicts a model gave where a procedure applied, and how many are "unknown"."""

    model_version: str
    verdicts: int
    unknown: int


@dataclass(frozen=True)
class Stored:
    """One figure of an evaluation."""

    evaluated_at: datetime
    source: Source
    capability: Capability
    model: str
    prompt_version: str
    figure: Figure
    value: float
    n: int


def rated_tickets(connection: Connection) -> list[Rated]:
    """Every model's score of each ticket that its customer rated; several ratings are averaged."""
    rows = connection.execute(
        text("""
            with ratings as (
                select ticket_id, case score when 'good' then 1.0 else 0.0 end as rating
                from zendesk.satisfaction_ratings where score in ('good', 'bad')
                union all
                select ticket_id, score from zendesk.survey_responses where score is not null
            ),
            rated as (
                select ticket_id, avg(rating)::float8 as rating from ratings group by ticket_id
            )
            select s.model_version, s.sentiment_end, r.rating
            from rated as r
            inner join ai.ticket_scores as s on r.ticket_id = s.ticket_id
            where s.sentiment_end is not null
            order by s.model_version, r.ticket_id
        """)
    )
    return [Rated(*row) for row in rows]


def evidence(connection: Connection) -> list[Pointer]:
    """Where all evidence lies, ticket by ticket."""
    rows = connection.execute(
        text("""
            select
                model_version, ticket_id, evidence_comment_id, evidence_turn_no,
                evidence_start_char, evidence_end_char
            from ai.sop_checks where evidence_comment_id is not null
            order by ticket_id, document_id, step_no, model_version
        """)
    )
    return [Pointer(*row) for row in rows]


def abstentions(connection: Connection) -> list[Abstained]:
    """Each model's verdicts and its abstentions, tickets that no procedure governs left out."""
    rows = connection.execute(
        text("""
            select
                model_version,
                count(*)::integer,
                (count(*) filter (where verdict = 'unknown'))::integer
            from ai.sop_checks where reason not in ('no_request', 'no_agent_turn')
            group by model_version order by model_version
        """)
    )
    return [Abstained(*row) for row in rows]


def record(connection: Connection, org_id: UUID, figures: Sequence[Stored]) -> None:
    """Stores the figures of one evaluation; the same one again replaces them."""
    for one in figures:
        values = {"value": one.value, "n": one.n}
        connection.execute(
            insert(evaluations)
            .values(org_id=org_id, **vars(one))
            .on_conflict_do_update(
                index_elements=[column.name for column in evaluations.primary_key], set_=values
            )
        )


def history(connection: Connection) -> list[Stored]:
    """Every figure that was ever stored, newest evaluation first."""
    c = evaluations.c
    rows = connection.execute(
        select(*(column for column in c if column.name != "org_id")).order_by(
            c.evaluated_at.desc(),
            c.source,
            c.capability,
            c.model,
            c.prompt_version,
            c.n,
            c.figure,
        )
    )
    return [Stored(**row._mapping) for row in rows]
