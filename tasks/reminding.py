"""Reminders of what people asked for by right: once a day, while anything is due soon or late."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.escalation import DueRequest, DueRequests, due_blocks, due_fallback
from tasks.reporting.words import counted
from tasks.resources import Resources
from tasks.rights import find_due
from warehouse import outbox
from warehouse.outbox import Message
from warehouse.requests import Due, Request


def told_in_short(due: Due) -> str:
    """Counts, for logs and the terminal."""
    waiting = (
        f"{counted(due.pending, 'request')} of people {'waits' if due.pending == 1 else 'wait'}"
    )
    return f"{waiting}, {len(due.overdue)} of them overdue, {len(due.soon)} due within 7 days"


def queue_due(resources: Resources, channel: str, as_of: datetime) -> bool:
    """Queues the day's message to Slack, if anything is due and it is not queued yet."""
    due = find_due(resources, as_of)
    if not due.overdue and not due.soon:
        return False
    zone = ZoneInfo(resources.organization.timezone)
    told = DueRequests(
        organization=resources.organization.name,
        slug=resources.organization.slug,
        overdue=[_due_request(one, zone) for one in due.overdue],
        soon=[_due_request(one, zone) for one in due.soon],
    )
    key = f"privacy-due/{as_of.astimezone(zone).date().isoformat()}"
    message = Message(key, channel, due_blocks(told), due_fallback(told), "pending")
    with resources.session() as connection:
        return outbox.put(connection, resources.organization.org_id, message)


def _due_request(one: Request, zone: ZoneInfo) -> DueRequest:
    return DueRequest(str(one.request_id), one.kind, one.due_at.astimezone(zone).date())
