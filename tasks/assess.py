"""Assessing: topic, intent, urgency, risks with their reasons, checks and a summary, per ticket.

Open tickets come first: that one may escalate is to be known while it can still be helped.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from tasks.analysts import SUMMARY_COLUMN, opened_analyst
from tasks.assessment import Analyst, Assessment, Case, Check, History
from tasks.choices import note_local
from tasks.conversation import OpenConversation, mark_read, open_conversations
from tasks.errors import BudgetSpentError
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.scoring import Evidence
from tasks.step import step
from warehouse.assessments import (
    TicketFacts,
    forget_former_marks,
    pending_assessments,
    replace_found,
    ticket_facts,
)
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


@step
def assess_tickets(slug: str) -> StageResult:
    """Assesses every ticket of which anything is new to the present rules, topics and model."""
    with opened(slug) as resources, opened_analyst(resources) as analyst:
        return Assessing(resources, analyst).run()


class Assessing:
    """One organization's pending tickets through one analyst, batch by batch."""

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
        return StageResult(read, written, note=stopped or self._note())

    def _assess(self, pending: Sequence[PendingTicket]) -> int:
        """The rows written of this batch."""
        ids = [ticket.ticket_id for ticket in pending]
        with self._resources.session() as connection:
            hashes = known_hashes(connection, ids, task="assess", model_version=self._version)
            facts = ticket_facts(connection, ids)
            spoken = open_conversations(connection, self._resources.cipher, ids)
        histories = {one.ticket_id: _history(facts[one.ticket_id]) for one in spoken}
        seen = [self._with_history(one, histories[one.ticket_id]) for one in spoken]
        changed = [one for one in seen if hashes.get(one.ticket_id) != one.content_hash]
        cases = [Case(one.conversation, histories[one.ticket_id]) for one in changed]
        found = self._analyst.assess(cases)
        left = {one.ticket_id for one in changed[len(found) :]}  # the budget ended before them
        done = [one for one in seen if one.ticket_id not in left]
        return self._store(pending, done, changed[: len(found)], found)

    def _store(
        self,
        pending: Sequence[PendingTicket],
        done: Sequence[OpenConversation],
        changed: Sequence[OpenConversation],
        found: Sequence[Assessment],
    ) -> int:
        """What was found, and that it was, in one transaction; the rows."""
        ids = [one.ticket_id for one in changed]
        rows = self._rows(changed, found)
        with self._resources.session() as connection:
            written = replace_found(connection, self._resources.organization.org_id, ids, rows)
            forget_former_marks(connection, ids, model_version=self._version)
            self._resources.cipher.record_uses(connection)
            mark_read(
                connection,
                self._resources,
                pending,
                done,
                task="assess",
                model_version=self._version,
            )
        return written

    def _with_history(self, one: OpenConversation, history: History) -> OpenConversation:
        """The conversation under a hash that changes with what the desk knows as well."""
        told = one.content_hash + msgspec.json.encode(asdict(history))
        return replace(
            one, content_hash=self._resources.cipher.keyed_hash(told, purpose="assessment")
        )

    def _rows(
        self, conversations: Sequence[OpenConversation], found: Sequence[Assessment]
    ) -> list[Rows]:
        assessed: list[Row] = []
        reasons: list[Row] = []
        checks: list[Row] = []
        sealed: list[Row] = []
        for one, told in zip(conversations, found, strict=True):
            at = one.changed_at
            self._count(told)
            assessed.append((*_told(told, self._version), at))
            reasons += [
                (one.ticket_id, no, why.aspect, why.code, why.weight, *_place(why.evidence), at)
                for no, why in enumerate(told.reasons)
            ]
            checks += [
                (one.ticket_id, *_judged(each), *_place(each.evidence), at) for each in told.checks
            ]
            sealed.append((one.ticket_id, self._sealed(one, told.summary), at))
        return [
            Rows(tables.assessments, ASSESSMENT, assessed),
            Rows(tables.assessment_reasons, REASON, reasons),
            Rows(tables.quality_scores, CHECK, checks),
            Rows(tables.summaries, SUMMARY, sealed),
        ]

    def _sealed(self, one: OpenConversation, summary: str) -> bytes:
        return self._resources.cipher.seal(
            summary.encode(),
            column=SUMMARY_COLUMN,
            row_id=str(one.ticket_id),
            changed_at=one.changed_at,
        )

    def _count(self, told: Assessment) -> None:
        self._notes["assessed"] += 1
        if told.fallback is not None:
            self._notes[f"by rules: {told.fallback}"] += 1
        if told.dropped_quotes:
            self._notes["quotes dropped"] += told.dropped_quotes

    def _note(self) -> str:
        """What is worth saying beside the counts of rows."""
        return ", ".join(f"{count} {name}" for name, count in self._notes.items())


def _history(facts: TicketFacts) -> History:
    told = asdict(facts)
    del told["ticket_id"]
    return History(**told)


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
