"""The ledger of what leaves: what for, how much, of which tickets, to whom. Never a word of it.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from warehouse.audit import ensure_today
from warehouse.tables.sharing import outbound


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One request that leaves."""

    recipient: str
    purpose: str
    model: str | None
    ticket_ids: Sequence[int]
    items: int
    payload_bytes: int
    audio_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sent(Sending):
    """One request that left, or was about to when its process was killed."""

    sent_at: datetime


def record_sending(connection: Connection, org_id: UUID, sending: Sending) -> None:
    """Writes it down; its transaction ends before the first byte leaves."""
    ensure_today(connection, outbound)
    connection.execute(
        outbound.insert().values(
            org_id=org_id,
            recipient=sending.recipient,
            purpose=sending.purpose,
            model=sending.model,
            ticket_ids=list(sending.ticket_ids),
            items=sending.items,
            payload_bytes=sending.payload_bytes,
            audio_seconds=sending.audio_seconds,
        )
    )


def find_sent(
    connection: Connection, *, ticket_id: int | None = None, limit: int = 50
) -> list[Sent]:
    """The latest first; with `ticket_id` those with words of that ticket."""
    fields = [outbound.c[name] for name in Sent.__dataclass_fields__]
    wanted = select(*fields).order_by(outbound.c.sent_at.desc()).limit(limit)
    if ticket_id is not None:
        wanted = wanted.where(outbound.c.ticket_ids.any(ticket_id))
    return [Sent(**row._mapping) for row in connection.execute(wanted)]
