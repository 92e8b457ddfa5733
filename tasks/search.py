"""Search for people: passages opened, shown and written to the audit trail."""

from dataclasses import asdict, dataclass

from tasks.choices import opened_embedder
from tasks.conversation import text_of_comment, text_of_transcript
from tasks.resources import Resources
from warehouse import search
from warehouse.search import KnowledgeHit, SealedPassage, TicketHit


@dataclass(frozen=True)
class Passage:
    """One passage. `score` is a cosine for tickets, a fused rank for knowledge."""

    title: str
    text: str
    score: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def search_ticket_passages(resources: Resources, words: str, *, limit: int) -> list[Passage]:
    """The nearest passages of comments and calls, best first, one a ticket."""
    with opened_embedder(resources) as embedder:
        query = embedder.embed([words])[0].tolist()
    with resources.session() as connection:
        hits = search.search_tickets(connection, query, model=embedder.model_version, limit=limit)
        sealed = [search.sealed_passage(connection, hit) for hit in hits]
        resources.audit(
            connection,
            action="read.content",
            purpose="search",
            details={"tickets": ",".join(str(hit.ticket_id) for hit in hits)},
        )
    return [
        _ticket_passage(resources, hit, passage)
        for hit, passage in zip(hits, sealed, strict=True)
        if passage is not None
    ]


def search_knowledge_passages(resources: Resources, words: str, *, limit: int) -> list[Passage]:
    """The best passages of the organization's documents."""
    with opened_embedder(resources) as embedder:
        query = embedder.embed([words])[0].tolist()
    with resources.session() as connection:
        hits = search.search_knowledge(
            connection, query, words, model=embedder.model_version, limit=limit
        )
    return [_knowledge_passage(hit) for hit in hits]


def _ticket_passage(resources: Resources, hit: TicketHit, passage: SealedPassage) -> Passage:
    transcript = hit.source == "transcript"
    column = "ai.transcripts.sealed" if transcript else "zendesk.comment_contents.sealed"
    plain = resources.cipher.unseal(
        passage.sealed, column=column, row_id=passage.row_id, changed_at=passage.changed_at
    )
    text = text_of_transcript(plain) if transcript else text_of_comment(plain)
    where = "call" if transcript else "comment"
    return Passage(
        title=f"ticket {hit.ticket_id} ({hit.status or 'unknown'}), {where} {hit.comment_id}",
        text=text[hit.start_char : hit.end_char],
        score=hit.similarity,
    )


def _knowledge_passage(hit: KnowledgeHit) -> Passage:
    return Passage(title=" › ".join(hit.heading_path), text=hit.body, score=hit.score)
