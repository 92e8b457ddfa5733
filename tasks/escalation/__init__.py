"""What support leads should hear about: a digest a day, without a customer's name or words."""

from tasks.escalation.digest import Digest, Finding, blocks, fallback, linked_tickets
from tasks.escalation.slack import SlackChannel

__all__ = ["Digest", "Finding", "SlackChannel", "blocks", "fallback", "linked_tickets"]
