"""What a warehouse is like that came from a backup. Each function says in which session it runs."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from warehouse.tables.app import watermarks

UNBOUND = text("""
    select c.oid::regclass::text from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where
        c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
        and not (c.relrowsecurity and c.relforcerowsecurity)
        and exists (
            select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'org_id'
        )
    order by 1
""")
UNGRANTED = text("""
    select l.login from app.logins as l
    where not exists (select from pg_roles as r where r.rolname = l.login)
    order by 1
""")


def has_keys(connection: Connection) -> bool:
    """Whether there is a table of keys: backups that are kept for long lack it. In any session."""
    found = connection.execute(text("select to_regclass('keys.org_keys') is not null"))
    return bool(found.scalar_one())


def unbound_tables(connection: Connection) -> list[str]:
    """The tables with tenants that are not under forced row-level security. In any session."""
    return list(connection.execute(UNBOUND).scalars())


def ungranted_logins(connection: Connection) -> list[str]:
    """The organization's logins that this server does not have: roles are in no dump.

    In its tenant session.
    """
    return list(connection.execute(UNGRANTED).scalars())


class Cursors(NamedTuple):
    """How far the streams had come: how many there are, and when the last moved."""

    streams: int
    moved_at: datetime | None


def cursors(connection: Connection) -> Cursors:
    """In the organization's tenant session."""
    found = select(func.count(), func.max(watermarks.c.moved_at))
    return Cursors(*connection.execute(found).one())


def hold_messages(connection: Connection) -> int:
    """Has messages that wait looked for in Slack before they are sent: some were, since; how many.

    Their pictures too. In the organization's tenant session.
    """
    connection.execute(
        text("update app.outbox set picture_state = 'uploading' where picture_state = 'waiting'")
    )
    return connection.execute(
        text("update app.outbox set state = 'sending' where state = 'pending'")
    ).rowcount


def count_tombstones(connection: Connection) -> int:
    """In the organization's tenant session."""
    return int(connection.execute(text("select count(*) from app.tombstones")).scalar_one())
