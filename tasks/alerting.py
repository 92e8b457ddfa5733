"""Alerts: what the rules find is stored and queued, in one transaction; posting is another's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tasks.alert_cases import Words, case_of, cases_of, matters, words_of
from tasks.choices import judge_version
from tasks.escalation.alert import (
    Case,
    Reason,
    parent_blocks,
    parent_fallback,
    reply_blocks,
    reply_fallback,
)
from tasks.escalation.anomalies import HISTORY, is_anomalous
from tasks.escalation.digest import Block
from tasks.escalation.rules import applied
from tasks.reporting.words import counted
from tasks.resources import Resources
from tasks.scoring import SENTIMENT_VERSION
from tasks.vips import find_vips
from warehouse import alert_findings, alert_rules, alerts, outbox
from warehouse.alert_findings import Found
from warehouse.alert_rules import QuietHours, RuleSettings
from warehouse.alerts import Alert
from warehouse.outbox import Message

MOST_AT_ONCE = 20  # tickets that are newly told of in one run: a channel takes a message a second
UNSAID_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Alerted:
    """What a run found, how many messages it queued, and how many it changed."""

    found: int
    queued: int
    changed: int

    @property
    def note(self) -> str:
        found = counted(self.found, "alert")
        return f"{found} found, {self.queued} queued, {self.changed} changed"


def alert_of(
    resources: Resources, channel: str | None, as_of: datetime, *, buttons: bool = False
) -> Alerted:
    """Looks for what the rules find, and queues what is to be said of it at once.

    Killed at any instant and run again, it has found and queued the same: all of it is one
    transaction. Without a `channel` nothing is queued. `buttons`: whether somebody listens.
    """
    judge = judge_version(resources)
    with resources.session("look for VIPs") as connection:
        alerts.lock(connection)
        found = 0
        for rule in applied(alert_rules.own_rules(connection)):
            if _is_on(rule, connection, as_of):
                seen = find(resources, connection, rule, as_of=as_of, judge=judge)
                org_id = resources.organization.org_id
                found += alerts.put(connection, org_id, rule, seen, as_of=as_of)
        if channel is None:
            return Alerted(found, 0, 0)
        speaker = _Speaker(resources, connection, channel, as_of, buttons)
        queued = speaker.say()
        return Alerted(found, queued, speaker.change())


def find(
    resources: Resources,
    connection: Connection,
    rule: RuleSettings,
    *,
    as_of: datetime,
    judge: str,
) -> list[Found]:
    """What one rule finds and nobody was told of, as of then; changes nothing."""
    if rule.rule == "vip":
        seen = find_vips(resources, connection, rule, as_of=as_of)
        return alert_findings.untold(connection, rule, seen, as_of=as_of)
    if rule.topic is not None:
        seen = _spike(connection, rule, rule.topic, as_of)
        return alert_findings.untold(connection, rule, seen, as_of=as_of)
    return alert_findings.find(
        connection, rule, as_of=as_of, sentiment=SENTIMENT_VERSION, judge=judge
    )


def change_messages(
    resources: Resources, connection: Connection, as_of: datetime, *, buttons: bool
) -> int:
    """Has the messages of tickets say what is so now; how many change."""
    return _Speaker(resources, connection, "", as_of, buttons).change()


def _is_on(rule: RuleSettings, connection: Connection, as_of: datetime) -> bool:
    if rule.muted_until is not None and as_of < rule.muted_until:
        return False
    muted = alert_rules.quiet_hours(connection).muted_until
    return rule.enabled and (muted is None or as_of >= muted)


def _spike(connection: Connection, rule: RuleSettings, topic: str, as_of: datetime) -> list[Found]:
    today, former = alert_findings.counts_of_topic(connection, topic, as_of=as_of, days=HISTORY)
    anomaly = is_anomalous(today, former)
    if anomaly is None or today < rule.threshold or anomaly.usual >= today:
        return []
    return [Found(ticket_id=0, figure=today, usual=anomaly.usual, codes=[topic])]


class _Speaker:
    """Queues messages in one transaction: a ticket's own, answers to it, and its changes."""

    def __init__(
        self,
        resources: Resources,
        connection: Connection,
        channel: str,
        as_of: datetime,
        buttons: bool,
    ) -> None:
        self._org_id = resources.organization.org_id
        self._connection = connection
        self._channel = channel
        self._as_of = as_of
        self._buttons = buttons
        self._words: Words = words_of(resources, connection)
        self._quiet: QuietHours = alert_rules.quiet_hours(connection)
        self._local = as_of.astimezone(ZoneInfo(resources.organization.timezone))

    def say(self) -> int:
        """Queues what may be said now; how many messages.

        What else waits of a ticket stands in the message that begins: it needs no answer below.
        """
        waiting: dict[int, list[Alert]] = {}
        for one in alerts.unsaid(self._connection):
            if one.found_at > self._as_of - UNSAID_FOR:
                waiting.setdefault(one.ticket_id, []).append(one)
        spikes = waiting.pop(0, [])
        parents, cases = alerts.parents(self._connection), self._cases(waiting)
        queued = begun = 0
        for ticket_id, all_found in waiting.items():
            case = cases.get(ticket_id)
            if case is None or case.muted:
                continue
            found = [one for one in all_found if self._may_say(one) and matters(one, case.status)]
            if ticket_id in parents:
                queued += sum(self._reply(one, case, parents[ticket_id]) for one in found)
            elif begun < MOST_AT_ONCE and any(one.severity == "critical" for one in found):
                queued += self._begin(all_found, case)
                begun += 1
        return queued + sum(
            self._begin([one], self._spike_case(one))
            for one in spikes
            if one.severity == "critical" and self._may_say(one)
        )

    def change(self) -> int:
        """Has each ticket's message, and the answers to it, say what is so now; how many change."""
        parents = alerts.parents(self._connection)
        changed = 0
        for ticket_id, case in self._cases(set(parents)).items():
            told = parent_blocks(case, buttons=self._buttons)
            changed += outbox.revise(
                self._connection, parents[ticket_id], told, parent_fallback(case)
            )
            for reason in case.reasons:
                told, fallback = self._told(case, reason)
                key = alerts.reply_key(reason.alert_id)
                changed += outbox.revise(self._connection, key, told, fallback)
        return changed + sum(map(self._change_spike, alerts.of_tickets(self._connection, [0])))

    def _change_spike(self, one: Alert) -> bool:
        if one.message_key is None or one.found_at < self._as_of - UNSAID_FOR:
            return False
        case = self._spike_case(one)
        told = parent_blocks(case, buttons=self._buttons)
        return outbox.revise(self._connection, one.message_key, told, parent_fallback(case))

    def _spike_case(self, one: Alert) -> Case:
        return case_of(self._words, None, [one], as_of=self._as_of)

    def _begin(self, found: Sequence[Alert], case: Case) -> bool:
        key = alerts.parent_key(found[0])
        told = parent_blocks(case, buttons=self._buttons)
        return self._put(found, Message(key, self._channel, told, parent_fallback(case), "pending"))

    def _reply(self, one: Alert, case: Case, parent: str) -> bool:
        reason = next(each for each in case.reasons if each.alert_id == one.alert_id)
        key = alerts.reply_key(one.alert_id)
        told, fallback = self._told(case, reason)
        message = Message(key, self._channel, told, fallback, "pending", thread_of=parent)
        return self._put([one], message)

    def _told(self, case: Case, reason: Reason) -> tuple[list[Block], str]:
        return reply_blocks(case, reason, buttons=self._buttons), reply_fallback(case, reason)

    def _put(self, found: Sequence[Alert], message: Message) -> bool:
        for one in found:
            alerts.mark_said(self._connection, one.alert_id, message.message_key)
        return outbox.put(self._connection, self._org_id, message)

    def _may_say(self, one: Alert) -> bool:
        return self._quiet.may_say(one.severity, self._local)

    def _cases(self, ticket_ids: Collection[int]) -> dict[int, Case]:
        return cases_of(self._connection, self._words, ticket_ids, as_of=self._as_of)
