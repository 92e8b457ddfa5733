"""Assessments by batch: handed over today, answered within a day, at half the price.

What was uploaded is written down before its batch is begun, and a batch is looked for by its file
before one is made: killed at any instant, the next call goes on with the same batch. A ticket that
changed meanwhile is left pending; what was answered of it is not stored.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import msgspec

from tasks.analysts import taxonomy
from tasks.assessing import TICKETS_AT_ONCE, ReadTicket, counted, read_tickets, store
from tasks.assessment import Assessment, RulesAnalyst
from tasks.assessment.openai import OpenAIAnalyst
from tasks.assessment.redacting import hide
from tasks.choices import cache_key, chosen, opened_service
from tasks.embedding import LocalEmbedder
from tasks.errors import ConfigurationError
from tasks.openai import Call, OpenAIService, Usage
from tasks.openai.batches import (
    ENDED,
    MOST_LINES,
    PRICE_SHARE,
    Answered,
    BatchDesk,
    Line,
    endpoint_of,
)
from tasks.resources import Resources
from tasks.sharing import redactors
from warehouse import batches
from warehouse.assessments import pending_assessments
from warehouse.batches import OpenBatch, Requested
from warehouse.pending import PendingTicket


@dataclass(frozen=True)
class Handed:
    """One batch's requests, ready to leave."""

    lines: list[Line]
    requested: list[Requested]


@contextmanager
def opened_batching(
    resources: Resources, desk: Callable[[OpenAIService], BatchDesk] = BatchDesk
) -> Iterator["Batching"]:
    """The organization's batches. Raises: ConfigurationError where it assesses on this machine."""
    choice = chosen(resources, "analyse")
    if choice.provider == "local":
        slug = resources.organization.slug
        raise ConfigurationError(
            f"{slug} assesses on this machine, which needs no batches;"
            f" `vensor ai use --org {slug} --analyse openai` asks a model"
        )
    rules = RulesAnalyst(taxonomy(resources), LocalEmbedder())
    with opened_service(resources) as service:
        key = cache_key(resources, rules.rulebook.version, rules.taxonomy.version)
        analyst = OpenAIAnalyst(service, model=choice.model, rules=rules, cache_key=key)
        yield Batching(resources, analyst, desk(service), model=choice.model)


