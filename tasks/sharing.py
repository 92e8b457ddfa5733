"""What may leave this machine for a model, and what is written down before it does.

Names are looked up ticket by ticket, whatever else is personal is found by its form or by a model
of this machine, and all of it is replaced. What was replaced never leaves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from tasks.corrections import opened_field
from tasks.embedding import Batch, Embedder
from tasks.encryption import Cipher
from tasks.errors import OptedOutError
from tasks.openai import Call
from tasks.redaction import HiddenConversation, Person, Redactor, hidden
from tasks.resources import Resources
from tasks.scoring import Asked, Conversation, Finding, Found, Judge, Sop
from tasks.zendesk.contents import CallContent, IdentityContent, UserContent
from warehouse import corrections
from warehouse.opt_outs import opted_out
from warehouse.outbound import Sending, record_sending
from warehouse.people import SealedPerson, sealed_people

NO_TICKET = -1
# Whoever is on the other side of an e-mail and no user that is known.
NOBODY = 0
PLURAL = {"name": "names", "email": "emails", "phone": "phones"}
PURPOSES = {"transcribe": "transcribe calls", "embed": "embed text", "analyse": "analyse tickets"}


class Party(msgspec.Struct):
    """One side of an e-mail or call."""

    name: str | None = None
    address: str | None = None
    phone: str | None = None


class Source(msgspec.Struct):
    """Both sides."""

    from_: Party | None = msgspec.field(name="from", default=None)
    to: Party | None = None


class Via(msgspec.Struct):
    """How something came."""

    source: Source | None = None


class Sent(msgspec.Struct):
    """The part of a sealed ticket or comment that says from whom and to whom it came."""

    via: Via | None = None


def record_call(resources: Resources, call: Call) -> None:
    """Writes a call down before it is made.

    Raises: OptedOutError where a ticket is among it that models must not read, as it stands now.
    """
    sending = Sending(
        recipient=urlsplit(resources.settings.openai_base_url).hostname or "",
        purpose=PURPOSES[call.capability],
        model=call.model,
        ticket_ids=call.ticket_ids,
        items=call.items,
        payload_bytes=call.payload_bytes,
        audio_seconds=call.audio_seconds,
    )
    with resources.session() as connection:
        refused = opted_out(connection, call.ticket_ids)
        if not refused:
            record_sending(connection, resources.organization.org_id, sending)
    if refused:
        raise OptedOutError(
            f"{resources.organization.slug}: {len(refused)} tickets of people who have just opted"
            " out were about to be sent; the next try leaves them out"
        )


def people_of(
    connection: Connection, cipher: Cipher, ticket_ids: Sequence[int]
) -> dict[int, list[Person]]:
    """Who has to do with each ticket, with all that the account knows them by, right or wrong."""
    found: dict[int, dict[int, Person]] = defaultdict(dict)

    def add(ticket_id: int, person: Person) -> None:
        former = found[ticket_id].get(person.person_id, Person(person.person_id))
        found[ticket_id][person.person_id] = _joined(former, person)

    for sealed in sealed_people(connection, ticket_ids):
        for person in _opened(cipher, sealed):
            for ticket_id in sealed.ticket_ids:
                add(ticket_id, person)
    for ticket_id, one in corrections.of_tickets(connection, ticket_ids):
        add(ticket_id, Person(one.user_id, **{PLURAL[one.field]: (opened_field(cipher, one),)}))
    return {ticket_id: list(people.values()) for ticket_id, people in found.items()}


def redactors(resources: Resources, ticket_ids: Sequence[int]) -> dict[int, Redactor]:
    """For each ticket, who takes its people and what has a form of its own out of its texts."""
    with resources.session("take people out of texts") as connection:
        people = people_of(connection, resources.cipher, ticket_ids)
    return {ticket_id: Redactor(people.get(ticket_id, [])) for ticket_id in ticket_ids}


class RedactingEmbedder:
    """An embedder that is elsewhere, which gets every text without what is personal."""

    remote = True

    def __init__(self, resources: Resources, embedder: Embedder) -> None:
        self._resources = resources
        self._embedder = embedder

    @property
    def model_version(self) -> str:
        """That of the model."""
        return self._embedder.model_version

    @property
    def dimension(self) -> int:
        """That of the model."""
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Embedder.embed`, of what is left of the texts."""
        return next(self.embed_each([Batch(texts)]))

    def embed_each(self, batches: Iterable[Batch]) -> Iterator[NDArray[np.float32]]:
        """As `Embedder.embed_each`, of what is left of the texts."""
        return self._embedder.embed_each(self._redacted(batch) for batch in batches)

    def _redacted(self, batch: Batch) -> Batch:
        tickets = batch.ticket_ids or [NO_TICKET] * len(batch.texts)
        rows: dict[int, list[int]] = defaultdict(list)
        for row, ticket_id in enumerate(tickets):
            rows[ticket_id].append(row)
        # words that belong to no ticket have no people of their own
        told = redactors(self._resources, list(rows)) if batch.ticket_ids else {}
        texts = list(batch.texts)
        for ticket_id, among in rows.items():
            redactor = told.get(ticket_id) or Redactor()
            done = redactor.redact([batch.texts[row] for row in among])
            for row, text in zip(among, done.texts, strict=True):
                texts[row] = text
        return Batch(texts, batch.ticket_ids)


