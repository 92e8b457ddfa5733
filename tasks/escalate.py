"""Escalation: one digest a day to the organization's Slack channel, said at most once."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tasks.check import pass_gate
from tasks.connections import find_connection, unsealed_credentials
from tasks.digesting import queue_digest
from tasks.errors import ClosedGateError, RefusedError
from tasks.escalation import SlackChannel, linked_tickets
from tasks.pictures import share_pictures
from tasks.reminding import queue_due
from tasks.resources import Resources, opened
from tasks.step import step
from warehouse import outbox
from warehouse.ledger import StageResult
from warehouse.organizations import find_connection as find_any_connection
from warehouse.outbound import Sending, record_sending
from warehouse.outbox import Message


@step
def escalate(slug: str, as_of: datetime, *, published: bool = True) -> StageResult:
    """Queues yesterday's digest if it isn't queued, and posts what is unsent.

    Killed between queue and post, the next run posts it; killed after the post, the next run
    finds it in the channel's history by its key. Its picture goes into its thread, where the app
    may upload files; what keeps the picture back is told and stops nothing. Where the day's metrics
    were not `published`, it says so in place of figures.

    Raises: ClosedGateError where a message holds what looks like a person's data: none is posted.
    """
    with opened(slug) as resources:
        with resources.session() as connection:
            if find_any_connection(connection, "slack") is None:
                return StageResult(note="not connected to Slack")
        channel = find_connection(resources, "slack")
        queue_digest(resources, channel.account, as_of, published=published)
        queue_due(resources, channel.account, as_of)
        token = unsealed_credentials(resources, channel).decode()
        slack = SlackChannel(base_url=channel.base_url, token=token, channel=channel.account)
        with resources.session() as connection:
            unsent = outbox.unsent(connection)
        if unsent:
            _audit(resources, unsent, as_of)
        posted = sum(_post(resources, slack, message) for message in unsent)
        told = [f"{posted} messages posted", share_pictures(resources, slack)]
        return StageResult(len(unsent), posted, note="; ".join(filter(None, told)))


def _audit(resources: Resources, unsent: Sequence[Message], as_of: datetime) -> None:
    """Lets messages pass the gate; those that do not are refused, and delay no later one."""
    try:
        pass_gate(resources, "before_posting", as_of)
    except ClosedGateError:
        with resources.session() as connection:
            for message in unsent:
                outbox.mark_refused(connection, message.message_key)
        raise


def _sending(slack: SlackChannel, message: Message) -> Sending:
    content = msgspec.json.encode([message.blocks, message.fallback])
    return Sending(
        recipient=slack.host,
        purpose="post a digest",
        model=None,
        ticket_ids=linked_tickets(content),
        items=1,
        payload_bytes=len(content),
    )


def _post(resources: Resources, slack: SlackChannel, message: Message) -> int:
    """1 if the message is in the channel now; 0 for one that was taken back."""
    already = slack.find(message.message_key) if message.state == "sending" else None
    if already is None:
        with resources.session() as connection:
            if not outbox.mark_sending(connection, message.message_key):
                return 0
            record_sending(connection, resources.organization.org_id, _sending(slack, message))
        try:
            already = slack.post(message.message_key, message.blocks, message.fallback)
        except RefusedError:
            with resources.session() as connection:
                outbox.mark_refused(connection, message.message_key)
            raise
    with resources.session() as connection:
        outbox.mark_posted(connection, message.message_key, already)
    return 1