class Batching:
    """One organization's batches with one server."""

    def __init__(
        self, resources: Resources, analyst: OpenAIAnalyst, desk: BatchDesk, *, model: str
    ) -> None:
        self._resources = resources
        self._analyst = analyst
        self._desk = desk
        self._model = model
        self._redactors = partial(redactors, resources)

    def hand_over(self) -> int:
        """Hands over all that is pending; how many tickets."""
        with self._resources.session() as connection:
            pending = pending_assessments(connection, self._analyst.model_version)
        handed = 0
        for at in range(0, len(pending), MOST_LINES):
            handed += self._hand_over(pending[at : at + MOST_LINES])
        return handed

    def collect(self) -> Counter[str]:
        """Reads what is answered; counts of assessments, and "waiting" for batches that are not."""
        notes: Counter[str] = Counter()
        with self._resources.session() as connection:
            found = batches.open_batches(connection)
        for one in found:
            notes += self._collect(one)
        return notes

    def _hand_over(self, pending: list[PendingTicket]) -> int:
        self._desk.service.probe()
        way = self._analyst.way()
        handed = Handed([], [])
        for at in range(0, len(pending), TICKETS_AT_ONCE):
            self._add(handed, pending[at : at + TICKETS_AT_ONCE])
        if not handed.lines:
            return 0
        call = Call(
            capability="analyse",
            model=self._model,
            ticket_ids=tuple(one.ticket_id for one in handed.requested),
            items=len(handed.lines),
            payload_bytes=sum(len(msgspec.json.encode(one.body)) for one in handed.lines),
            price_share=PRICE_SHARE,
        )
        file_id = self._desk.upload(call, handed.lines, way)
        version = self._analyst.model_version
        batch = OpenBatch(file_id, None, endpoint_of(way), self._model, version)
        with self._resources.session() as connection:
            org_id = self._resources.organization.org_id
            batches.record_upload(connection, org_id, batch, handed.requested)
        self._begin(batch)
        return len(handed.lines)

    def _add(self, handed: Handed, pending: list[PendingTicket]) -> None:
        """Adds a request for each ticket in which somebody said something."""
        seen_at = {ticket.ticket_id: ticket.seen_at for ticket in pending}
        read = read_tickets(self._resources, list(seen_at))
        way = self._analyst.way()
        hidden = hide([one.case for one in read], self._redactors)
        for one, case in zip(read, hidden, strict=True):
            body = self._analyst.body(case.case, way)
            if body is not None:
                number = len(handed.lines)
                handed.lines.append(Line(number, body))
                at = seen_at[one.ticket_id]
                handed.requested.append(Requested(one.ticket_id, number, one.content_hash, at))

    def _begin(self, batch: OpenBatch) -> str:
        batch_id = self._desk.begin(batch.model, batch.input_file_id, batch.endpoint)
        with self._resources.session() as connection:
            batches.record_begun(connection, batch, batch_id)
        return batch_id

    def _collect(self, one: OpenBatch) -> Counter[str]:
        batch = self._desk.find(one.model, one.batch_id or self._begin(one))
        if batch.status != "completed" and batch.status not in ENDED:
            return Counter(waiting=1)
        answers = {each.number: each for each in self._desk.iter_answers(one.model, batch)}
        current = one.model_version == self._analyst.model_version
        notes = self._store(one, answers) if current else Counter(outdated=len(answers))
        self._note(one, answers)
        with self._resources.session() as connection:
            batches.end_batch(connection, one, "read" if answers else "failed")
        self._desk.forget(one.model, batch)
        return notes

    def _store(self, one: OpenBatch, answers: dict[int, Answered]) -> Counter[str]:
        """Stores what was answered of tickets that are as they were asked about."""
        notes: Counter[str] = Counter()
        with self._resources.session() as connection:
            requested = batches.requests_of(connection, one)
        wanted = [each for each in requested if each.line_no in answers]
        for at in range(0, len(wanted), TICKETS_AT_ONCE):
            notes += self._store_some(wanted[at : at + TICKETS_AT_ONCE], answers)
        return notes

    def _store_some(self, requested: list[Requested], answers: dict[int, Answered]) -> Counter[str]:
        asked = {each.ticket_id: each for each in requested}
        read = [
            one
            for one in read_tickets(self._resources, list(asked))
            if one.content_hash == asked[one.ticket_id].content_hash
        ]
        lines = [answers[asked[one.ticket_id].line_no] for one in read]
        found = self._judged(read, lines)
        pending = [PendingTicket(one.ticket_id, asked[one.ticket_id].seen_at) for one in read]
        version = self._analyst.model_version
        judged = list(zip(read, found, strict=True))
        store(self._resources, pending, read, judged, version=version)
        return counted(found)

    def _judged(self, read: list[ReadTicket], lines: list[Answered]) -> list[Assessment]:
        hidden = hide([one.case for one in read], self._redactors)
        told = self._analyst.judge([one.case for one in hidden], [one.answer for one in lines])
        return [one.restored(each) for one, each in zip(hidden, told, strict=True)]

    def _note(self, one: OpenBatch, answers: dict[int, Answered]) -> None:
        """What the batch took, into the ledger of the day on which it is read."""
        if answers:
            call = Call("analyse", one.model, (), len(answers), 0, price_share=PRICE_SHARE)
            self._desk.service.note(call, total([each.usage for each in answers.values()]))


def total(used: list[Usage]) -> Usage:
    """The units of all lines together."""
    return Usage(
        input_tokens=sum(one.input_tokens or 0 for one in used),
        cached_tokens=sum(one.cached_tokens or 0 for one in used),
        output_tokens=sum(one.output_tokens or 0 for one in used),
    )
