"""Whether agents followed the procedures, ticket by ticket, against what these say at present.

A verdict points at its evidence by comment and offsets; no word of it is stored outside the seal.
Those of the version before stay until the next change, so that both can be compared.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tasks.conversation import OpenConversation, mark_read, open_conversations, open_subjects
from tasks.embedding import Embedder
from tasks.encryption import Cipher
from tasks.progress import report
from tasks.resources import Resources
from tasks.scoring import Conversation, Evidence, Finding, Found, Judge, Shelf, Sop, parse_sop
from warehouse import checks, knowledge
from warehouse.knowledge import Document
from warehouse.loading import Rows, merge
from warehouse.pending import PendingTicket, pending_tickets
from warehouse.tables import ai

TASK: Final = "sop"
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
    """An organization's procedures, as they are at present, and who judges by them.

    `version` names both: when one changes, tickets are judged anew.
    """

    documents: Sequence[Document]
    sops: Sequence[Sop]
    shelf: Shelf
    judge: Judge

    @property
    def version(self) -> str:
        return f"{self.judge.version}+{digest_of(self.documents)}"


@dataclass(frozen=True)
class Judged:
    """What was done: tickets read and verdicts written; whether that is all, or a budget ended it.

    `unverified` are verdicts of a model that were taken back because no quotation held.
    """

    tickets: int
    checks: int
    is_whole: bool
    unverified: int


def read_procedures(resources: Resources, embedder: Embedder, judge: Judge) -> Procedures:
    """The procedures to judge by."""
    with resources.session() as connection:
        documents = knowledge.find_documents(connection, kind="sop")
    sops = [parse_sop(one.body, one.title) for one in documents]
    return Procedures(documents, sops, Shelf(sops, embedder), judge)


def digest_of(documents: Sequence[Document]) -> str:
    """Names what all procedures say."""
    said = b"".join(one.document_id.encode() + one.version for one in documents)
    return hashlib.sha256(said).hexdigest()[:12]


def judge_pending(
    resources: Resources, procedures: Procedures, *, since: datetime | None = None
) -> Judged:
    """Judges what these procedures have not seen; each batch and its mark is one transaction.

    With `since`, only tickets that changed in the source then or later.
    """
    with resources.session() as connection:
        pending = pending_tickets(connection, TASK, procedures.version, since=since)
    done = written = 0
    for at in range(0, len(pending), TICKETS_AT_ONCE):
        report("procedures", at, total=len(pending), note="tickets")
        batch = pending[at : at + TICKETS_AT_ONCE]
        read, rows = _judge(resources, procedures, batch)
        done, written = done + read, written + rows
        if read < len(batch):
            return Judged(done, written, False, procedures.judge.unverified)
    return Judged(done, written, True, procedures.judge.unverified)


def _judge(
    resources: Resources, procedures: Procedures, pending: Sequence[PendingTicket]
) -> tuple[int, int]:
    """How many of these tickets are done with, and how many verdicts were written.

    Verdicts that were made for the same words and the same version are not made again.
    """
    conversations, spoken, stored = _read(resources, procedures, pending)
    kept, asked = _divided(procedures, spoken, procedures.shelf.candidates(spoken), stored)
    found = procedures.judge.judge(procedures.sops, spoken, asked)
    told = [(one, each) for one, each in zip(conversations, found, strict=True) if each is not None]
    unasked = {one.ticket_id for one in conversations} - {one.ticket_id for one, _ in told}
    written = _store(
        resources,
        procedures,
        pending,
        [one for one, _ in told],
        [one for one in kept if one[0] not in unasked],
        _rows(resources.cipher, procedures, told),
    )
    return len(pending) - len(unasked), written


def _read(
    resources: Resources, procedures: Procedures, pending: Sequence[PendingTicket]
) -> tuple[list[OpenConversation], list[Conversation], set[checks.Pair]]:
    """The conversations, the same with their subjects, and what is judged for the same words."""
    judged_by = procedures.judge.version
    with resources.session("judge tickets by procedures") as connection:
        conversations = open_conversations(
            connection, resources.cipher, [ticket.ticket_id for ticket in pending]
        )
        ids = [one.ticket_id for one in conversations]
        subjects = open_subjects(connection, resources.cipher, ids)
        hashes = checks.judged_hashes(connection, ids, model_version=judged_by)
        stored = checks.judged_pairs(connection, ids, model_version=judged_by)
    same = {one.ticket_id for one in conversations if hashes.get(one.ticket_id) == one.content_hash}
    spoken = [_conversation(one, subjects) for one in conversations]
    return conversations, spoken, {one for one in stored if one[0] in same}


def _store(
    resources: Resources,
    procedures: Procedures,
    pending: Sequence[PendingTicket],
    conversations: Sequence[OpenConversation],
    kept: Sequence[checks.Pair],
    rows: Rows,
) -> int:
    ids, judged_by = [one.ticket_id for one in conversations], procedures.judge.version
    with resources.session() as connection:
        checks.forget_present(connection, ids, kept, model_version=judged_by)
        written = merge(connection, resources.organization.org_id, rows)
        checks.keep_two_versions(connection, ids, model_version=judged_by)
        checks.forget_marks(connection, ids, judged_by=judged_by)
        mark_read(
            connection,
            resources,
            pending,
            conversations,
            task=TASK,
            model_version=procedures.version,
        )
    return written


def _conversation(one: OpenConversation, subjects: Mapping[int, str]) -> Conversation:
    subject = subjects.get(one.ticket_id, "")
    return Conversation(one.ticket_id, one.conversation.turns, subject)


def _divided(
    procedures: Procedures,
    spoken: Sequence[Conversation],
    about: Mapping[int, Sequence[int]],
    stored: set[checks.Pair],
) -> tuple[list[checks.Pair], dict[int, list[int]]]:
    """What has its verdicts already, for the same words, and what is still to be judged."""
    kept: list[checks.Pair] = []
    asked: dict[int, list[int]] = {}
    for position, places in about.items():
        document = procedures.documents[position]
        for at in places:
            pair = (spoken[at].ticket_id, document.document_id, document.version)
            if pair in stored:
                kept.append(pair)
            else:
                asked.setdefault(position, []).append(at)
    return kept, asked


def _rows(
    cipher: Cipher, procedures: Procedures, told: Sequence[tuple[OpenConversation, Found]]
) -> Rows:
    values = [
        _row(cipher, procedures, procedures.documents[position], one, finding)
        for one, findings in told
        for position, steps in findings.items()
        for finding in steps
    ]
    return Rows(ai.sop_checks, CHECK, values)


def _row(
    cipher: Cipher,
    procedures: Procedures,
    document: Document,
    one: OpenConversation,
    finding: Finding,
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
        document.document_id,
        finding.step_no,
        procedures.judge.version,
        document.version,
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
