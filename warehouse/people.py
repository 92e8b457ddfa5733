"""Who has to do with a ticket: what is known of them, sealed.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

PEOPLE = text("""
    with involved as (
        select t.id as ticket_id, p.user_id
        from zendesk.tickets as t
        cross join lateral (
            values (t.requester_id), (t.submitter_id), (t.assignee_id)
        ) as p (user_id)
        where t.id = any(:ids)
        union
        select ticket_id, author_id from zendesk.comments where ticket_id = any(:ids)
        union
        select ticket_id, customer_id from zendesk.calls where ticket_id = any(:ids)
        union
        select ticket_id, agent_id from zendesk.calls where ticket_id = any(:ids)
    ),
    people as (
        select user_id, array_agg(ticket_id order by ticket_id) as ticket_ids
        from involved where user_id is not null group by user_id
    ),
    sealed as (
        select p.ticket_ids, p.user_id, 'zendesk.user_contents' as source,
            c.user_id as row_id, c.changed_at, c.sealed
        from people as p
        inner join zendesk.user_contents as c on p.user_id = c.user_id
        union all
        select p.ticket_ids, p.user_id, 'zendesk.user_identity_contents',
            c.identity_id, c.changed_at, c.sealed
        from people as p
        inner join zendesk.user_identity_contents as c on p.user_id = c.user_id
        union all
        select array[k.ticket_id], coalesce(k.customer_id, 0), 'zendesk.call_contents',
            c.call_id, c.changed_at, c.sealed
        from zendesk.call_contents as c
        inner join zendesk.calls as k on c.call_id = k.id
        where k.ticket_id = any(:ids)
        union all
        select array[c.ticket_id], coalesce(t.requester_id, 0), 'zendesk.ticket_contents',
            c.ticket_id, c.changed_at, c.sealed
        from zendesk.ticket_contents as c
        inner join zendesk.tickets as t on c.ticket_id = t.id
        where c.ticket_id = any(:ids)
        union all
        select array[c.ticket_id], coalesce(s.author_id, 0), 'zendesk.comment_contents',
            c.comment_id, c.changed_at, c.sealed
        from zendesk.comment_contents as c
        inner join zendesk.comments as s on c.comment_id = s.id
        where c.ticket_id = any(:ids)
    )
    select distinct on (source, row_id)
        ticket_ids, user_id, source, row_id, changed_at, sealed
    from sealed
    order by source, row_id, changed_at desc
""")


@dataclass(frozen=True, repr=False)
class SealedPerson:
    """What is known of someone: a row of `table`, a user's, an address's, or of what they sent.

    A user's own row ends with the user's last change, what they sent with the ticket: that names
    the sender of an e-mail, or the number of who called.
    """

    ticket_ids: tuple[int, ...]
    user_id: int
    table: str
    row_id: int
    changed_at: datetime
    sealed: bytes


def sealed_people(connection: Connection, ticket_ids: Sequence[int]) -> list[SealedPerson]:
    """Everyone who asked, answered, called or is in charge, each once, as known last."""
    rows = connection.execute(
        PEOPLE,
        {"ids": list(ticket_ids)},
    )
    return [
        SealedPerson(
            tuple(row.ticket_ids), row.user_id, row.source, row.row_id, row.changed_at, row.sealed
        )
        for row in rows
    ]
