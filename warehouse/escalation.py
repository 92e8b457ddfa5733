"""What a digest is made of beside the metric tables: tickets to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class UnhappyTicket:
    """An unsolved ticket whose customer's last turns are negative. Scores are from -1 to 1."""

    ticket_id: int
    status: str
    group_name: str | None
    sentiment_end: float
    sentiment_change: float


@dataclass(frozen=True)
class RiskyTicket:
    """An unsolved ticket that may escalate: its risk (0 to 1) and the codes of why, worst first."""

    ticket_id: int
    status: str
    group_name: str | None
    escalation_risk: float
    urgency: str
    codes: list[str]


@dataclass(frozen=True)
class MissedStep:
    """A step of a procedure that an agent did not do."""

    ticket_id: int
    status: str
    group_name: str | None
    document_id: str
    title: str
    body: str
    step_no: int
    confidence: float


def waiting_tickets(connection: Connection) -> int:
    """Tickets that are not solved."""
    return int(
        connection.execute(
            text("""
                select count(*) from zendesk.tickets
                where status not in ('solved', 'closed', 'deleted')
            """)
        ).scalar_one()
    )


def scored_tickets(connection: Connection, *, model_version: str, since: datetime) -> int:
    """Tickets with activity since then that this version has scored."""
    return int(
        connection.execute(
            text("""
                select count(*) from ai.ticket_scores as s
                inner join zendesk.tickets as t on s.ticket_id = t.id
                where s.model_version = :version and t.updated_at >= :since
            """),
            {"version": model_version, "since": since},
        ).scalar_one()
    )


def unhappy_tickets(
    connection: Connection, *, model_version: str, since: datetime, at_most: float
) -> list[UnhappyTicket]:
    """Unsolved tickets with activity since then that end at `at_most` or lower, worst first."""
    rows = connection.execute(
        text("""
            select
                t.id as ticket_id, t.status, g.name as group_name,
                s.sentiment_end, coalesce(s.sentiment_change, 0) as sentiment_change
            from ai.ticket_scores as s
            inner join zendesk.tickets as t on s.ticket_id = t.id
            left join zendesk.groups as g on t.group_id = g.id
            where
                s.model_version = :version and s.sentiment_end <= :at_most
                and t.updated_at >= :since
                and t.status not in ('solved', 'closed', 'deleted')
            order by s.sentiment_end, t.id
        """),
        {"version": model_version, "since": since, "at_most": at_most},
    )
    return [UnhappyTicket(**row._mapping) for row in rows]


def risky_tickets(connection: Connection, *, at_least: float) -> list[RiskyTicket]:
    """Unsolved tickets whose risk is `at_least` that, worst first, however long they lie there."""
    rows = connection.execute(
        text("""
            select
                t.id as ticket_id, t.status, g.name as group_name,
                a.escalation_risk, a.urgency,
                array(
                    select r.code from ai.assessment_reasons as r
                    where r.ticket_id = a.ticket_id and r.aspect = 'escalation'
                    order by r.weight desc, r.reason_no
                ) as codes
            from ai.assessments as a
            inner join zendesk.tickets as t on a.ticket_id = t.id
            left join zendesk.groups as g on t.group_id = g.id
            where
                a.escalation_risk >= :at_least
                and t.status not in ('solved', 'closed', 'deleted')
            order by a.escalation_risk desc, t.id
        """),
        {"at_least": at_least},
    )
    return [RiskyTicket(**row._mapping) for row in rows]


def raise_risky(connection: Connection, ticket_ids: Sequence[int], *, at_least: float) -> int:
    """Raises those of these tickets whose risk is `at_least` that and that never were; how many.

    An escalation dates from the last of the customer's words that speak for it. Where only the
    desk's records do, from the last change that was read.
    """
    return connection.execute(
        text("""
            insert into ai.escalations
                (org_id, ticket_id, trigger, tier, raised_at, model_version, changed_at)
            select
                a.org_id, a.ticket_id, 'risk', a.urgency, coalesce(w.said_at, a.changed_at),
                a.model_version, a.changed_at
            from ai.assessments as a
            left join lateral (
                select max(c.created_at) as said_at
                from ai.assessment_reasons as r
                inner join zendesk.comments as c
                    on r.org_id = c.org_id and r.evidence_comment_id = c.id
                where
                    r.org_id = a.org_id and r.ticket_id = a.ticket_id and r.aspect = 'escalation'
            ) as w on true
            where a.ticket_id = any(:ids) and a.escalation_risk >= :at_least
            on conflict do nothing
        """),
        {"ids": list(ticket_ids), "at_least": at_least},
    ).rowcount


def missed_steps(
    connection: Connection, *, model_version: str, since: datetime
) -> list[MissedStep]:
    """The surest missed step of each ticket with activity since then, surest first."""
    rows = connection.execute(
        text("""
            with surest as (
                select distinct on (c.ticket_id)
                    c.ticket_id, t.status, g.name as group_name,
                    c.document_id, d.title, d.body, c.step_no, c.confidence
                from ai.sop_checks as c
                inner join zendesk.tickets as t on c.ticket_id = t.id
                inner join knowledge.documents as d on c.document_id = d.document_id
                left join zendesk.groups as g on t.group_id = g.id
                where
                    c.model_version = :version and c.verdict = 'not_met'
                    and c.sop_version = d.version and d.kind = 'sop' and t.updated_at >= :since
                order by c.ticket_id, c.confidence desc, c.step_no, c.document_id
            )
            select * from surest order by confidence desc, ticket_id
        """),
        {"version": model_version, "since": since},
    )
    return [MissedStep(**row._mapping) for row in rows]
