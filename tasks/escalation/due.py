"""What people asked for by right and is due, as Slack blocks: counts, ids and days, no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tasks.escalation.digest import LISTED, Block, mrkdwn, plain
from tasks.reporting.words import counted

ID_SIGNS = 8  # of a request's id: enough to tell it by, too few to look like a number of someone's


@dataclass(frozen=True)
class DueRequest:
    """One request, by its id."""

    request_id: str
    kind: str
    due_on: date


@dataclass(frozen=True)
class DueRequests:
    """One organization's, those due first before the others."""

    organization: str
    slug: str
    overdue: Sequence[DueRequest]
    soon: Sequence[DueRequest]


def due_blocks(due: DueRequests) -> list[Block]:
    """The message."""
    listed = (("overdue", due.overdue), ("due within 7 days", due.soon))
    sections: list[Block] = [
        {"type": "section", "text": mrkdwn(_listing(f"*{len(found)} {what}*", found))}
        for what, found in listed
        if found
    ]
    command = f"`vensor privacy requests --org {due.slug}` lists them"
    return [
        {"type": "header", "text": plain(f"{due.organization}: requests of people")},
        *sections,
        {"type": "context", "elements": [mrkdwn(command)]},
    ]


def due_fallback(due: DueRequests) -> str:
    """The message in one line, for notifications."""
    return (
        f"{due.organization}: {counted(len(due.overdue), 'request')} of people overdue,"
        f" {len(due.soon)} due within 7 days"
    )


def _listing(title: str, found: Sequence[DueRequest]) -> str:
    lines = [
        f"• `{one.request_id[:ID_SIGNS]}` {one.kind.replace('_', '-')}, due {one.due_on}"
        for one in found[:LISTED]
    ]
    more = [f"… and {len(found) - LISTED} more"] if len(found) > LISTED else []
    return "\n".join([title, *lines, *more])
