"""Alerts between two days: what cannot wait for the digest is looked for, and said."""

from dataclasses import replace
from datetime import datetime

from tasks.alerting import alert_of
from tasks.buttons import has_buttons
from tasks.escalate import post_unsent
from tasks.resources import opened
from tasks.step import step
from warehouse.ledger import StageResult
from warehouse.organizations import find_connection


@step
def alert(slug: str, as_of: datetime) -> StageResult:
    """Finds what the rules of escalation find in open tickets, and posts what is unsent.

    Killed at any instant and run again, it has said each thing once. Without Slack, alerts are
    kept for `vensor escalations list` alone.

    Raises: ClosedGateError where a message holds what looks like a person's data.
    """
    with opened(slug) as resources:
        with resources.session() as connection:
            slack = find_connection(connection, "slack")
        channel = None if slack is None else slack.account
        told = alert_of(resources, channel, as_of, buttons=has_buttons(resources))
        if slack is None:
            return StageResult(told.found, note=f"{told.note}; not connected to Slack")
        posted = post_unsent(resources, as_of)
        return replace(posted, note=f"{told.note}; {posted.note}")
