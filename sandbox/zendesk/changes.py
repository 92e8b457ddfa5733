"""Changes after the world was made: deletions, redactions, edits. Kept in the folder."""

import time
from typing import Literal

import msgspec

from sandbox.world.account import Change
from sandbox.world.articles import ARTICLES
from sandbox.zendesk.desk import WITHHELD_SECONDS, Desk
from sandbox.zendesk.shapes.events import comments_of
from sandbox.zendesk.shapes.ids import ARTICLES_AT, audit_id

Kind = Literal[
    "delete_ticket", "scrub_ticket", "redact_comment", "system_update", "delete_user",
    "scrub_user", "retire_article",
]  # fmt: skip
# How a change is kept in place of a step; a redaction keeps its step.
CODES = {
    "delete_ticket": -1, "scrub_ticket": -2, "system_update": -3, "delete_user": -4,
    "scrub_user": -5, "retire_article": -6,
}  # fmt: skip
KINDS = {code: kind for kind, code in CODES.items()}


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A change asked for: of a ticket, a user or an article.

    ``comment_id`` defaults to the ticket's first comment, ``at`` (Unix seconds) to just
    before the newest minute, so that exports show the change at once.
    """

    account: str
    kind: Kind
    ticket_id: int = 0
    comment_id: int | None = None
    user_id: int = 0
    article_id: int = 0
    at: int | None = None


def make_change(desk: Desk, asked: Asked) -> str | None:
    """Makes and keeps the change; otherwise the reason why not."""
    number, step = _place(desk, asked)
    if isinstance(number, str):
        return number
    if _is_black(desk, number, step):
        return None
    at = int(time.time()) - WITHHELD_SECONDS - 1 if asked.at is None else asked.at
    with desk.state.database() as database:
        row = (desk.name, number, step, at)
        database.execute("insert or replace into changes values (?, ?, ?, ?)", row)
    _apply(desk, number, step, at)
    return None


def replay_changes(desk: Desk) -> None:
    """Makes the kept changes again, in a process that starts."""
    with desk.state.database() as database:
        query = "select number, step, at from changes where account = ? order by at"
        rows = database.execute(query, (desk.name,)).fetchall()
    for number, step, at in rows:
        _apply(desk, number, step, at)


def _is_black(desk: Desk, number: int, step: int) -> bool:
    """Whether the comment of this step is redacted already: a comment is redacted once."""
    ticket = desk.account.ticket(number) if step >= 0 else None
    return ticket is not None and step in dict(ticket.redactions)


def _place(desk: Desk, asked: Asked) -> tuple[int | str, int]:
    """The number of what is changed and the change's code or step; or why it cannot be."""
    setting = desk.account.setting
    if asked.kind == "retire_article":
        article = asked.article_id - setting.base - ARTICLES_AT
        there = 0 <= article < len(ARTICLES)
        return (article if there else "there is no such article"), CODES[asked.kind]
    if asked.kind in ("delete_user", "scrub_user"):
        customer = asked.user_id - setting.customer_id(0)
        return _customer(desk, customer, asked.kind), CODES[asked.kind]
    ticket = desk.account.ticket(asked.ticket_id)
    if ticket is None or (ticket.deleted_at and asked.kind != "scrub_ticket"):
        return "there is no such ticket, or it is deleted", 0
    if asked.kind != "redact_comment":
        return ticket.number, CODES[asked.kind]
    steps = {
        audit_id(setting, ticket.number, turn.step) + 1: turn.step for turn in comments_of(ticket)
    }
    wanted = min(steps) if asked.comment_id is None else asked.comment_id
    if wanted not in steps:
        return "the ticket has no such comment", 0
    return ticket.number, steps[wanted]


def _customer(desk: Desk, customer: int, kind: str) -> int | str:
    """The end user's number; or why they cannot be deleted. Who is deleted can be scrubbed yet."""
    people = desk.account.people
    if not 0 <= customer < people.setting.end_users:
        return "there is no such end user"
    if kind == "delete_user" and people.removed[customer]:
        return "the end user is deleted"
    return customer


def _apply(desk: Desk, number: int, step: int, at: int) -> None:
    kind = KINDS.get(step, "redact_comment")
    if kind == "retire_article":
        desk.retired.add(number)
    elif kind in ("delete_user", "scrub_user"):
        desk.account.remove(number, at, scrubbed=kind == "scrub_user")
    else:
        desk.account.change(_change(kind, number, step, at))


def _change(kind: str, number: int, step: int, at: int) -> Change:
    if kind == "system_update":
        return Change(number, generated_at=at)
    if kind == "redact_comment":
        return Change(number, at, redacted=((step, at),))
    return Change(number, at, deleted_at=at, scrubbed=kind == "scrub_ticket")
