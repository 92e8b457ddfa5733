"""Whose words models must not read, and what they had made of them.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, Table, delete, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.subjects import Names
from warehouse.tables import metadata
from warehouse.tables.sharing import ai_opt_outs

# who was erased is asked no more, and had never said yes
OPTED_OUT = text("""
    select ticket_id from ai.opted_out_tickets where ticket_id = any(:ids)
    union
    select id from zendesk.tickets where id = any(:ids) and erased_at is not null
""")
# A comment is read for a ticket only while its words are here.
OUTDATED = text("""
    select distinct r.ticket_id
    from unnest(cast(:tickets as bigint[]), cast(:comments as bigint[]))
        as r (ticket_id, comment_id)
    where not exists (
        select from zendesk.comment_contents as c where c.comment_id = r.comment_id
    )
""")
OPT_IN = text("""
    delete from app.ai_opt_outs as o
    where
        o.subject = :subject or o.zendesk_user_id = any(:ids)
        or coalesce(o.email_index, o.phone_index) in (
            select unnest(array[u.email_index, u.phone_index]) from zendesk.users as u
            where u.id = any(:ids)
            union all
            select i.value_index from zendesk.user_identities as i where i.user_id = any(:ids)
        )
""")


def opt_out(connection: Connection, org_id: UUID, *, subject: bytes, names: Names) -> int:
    """From now on no model reads a ticket of this person; how many it forgot all about."""
    wait_for_writers(connection)
    connection.execute(
        insert(ai_opt_outs)
        .values(
            org_id=org_id,
            subject=subject,
            email_index=names.email_index,
            phone_index=names.phone_index,
            zendesk_user_id=names.user_id,
        )
        .on_conflict_do_nothing()
    )
    found = connection.execute(text("select ticket_id from ai.opted_out_tickets")).scalars().all()
    _forget(connection, found)
    return len(found)


def opt_in(connection: Connection, *, subject: bytes, user_ids: Sequence[int]) -> bool:
    """Takes a person's opt-outs back, by whatever name they were said; whether there was one.

    The next run reads those tickets.
    """
    asked = {"subject": subject, "ids": list(user_ids)}
    return connection.execute(OPT_IN, asked).rowcount > 0


def opted_out(connection: Connection, ticket_ids: Sequence[int]) -> set[int]:
    """Those of the tickets that models must not read, as it stands now."""
    return set(connection.execute(OPTED_OUT, {"ids": list(ticket_ids)}).scalars())


def forget_opted_out(connection: Connection, ticket_ids: Sequence[int]) -> None:
    """Undoes, in the transaction that wrote it, what was made of tickets that opted out meanwhile.

    Whoever opts out waits for this transaction to end: what it wrote is seen and forgotten.
    """
    _wait(connection, shared=True)
    _forget(connection, list(opted_out(connection, ticket_ids)))


def forget_outdated(connection: Connection, read: Sequence[tuple[int, int]]) -> None:
    """The same for tickets of which a comment was erased since it was read: (ticket, comment).

    After `forget_opted_out`, which waits; an erasure that comes later finds what was written.
    """
    told = {"tickets": [one for one, _ in read], "comments": [one for _, one in read]}
    _forget(connection, list(connection.execute(OUTDATED, told).scalars()))


def tables_of_models() -> list[Table]:
    """The tables of what models made of a ticket."""
    return [one for one in metadata.sorted_tables if one.schema == "ai" and "ticket_id" in one.c]


def wait_for_writers(connection: Connection) -> None:
    """Whatever models are storing is stored when this returns; what comes later sees what is done.

    Until the transaction ends, none stores any more.
    """
    _wait(connection, shared=False)


def _wait(connection: Connection, *, shared: bool) -> None:
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    connection.execute(
        text(f"select {lock}(hashtextextended('vensor opt-outs ' || app.org_id(), 0))")
    )


def _forget(connection: Connection, ticket_ids: Sequence[int]) -> None:
    if not ticket_ids:
        return
    for table in tables_of_models():
        connection.execute(delete(table).where(table.c.ticket_id.in_(ticket_ids)))
    # the next build of the metric tables takes them for changed: facts of models go too
    connection.execute(
        text("update zendesk.tickets set loaded_at = clock_timestamp() where id = any(:ids)"),
        {"ids": list(ticket_ids)},
    )
    # heard no more, unless the person opts in again
    connection.execute(
        text("""
            update zendesk.recordings set state = 'stored'
            where state = 'transcribed' and ticket_id = any(:ids)
        """),
        {"ids": list(ticket_ids)},
    )
