"""Sealing the audit trail at the end of a run."""

from tasks.auditing import seal_audit
from tasks.resources import opened
from tasks.step import step


@step
def seal_trail(slug: str) -> int:
    """Seals the rows of the audit trail that no seal covers yet; how many."""
    with opened(slug) as resources:
        return seal_audit(resources)
