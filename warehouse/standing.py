"""How every class of data stands against its clock: what is past it, what holds keep, how old."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from warehouse.agents import FIGURES
from warehouse.purging import Past, audit_kept_from, contents, skeletons
from warehouse.retention import Clock


class Standing(NamedTuple):
    """The rows of a table past their clock, and those of them that holds keep."""

    kind: str
    past: int
    held: int


def standing(
    connection: Connection, at: Clock, as_of: datetime, *, kinds: Collection[str] = ()
) -> dict[str, Standing]:
    """Every table that has a clock, or those of some `kinds`, by name."""
    instants = _instants(connection, at, as_of)
    found = {}
    for one in _every(connection):
        if kinds and one.kind not in kinds:
            continue
        asked = text(f"""
            select count(*), count(*) filter (where {one.held}) from {one.table} as r
            where {one.past}
        """)
        found[one.table] = Standing(one.kind, *connection.execute(asked, instants).one())
    return found


def oldest(connection: Connection) -> dict[str, str]:
    """When the oldest row of each class dates from that no hold keeps; ISO 8601, in UTC."""
    found: dict[str, str] = {}
    for one in _every(connection):
        if one.instant is None:
            continue
        asked = text(f"""
            select {one.instant} from {one.table} as r
            where ({one.held}) is not true order by 1 limit 1
        """)
        first: date | None = connection.execute(asked).scalar_one_or_none()
        if first is not None:
            told = first.isoformat()
            found[one.kind] = min(told, found.get(one.kind, told))
    return found


def cutoffs(connection: Connection, at: Clock, as_of: datetime) -> dict[str, str]:
    """From when on each class is kept; ISO 8601."""
    instants = _instants(connection, at, as_of)
    return {
        "content": at.cutoff.isoformat(),
        "skeleton": at.first_kept_at.isoformat(),
        "audit": instants["audit_from"].isoformat(),
        "agents": instants["agents_from"].isoformat(),
    }


def _every(connection: Connection) -> list[Past]:
    found = [
        *contents(connection),
        *skeletons(connection),
        Past("outbox", "app.outbox", "r.created_at < :cutoff", "false", "r.created_at"),
        Past("audit", "audit.events", "r.happened_at < :audit_from", "false", "r.happened_at"),
        Past("audit", "audit.outbound", "r.sent_at < :audit_from", "false", "r.sent_at"),
    ]
    if connection.execute(text(f"select to_regclass('{FIGURES}')")).scalar_one() is not None:
        found.append(
            Past("agents", FIGURES, "r.metric_day < :agents_from", "false", "r.metric_day")
        )
    return found


def _instants(connection: Connection, at: Clock, as_of: datetime) -> Mapping[str, date]:
    asked = text("""
        select ((:as_of - make_interval(days => agent_retention_days)) at time zone timezone)::date
        from app.organizations
    """)
    return {
        "cutoff": at.cutoff,
        "kept_at": at.first_kept_at,
        "day": at.first_kept_day,
        "audit_from": audit_kept_from(connection, as_of),
        "agents_from": connection.execute(asked, {"as_of": as_of}).scalar_one(),
    }
