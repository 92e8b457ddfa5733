"""Search for people: passages opened, shown and written to the audit trail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tasks.choices import opened_embedder
from tasks.conversation import text_of_comment, text_of_transcript
from tasks.errors import ConfigurationError
from tasks.ranking import by_words, fused
from tasks.resources import Resources
from warehouse import search
from warehouse.search import Filters, KnowledgeHit, SealedText, TicketHit

# Of so many of the nearest tickets the words are counted: in memory, since they are sealed.
CANDIDATES = 100
TICKET_NUMBER = re.compile(r"#?([0-9]{1,18})")


@dataclass(frozen=True)
class Wanted:
    """What to look among. Days are the organization's, the last one included."""

    from_day: date | None = None
    to_day: date | None = None
    groups: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    sentiment_below: float | None = None
    sentiment_above: float | None = None

    @property
    def of_tickets(self) -> bool:
        """Whether something is asked that only a ticket has."""
        limits = (self.sentiment_below, self.sentiment_above)
        return bool(self.groups or self.statuses or any(one is not None for one in limits))


@dataclass(frozen=True, repr=False)
class Passage:
    """One passage. `score` is its fused rank, by which it is placed; `similarity` a cosine."""

    title: str
    text: str
    score: float
    similarity: float
    changed_at: datetime
    group: str | None = None
    status: str | None = None
    sentiment: float | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {"changed_at": self.changed_at.astimezone(UTC).isoformat()}


def search_ticket_passages(
    resources: Resources, words: str, *, k: int, wanted: Wanted
) -> list[Passage]:
    """The best passages of comments and calls, one a ticket, by meaning and by words.

    Words that are a ticket's number find that ticket first. Raises: PermanentError for a group that
    is not there.
    """
    with opened_embedder(resources) as embedder:
        query, model = embedder.embed([words])[0], embedder.model_version
    told: dict[str, int | str] = {}
    with resources.session("search", told) as connection:
        groups = search.group_names(connection)
        filters = _filters(resources, wanted, groups)
        hits = search.search_tickets(
            connection, query, model=model, k=max(k, CANDIDATES), filters=filters
        )
        numbered: list[TicketHit] = []
        if number := TICKET_NUMBER.fullmatch(words.strip()):
            only = replace(filters, ticket_ids=(int(number[1]),))
            numbered = search.search_tickets(connection, query, model=model, k=1, filters=only)
        opened = _opened(resources, connection, [*numbered, *hits])
        found = _ranked(words, opened, first=[hit.ticket_id for hit in numbered])[:k]
        told["tickets"] = ",".join(str(hit.ticket_id) for hit, _, _ in found)
    return [_ticket_passage(hit, text, score, groups) for hit, text, score in found]


def search_knowledge_passages(
    resources: Resources, words: str, *, k: int, wanted: Wanted
) -> list[Passage]:
    """The best passages of the organization's documents, by meaning and by words."""
    with opened_embedder(resources) as embedder:
        query, model = embedder.embed([words])[0], embedder.model_version
    with resources.session() as connection:
        hits = search.search_knowledge(
            connection, query, words, model=model, k=k, filters=_filters(resources, wanted, {})
        )
    return [_knowledge_passage(hit) for hit in hits]


def _filters(resources: Resources, wanted: Wanted, groups: Mapping[int, str]) -> Filters:
    zone = ZoneInfo(resources.organization.timezone)
    from_at, to_at = (
        None if day is None else datetime.combine(day, time(), zone)
        for day in (wanted.from_day, wanted.to_day and wanted.to_day + timedelta(days=1))
    )
    return Filters(
        from_at=from_at,
        to_at=to_at,
        group_ids=_group_ids(resources, wanted.groups, groups) if wanted.groups else None,
        statuses=wanted.statuses or None,
        sentiment_below=wanted.sentiment_below,
        sentiment_above=wanted.sentiment_above,
    )


def _group_ids(
    resources: Resources, names: Sequence[str], groups: Mapping[int, str]
) -> tuple[int, ...]:
    wanted = {name.casefold() for name in names}
    there = {name.casefold() for name in groups.values()}
    if missing := sorted(wanted - there):
        raise ConfigurationError(
            f"{resources.organization.slug} has no group {missing[0]!r}; there are:"
            f" {', '.join(sorted(groups.values())) or 'none yet'}"
        )
    return tuple(one for one, name in groups.items() if name.casefold() in wanted)


def _opened(
    resources: Resources, connection: Connection, hits: Sequence[TicketHit]
) -> dict[int, tuple[TicketHit, str]]:
    """By ticket the hit and its passage's words; without those that have just been deleted."""
    return {
        hit.ticket_id: (hit, _words_of(resources, hit, sealed))
        for hit, sealed in zip(hits, search.sealed_texts(connection, hits), strict=True)
        if sealed is not None
    }


def _words_of(resources: Resources, hit: TicketHit, sealed: SealedText) -> str:
    plain = resources.cipher.unseal(
        sealed.sealed, column=sealed.column, row_id=sealed.row_id, changed_at=sealed.changed_at
    )
    text = text_of_transcript(plain) if hit.source == "transcript" else text_of_comment(plain)
    return text[hit.start_char : hit.end_char]


def _ranked(
    words: str, opened: Mapping[int, tuple[TicketHit, str]], *, first: Sequence[int]
) -> list[tuple[TicketHit, str, float]]:
    """(hit, its words, its fused rank), best first; the tickets in `first` before all."""
    near = sorted(opened, key=lambda one: (-opened[one][0].similarity, one))
    worded = [near[place] for place in by_words(words, [opened[one][1] for one in near])]
    scores = fused(near, worded, [one for one in first if one in opened])
    ranked = sorted(scores, key=lambda one: one not in first)
    return [(*opened[one], scores[one]) for one in ranked]


def _ticket_passage(hit: TicketHit, text: str, score: float, groups: Mapping[int, str]) -> Passage:
    where = "call" if hit.source == "transcript" else "comment"
    return Passage(
        title=f"ticket {hit.ticket_id} ({hit.status or 'unknown'}), {where} {hit.comment_id}",
        text=text,
        score=score,
        similarity=hit.similarity,
        changed_at=hit.changed_at,
        group=None if hit.group_id is None else groups.get(hit.group_id),
        status=hit.status,
        sentiment=hit.sentiment,
    )


def _knowledge_passage(hit: KnowledgeHit) -> Passage:
    return Passage(
        title=" › ".join(hit.heading_path),
        text=hit.body,
        score=hit.score,
        similarity=hit.similarity,
        changed_at=hit.changed_at,
    )
