"""What its source deleted: no word of it stays, nor what was made of its words."""

from sqlalchemy import Connection, delete, select, update

from warehouse.tables import metadata
from warehouse.tables.zendesk import recordings, tickets

# Made of a ticket's words, though no word is in them.
DERIVED = {"ai.ticket_work", "ai.turn_sentiments", "ai.ticket_scores", "ai.sop_checks"}


def forget_deleted_tickets(connection: Connection) -> int:
    """Deletes contents, transcripts, vectors and scores of tickets deleted upstream; the rows.

    The skeleton stays until its clock ends: that a ticket was deleted is counted. In the tenant
    session; safe to repeat.
    """
    gone = select(tickets.c.id).where(tickets.c.status == "deleted").scalar_subquery()
    connection.execute(
        update(recordings)
        .where(recordings.c.ticket_id.in_(gone), recordings.c.state.in_(["pending", "stored"]))
        .values(state="gone", reason="deleted upstream")
    )
    rows = 0
    for table in metadata.sorted_tables:
        wordy = table.info["class"] == "content" or table.fullname in DERIVED
        if wordy and "ticket_id" in table.columns:
            rows += connection.execute(delete(table).where(table.c.ticket_id.in_(gone))).rowcount
    return rows
