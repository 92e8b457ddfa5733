"""Messages to say at most once. The key is unique: asking twice is asking once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.app import outbox

Blocks = Sequence[Mapping[str, object]]
TAKEN_BACK = ("retracting", "retracted")


@dataclass(frozen=True)
class Message:
    """`state` is pending, sending (perhaps sent: ask before sending again), posted or refused.

    One that is taken back is retracting until Slack has deleted it, then retracted. Of `trend` a
    picture is drawn that goes with it: `warehouse.pictures` has its states.
    """

    message_key: str
    channel: str
    blocks: Blocks
    fallback: str
    state: str
    trend: Mapping[str, object] | None = None


def is_queued(connection: Connection, message_key: str) -> bool:
    """Whether the key is there: then the message was queued, and perhaps said."""
    found = select(outbox.c.message_key).where(outbox.c.message_key == message_key)
    return connection.execute(found).first() is not None


def put(connection: Connection, org_id: UUID, message: Message) -> bool:
    """Queues the message; False if its key was there."""
    statement = insert(outbox).values(
        org_id=org_id,
        message_key=message.message_key,
        channel=message.channel,
        blocks=list(message.blocks),
        fallback=message.fallback,
        trend=message.trend,
        picture_state=None if message.trend is None else "waiting",
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


class Said(NamedTuple):
    """A message that was posted, or perhaps was: then without `slack_ts`."""

    message_key: str
    channel: str
    slack_ts: str | None
    created_at: datetime
    file_id: str | None


def said_before(connection: Connection, cutoff: datetime) -> list[Said]:
    """What was queued before the cutoff and, for all that is known, stands in Slack."""
    rows = connection.execute(
        select(*(outbox.c[name] for name in Said._fields))
        .where(
            outbox.c.created_at < cutoff, outbox.c.state.in_(["posted", "sending", "retracting"])
        )
        .order_by(outbox.c.created_at)
    )
    return [Said(*row) for row in rows]


def forget_unsaid(connection: Connection, cutoff: datetime) -> int:
    """Deletes what was queued before the cutoff and never said; how many."""
    unsaid = outbox.c.state.in_(["pending", "refused"])
    return connection.execute(delete(outbox).where(outbox.c.created_at < cutoff, unsaid)).rowcount


def forget(connection: Connection, message_key: str) -> None:
    """Deletes a message that stands in Slack no longer."""
    connection.execute(delete(outbox).where(outbox.c.message_key == message_key))


def mark_sending(connection: Connection, message_key: str) -> bool:
    """To be committed before the call: a process killed after it cannot tell if it was heard.

    False for a message that was taken back meanwhile.
    """
    done = connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key, outbox.c.state.in_(["pending", "sending"]))
        .values(state="sending", attempts=outbox.c.attempts + 1)
    )
    return done.rowcount == 1


def mark_posted(connection: Connection, message_key: str, slack_ts: str) -> None:
    """One that was taken back while it was on its way is taken back all the same."""
    state = case((outbox.c.state.in_(TAKEN_BACK), "retracting"), else_="posted")
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(state=state, slack_ts=slack_ts, posted_at=func.clock_timestamp())
    )


def mark_refused(connection: Connection, message_key: str) -> None:
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(state="refused", refused_at=func.clock_timestamp())
    )


@dataclass(frozen=True)
class Retracting:
    """A message to delete in Slack; without `slack_ts` its key tells whether it is there."""

    message_key: str
    channel: str
    slack_ts: str | None
    file_id: str | None


def told(connection: Connection) -> list[Message]:
    """All that was or will be said, but for what is taken back."""
    c = outbox.c
    rows = connection.execute(
        select(c.message_key, c.channel, c.blocks, c.fallback, c.state).where(
            c.state.not_in(TAKEN_BACK)
        )
    )
    return [Message(*row) for row in rows]


def take_back(connection: Connection, message_keys: Sequence[str]) -> int:
    """Takes messages back: what they say is gone here at once; how many.

    One that Slack never got goes; the key of another stays, so that it is not said again.
    """
    mine = outbox.c.message_key.in_(message_keys)
    gone = connection.execute(
        delete(outbox).where(mine, outbox.c.state.in_(["pending", "refused"]))
    )
    left = connection.execute(
        update(outbox)
        .where(mine, outbox.c.state.not_in(TAKEN_BACK))
        .values(state="retracting", blocks=[], fallback="", trend=None)
    )
    return gone.rowcount + left.rowcount


def retracting(connection: Connection) -> list[Retracting]:
    """Messages that are still to be deleted in Slack."""
    c = outbox.c
    rows = connection.execute(
        select(c.message_key, c.channel, c.slack_ts, c.file_id)
        .where(c.state == "retracting")
        .order_by(c.created_at)
    )
    return [Retracting(*row) for row in rows]


def mark_retracted(connection: Connection, message_key: str) -> None:
    """It is in Slack no longer."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key, outbox.c.state == "retracting")
        .values(state="retracted")
    )
