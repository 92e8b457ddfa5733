"""Messages to say at most once. The key is unique: asking twice is asking once.

A message may answer another one, in its thread. What a message says may change after it was said:
`edits` counts that, `edits_said` how far Slack has it.
"""

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

    One that is taken back is retracting until Slack has deleted it, then retracted. `thread_of` is
    the key of the message that it answers, `thread_ts` where that stood when this was sent; of what
    is posted and yet to be changed, `slack_ts` says where it stands. Of `trend` a picture is drawn
    that goes with it: `warehouse.pictures` has its states.
    """

    message_key: str
    channel: str
    blocks: Blocks
    fallback: str
    state: str
    thread_of: str | None = None
    thread_ts: str | None = None
    slack_ts: str | None = None
    edits: int = 0
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
        thread_of=message.thread_of,
    )
    queued = statement.on_conflict_do_nothing().returning(outbox.c.message_key)
    return connection.execute(queued).first() is not None


def standing_at(connection: Connection, channel: str, slack_ts: str) -> Message | None:
    """The message that stands there in Slack; None where none of ours does."""
    fields = [outbox.c[name] for name in Message.__dataclass_fields__]
    place = (outbox.c.channel == channel) & (outbox.c.slack_ts == slack_ts)
    row = connection.execute(select(*fields).where(place, outbox.c.state == "posted")).one_or_none()
    return None if row is None else Message(*row)


def unsent(connection: Connection) -> list[Message]:
    """What is still to be posted or changed, oldest first: a message before its answers."""
    fields = [outbox.c[name] for name in Message.__dataclass_fields__]
    unsaid = outbox.c.state.in_(["pending", "sending"])
    unchanged = (outbox.c.state == "posted") & (outbox.c.edits_said < outbox.c.edits)
    rows = connection.execute(
        select(*fields).where(unsaid | unchanged).order_by(outbox.c.created_at)
    )
    return [Message(*row) for row in rows]


def revise(connection: Connection, message_key: str, blocks: Blocks, fallback: str) -> bool:
    """Changes what a message says, here and then in Slack; False if it says so already.

    One that is refused or taken back stays as it is.
    """
    said = outbox.c.state.in_(["pending", "sending", "posted"])
    differs = outbox.c.blocks.is_distinct_from(list(blocks)) | (outbox.c.fallback != fallback)
    done = connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key, said, differs)
        .values(blocks=list(blocks), fallback=fallback, edits=outbox.c.edits + 1)
    )
    return done.rowcount == 1


def place_of(connection: Connection, message_key: str) -> str | None:
    """Where a message stands in Slack; None for one that does not, or is to be there no longer."""
    found: str | None = connection.execute(
        select(outbox.c.slack_ts).where(
            outbox.c.message_key == message_key, outbox.c.state == "posted"
        )
    ).scalar_one_or_none()
    return found


class Said(NamedTuple):
    """A message that was posted, or perhaps was: then without `slack_ts`."""

    message_key: str
    channel: str
    slack_ts: str | None
    created_at: datetime
    file_id: str | None = None
    thread_ts: str | None = None


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


def mark_sending(
    connection: Connection, message_key: str, *, edits: int = 0, thread_ts: str | None = None
) -> bool:
    """To be committed before the call: a process killed after it cannot tell if it was heard.

    `edits`: how often what is sent was changed. False for a message that was taken back meanwhile.
    """
    done = connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key, outbox.c.state.in_(["pending", "sending"]))
        .values(
            state="sending",
            attempts=outbox.c.attempts + 1,
            edits_said=edits,
            thread_ts=thread_ts,
        )
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


def mark_edited(connection: Connection, message_key: str, edits: int) -> None:
    """Slack has the message as it was after so many changes."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(edits_said=func.greatest(outbox.c.edits_said, edits))
    )


def mark_refused(connection: Connection, message_key: str) -> None:
    """It is not said, and not tried again. One that stands in Slack stays as it stands there."""
    waits = outbox.c.state.in_(["pending", "sending"])
    connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(
            state=case((waits, "refused"), else_=outbox.c.state),
            edits_said=outbox.c.edits,
            refused_at=func.clock_timestamp(),
        )
    )


@dataclass(frozen=True)
class Retracting:
    """A message to delete in Slack; without `slack_ts` its key tells whether it is there."""

    message_key: str
    channel: str
    slack_ts: str | None
    file_id: str | None = None
    thread_ts: str | None = None


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
        select(c.message_key, c.channel, c.slack_ts, c.file_id, c.thread_ts)
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
