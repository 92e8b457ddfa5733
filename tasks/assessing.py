"""Tickets through an analyst, batch by batch, and what is found into the warehouse."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import msgspec

from tasks.analysts import SUMMARY_COLUMN
from tasks.assessment import ESCALATES_AT, Analyst, Assessment, Case, Check, History
from tasks.choices import note_local
from tasks.conversation import OpenConversation, mark_read, open_conversations
from tasks.errors import BudgetSpentError
from tasks.progress import report
from tasks.resources import Resources
from tasks.scoring import Evidence
from warehouse.assessments import (
    TicketFacts,
    forget_former_marks,
    pending_assessments,
    replace_found,
    ticket_facts,
)
from warehouse.escalation import raise_risky
from warehouse.ledger import StageResult
from warehouse.loading import Rows
from warehouse.pending import PendingTicket, known_hashes
from warehouse.tables import assessments as tables

TICKETS_AT_ONCE = 64
EVIDENCE = (
    "evidence_comment_id",
    "evidence_turn_no",
    "evidence_start_char",
    "evidence_end_char",
    "changed_at",
)
ASSESSMENT = (
    "ticket_id",
    "model_version",
    "provider",
    "topic_id",
    "topic_confidence",
    "intent",
    "urgency",
    "effort",
    "churn_risk",
    "escalation_risk",
    "fallback",
    "dropped_quotes",
    "changed_at",
)
REASON = ("ticket_id", "reason_no", "aspect", "code", "weight", *EVIDENCE)
CHECK = ("ticket_id", "category", "verdict", "score", "reason", *EVIDENCE)
SUMMARY = ("ticket_id", "sealed", "changed_at")
Row = tuple[object, ...]


@dataclass(frozen=True)
class ReadTicket:
    """A ticket's words and history; the hash of `conversation` changes with either."""

    conversation: OpenConversation
    case: Case

    @property
    def ticket_id(self) -> int:
        return self.case.ticket_id

    @property
    def content_hash(self) -> bytes:
        return self.conversation.content_hash


class Assessing:
    """One organization's pending tickets through one analyst."""

    def __init__(self, resources: Resources, analyst: Analyst) -> None:
        self._resources = resources
        self._analyst = analyst
        self._version = analyst.model_version
        self._notes: Counter[str] = Counter()

    def run(self) -> StageResult:
        """Assesses all that is pending, or as much as the budget allows."""
        with self._resources.session() as connection:
            pending = pending_assessments(connection, self._version)
        read = written = 0
        stopped = ""
        try:
            for at in range(0, len(pending), TICKETS_AT_ONCE):
                report("assess", at, total=len(pending), note="tickets")
                batch = pending[at : at + TICKETS_AT_ONCE]
                written += self._assess(batch)
                read += len(batch)
        except BudgetSpentError:
            stopped = "stopped: today's budget for models is spent; the next day goes on"
        if not self._analyst.remote:
            items = self._notes["assessed"]
            note_local(self._resources, "analyse", self._version, items=items)
        return StageResult(read, written, note=stopped or in_words(self._notes))

    def _assess(self, pending: Sequence[PendingTicket]) -> int:
        """The rows written of this batch."""
        ids = [ticket.ticket_id for ticket in pending]
        with self._resources.session() as connection:
            hashes = known_hashes(connection, ids, task="assess", model_version=self._version)
        read = read_tickets(self._resources, ids)
        changed = [one for one in read if hashes.get(one.ticket_id) != one.content_hash]
        found = self._analyst.assess([one.case for one in changed])
        left = {one.ticket_id for one in changed[len(found) :]}  # the budget ended before them
        done = [one for one in read if one.ticket_id not in left]
        self._notes += counted(found)
        judged = list(zip(changed, found, strict=False))
        return store(self._resources, pending, done, judged, version=self._version)


