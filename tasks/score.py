"""Scoring: sentiment turn by turn; and, in tasks/procedures.py, whether procedures were followed.

A score holds no word of a conversation.
"""

from collections.abc import Sequence

from tasks.choices import opened_judge
from tasks.conversation import OpenConversation, mark_read, open_conversations
from tasks.embedding import LocalEmbedder
from tasks.procedures import Judged, judge_pending, read_procedures
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.scoring import SENTIMENT_VERSION, TicketSentiment, score_sentiment
from tasks.step import step
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


@step
def score_tickets(slug: str) -> StageResult:
    """Scores every ticket with words that the present models and procedures have not seen."""
    with opened(slug) as resources:
        embedder = LocalEmbedder()
        with resources.session() as connection:
            pending = pending_tickets(connection, "score", SENTIMENT_VERSION)
        written = 0
        for at in range(0, len(pending), TICKETS_AT_ONCE):
            report("score", at, total=len(pending), note="tickets")
            written += _score(resources, embedder, pending[at : at + TICKETS_AT_ONCE])
        with opened_judge(resources, embedder) as judge:
            procedures = read_procedures(resources, embedder, judge)
            judged = judge_pending(resources, procedures)
        return StageResult(
            max(len(pending), judged.tickets),
            written + judged.checks,
            note=_note(len(procedures.documents), judged),
        )


def _note(procedures: int, judged: Judged) -> str:
    note = f"{procedures} procedures"
    if judged.unverified:
        note += f", {judged.unverified} verdicts without a quotation that holds"
    if not judged.is_whole:
        note += "; stopped: today's budget for models is spent; the next day goes on"
    return note


def _score(resources: Resources, embedder: LocalEmbedder, pending: Sequence[PendingTicket]) -> int:
    ids = [ticket.ticket_id for ticket in pending]
    with resources.session("score tickets") as connection:
        hashes = known_hashes(connection, ids, task="score", model_version=SENTIMENT_VERSION)
        conversations = open_conversations(connection, resources.cipher, ids)
    changed = [one for one in conversations if hashes.get(one.ticket_id) != one.content_hash]
    rows = _sentiment_rows(
        changed, score_sentiment([one.conversation for one in changed], embedder)
    )
    with resources.session() as connection:
        written = sum(merge(connection, resources.organization.org_id, one) for one in rows)
        mark_read(
            connection,
            resources,
            pending,
            conversations,
            task="score",
            model_version=SENTIMENT_VERSION,
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
