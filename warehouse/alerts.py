"""Alerts: what rules found, what said it, and what people answered. Kept until their ticket goes.

Every function runs in the organization's tenant session.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, Text, case, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from warehouse.alert_findings import Found
from warehouse.alert_rules import RuleSettings
from warehouse.tables.alerts import alerts

PARENT = "alert"
# Of what was found at once: never by an id that is drawn by chance.
PLACE = (alerts.c.ticket_id, alerts.c.rule, alerts.c.window_at)
WORST_FIRST = case({"critical": 0, "high": 1, "normal": 2}, value=alerts.c.severity)


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert. `figure` is in its rule's measure; `message_key` is None while nothing says it."""

    alert_id: UUID
    ticket_id: int
    rule: str
    severity: str
    found_at: datetime
    figure: float
    usual: float | None
    due_at: datetime | None
    codes: list[str]
    document_id: str | None
    step_no: int | None
    sop_version: bytes | None
    model_version: str | None
    state: str
    answered_by: str | None
    answered_at: datetime | None
    muted_until: datetime | None
    message_key: str | None


@dataclass(frozen=True)
class AlertedTicket:
    """The ticket of an alert as it is now. `quality` is from 0 to 100."""

    ticket_id: int
    status: str
    group_name: str | None
    created_at: datetime
    quality: float | None


@dataclass(frozen=True)
class AnsweredRule:
    """How many of a rule's alerts were answered, and how many of these were wrong calls."""

    rule: str
    answered: int
    wrong: int


def lock(connection: Connection) -> None:
    """Waits until nobody else finds or answers alerts here; held to the transaction's end.

    Whoever erases people waits for it too, and finds what was written.
    """
    connection.execute(
        text("""
            select
                pg_advisory_xact_lock_shared(
                    hashtextextended('vensor opt-outs ' || app.org_id(), 0)
                ),
                pg_advisory_xact_lock(hashtextextended('vensor alerts ' || app.org_id(), 0))
        """)
    )


def put(
    connection: Connection,
    org_id: UUID,
    rule: RuleSettings,
    found: Sequence[Found],
    *,
    as_of: datetime,
) -> int:
    """Stores what a rule found; how many were new. Once a ticket, rule and cooldown."""
    window_at = window_of(as_of, rule.cooldown_hours)
    done = 0
    for one in found:
        values = {
            **asdict(one),
            "codes": list(one.codes),
            "rule": rule.rule,
            "severity": rule.severity,
            "window_at": window_at,
            "found_at": as_of,
            "changed_at": as_of,
        }
        statement = insert(alerts).values(org_id=org_id, **values).on_conflict_do_nothing()
        added = connection.execute(statement.returning(alerts.c.alert_id))
        done += added.first() is not None
    return done


def window_of(at: datetime, hours: int) -> datetime:
    """The beginning of the window of so many hours that an instant lies in.

    Two instants that are a cooldown apart lie in two windows.
    """
    seconds = hours * 3_600
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def unsaid(connection: Connection) -> list[Alert]:
    """What is open and said by no message yet, the most severe first, then the oldest."""
    wanted = _select().where(alerts.c.message_key.is_(None), alerts.c.state == "open")
    return _read(connection, wanted.order_by(WORST_FIRST, alerts.c.found_at, *PLACE))


def of_tickets(connection: Connection, ticket_ids: Collection[int]) -> list[Alert]:
    """All that was found in these tickets, in order of time."""
    wanted = _select().where(alerts.c.ticket_id.in_(ticket_ids))
    return _read(connection, wanted.order_by(alerts.c.found_at, *PLACE))


def since(connection: Connection, at: datetime, *, unanswered: bool = False) -> list[Alert]:
    """What was found since then, the most severe first, then the latest."""
    wanted = _select().where(alerts.c.found_at >= at)
    if unanswered:
        wanted = wanted.where(alerts.c.state == "open")
    return _read(connection, wanted.order_by(WORST_FIRST, alerts.c.found_at.desc(), *PLACE))


