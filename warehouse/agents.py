"""Agents' figures: by pseudonyms, with a clock of their own, gone with the agent.

Every function runs in the organization's tenant session.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Select, delete, select, text

from warehouse.tables.agents import agent_pseudonyms
from warehouse.tables.zendesk import users

FIGURES = "metrics.fct_agent_daily"


def without_pseudonym(connection: Connection) -> list[int]:
    """The ids of agents whom the metric tables have no name for yet."""
    known = select(agent_pseudonyms.c.agent_id)
    found = connection.execute(
        select(users.c.id).where(
            users.c.role.in_(["agent", "admin"]),
            users.c.active.is_distinct_from(False),
            users.c.id.not_in(known),
        )
    )
    return list(found.scalars())


def add_pseudonyms(connection: Connection, org_id: UUID, keys: Mapping[int, str]) -> None:
    """Stores the pseudonyms of agents, by their ids."""
    if keys:
        connection.execute(
            agent_pseudonyms.insert(),
            [{"org_id": org_id, "agent_id": one, "agent_key": key} for one, key in keys.items()],
        )


def forget_deleted_agents(connection: Connection) -> int:
    """Deletes the pseudonyms and the figures of agents whom the account has no more; the rows."""
    return _forget(connection, select(users.c.id).where(users.c.active.is_(False)))


def forget_agents(connection: Connection, ids: Sequence[int]) -> int:
    """Deletes the pseudonyms and the figures of these agents; the rows."""
    return _forget(connection, ids)


def _forget(connection: Connection, agents: "Sequence[int] | Select[tuple[int]]") -> int:
    forgotten = delete(agent_pseudonyms).where(agent_pseudonyms.c.agent_id.in_(agents))
    keys = list(connection.execute(forgotten.returning(agent_pseudonyms.c.agent_key)).scalars())
    if not keys:
        return 0
    return len(keys) + _delete_figures(connection, "f.agent_key = any(:keys)", keys=keys)


def purge_figures(connection: Connection, as_of: datetime) -> int:
    """Deletes the figures of agents that are past the agents' clock; the rows."""
    past = """
        f.metric_day < (
            select ((:as_of - make_interval(days => o.agent_retention_days))
                at time zone o.timezone)::date
            from app.organizations as o
        )
    """
    return _delete_figures(connection, past, as_of=as_of)


def _delete_figures(connection: Connection, which: str, **values: object) -> int:
    """What is left of a sealed day is its content from now on: its checksum says so."""
    if connection.execute(text(f"select to_regclass('{FIGURES}')")).scalar_one() is None:
        return 0
    deleted = connection.execute(text(f"delete from {FIGURES} as f where {which}"), values).rowcount
    if deleted:
        connection.execute(
            text(f"""
                update app.metric_day_seals as s
                set checksum = coalesce(
                    (
                        select md5(string_agg(f::text, '|' order by f::text))
                        from {FIGURES} as f where f.metric_day = s.metric_day
                    ),
                    md5('')
                )
                where s.model = 'fct_agent_daily'
            """)
        )
    return deleted
