"""An organization that knows Maria, user 7: her ticket 1 with a call, and ticket 2 of another's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import Table, text

from tasks.audio import COLUMN as RECORDINGS
from tasks.audio import digest_of
from tasks.resources import Resources
from tasks.rights import Person, named
from tasks.speech import Segment, Transcript
from tasks.storage import open_stores
from tasks.zendesk.contents import (
    CallContent,
    CommentContent,
    RatingContent,
    SurveyContent,
    TicketContent,
)
from tasks.zendesk.records import Identity, User
from tasks.zendesk.rows.people import identity_rows, user_rows
from warehouse.loading import Rows, merge
from warehouse.outbound import Sending, record_sending
from warehouse.recordings import PendingRecording, Stored, note_stored
from warehouse.tables import ai, assessments, zendesk

NAME, EMAIL, OTHER_EMAIL = "Maria Anders", "maria@example.com", "maria@private.example"
PHONE, WRITTEN_OTHERWISE = "+44 20 7946 0958", "0044 (20) 7946-0958"
ASKED = "Where is my parcel? I am Maria."
ANSWER, NOTE = "It is on its way, says Bob.", "She sounded upset. Bob"
ELSEWHERE, FOREIGN = "I saw the same.", "Foreign words of Ines."
SAID = "This is Maria, on the telephone."
AUDIO = b"RIFF" + bytes(range(256)) * 2_000
MINE = (NAME, EMAIL, OTHER_EMAIL, PHONE, ASKED, ANSWER, NOTE, ELSEWHERE, SAID, "She is kind")
NOT_MINE = (FOREIGN, "Ines", "ines@example.com", "Subject of Ines")
NONE = msgspec.Raw(b"null")


@dataclass(frozen=True)
class Desk:
    """Loads rows of content as extraction does."""

    resources: Resources
    at: datetime

    def load(self, table: Table, columns: Sequence[str], *rows: tuple[object, ...]) -> None:
        with self.resources.session() as connection:
            merge(connection, self.org_id, Rows(table, tuple(columns), list(rows)))

    def seal(self, table: str, row_id: object, content: object) -> bytes:
        plain = content if isinstance(content, bytes) else msgspec.json.encode(content)
        return self.resources.cipher.seal(
            plain, column=f"{table}.sealed", row_id=str(row_id), changed_at=self.at
        )

    @property
    def org_id(self) -> UUID:
        return self.resources.organization.org_id

    def count(self, what: str) -> int:
        with self.resources.session() as connection:
            return int(connection.execute(text(f"select count(*) from {what}")).scalar_one())


@pytest.fixture
def desk(resources: Resources, as_of: datetime) -> Desk:
    return Desk(resources, as_of - timedelta(hours=1))


@pytest.fixture
def maria(desk: Desk) -> Person:
    """All that is held of her, and what is of others beside it."""
    _load_people(desk)
    _load_tickets(desk)
    _load_comments(desk)
    _load_call(desk)
    _load_judged(desk)
    return named(desk.resources, email=EMAIL)


def _load_people(desk: Desk) -> None:
    cipher, at, cutoff = desk.resources.cipher, desk.at, desk.at - timedelta(days=30)
    users = [
        User(id=7, updated_at=at, role="end-user", name=NAME, email=EMAIL, notes="She is kind"),
        User(id=8, updated_at=at, role="end-user", name="Ines", email="ines@example.com"),
        User(id=9, updated_at=at, role="agent", name="Bob Agent", email="bob@acme.example"),
    ]
    identities = [
        Identity(id=70, user_id=7, type="email", value=OTHER_EMAIL, updated_at=at),
        Identity(id=71, user_id=7, type="phone_number", value=PHONE, updated_at=at),
        Identity(id=80, user_id=8, type="email", value="ines@example.com", updated_at=at),
    ]
    with desk.resources.session() as connection:
        for rows in (
            *user_rows(users, cipher, cutoff),
            *identity_rows(identities, cipher, cutoff),
        ):
            merge(connection, desk.org_id, rows)


def _load_tickets(desk: Desk) -> None:
    at, columns = desk.at, ("id", "status", "requester_id", "created_at", "updated_at")
    tickets = ((1, "open", 7, at, at, at), (2, "open", 8, at, at, at))
    desk.load(zendesk.tickets, (*columns, "changed_at"), *tickets)
    for number, subject in ((1, "Subject of Maria"), (2, "Subject of Ines")):
        content = TicketContent(subject, None, None, None, ["a tag"], NONE, NONE, NONE)
        sealed = desk.seal("zendesk.ticket_contents", number, content)
        desk.load(
            zendesk.ticket_contents, ("ticket_id", "sealed", "changed_at"), (number, sealed, at)
        )
    rating = desk.seal("zendesk.rating_contents", 60, RatingContent("=1+1", None))
    desk.load(
        zendesk.satisfaction_ratings,
        ("id", "ticket_id", "requester_id", "score", "created_at", "changed_at"),
        (60, 1, 7, "good", at, at),
    )
    desk.load(
        zendesk.rating_contents,
        ("rating_id", "ticket_id", "sealed", "changed_at"),
        (60, 1, rating, at),
    )
    survey = desk.seal("zendesk.survey_contents", "s1", SurveyContent(["Quick"]))
    desk.load(
        zendesk.survey_responses,
        ("id", "ticket_id", "responder_id", "rating", "created_at", "changed_at"),
        ("s1", 1, 7, 5, at, at),
    )
    desk.load(
        zendesk.survey_contents,
        ("response_id", "ticket_id", "sealed", "changed_at"),
        ("s1", 1, survey, at),
    )


def _load_comments(desk: Desk) -> None:
    at = desk.at
    written = (
        (10, 1, 7, "end-user", True, ASKED),
        (11, 1, 9, "agent", True, ANSWER),
        (12, 1, 9, "agent", False, NOTE),
        (20, 2, 7, "end-user", True, ELSEWHERE),
        (21, 2, 8, "end-user", True, FOREIGN),
    )
    head = ("id", "ticket_id", "author_id", "author_role", "is_public", "kind")
    for number, ticket, author, role, public, words in written:
        via = msgspec.Raw(b'{"source":{"from":{"name":"Bob Agent"}}}')
        content = CommentContent(words, f"<p>{words}</p>", NONE, via, NONE)
        sealed = desk.seal("zendesk.comment_contents", number, content)
        row = (number, ticket, author, role, public, "Comment", at, at)
        desk.load(zendesk.comments, (*head, "created_at", "changed_at"), row)
        desk.load(
            zendesk.comment_contents,
            ("comment_id", "ticket_id", "sealed", "changed_at"),
            (number, ticket, sealed, at),
        )


def _load_call(desk: Desk) -> None:
    at, resources = desk.at, desk.resources
    desk.load(
        zendesk.calls,
        ("id", "ticket_id", "customer_id", "agent_id", "created_at", "changed_at"),
        (300, 1, 7, 9, at, at),
    )
    desk.load(
        zendesk.call_contents,
        ("call_id", "ticket_id", "sealed", "changed_at"),
        (300, 1, desk.seal("zendesk.call_contents", 300, CallContent(PHONE, None)), at),
    )
    transcript = Transcript("en", 2.0, (Segment(0.0, 2.0, SAID, None, "customer"),))
    columns = ("call_id", "kind", "model", "comment_id", "ticket_id", "segments")
    desk.load(
        ai.transcripts,
        (*columns, "duration_seconds", "sealed", "changed_at"),
        (
            *(300, "call", "whisper", 10, 1, 1, 2.0),
            desk.seal("ai.transcripts", "300/call/whisper", transcript),
            at,
        ),
    )
    desk.load(
        zendesk.recordings,
        ("call_id", "kind", "ticket_id", "comment_id", "changed_at"),
        (300, "call", 1, 10, at),
    )
    store_audio(resources, at, AUDIO)


def store_audio(resources: Resources, at: datetime, audio: bytes) -> None:
    """The recording of her call, where recordings lie."""
    pending = PendingRecording(
        call_id=300, kind="call", ticket_id=1, changed_at=at, location=None, size_bytes=None,
        digest=None, state="pending", comment_id=10, sealed=b"",
    )  # fmt: skip
    digest = digest_of(resources)
    digest.update(audio)
    org_id = resources.organization.org_id
    with resources.session() as connection, open_stores(resources.settings, org_id) as stores:
        sealed = resources.cipher.seal_stream(
            [audio], column=RECORDINGS, row_id="300/call", changed_at=at
        )
        placed = stores.for_new(connection).put(pending, sealed)
        stored = Stored(placed.location, placed.chunks, len(audio), digest.digest())
        note_stored(connection, pending, stored)


def _load_judged(desk: Desk) -> None:
    at = desk.at
    desk.load(
        ai.ticket_scores,
        ("ticket_id", "model_version", "turns", "sentiment_end", "changed_at"),
        (1, "model", 1, -0.5, at),
    )
    desk.load(
        assessments.summaries,
        ("ticket_id", "sealed", "changed_at"),
        (1, desk.seal("ai.summaries", 1, b"A parcel is late."), at),
    )
    sending = Sending(
        recipient="api.example.com",
        purpose="analyse tickets",
        model="gpt",
        ticket_ids=[1, 2, 3],
        items=3,
        payload_bytes=10,
    )
    with desk.resources.session() as connection:
        record_sending(connection, desk.org_id, sending)
