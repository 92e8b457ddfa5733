"""Requests of people as steps: entered by a form, served by the day, told when they are due."""

import logging
from datetime import datetime

from tasks.artifacts import show_table
from tasks.reminding import told_in_short
from tasks.resources import opened
from tasks.rights import enter_and_serve, find_due, named, serve_approved
from tasks.step import step

logger = logging.getLogger(__name__)


@step
def enter_request(slug: str, kind: str, zendesk_user_id: int, as_of: datetime) -> dict[str, str]:
    """Enters a request, and serves it where that shows no one's data: its id and what is next."""
    with opened(slug) as resources:
        person = named(resources, user_id=zendesk_user_id)
        return enter_and_serve(resources, kind, person, as_of=as_of)


@step
def serve_requests(slug: str, as_of: datetime) -> dict[str, int]:
    """Serves the approved requests that a machine can serve; how many of each kind."""
    with opened(slug) as resources:
        return serve_approved(resources, as_of)


@step
def remind(slug: str, as_of: datetime) -> str:
    """Says how many requests are due, as a table of the run and in a warning; Slack hears of it
    with the day's digest.
    """
    with opened(slug) as resources:
        due = find_due(resources, as_of)
    told = told_in_short(due)
    if due.overdue or due.soon:
        logger.warning("%s: %s", slug, told)
        show_table(
            f"privacy-due-{slug}",
            [
                {"request": str(one.request_id), "kind": one.kind, "due": one.due_at.isoformat()}
                for one in (*due.overdue, *due.soon)
            ],
            f"{slug}: {told}",
        )
    return told