def find(connection: Connection, alert_id: UUID) -> Alert | None:
    """The alert of this id."""
    found = _read(connection, _select().where(alerts.c.alert_id == alert_id))
    return found[0] if found else None


def find_ids(connection: Connection, told: str) -> list[UUID]:
    """The alerts whose id begins so, at most two."""
    begins = func.replace(cast(alerts.c.alert_id, Text), "-", "")
    wanted = select(alerts.c.alert_id).where(begins.startswith(told, autoescape=True)).limit(2)
    return list(connection.execute(wanted).scalars())


def parent_key(first: Alert) -> str:
    """The key of the message that stands for a ticket, from the first alert that it says on.

    Organizations may share a channel, in which no key may stand twice.
    """
    return f"{PARENT}/{first.ticket_id}/{first.alert_id}"


def reply_key(alert_id: UUID) -> str:
    """The key of the message below that one that says one more alert."""
    return f"{PARENT}-reply/{alert_id}"


def mark_said(connection: Connection, alert_id: UUID, message_key: str) -> None:
    """Notes which message says it."""
    connection.execute(
        update(alerts).where(alerts.c.alert_id == alert_id).values(message_key=message_key)
    )


def answer(
    connection: Connection, alert_ids: Collection[UUID], state: str, *, by: str, at: datetime
) -> int:
    """Stores what somebody answered; how many alerts say so from now on that did not."""
    mine = alerts.c.alert_id.in_(alert_ids) & (alerts.c.state != state)
    values = {"state": state, "answered_by": by, "answered_at": at, "changed_at": at}
    return connection.execute(update(alerts).where(mine).values(values)).rowcount


def mute_ticket(connection: Connection, ticket_id: int, until: datetime) -> int:
    """Mutes a ticket; how many alerts it has."""
    mine = alerts.c.ticket_id == ticket_id
    return connection.execute(update(alerts).where(mine).values(muted_until=until)).rowcount


def answered_rules(connection: Connection) -> list[AnsweredRule]:
    """Every rule of which an alert was answered, by name."""
    rows = connection.execute(
        text("""
            select
                rule, count(*)::integer as answered,
                (count(*) filter (where state = 'wrong'))::integer as wrong
            from ai.alerts where state <> 'open' group by rule order by rule
        """)
    )
    return [AnsweredRule(**row._mapping) for row in rows]


def tickets(connection: Connection, ticket_ids: Collection[int]) -> dict[int, AlertedTicket]:
    """These tickets as they are now, those that are still here."""
    rows = connection.execute(
        text("""
            select
                t.id as ticket_id, coalesce(t.status, 'unknown') as status, g.name as group_name,
                t.created_at, q.quality
            from zendesk.tickets as t
            left join zendesk.groups as g on t.group_id = g.id
            left join ai.ticket_quality as q on t.id = q.ticket_id
            where t.id = any(:ids)
        """),
        {"ids": list(ticket_ids)},
    )
    return {row.ticket_id: AlertedTicket(**row._mapping) for row in rows}


def parents(connection: Connection) -> dict[int, str]:
    """The keys of the messages that stand for tickets, or are about to; by ticket.

    One that was taken back or refused stands for it no longer. What is of no ticket has none that
    could be added to.
    """
    rows = connection.execute(
        text("""
            select distinct on (ticket_id) ticket_id, message_key
            from (
                select
                    split_part(o.message_key, '/', 2)::bigint as ticket_id, o.message_key,
                    o.created_at
                from app.outbox as o
                where
                    o.message_key like :keys and o.thread_of is null
                    and o.state in ('pending', 'sending', 'posted')
            ) as p
            where ticket_id <> 0
            order by ticket_id, created_at desc
        """),
        {"keys": f"{PARENT}/%"},
    )
    return {row.ticket_id: row.message_key for row in rows}


def _select() -> Select[Any]:
    return select(*(alerts.c[name] for name in Alert.__dataclass_fields__))


def _read(connection: Connection, wanted: Select[Any]) -> list[Alert]:
    return [Alert(**row._mapping) for row in connection.execute(wanted)]
