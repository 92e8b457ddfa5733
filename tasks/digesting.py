"""What a day's digest says: figures beside the usual, what is unusual, and tickets to look at."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from tasks.alert_cases import NO_GROUP, REASONS_TOLD, matters, reason_of, words_of
from tasks.assessment import ESCALATES_AT, packaged_rulebook
from tasks.choices import judge_version
from tasks.connections import find_connection
from tasks.escalation import Digest, Figure, Finding, blocks, fallback
from tasks.escalation.anomalies import Anomaly, Daily, is_anomalous, usual_count
from tasks.escalation.trend import CREATED, SOLVED, WAITING, Trend
from tasks.reporting.period import Period
from tasks.reporting.weekly import D, at_least_few, per_day
from tasks.reporting.words import usually
from tasks.resources import Resources
from tasks.scoring import SENTIMENT_VERSION, parse_sop
from warehouse import alerts, escalation, outbox, reporting
from warehouse.alerts import Alert, AlertedTicket
from warehouse.escalation import MissedStep, RiskyTicket, UnhappyTicket
from warehouse.outbox import Message
from warehouse.report_rows import Backlog, Calls, Flow

R = TypeVar("R")
UNHAPPY_AT_MOST = -0.4
LOOK_BACK, LAST_DAY = timedelta(days=7), timedelta(days=1)
MOST_UNUSUAL = 6
FEWEST_DRAWN = 7  # measured days: fewer are no line
CAME_IN, INBOUND = "tickets came in", "inbound"


def latest_day(resources: Resources, as_of: datetime) -> date:
    """The day that was over last in the organization's time zone."""
    zone = ZoneInfo(resources.organization.timezone)
    return as_of.astimezone(zone).date() - timedelta(days=1)


def queue_digest(
    resources: Resources, channel: str, as_of: datetime, *, published: bool = True
) -> None:
    """Queues yesterday's digest with its picture, if it isn't queued yet."""
    day = latest_day(resources, as_of)
    key = f"digest/{day.isoformat()}"
    with resources.session() as connection:
        if outbox.is_queued(connection, key):
            return
    digest, trend = compose(resources, day, as_of, published=published)
    kept = None if trend is None else msgspec.to_builtins(trend)
    message = Message(key, channel, blocks(digest), fallback(digest), "pending", trend=kept)
    with resources.session() as connection:
        outbox.put(connection, resources.organization.org_id, message)


def compose(
    resources: Resources, day: date, as_of: datetime, *, published: bool = True
) -> tuple[Digest, Trend | None]:
    """The digest of a day, and what its picture is drawn of, where there is enough to draw.

    Tickets are as they are now. Raises: ConfigurationError where Zendesk is not connected.
    """
    base_url = find_connection(resources, "zendesk").base_url
    with resources.session() as connection:
        counted = _counted(connection, resources, day, as_of)
        digest = _digest(connection, resources, base_url, counted, as_of, published=published)
    return digest, _trend(resources, counted) if published else None


@dataclass(frozen=True)
class _Counted:
    """Counts of 35 days until `day`, the latest last; None where nothing was measured.

    `in_groups` are tickets created in each group.
    """

    day: date
    created: Daily
    solved: Daily
    reopened: Daily
    offered: Daily
    waiting: Daily
    in_groups: Mapping[str, Daily]


def _counted(connection: Connection, resources: Resources, day: date, as_of: datetime) -> _Counted:
    measured = reporting.measured_days(connection, resources.organization.timezone, as_of)
    # before the first whole day there may be hours: its figures would be too low
    first = (measured.first or day) + timedelta(days=1)
    period = Period(day, first, measured.last or day)

    def sums(kind: type[R]) -> list[R]:
        read: Callable[..., list[R]] = reporting.sums
        return read(connection, kind, since=period.since, until=day)

    flow = sums(Flow)
    calls = sums(Calls)
    backlog = sums(Backlog)
    inbound = [one for one in calls if one.direction == INBOUND]

    def counts(rows: list[D], count: Callable[[D], int]) -> Daily:
        return list(per_day(rows, count, period).values())

    groups = {
        group: [row for row in flow if row.group_name == group]
        for group in sorted({row.group_name for row in flow})
    }
    return _Counted(
        day,
        created=counts(flow, lambda row: row.created),
        solved=counts(flow, lambda row: row.first_solved),
        reopened=counts(flow, lambda row: row.reopened),
        offered=counts(inbound, lambda row: row.offered),
        waiting=counts(backlog, lambda row: row.tickets) if backlog else [],
        in_groups={group: counts(rows, lambda row: row.created) for group, rows in groups.items()},
    )


def _trend(resources: Resources, counted: _Counted) -> Trend | None:
    if (
        counted.created[-1] is None
        or sum(count is not None for count in counted.created) < FEWEST_DRAWN
    ):
        return None
    series = {CREATED: counted.created, SOLVED: counted.solved, WAITING: counted.waiting}
    counts = {name: list(values) for name, values in series.items() if values}
    return Trend(resources.organization.name, counted.day, counts)


