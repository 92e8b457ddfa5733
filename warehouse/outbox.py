"""Messages to say at most once. The key is unique: asking twice is asking once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.app import outbox

Blocks = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Message:
    """`state` is pending, sending (perhaps sent: ask before sending again), posted or refused."""

    message_key: str
    channel: str
    blocks: Blocks
    fallback: str
    state: str


def put(connection: Connection, org_id: UUID, message: Message) -> bool:
    """Queues the message; False if its key was there."""
    statement = insert(outbox).values(
        org_id=org_id,
        message_key=message.message_key,
        channel=message.channel,
        blocks=list(message.blocks),
        fallback=message.fallback,
    )
    queued = statement.on_conflict_do_nothing().returning(outbox.c.message_key)
    return connection.execute(queued).first() is not None


def unsent(connection: Connection) -> list[Message]:
    """What is still to be posted, oldest first."""
    rows = connection.execute(
        select(
            outbox.c.message_key,
            outbox.c.channel,
            outbox.c.blocks,
            outbox.c.fallback,
            outbox.c.state,
        )
        .where(outbox.c.state.in_(["pending", "sending"]))
        .order_by(outbox.c.created_at)
    )
    return [Message(*row) for row in rows]


def mark_sending(connection: Connection, message_key: str) -> None:
    """To be committed before the call: a process killed after it cannot tell if it was heard."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(state="sending", attempts=outbox.c.attempts + 1)
    )


def mark_posted(connection: Connection, message_key: str, slack_ts: str) -> None:
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(state="posted", slack_ts=slack_ts, posted_at=func.clock_timestamp())
    )


def mark_refused(connection: Connection, message_key: str) -> None:
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(state="refused", refused_at=func.clock_timestamp())
    )
