"""A message to Slack, for the ledger of what leaves: of which tickets, how long, no word."""

import msgspec

from tasks.escalation.digest import linked_tickets
from tasks.escalation.slack import SlackChannel
from warehouse.outbound import Sending
from warehouse.outbox import Message


def sending_of(slack: SlackChannel, message: Message, purpose: str) -> Sending:
    """One call that says the message, to be written down before it is made."""
    content = msgspec.json.encode([message.blocks, message.fallback])
    return Sending(
        recipient=slack.host,
        purpose=purpose,
        model=None,
        ticket_ids=linked_tickets(content),
        items=1,
        payload_bytes=len(content),
    )
