"""Scoring: sentiment turn by turn, and each step of each procedure with its evidence.

A score points at its evidence by comment and offsets; no word of it is stored outside the seal.
"""

import hashlib
from collections.abc import Sequence

from tasks.conversation import OpenConversation, mark_read, open_conversations
from tasks.embedding import LocalEmbedder
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.scoring import (
    SENTIMENT_VERSION,
    SOP_VERSION,
    Finding,
    TicketSentiment,
    judge,
    parse_sop,
    score_sentiment,
)
from tasks.step import step
from warehouse import knowledge
from warehouse.knowledge import Document
from warehouse.ledger import StageResult
from warehouse.loading import Rows, merge
from warehouse.pending import PendingTicket, known_hashes, pending_tickets
from warehouse.tables import ai

TICKETS_AT_ONCE = 64
TURN = (
    "comment_id",
    "turn_no",
    "model_version",
    "ticket_id",
    "speaker",
    "score",
    "label",
    "confidence",
    "said_at",
    "changed_at",
)
TICKET = (
    "ticket_id",
    "model_version",
    "turns",
    "sentiment_start",
    "sentiment_end",
    "sentiment_minimum",
    "sentiment_change",
    "changed_at",
)
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
    "changed_at",
)


@step
def score_tickets(slug: str) -> StageResult:
    """Scores every ticket with words that the present models and procedures have not seen."""
    with opened(slug) as resources:
        embedder = LocalEmbedder()
        with resources.session() as connection:
            sops = knowledge.find_documents(connection, kind="sop")
            version = _version(sops)
            pending = pending_tickets(connection, "score", version)
        written = 0
        for at in range(0, len(pending), TICKETS_AT_ONCE):
            report("score", at, total=len(pending), note="tickets")
            batch = pending[at : at + TICKETS_AT_ONCE]
            written += _score(resources, embedder, batch, sops, version)
        return StageResult(len(pending), written, note=f"{len(sops)} procedures")


def _version(sops: Sequence[Document]) -> str:
    """Names models and procedures: when one changes, everything is scored anew."""
    digest = hashlib.sha256(b"".join(sop.version for sop in sops)).hexdigest()[:12]
    return f"{SENTIMENT_VERSION}+{SOP_VERSION}+{digest}"


def _score(
    resources: Resources,
    embedder: LocalEmbedder,
    pending: Sequence[PendingTicket],
    sops: Sequence[Document],
    version: str,
) -> int:
    ids = [ticket.ticket_id for ticket in pending]
    with resources.session() as connection:
        hashes = known_hashes(connection, ids, task="score", model_version=version)
        conversations = open_conversations(connection, resources.cipher, ids)
    changed = [one for one in conversations if hashes.get(one.ticket_id) != one.content_hash]
    spoken = [one.conversation for one in changed]
    rows = _sentiment_rows(changed, score_sentiment(spoken, embedder))
    for sop in sops:
        found = judge(parse_sop(sop.body, sop.title), spoken, embedder)
        rows.append(_check_rows(changed, sop, found))
    with resources.session() as connection:
        written = sum(merge(connection, resources.organization.org_id, one) for one in rows)
        mark_read(
            connection, resources, pending, conversations, task="score", model_version=version
        )
    return written


def _sentiment_rows(
    conversations: Sequence[OpenConversation], sentiments: Sequence[TicketSentiment]
) -> list[Rows]:
    turns: list[tuple[object, ...]] = []
    tickets: list[tuple[object, ...]] = []
    for one, sentiment in zip(conversations, sentiments, strict=True):
        turns += [
            (
                turn.comment_id,
                turn.turn_no,
                SENTIMENT_VERSION,
                one.ticket_id,
                turn.speaker,
                turn.score,
                turn.label,
                turn.confidence,
                turn.said_at,
                one.changed_at,
            )
            for turn in sentiment.turns
        ]
        tickets.append(
            (
                one.ticket_id,
                SENTIMENT_VERSION,
                len(sentiment.turns),
                sentiment.start,
                sentiment.end,
                sentiment.minimum,
                sentiment.change,
                one.changed_at,
            )
        )
    return [Rows(ai.turn_sentiments, TURN, turns), Rows(ai.ticket_scores, TICKET, tickets)]


def _check_rows(
    conversations: Sequence[OpenConversation],
    sop: Document,
    found: Sequence[tuple[Finding, ...]],
) -> Rows:
    values: list[tuple[object, ...]] = []
    for one, findings in zip(conversations, found, strict=True):
        for finding in findings:
            evidence = finding.evidence
            values.append(
                (
                    one.ticket_id,
                    sop.document_id,
                    finding.step_no,
                    SOP_VERSION,
                    sop.version,
                    finding.verdict,
                    finding.confidence,
                    finding.reason,
                    evidence.comment_id if evidence else None,
                    evidence.turn_no if evidence else None,
                    evidence.start_char if evidence else None,
                    evidence.end_char if evidence else None,
                    one.changed_at,
                )
            )
    return Rows(ai.sop_checks, CHECK, values)
