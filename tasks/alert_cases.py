"""Alerts in words: what was found in a ticket, as the blocks of its message tell it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tasks.assessment import packaged_rulebook
from tasks.connections import find_connection
from tasks.escalation.alert import Case, Reason
from tasks.escalation.rules import packaged_rules
from tasks.reporting.words import counted, usually
from tasks.resources import Resources
from tasks.scoring import parse_sop
from warehouse import alerts, knowledge
from warehouse.alerts import Alert, AlertedTicket

NO_GROUP = "no group"
REASONS_TOLD = 3
SETTLED = ("solved", "closed", "deleted")
ANSWERS = {"acknowledged": "acknowledged", "wrong": "wrong call"}
METRICS = {
    "reply_time": "the next reply",
    "requester_wait_time": "the customer's wait",
    "agent_work_time": "the work on it",
    "periodic_update_time": "the next update",
    "pausable_update_time": "the next update",
    "resolution_time": "the solution",
    "group_ownership_time": "the group's time with it",
}


@dataclass(frozen=True)
class Words:
    """What alerts are told in: an organization's time zone, its desk, its procedures' steps."""

    zone: ZoneInfo
    base_url: str
    steps: Mapping[tuple[str, int], str]

    def instant(self, at: datetime) -> str:
        """An instant, as the organization's clocks show it."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"


def words_of(resources: Resources, connection: Connection) -> Words:
    """The words for one organization's alerts."""
    sops = knowledge.find_documents(connection, kind="sop")
    return Words(
        ZoneInfo(resources.organization.timezone),
        find_connection(resources, "zendesk").base_url,
        {
            (sop.document_id, step.step_no): f"{sop.title}, step {step.step_no}: {step.text}"
            for sop in sops
            for step in parse_sop(sop.body, sop.title).steps
        },
    )


def cases_of(
    connection: Connection, words: Words, ticket_ids: Collection[int], *, as_of: datetime
) -> dict[int, Case]:
    """These tickets with all that was found in them, as they are now; by id.

    A ticket that is here no longer is left out, and so is one of which nothing was found.
    """
    found: dict[int, list[Alert]] = {}
    for one in alerts.of_tickets(connection, ticket_ids):
        found.setdefault(one.ticket_id, []).append(one)
    tickets = alerts.tickets(connection, ticket_ids)
    return {
        ticket_id: case_of(words, tickets[ticket_id], found[ticket_id], as_of=as_of)
        for ticket_id in found
        if ticket_id in tickets
    }


def case_of(
    words: Words, ticket: AlertedTicket | None, found: Collection[Alert], *, as_of: datetime
) -> Case:
    """One ticket, or what is of none."""
    reasons = [reason_of(words, one) for one in sorted(found, key=_unanswered_and_worst_first)]
    muted = max((one.muted_until for one in found if one.muted_until), default=None)
    due = min((one.due_at for one in found if one.due_at and one.due_at > as_of), default=None)
    told = "" if muted is None or muted <= as_of else words.instant(muted)
    if ticket is None:
        return Case(
            ticket_id=0,
            url="",
            status="",
            group="",
            opened="",
            due="",
            quality=None,
            is_solved=False,
            reasons=reasons,
            muted=told,
        )
    return Case(
        ticket_id=ticket.ticket_id,
        url=f"{words.base_url}/agent/tickets/{ticket.ticket_id}",
        status=ticket.status,
        group=ticket.group_name or NO_GROUP,
        opened=words.instant(ticket.created_at),
        due="" if due is None else f"due {words.instant(due)}",
        quality=ticket.quality,
        is_solved=ticket.status in SETTLED,
        reasons=reasons,
        muted=told,
    )


def reason_of(words: Words, one: Alert) -> Reason:
    """One alert in words."""
    answer = ANSWERS.get(one.state, "")
    if answer and one.answered_at is not None:
        answer = f"{answer} {words.instant(one.answered_at)}"
    rule = packaged_rules().get(one.rule)
    return Reason(
        alert_id=one.alert_id,
        rule=one.rule,
        title=one.rule if rule is None else rule.title,
        severity=one.severity,
        detail=_detail(words, one),
        answer=answer,
        model_version=one.model_version,
    )


def matters(one: Alert, status: str) -> bool:
    """Once a ticket is solved, only what was not done in it does."""
    return status not in SETTLED or one.rule == "sop_critical_failure"


def _detail(words: Words, one: Alert) -> str:
    if one.rule == "sla_breach_near":
        what = ", ".join(METRICS.get(code, code) for code in one.codes)
        return f"{what} is due {'' if one.due_at is None else words.instant(one.due_at)}"
    if one.rule == "churn":
        known = packaged_rulebook().words
        why = ", ".join([known[code] for code in one.codes if code in known][:REASONS_TOLD])
        return f"risk {one.figure:.2f}: the customer {why}" if why else f"risk {one.figure:.2f}"
    if one.rule == "negative_turn":
        return f"sentiment {one.figure:+.1f} at the end, lower than at the beginning"
    if one.rule == "sop_critical_failure":
        return words.steps.get((one.document_id or "", one.step_no or 0), "its step is gone since")
    if one.rule == "repeated_contact":
        return f"{counted(round(one.figure), 'ticket')} of the same requester"
    if one.rule == "vip":
        return f"by {', '.join(one.codes)}; {one.figure:.0f} of their tickets open"
    usual = "" if one.usual is None else f", where {usually(one.usual)}"
    return f"{counted(round(one.figure), 'ticket')} about {', '.join(one.codes)} in 24 hours{usual}"


def _unanswered_and_worst_first(one: Alert) -> tuple[bool, int, datetime]:
    place = {"critical": 0, "high": 1, "normal": 2}
    return one.state != "open", place[one.severity], one.found_at
