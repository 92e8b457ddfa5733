"""What is held of a person, kind by kind: the rows that an answer to them is made of.

Every function runs in the organization's tenant session. The kinds are in `kinds.py`. What tells
of others is not among it: agents and other customers are told by their role, and of tickets that
are another's only that the person had to do with them, and what they themselves said there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, text

ROWS_AT_ONCE = 500
Clock = Literal["content", "ticket", "audit", "none"]


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    `clock` says which clock ends it, and the column `clock_at` since when that runs. Where
    `sealed` names a column, each row has the value `sealed` and the `row_id` that it is bound to.
    """

    name: str
    about: str
    clock: Clock
    query: str
    sealed: str | None = None


@dataclass(frozen=True)
class Scope:
    """Whose records: `own` tickets were asked by the person, in `others` they took part."""

    subject: bytes
    user_ids: Sequence[int]
    own: Sequence[int]
    others: Sequence[int]

    def parameters(self) -> dict[str, object]:
        return {
            "subject": self.subject,
            "user_ids": list(self.user_ids),
            "user_names": [str(one) for one in self.user_ids],
            "own": list(self.own),
            "own_names": [str(one) for one in self.own],
            "others": list(self.others),
            "involved": [*self.own, *self.others],
        }


@dataclass(frozen=True)
class Extent:
    """How many records there are of a kind, and since when their clocks run."""

    kind: Kind
    records: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class Recipient:
    """Who got something of the person's tickets, how often, first and last."""

    recipient: str
    purpose: str
    model: str | None
    requests: int
    first_at: datetime
    last_at: datetime


def find_scope(connection: Connection, subject: bytes, user_ids: Sequence[int]) -> Scope:
    """The tickets that the person has to do with, by id."""
    own = connection.execute(
        text("select id from zendesk.tickets where requester_id = any(:ids) order by id"),
        {"ids": list(user_ids)},
    ).scalars()
    others = connection.execute(
        text("""
            with involved as (
                select id as ticket_id from zendesk.tickets where submitter_id = any(:ids)
                union
                select ticket_id from zendesk.comments where author_id = any(:ids)
                union
                select ticket_id from zendesk.calls where customer_id = any(:ids)
            )
            select i.ticket_id from involved as i
            inner join zendesk.tickets as t on i.ticket_id = t.id
            where t.requester_id is null or t.requester_id <> all(:ids)
            order by i.ticket_id
        """),
        {"ids": list(user_ids)},
    ).scalars()
    return Scope(subject, tuple(user_ids), tuple(own), tuple(others))


def measure(connection: Connection, kind: Kind, scope: Scope) -> Extent:
    """How much there is of one kind."""
    row = connection.execute(
        text(f"""
            select count(*) as records, min(h.clock_at) as first_at, max(h.clock_at) as last_at
            from ({kind.query}) as h
        """),
        scope.parameters(),
    ).one()
    return Extent(kind, row.records, row.first_at, row.last_at)


def iter_rows(connection: Connection, kind: Kind, scope: Scope) -> Iterator[RowMapping]:
    """The records of one kind, some at a time, in the order of their ids, the newest first."""
    rows = connection.execute(
        text(kind.query), scope.parameters(), execution_options={"yield_per": ROWS_AT_ONCE}
    )
    yield from rows.mappings()


def recipients(connection: Connection, scope: Scope) -> list[Recipient]:
    """Who got words of the person's tickets, or of what they said in others', the latest last."""
    rows = connection.execute(
        text("""
            select
                recipient, purpose, model, count(*) as requests,
                min(sent_at) as first_at, max(sent_at) as last_at
            from audit.outbound where ticket_ids && cast(:involved as bigint[])
            group by recipient, purpose, model order by last_at
        """),
        scope.parameters(),
    )
    return [Recipient(**row._mapping) for row in rows]
