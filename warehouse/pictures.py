"""Pictures that go with messages: how far each is. Their states are committed around the calls.

`waiting` is followed by `uploading` (Slack has named a file and shows it nobody), `uploaded`
(perhaps shared: look before sharing) and `shared`; or by `left_out`, where Slack will not have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from warehouse.tables.app import outbox

UNSHARED = ("waiting", "uploading", "uploaded")


@dataclass(frozen=True)
class Picture:
    """What is still to be shared, below the message at `slack_ts`."""

    message_key: str
    channel: str
    slack_ts: str
    trend: Mapping[str, Any]
    picture_state: str
    file_id: str | None


def unshared(connection: Connection) -> list[Picture]:
    """Those whose message is posted, oldest first."""
    rows = connection.execute(
        select(*(outbox.c[name] for name in Picture.__dataclass_fields__))
        .where(outbox.c.state == "posted", outbox.c.picture_state.in_(UNSHARED))
        .order_by(outbox.c.created_at)
    )
    return [Picture(*row) for row in rows]


def mark(
    connection: Connection, message_key: str, state: str, *, file_id: str | None = None
) -> bool:
    """Notes how far it is. A file of before is kept where none is named.

    False for a message that was taken back meanwhile: its file is noted all the same, for it is to
    be deleted.
    """
    values = {"picture_state": state} | ({"file_id": file_id} if file_id else {})
    found = connection.execute(
        update(outbox)
        .where(outbox.c.message_key == message_key)
        .values(values)
        .returning(outbox.c.state)
    ).scalar_one_or_none()
    return found == "posted"
