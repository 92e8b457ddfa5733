"""Proofs of what retention found and left. They stay: counts and instants, of nobody.

Every function runs in the organization's tenant session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from warehouse.tables.retention import retention_proofs

_table = retention_proofs.c


@dataclass(frozen=True)
class Proof:
    """One run's record as it was signed."""

    proof_id: UUID
    made_at: datetime
    record: Mapping[str, object]
    signature: bytes


def add(
    connection: Connection,
    org_id: UUID,
    *,
    proof_id: UUID,
    record: Mapping[str, object],
    signature: bytes,
) -> None:
    """Stores one."""
    connection.execute(
        retention_proofs.insert().values(
            org_id=org_id, proof_id=proof_id, record=dict(record), signature=signature
        )
    )


def find_all(connection: Connection, *, limit: int) -> list[Proof]:
    """The newest first."""
    rows = connection.execute(
        select(_table.proof_id, _table.made_at, _table.record, _table.signature)
        .order_by(_table.made_at.desc())
        .limit(limit)
    )
    return [Proof(one.proof_id, one.made_at, one.record, bytes(one.signature)) for one in rows]