def read_tickets(resources: Resources, ticket_ids: Sequence[int]) -> list[ReadTicket]:
    """Those of these tickets that still have words, opened for the time of one batch."""
    with resources.session("assess tickets") as connection:
        facts = ticket_facts(connection, ticket_ids)
        spoken = open_conversations(connection, resources.cipher, ticket_ids)
    return [_read(resources, one, facts[one.ticket_id]) for one in spoken]


def store(
    resources: Resources,
    pending: Sequence[PendingTicket],
    done: Sequence[ReadTicket],
    judged: Sequence[tuple[ReadTicket, Assessment]],
    *,
    version: str,
) -> int:
    """What was found, and that `done` were read, in one transaction; the rows."""
    ids = [one.ticket_id for one, _ in judged]
    rows = _rows(resources, judged, version)
    with resources.session() as connection:
        written = replace_found(connection, resources.organization.org_id, ids, rows)
        raise_risky(connection, ids, at_least=ESCALATES_AT)
        forget_former_marks(connection, ids, model_version=version)
        resources.cipher.record_uses(connection)
        mark_read(
            connection,
            resources,
            pending,
            [one.conversation for one in done],
            task="assess",
            model_version=version,
        )
    return written


def counted(found: Sequence[Assessment]) -> Counter[str]:
    """What is worth saying of these assessments."""
    notes = Counter({"assessed": len(found)})
    notes.update(f"by rules: {one.fallback}" for one in found if one.fallback is not None)
    notes["quotes dropped"] = sum(one.dropped_quotes for one in found)
    return notes


def in_words(notes: Counter[str]) -> str:
    """A line for the ledger, such as "12 assessed, 1 by rules: refusal"."""
    return ", ".join(f"{count} {name}" for name, count in notes.items() if count)


def _read(resources: Resources, one: OpenConversation, facts: TicketFacts) -> ReadTicket:
    told = asdict(facts)
    del told["ticket_id"]
    history = History(**told)
    seen = one.content_hash + msgspec.json.encode(told)
    content_hash = resources.cipher.keyed_hash(seen, purpose="assessment")
    return ReadTicket(replace(one, content_hash=content_hash), Case(one.conversation, history))


def _rows(
    resources: Resources, judged: Sequence[tuple[ReadTicket, Assessment]], version: str
) -> list[Rows]:
    assessed: list[Row] = []
    reasons: list[Row] = []
    checks: list[Row] = []
    summaries: list[Row] = []
    for one, told in judged:
        at = one.conversation.changed_at
        assessed.append((*_told(told, version), at))
        reasons += [
            (one.ticket_id, no, why.aspect, why.code, why.weight, *_place(why.evidence), at)
            for no, why in enumerate(told.reasons)
        ]
        checks += [
            (one.ticket_id, *_judged(each), *_place(each.evidence), at) for each in told.checks
        ]
        summaries.append((one.ticket_id, _sealed(resources, one, told.summary), at))
    return [
        Rows(tables.assessments, ASSESSMENT, assessed),
        Rows(tables.assessment_reasons, REASON, reasons),
        Rows(tables.quality_scores, CHECK, checks),
        Rows(tables.summaries, SUMMARY, summaries),
    ]


def _sealed(resources: Resources, one: ReadTicket, summary: str) -> bytes:
    return resources.cipher.seal(
        summary.encode(),
        column=SUMMARY_COLUMN,
        row_id=str(one.ticket_id),
        changed_at=one.conversation.changed_at,
    )


def _told(found: Assessment, version: str) -> Row:
    return (
        found.ticket_id,
        version,
        found.provider,
        found.topic_id,
        found.topic_confidence,
        found.intent,
        found.urgency,
        found.effort,
        found.churn_risk,
        found.escalation_risk,
        found.fallback,
        found.dropped_quotes,
    )


def _judged(check: Check) -> Row:
    return (check.category, check.verdict, check.score, check.reason)


def _place(evidence: Evidence | None) -> Row:
    if evidence is None:
        return (None, None, None, None)
    return (evidence.comment_id, evidence.turn_no, evidence.start_char, evidence.end_char)
