"""Escalation: alerts, and one digest a day, to the organization's Slack channel, at most once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from tasks.alerting import alert_of
from tasks.assessment import ESCALATES_AT, packaged_rulebook
from tasks.check import pass_gate
from tasks.choices import judge_version
from tasks.connections import find_connection, unsealed_credentials
from tasks.errors import ClosedGateError, RefusedError
from tasks.escalation import (
    Digest,
    Finding,
    SlackChannel,
    blocks,
    fallback,
    linked_tickets,
)
from tasks.reminding import queue_due
from tasks.resources import Resources, opened
from tasks.scoring import SENTIMENT_VERSION, parse_sop
from tasks.step import step
from warehouse import escalation, outbox
from warehouse.alerts import PARENT
from warehouse.escalation import MissedStep, RiskyTicket, UnhappyTicket
from warehouse.ledger import StageResult, exclusive
from warehouse.organizations import find_connection as find_any_connection
from warehouse.outbound import Sending, record_sending
from warehouse.outbox import Message

UNHAPPY_AT_MOST = -0.4
REASONS_TOLD = 3
LOOK_BACK = timedelta(days=7)
NO_GROUP = "no group"


@step
def escalate(slug: str, as_of: datetime, *, published: bool = True) -> StageResult:
    """Queues alerts, and yesterday's digest if it isn't queued, and posts what is unsent.

    Killed between queue and post, the next run posts it; killed after the post, the next run
    finds it in the channel's history by its key. Where the day's metrics were not `published`, it
    says so in place of figures.

    Raises: ClosedGateError where a message holds what looks like a person's data: none is posted.
    """
    with opened(slug) as resources:
        with resources.session() as connection:
            if find_any_connection(connection, "slack") is None:
                return StageResult(note="not connected to Slack")
        channel = find_connection(resources, "slack")
        told = alert_of(resources, channel.account, as_of)
        _queue(resources, channel.account, as_of, published=published)
        queue_due(resources, channel.account, as_of)
        posted = post_unsent(resources, as_of)
        return replace(posted, note=f"{told.note}; {posted.note}")


def post_unsent(resources: Resources, as_of: datetime) -> StageResult:
    """Posts and changes what waits for it, one process at a time.

    Raises: ClosedGateError, as above; TransientError where another process posts.
    """
    channel = find_connection(resources, "slack")
    token = unsealed_credentials(resources, channel).decode()
    slack = SlackChannel(base_url=channel.base_url, token=token, channel=channel.account)
    with exclusive(resources.engine, resources.organization, "posting"):
        with resources.session() as connection:
            unsent = outbox.unsent(connection)
        if unsent:
            _audit(resources, unsent, as_of)
        posted = sum(_post(resources, slack, message) for message in unsent)
    return StageResult(len(unsent), posted, note=f"{posted} messages posted")


def _audit(resources: Resources, unsent: Sequence[Message], as_of: datetime) -> None:
    """Lets messages pass the gate; those that do not are refused, and delay no later one."""
    try:
        pass_gate(resources, "before_posting", as_of)
    except ClosedGateError:
        with resources.session() as connection:
            for message in unsent:
                outbox.mark_refused(connection, message.message_key)
        raise


def _queue(resources: Resources, channel: str, as_of: datetime, *, published: bool) -> None:
    zone = ZoneInfo(resources.organization.timezone)
    day = as_of.astimezone(zone).date() - timedelta(days=1)
    with resources.session() as connection:
        digest = _digest(connection, resources, day, as_of)
        digest = replace(digest, published=published)
        message = Message(
            f"digest/{day.isoformat()}", channel, blocks(digest), fallback(digest), "pending"
        )
        outbox.put(connection, resources.organization.org_id, message)


def _digest(connection: Connection, resources: Resources, day: date, as_of: datetime) -> Digest:
    since = as_of - LOOK_BACK
    figures = escalation.day_figures(connection, day)
    unhappy = escalation.unhappy_tickets(
        connection, model_version=SENTIMENT_VERSION, since=since, at_most=UNHAPPY_AT_MOST
    )
    risky = escalation.risky_tickets(connection, at_least=ESCALATES_AT)
    listed = {one.ticket_id for one in risky}
    more = [one for one in unhappy if one.ticket_id not in listed]
    judged_by = judge_version(resources)
    missed = escalation.missed_steps(connection, model_version=judged_by, since=since)
    base_url = find_connection(resources, "zendesk").base_url
    return Digest(
        organization=resources.organization.name,
        day=day,
        created=figures.created,
        usually_created=figures.usually_created,
        solved=figures.solved,
        reopened=figures.reopened,
        waiting=escalation.waiting_tickets(connection),
        risky=[_risky(one, base_url) for one in risky],
        risky_total=len(risky),
        unhappy=[_unhappy(one, base_url) for one in more],
        unhappy_total=len(more),
        missed_steps=[_missed(one, base_url) for one in missed],
        missed_total=len(missed),
        scored=escalation.scored_tickets(connection, model_version=SENTIMENT_VERSION, since=since),
        versions=f"{SENTIMENT_VERSION}, {judged_by}",
    )


def _risky(one: RiskyTicket, base_url: str) -> Finding:
    """The reasons are words of ours for codes; a code of another version is left out."""
    words = packaged_rulebook().words
    why = ", ".join([words[code] for code in one.codes if code in words][:REASONS_TOLD])
    reason = f"risk {one.escalation_risk:.2f}, urgency {one.urgency}: the customer {why}"
    return _finding(one.ticket_id, base_url, one.status, one.group_name, reason)


def _unhappy(one: UnhappyTicket, base_url: str) -> Finding:
    reason = (
        f"sentiment {one.sentiment_end:+.1f} at the end, {one.sentiment_change:+.1f} on the way"
    )
    return _finding(one.ticket_id, base_url, one.status, one.group_name, reason)


def _missed(one: MissedStep, base_url: str) -> Finding:
    """The reason quotes the organization's own procedure, never a conversation."""
    steps = {step.step_no: step.text for step in parse_sop(one.body, one.title).steps}
    reason = f"{one.title}, step {one.step_no}: {steps.get(one.step_no, '')}"
    return _finding(one.ticket_id, base_url, one.status, one.group_name, reason)


def _finding(
    ticket_id: int, base_url: str, status: str, group_name: str | None, reason: str
) -> Finding:
    url = f"{base_url}/agent/tickets/{ticket_id}"
    return Finding(ticket_id, url, status, group_name or NO_GROUP, reason)


def _sending(slack: SlackChannel, message: Message) -> Sending:
    content = msgspec.json.encode([message.blocks, message.fallback])
    what = "an alert" if message.message_key.startswith(PARENT) else "a digest"
    return Sending(
        recipient=slack.host,
        purpose=f"change {what}" if message.state == "posted" else f"post {what}",
        model=None,
        ticket_ids=linked_tickets(content),
        items=1,
        payload_bytes=len(content),
    )


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
