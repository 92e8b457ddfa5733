"""Escalation: alerts, and one digest a day, to the organization's Slack channel, at most once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from tasks.alerting import alert_of
from tasks.buttons import has_buttons
from tasks.check import pass_gate
from tasks.connections import find_connection, open_slack
from tasks.digesting import queue_digest
from tasks.errors import ClosedGateError, RefusedError
from tasks.escalation import SlackChannel
from tasks.escalation.sending import sending_of
from tasks.pictures import share_pictures
from tasks.reminding import queue_due
from tasks.reporting.words import counted
from tasks.resources import Resources, opened
from tasks.step import step
from warehouse import outbox
from warehouse.alerts import PARENT
from warehouse.ledger import StageResult, exclusive
from warehouse.organizations import find_connection as find_any_connection
from warehouse.outbound import Sending, record_sending
from warehouse.outbox import Message


@step
def escalate(slug: str, as_of: datetime, *, published: bool = True) -> StageResult:
    """Queues alerts, and yesterday's digest if it isn't queued, and posts what is unsent.

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
        told = alert_of(resources, channel.account, as_of, buttons=has_buttons(resources))
        queue_digest(resources, channel.account, as_of, published=published)
        queue_due(resources, channel.account, as_of)
        posted = post_unsent(resources, as_of)
        return replace(posted, note=f"{told.note}; {posted.note}")


def post_unsent(resources: Resources, as_of: datetime) -> StageResult:
    """Posts and changes what waits for it, one process at a time.

    Raises: ClosedGateError, as above; TransientError where another process posts.
    """
    slack = open_slack(resources)
    with exclusive(resources.engine, resources.organization, "posting"):
        with resources.session() as connection:
            unsent = outbox.unsent(connection)
        if unsent:
            _audit(resources, unsent, as_of)
        posted = sum(_post(resources, slack, message) for message in unsent)
        told = [f"{counted(posted, 'message')} posted", share_pictures(resources, slack)]
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
    what = "an alert" if message.message_key.startswith(PARENT) else "a digest"
    return sending_of(slack, message, f"{'change' if message.state == 'posted' else 'post'} {what}")


def _post(resources: Resources, slack: SlackChannel, message: Message) -> int:
    """1 if Slack has the message as it is now; 0 for one that is not to be said any more."""
    if message.state == "posted":
        return _edit(resources, slack, message)
    key, thread_ts = message.message_key, message.thread_ts
    already = slack.find(key, thread_ts=thread_ts) if message.state == "sending" else None
    if already is None:
        with resources.session() as connection:
            if message.thread_of is not None:
                thread_ts = outbox.place_of(connection, message.thread_of)
                if thread_ts is None:  # what it answers is not said, or was taken back
                    outbox.mark_refused(connection, key)
                    return 0
            if not outbox.mark_sending(connection, key, edits=message.edits, thread_ts=thread_ts):
                return 0
            record_sending(connection, resources.organization.org_id, _sending(slack, message))
        with _refused(resources, key):
            already = slack.post(key, message.blocks, message.fallback, thread_ts=thread_ts)
    with resources.session() as connection:
        outbox.mark_posted(connection, key, already)
    return 1


def _edit(resources: Resources, slack: SlackChannel, message: Message) -> int:
    """1 if the message says in Slack what it says here; 0 if somebody deleted it there."""
    with resources.session() as connection:
        record_sending(connection, resources.organization.org_id, _sending(slack, message))
    with _refused(resources, message.message_key):
        there = slack.edit(
            message.slack_ts or "", message.message_key, message.blocks, message.fallback
        )
    with resources.session() as connection:
        outbox.mark_edited(connection, message.message_key, message.edits)
    return int(there)


@contextmanager
def _refused(resources: Resources, message_key: str) -> Iterator[None]:
    """Notes what Slack refuses within, so that it delays no later message."""
    try:
        yield
    except RefusedError:
        with resources.session() as connection:
            outbox.mark_refused(connection, message_key)
        raise