class RedactingJudge:
    """A judge that is elsewhere, which gets every conversation without what is personal."""

    def __init__(self, resources: Resources, judge: Judge) -> None:
        self._resources = resources
        self._judge = judge

    @property
    def version(self) -> str:
        """That of the judge."""
        return self._judge.version

    @property
    def unverified(self) -> int:
        """That of the judge."""
        return self._judge.unverified

    def judge(
        self, sops: Sequence[Sop], conversations: Sequence[Conversation], asked: Asked
    ) -> list[Found | None]:
        """As `Judge.judge`; evidence points into the conversations as they are here."""
        wanted = {at for places in asked.values() for at in places}
        conversations = [
            one if at in wanted else replace(one, turns=()) for at, one in enumerate(conversations)
        ]
        told_by = redactors(self._resources, sorted({conversations[at].ticket_id for at in wanted}))
        told = [hidden(one, told_by.get(one.ticket_id) or Redactor()) for one in conversations]
        found = self._judge.judge(sops, [one.conversation for one in told], asked)
        return [
            each and {at: tuple(_restored(step, one) for step in steps)
                      for at, steps in each.items()}
            for each, one in zip(found, told, strict=True)
        ]  # fmt: skip


def _restored(finding: Finding, hiding: HiddenConversation) -> Finding:
    """The finding with its evidence where it stands in what was said."""
    return replace(finding, evidence=hiding.original(finding.evidence))


def _opened(cipher: Cipher, sealed: SealedPerson) -> Iterator[Person]:
    plain = cipher.unseal(
        sealed.sealed,
        column=f"{sealed.table}.sealed",
        row_id=str(sealed.row_id),
        changed_at=sealed.changed_at,
    )
    user_id = sealed.user_id
    if sealed.table == "zendesk.user_contents":
        user = msgspec.json.decode(plain, type=UserContent)
        yield Person(user_id, _told(user.name, user.alias), _told(user.email), _told(user.phone))
    elif sealed.table == "zendesk.call_contents":
        number = msgspec.json.decode(plain, type=CallContent).phone_number
        yield Person(user_id, phones=_told(number))
    elif sealed.table == "zendesk.user_identity_contents":
        value = _told(msgspec.json.decode(plain, type=IdentityContent).value)
        yield Person(user_id, emails=value, phones=value)
    else:
        via = msgspec.json.decode(plain, type=Sent).via
        if via is not None and via.source is not None:
            yield _party(user_id, via.source.from_)
            yield _party(NOBODY, via.source.to)


def _party(person_id: int, party: "Party | None") -> Person:
    if party is None:
        return Person(person_id)
    return Person(person_id, _told(party.name), _told(party.address), _told(party.phone))


def _told(*values: str | None) -> tuple[str, ...]:
    return tuple(value for value in values if value and value.strip())


def _joined(one: Person, other: Person) -> Person:
    return Person(
        one.person_id,
        tuple(dict.fromkeys(one.names + other.names)),
        tuple(dict.fromkeys(one.emails + other.emails)),
        tuple(dict.fromkeys(one.phones + other.phones)),
    )