def _figures(counted: _Counted) -> list[Figure]:
    named = {"Created": counted.created, "Solved": counted.solved, "Reopened": counted.reopened}
    return [Figure(name, daily[-1], usual_count(daily[:-1])) for name, daily in named.items()]


def _unusual(counted: _Counted) -> list[str]:
    """What stands out, in words, the furthest first."""
    watched = [
        (CAME_IN, counted.created),
        ("tickets were solved", counted.solved),
        ("tickets were reopened", counted.reopened),
        ("calls came in", counted.offered),
        *((f"{CAME_IN} for {group}", daily) for group, daily in counted.in_groups.items()),
    ]
    found = sorted(_found(watched), key=lambda one: -abs(one[1].distance))
    return [_said(what, one, counted.day) for what, one in found[:MOST_UNUSUAL]]


def _found(watched: list[tuple[str, Daily]]) -> Iterator[tuple[str, Anomaly]]:
    for what, daily in watched:
        today = daily[-1]
        found = None if today is None else is_anomalous(today, daily[:-1])
        if found is not None:
            yield what, found


def _said(what: str, one: Anomaly, day: date) -> str:
    return f"{at_least_few(one.today)} {what}, where {usually(one.usual)} on a {day:%A}"


def _digest(
    connection: Connection,
    resources: Resources,
    base_url: str,
    counted: _Counted,
    as_of: datetime,
    *,
    published: bool,
) -> Digest:
    since = as_of - LOOK_BACK
    risky = escalation.risky_tickets(connection, at_least=ESCALATES_AT)
    listed = {one.ticket_id for one in risky}
    found = _open_alerts(connection, as_of, but_of=listed)
    listed |= {one.ticket_id for one, _ in found}
    steps = {(one.ticket_id, one.document_id, one.step_no) for one, _ in found}
    unhappy = escalation.unhappy_tickets(
        connection, model_version=SENTIMENT_VERSION, since=since, at_most=UNHAPPY_AT_MOST
    )
    more = [one for one in unhappy if one.ticket_id not in listed]
    judged_by = judge_version(resources)
    missed = [
        one
        for one in escalation.missed_steps(connection, model_version=judged_by, since=since)
        if (one.ticket_id, one.document_id, one.step_no) not in steps
    ]
    return Digest(
        organization=resources.organization.name,
        day=counted.day,
        figures=_figures(counted),
        unusual=_unusual(counted),
        waiting=escalation.waiting_tickets(connection),
        risky=[_risky(one, base_url) for one in risky],
        alerts=_alerts(resources, connection, found),
        unhappy=[_unhappy(one, base_url) for one in more],
        missed_steps=[_missed(one, base_url) for one in missed],
        scored=escalation.scored_tickets(connection, model_version=SENTIMENT_VERSION, since=since),
        versions=f"{SENTIMENT_VERSION}, {judged_by}",
        published=published,
    )


def _risky(one: RiskyTicket, base_url: str) -> Finding:
    """The reasons are words of ours for codes; a code of another version is left out."""
    words = packaged_rulebook().words
    why = ", ".join([words[code] for code in one.codes if code in words][:REASONS_TOLD])
    reason = f"risk {one.escalation_risk:.2f}, urgency {one.urgency}"
    reason += f": the customer {why}" if why else ""
    return _finding(one.ticket_id, base_url, one.status, one.group_name, reason)


def _open_alerts(
    connection: Connection, as_of: datetime, *, but_of: Collection[int]
) -> list[tuple[Alert, AlertedTicket | None]]:
    """What was found on the last day, was not to be told at once, and waits for an answer.

    Each with its ticket, where it is of one; the most severe first. What is critical has a message
    of its own.
    """
    since = alerts.since(connection, as_of - LAST_DAY, unanswered=True)
    waiting = [
        one
        for one in since
        if one.severity != "critical"
        and one.ticket_id not in but_of
        and (one.muted_until is None or one.muted_until <= as_of)
    ]
    tickets = alerts.tickets(connection, {one.ticket_id for one in waiting})
    found = [(one, tickets.get(one.ticket_id)) for one in waiting]
    return [
        (one, ticket)
        for one, ticket in found
        if (one.ticket_id == 0 if ticket is None else matters(one, ticket.status))
    ]


def _alerts(
    resources: Resources,
    connection: Connection,
    found: Sequence[tuple[Alert, AlertedTicket | None]],
) -> list[Finding]:
    words = words_of(resources, connection)
    told = []
    for one, ticket in found:
        why = reason_of(words, one)
        reason = f"{why.title} ({why.severity}): {why.detail}"
        if ticket is None:
            told.append(Finding(0, "", "", "", reason))
        else:
            status, group = ticket.status, ticket.group_name
            told.append(_finding(one.ticket_id, words.base_url, status, group, reason))
    return told


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
