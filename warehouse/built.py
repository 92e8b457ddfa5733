"""Ids of people in what dbt has built. Every function runs in the transformer's tenant session."""

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, text

from warehouse.naming import OF_AGENTS, OF_ANYONE

SCRATCH, FACTS = "intermediate", "metrics"


def clear_scratch(connection: Connection) -> int:
    """Empties the tables of the last build that name people: the next one makes them anew.

    Only while no build is under way. How many rows.
    """
    return sum(
        connection.execute(text(f"delete from {table}")).rowcount
        for table, _, _ in _columns(connection, SCRATCH, OF_ANYONE | OF_AGENTS)
    )


def agents_in_facts(connection: Connection) -> set[int]:
    """The agents whose ids stand in facts, which end with their tickets."""
    found: set[int] = set()
    for table, column, _ in _columns(connection, FACTS, OF_AGENTS):
        asked = text(f"select distinct {column} from {table} where {column} is not null")
        found |= set(connection.execute(asked).scalars())
    return found


def clear_facts(connection: Connection, agents: Collection[int]) -> int:
    """Takes agents' ids out of facts, as the next build would; how many rows.

    A fact that is nothing without its agent goes.
    """
    done = 0
    for table, column, nullable in _columns(connection, FACTS, OF_AGENTS):
        change = f"update {table} set {column} = null" if nullable else f"delete from {table}"
        asked = text(f"{change} where {column} = any(:ids)")
        done += connection.execute(asked, {"ids": list(agents)}).rowcount
    return done


def _columns(
    connection: Connection, schema: str, names: set[str]
) -> Iterator[tuple[str, str, bool]]:
    """(table, column, whether it may be null) of what names people in a schema's tables."""
    found = connection.execute(
        text("""
            select c.oid::regclass::text as relation, a.attname, not a.attnotnull as nullable
            from pg_attribute as a
            inner join pg_class as c on a.attrelid = c.oid
            where
                c.relnamespace = cast(:schema as regnamespace) and c.relkind = 'r'
                and a.attname = any(:names) and not a.attisdropped
            order by 1, 2
        """),
        {"schema": schema, "names": sorted(names)},
    )
    for row in found:
        yield row.relation, row.attname, row.nullable
