"""Who was erased and must not come back: keyed hashes of what named them, and what was theirs.

Every function runs in the organization's tenant session.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.rights import tombstones
from warehouse.tables.zendesk import calls, tickets

Stone = tuple[str, bytes]


@dataclass(frozen=True)
class Known:
    """The tombstones, each with its request, and the tickets and calls without words."""

    stones: Mapping[Stone, UUID] = field(default_factory=dict)
    ticket_ids: frozenset[int] = frozenset()
    call_ids: frozenset[int] = frozenset()


def read(connection: Connection) -> Known:
    """All of an organization: as many as people were erased, and what those asked for."""
    c = tombstones.c
    found = connection.execute(select(c.kind, c.value_hash, c.request_id))
    stones = {(row.kind, bytes(row.value_hash)): row.request_id for row in found}
    if not stones:
        return Known()
    marked = (
        frozenset(
            connection.execute(select(table.c.id).where(table.c.erased_at.is_not(None))).scalars()
        )
        for table in (tickets, calls)
    )
    return Known(stones, *marked)


def count(connection: Connection) -> int:
    """How many there are: more than were read means that someone was erased meanwhile."""
    return int(connection.execute(select(func.count()).select_from(tombstones)).scalar_one())


def add(connection: Connection, org_id: UUID, stones: Mapping[Stone, UUID]) -> int:
    """Adds those that are not there; how many."""
    rows = [
        {"org_id": org_id, "kind": kind, "value_hash": digest, "request_id": request_id}
        for (kind, digest), request_id in stones.items()
    ]
    if not rows:
        return 0
    return connection.execute(insert(tombstones).values(rows).on_conflict_do_nothing()).rowcount


def of_request(connection: Connection, request_id: UUID) -> set[Stone]:
    """Those that a request made."""
    c = tombstones.c
    found = connection.execute(select(c.kind, c.value_hash).where(c.request_id == request_id))
    return {(row.kind, bytes(row.value_hash)) for row in found}


def wait_for_loading(connection: Connection, *, shared: bool) -> None:
    """An erasure waits for pages that are being stored, and those that come after it see it.

    Whoever stores a page waits with `shared`, before reading tombstones; an erasure without.
    """
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    connection.execute(
        text(f"select {lock}(hashtextextended('vensor erasures ' || app.org_id(), 0))")
    )


def mark(
    connection: Connection, *, ticket_ids: Collection[int], call_ids: Collection[int]
) -> tuple[list[int], list[int]]:
    """Notes that no word of these tickets and calls is kept; those of which that is new."""
    return _mark(connection, "tickets", ticket_ids), _mark(connection, "calls", call_ids)


def _mark(connection: Connection, table: str, ids: Iterable[int]) -> list[int]:
    found = connection.execute(
        text(f"""
            update zendesk.{table}
            set erased_at = clock_timestamp(), loaded_at = clock_timestamp()
            where id = any(:ids) and erased_at is null
            returning id
        """),
        {"ids": list(ids)},
    )
    return list(found.scalars())
