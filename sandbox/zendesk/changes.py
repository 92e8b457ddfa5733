"""Changes after the world was made: a ticket deleted, a comment redacted. Kept in the folder."""

import time
from typing import Literal

import msgspec

from sandbox.world.account import Change
from sandbox.zendesk.desk import WITHHELD_SECONDS, Desk
from sandbox.zendesk.shapes.events import comments_of
from sandbox.zendesk.shapes.ids import audit_id

DELETED = -1
Kind = Literal["delete_ticket", "redact_comment"]


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A change asked for.

    ``comment_id`` defaults to the ticket's first comment, ``at`` (Unix seconds) to just
    before the newest minute, so that exports show the change at once.
    """

    account: str
    kind: Kind
    ticket_id: int
    comment_id: int | None = None
    at: int | None = None


def make_change(desk: Desk, asked: Asked) -> str | None:
    """Makes and keeps the change; otherwise the reason why not."""
    ticket = desk.account.ticket(asked.ticket_id)
    if ticket is None or ticket.deleted_at:
        return "there is no such ticket, or it is deleted"
    step = DELETED
    if asked.kind == "redact_comment":
        steps = {
            audit_id(ticket.setting, ticket.number, turn.step) + 1: turn.step
            for turn in comments_of(ticket)
        }
        wanted = min(steps) if asked.comment_id is None else asked.comment_id
        if wanted not in steps:
            return "the ticket has no such comment"
        step = steps[wanted]
    at = int(time.time()) - WITHHELD_SECONDS - 1 if asked.at is None else asked.at
    with desk.state.database() as database:
        row = (desk.name, ticket.number, step, at)
        database.execute("insert or replace into changes values (?, ?, ?, ?)", row)
    desk.account.change(_change(ticket.number, step, at))
    return None


def replay_changes(desk: Desk) -> None:
    """Makes the kept changes again, in a process that starts."""
    with desk.state.database() as database:
        query = "select number, step, at from changes where account = ? order by at"
        rows = database.execute(query, (desk.name,)).fetchall()
    for number, step, at in rows:
        desk.account.change(_change(number, step, at))


def _change(number: int, step: int, at: int) -> Change:
    if step == DELETED:
        return Change(number, at, deleted_at=at)
    return Change(number, at, redacted=frozenset({step}))
