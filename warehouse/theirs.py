"""Whom an erasure is of, and what is theirs. Every function runs in the tenant session.

Each query finds its rows by an index: a person's few rows among any number of others' (migration
0022); but agents are found by reading.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text

from warehouse.subjects import Names

OWN = text("""
    select id from zendesk.tickets where requester_id = any(:ids)
    union
    select id from zendesk.tickets where submitter_id = any(:customers)
""")
SHARED = text("""
    select ticket_id from zendesk.comments where author_id = any(:ids)
    union
    select ticket_id from zendesk.calls where customer_id = any(:ids) and ticket_id is not null
    union
    select id from zendesk.tickets where submitter_id = any(:agents)
""")
CALLS = text("""
    select id from zendesk.calls where customer_id = any(:ids)
    union
    select id from zendesk.calls where ticket_id = any(:own)
    union
    select call_id from zendesk.recordings where ticket_id = any(:own)
""")
COMMENTS = text("""
    select id from zendesk.comments where author_id = any(:ids)
    union
    select id from zendesk.comments where ticket_id = any(:shared) and call_id = any(:calls)
""")
# Comments on calls, as long as their words are here.
OF_CALLS = text("""
    select distinct c.id, c.ticket_id
    from zendesk.calls as k
    inner join zendesk.comments as c on k.ticket_id = c.ticket_id and k.id = c.call_id
    inner join zendesk.comment_contents as w on c.id = w.comment_id
    where k.id = any(:calls)
""")
AGENTS = text("""
    select u.id from zendesk.users as u
    where u.id = any(:ids) and u.role is distinct from 'end-user'
    union
    select p.agent_id from app.agent_pseudonyms as p where p.agent_id = any(:ids)
    union
    -- whose own row is here no longer
    select i.id from unnest(cast(:ids as bigint[])) as i (id)
    where not exists (select from zendesk.users as u where u.id = i.id)
""")
# A number that others have as well says nothing of who comes with it.
INDEXES = text("""
    with mine as (
        select 'email' as kind, email_index as value_index from zendesk.users where id = any(:ids)
        union
        select 'phone', phone_index from zendesk.users where id = any(:ids)
        union
        select case type when 'email' then 'email' else 'phone' end, value_index
        from zendesk.user_identities
        where user_id = any(:ids) and type in ('email', 'phone_number')
        union
        select field, value_index from app.corrections where user_id = any(:ids)
    )
    select m.kind, m.value_index from mine as m
    where m.value_index is not null and (
        m.kind = 'email'
        or not exists (
            select from zendesk.users as u
            where u.phone_index = m.value_index and u.id <> all(:ids)
        )
    )
""")


@dataclass(frozen=True)
class Subject:
    """Whom an erasure is of: their ids in Zendesk, which of these are agents', their indexes."""

    user_ids: Sequence[int]
    agents: frozenset[int] = frozenset()
    emails: frozenset[bytes] = frozenset()
    phones: frozenset[bytes] = frozenset()

    @property
    def customers(self) -> list[int]:
        """Those who are no agents."""
        return [one for one in self.user_ids if one not in self.agents]


@dataclass(frozen=True)
class Theirs:
    """Tickets that are theirs; others in which they wrote or called; what they wrote and called."""

    own: Sequence[int] = ()
    shared: Sequence[int] = ()
    call_ids: Sequence[int] = ()
    comment_ids: Sequence[int] = ()

    @property
    def ticket_ids(self) -> list[int]:
        """All tickets that their words are in."""
        return [*self.own, *self.shared]


def subject_of(connection: Connection, user_ids: Sequence[int], names: Names) -> Subject:
    """The subject with all that they are known by, and what they named themselves by."""
    ids = {"ids": list(user_ids)}
    found = connection.execute(INDEXES, ids).all()
    return Subject(
        list(user_ids),
        frozenset(connection.execute(AGENTS, ids).scalars()),
        _of_kind(found, "email") | _given(names.email_index),
        _of_kind(found, "phone") | _given(names.phone_index),
    )


def theirs_of(connection: Connection, subject: Subject) -> Theirs:
    """What is theirs, as it stands now."""
    told: dict[str, Collection[int]] = {
        "ids": list(subject.user_ids),
        "customers": subject.customers,
        "agents": list(subject.agents),
    }

    def ask(query: TextClause, **more: Collection[int]) -> list[int]:
        return sorted(connection.execute(query, told | more).scalars())

    own = ask(OWN)
    mine = set(own)
    shared = [one for one in ask(SHARED) if one not in mine]
    call_ids = ask(CALLS, own=own)
    return Theirs(own, shared, call_ids, ask(COMMENTS, shared=shared, calls=call_ids))


def marked_of(connection: Connection, ticket_ids: Sequence[int], call_ids: Sequence[int]) -> Theirs:
    """What is still here of tickets and calls that are an erased person's."""
    rows = connection.execute(OF_CALLS, {"calls": list(call_ids)}).all()
    shared = {row.ticket_id for row in rows} - set(ticket_ids)
    return Theirs(ticket_ids, sorted(shared), call_ids, [row.id for row in rows])


def _given(index: bytes | None) -> frozenset[bytes]:
    return frozenset() if index is None else frozenset({index})


def _of_kind(found: Sequence[Any], kind: str) -> frozenset[bytes]:
    return frozenset(bytes(row.value_index) for row in found if row.kind == kind)
