"""Whether agents followed the procedures, ticket by ticket, against what these say at present.

A verdict points at its evidence by comment and offsets; no word of it is stored outside the seal.
Those of the version before stay until the next change, so that both can be compared.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.conversation import OpenConversation, mark_read, open_conversations, open_subjects
from tasks.embedding import Embedder
from tasks.encryption import Cipher
from tasks.progress import report
from tasks.resources import Resources
from tasks.scoring import SOP_VERSION, Conversation, Evidence, Finding, Shelf, parse_sop
from warehouse import checks, knowledge
from warehouse.knowledge import Document
from warehouse.loading import Rows, merge
from warehouse.pending import PendingTicket, known_hashes, pending_tickets
from warehouse.tables import ai

TICKETS_AT_ONCE = 64
QUOTE = "quote"
CHECK = (
    "ticket_id",
    "document_id",
    "step_no",
    "model_version",
    "sop_version",
    "verdict",
    "confidence",
    "reason",
    "evidence_comment_id",
    "evidence_turn_no",
    "evidence_start_char",
    "evidence_end_char",
    "evidence_hash",
    "changed_at",
)


@dataclass(frozen=True)
class Procedures:
    """An organization's procedures, as they are at present. `only`: the one that is judged by.

    `version` names models and procedures: when one changes, tickets are judged anew.
    """

    documents: Sequence[Document]
    shelf: Shelf
    version: str
    only: frozenset[int] | None = None

    @property
    def judged_by(self) -> list[Document]:
        """The documents that verdicts are made of."""
        return [
            one for at, one in enumerate(self.documents) if self.only is None or at in self.only
        ]


@dataclass(frozen=True)
class Judged:
    """What was done: tickets read and verdicts written."""

    tickets: int
    checks: int


def read_procedures(
    resources: Resources, embedder: Embedder, document_id: str | None = None
) -> Procedures:
    """The procedures to judge by; with `document_id`, by that one among all."""
    with resources.session() as connection:
        found = knowledge.find_documents(connection, kind="sop")
    sops = [parse_sop(one.body, one.title) for one in found]
    version, only = version_of(found), None
    if document_id is not None:
        only = frozenset(at for at, one in enumerate(found) if one.document_id == document_id)
        version += "+only+" + hashlib.sha256(document_id.encode()).hexdigest()[:12]
    return Procedures(found, Shelf(sops, embedder), version, only)


def version_of(procedures: Sequence[Document]) -> str:
    """Names the models and what all procedures say."""
    digest = hashlib.sha256(b"".join(one.version for one in procedures)).hexdigest()[:12]
    return f"{SOP_VERSION}+{digest}"


def judge_pending(
    resources: Resources, procedures: Procedures, *, since: datetime | None = None
) -> Judged:
    """Judges what these procedures have not seen; each batch and its mark is one transaction."""
    with resources.session() as connection:
        pending = pending_tickets(connection, "sop", procedures.version, since=since)
    written = 0
    for at in range(0, len(pending), TICKETS_AT_ONCE):
        report("procedures", at, total=len(pending), note="tickets")
        written += _judge(resources, procedures, pending[at : at + TICKETS_AT_ONCE])
    return Judged(len(pending), written)


def _judge(
    resources: Resources, procedures: Procedures, pending: Sequence[PendingTicket]
) -> int:
    ids = [ticket.ticket_id for ticket in pending]
    with resources.session() as connection:
        known = known_hashes(connection, ids, task="sop", model_version=procedures.version)
        conversations = open_conversations(connection, resources.cipher, ids)
        subjects = open_subjects(connection, resources.cipher, ids)
    changed = [one for one in conversations if known.get(one.ticket_id) != one.content_hash]
    rows = _check_rows(resources.cipher, procedures, changed, subjects)
    with resources.session() as connection:
        checks.forget_present(
            connection,
            [one.ticket_id for one in changed],
            [(one.document_id, one.version) for one in procedures.judged_by],
            model_version=SOP_VERSION,
        )
        written = merge(connection, resources.organization.org_id, rows)
        checks.keep_two_versions(connection, ids, model_version=SOP_VERSION)
        checks.forget_marks(connection, ids, present=procedures.version)
        mark_read(
            connection,
            resources,
            pending,
            conversations,
            task="sop",
            model_version=procedures.version,
        )
    return written


def _check_rows(
    cipher: Cipher,
    procedures: Procedures,
    conversations: Sequence[OpenConversation],
    subjects: dict[int, str],
) -> Rows:
    spoken = [
        Conversation(one.ticket_id, one.conversation.turns, subjects.get(one.ticket_id, ""))
        for one in conversations
    ]
    found = procedures.shelf.judge(spoken, procedures.only)
    values = [
        _check_row(cipher, procedures.documents[position], one, finding)
        for one, findings in zip(conversations, found, strict=True)
        for position, steps in findings.items()
        for finding in steps
    ]
    return Rows(ai.sop_checks, CHECK, values)


def _check_row(
    cipher: Cipher, sop: Document, one: OpenConversation, finding: Finding
) -> tuple[object, ...]:
    evidence = finding.evidence
    place: tuple[object, ...] = (None,) * 5
    if evidence is not None:
        place = (
            evidence.comment_id,
            evidence.turn_no,
            evidence.start_char,
            evidence.end_char,
            quote_hash(cipher, quote_of(one.conversation, evidence) or ""),
        )
    return (
        one.ticket_id,
        sop.document_id,
        finding.step_no,
        SOP_VERSION,
        sop.version,
        finding.verdict,
        finding.confidence,
        finding.reason,
        *place,
        one.changed_at,
    )


def quote_of(conversation: Conversation, evidence: Evidence) -> str | None:
    """The words that evidence points at; None where there are none."""
    for turn in conversation.turns:
        if (turn.comment_id, turn.turn_no) == (evidence.comment_id, evidence.turn_no):
            found = turn.text[evidence.start_char : evidence.end_char]
            whole = len(found) == evidence.end_char - evidence.start_char
            return found if whole and found.strip() else None
    return None


def quote_hash(cipher: Cipher, quote: str) -> bytes:
    """Tells whether a quote is still the same; reveals no word of it."""
    return cipher.keyed_hash(quote.encode(), purpose=QUOTE)
