"""Alerts between two days: what is queued for an organization's channel and not yet posted."""

from datetime import datetime

from tasks.escalate import escalate
from tasks.step import step
from warehouse.ledger import StageResult


@step
def alert(slug: str, as_of: datetime) -> StageResult:
    """Posts what is unsent. See `escalate`."""
    return escalate.fn(slug, as_of)
