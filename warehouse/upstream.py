"""Recordings that are to be deleted in Zendesk when their clock ends here.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from warehouse import holds
from warehouse.recordings import Ref

# The reason of a recording whose deletion is to be tried again: its row outlives its ticket.
AGAIN = "not deleted upstream yet"


def is_deleting(connection: Connection) -> bool:
    """Whether the organization wants its recordings deleted in Zendesk too."""
    told = connection.execute(text("select upstream_recordings from app.organizations"))
    return bool(told.scalar_one() == "delete")


def ended_recordings(connection: Connection, cutoff: datetime) -> list[Ref]:
    """The recordings past their clock that, for all that is known, Zendesk still has.

    None that a hold keeps.
    """
    held = holds.held_rows(connection, "zendesk.recordings")
    rows = connection.execute(
        text(f"""
            select call_id, kind, location from zendesk.recordings
            where changed_at < :cutoff and deleted_upstream_at is null and state <> 'gone'
            and ({held}) is not true
            order by changed_at, call_id, kind
        """),
        {"cutoff": cutoff},
    )
    return [Ref(*row) for row in rows]


def note_deleted(connection: Connection, ref: Ref) -> None:
    connection.execute(
        text("""
            update zendesk.recordings
            set deleted_upstream_at = clock_timestamp(), state = 'gone', reason = 'deleted upstream'
            where call_id = :call_id and kind = :kind
        """),
        {"call_id": ref.call_id, "kind": ref.kind},
    )


def release(connection: Connection) -> None:
    """Lets go of the rows that `hold` kept: each is tried anew, or not wanted any more."""
    connection.execute(
        text("update zendesk.recordings set reason = null where reason = :again"), {"again": AGAIN}
    )


def hold(connection: Connection, refs: Sequence[Ref]) -> None:
    """Keeps the rows of recordings whose deletion failed for now, past their tickets' end."""
    for ref in refs:
        connection.execute(
            text("""
                update zendesk.recordings set reason = :reason
                where call_id = :call_id and kind = :kind
            """),
            {"reason": AGAIN, "call_id": ref.call_id, "kind": ref.kind},
        )
