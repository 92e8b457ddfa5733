"""What support leads should hear about: a digest a day, without a customer's name or words."""

from tasks.escalation.digest import Digest, Figure, Finding, blocks, fallback, linked_tickets
from tasks.escalation.due import DueRequest, DueRequests, due_blocks, due_fallback
from tasks.escalation.slack import SlackChannel

__all__ = [
    "Digest",
    "DueRequest",
    "DueRequests",
    "Figure",
    "Finding",
    "SlackChannel",
    "blocks",
    "due_blocks",
    "due_fallback",
    "fallback",
    "linked_tickets",
]
