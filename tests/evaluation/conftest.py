"""The real model, and an organization whose desk was scored by it."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import pytest

from tasks.embedding import LocalEmbedder
from tasks.resources import Resources
from tasks.score import score_tickets
from tasks.zendesk.contents import CommentContent
from warehouse.loading import Rows, merge
from warehouse.tables import knowledge, zendesk

PROCEDURE = "zendesk/7"
ARTICLE = """
<p>This procedure applies to every request to change account details.</p>
<ol><li>Greet the customer.</li>
<li>Before any change you must ask for the postcode and the date of birth.</li></ol>
"""
TALKS = (
    (
        "c: Please change the phone number on my account.",
        "a: Hello Mia, what is your postcode, and what is your date of birth?",
        "c: 10115, 1 May 1990. Thank you so much, you are wonderful!",
        "a: I have changed your phone number.",
    ),
    (
        "c: Please change the email address on my account, this is the third time I ask.",
        "a: Hello, I have changed your email address.",
        "c: Finally. This was terrible service.",
    ),
    ("c: Do you ship to islands?", "a: Yes, we do."),
)
ROLES = {"c": "end-user", "a": "agent"}
TICKET = ("id", "status", "created_at", "updated_at", "changed_at")
COMMENT = ("id", "ticket_id", "kind", "is_public", "author_role", "created_at", "changed_at")
CONTENT = ("comment_id", "ticket_id", "sealed", "changed_at")
RATING = ("id", "ticket_id", "score", "created_at", "changed_at")
DOCUMENT = ("document_id", "kind", "title", "body", "version", "changed_at")


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.fixture
def desk(resources: Resources, as_of: datetime) -> Resources:
    """Three tickets (1, 2, 3; the comments of 1 are 10, 11, …), one procedure, two ratings."""
    with resources.session() as connection:
        for rows in [*_tickets(resources, TALKS, as_of), *_beside(as_of)]:
            merge(connection, resources.organization.org_id, rows)
    score_tickets.fn(resources.organization.slug)
    return resources


def _tickets(
    resources: Resources, talks: Sequence[Sequence[str]], as_of: datetime
) -> Iterator[Rows]:
    tickets: list[tuple[object, ...]] = []
    comments: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    for number, talk in enumerate(talks, start=1):
        tickets.append((number, "solved", as_of, as_of, as_of))
        for at, line in enumerate(talk):
            comment_id, said_at = number * 10 + at, as_of - timedelta(minutes=60 - at)
            comments.append((comment_id, number, "Comment", True, ROLES[line[0]], said_at, said_at))
            sealed = _sealed(resources, comment_id, line[2:].strip(), said_at)
            contents.append((comment_id, number, sealed, said_at))
    yield Rows(zendesk.tickets, TICKET, tickets)
    yield Rows(zendesk.comments, COMMENT, comments)
    yield Rows(zendesk.comment_contents, CONTENT, contents)


def _sealed(resources: Resources, comment_id: int, words: str, at: datetime) -> bytes:
    none = msgspec.Raw(b"null")
    return resources.cipher.seal(
        msgspec.json.encode(CommentContent(words, None, none, none, none)),
        column="zendesk.comment_contents.sealed",
        row_id=str(comment_id),
        changed_at=at,
    )


def _beside(as_of: datetime) -> Iterator[Rows]:
    ratings: list[tuple[object, ...]] = [
        (1, 1, "good", as_of, as_of),
        (2, 2, "bad", as_of, as_of),
        (3, 3, "offered", as_of, as_of),
    ]
    yield Rows(zendesk.satisfaction_ratings, RATING, ratings)
    version = hashlib.sha256(ARTICLE.encode()).digest()
    document = (PROCEDURE, "sop", "Changing account details", ARTICLE, version, as_of)
    yield Rows(knowledge.documents, DOCUMENT, [document])


def replace_words(resources: Resources, comment_id: int, words: str) -> None:
    """Seals other words in the place of a comment's, as an edit in Zendesk would bring them."""
    with resources.session() as connection:
        contents = zendesk.comment_contents
        found = connection.execute(
            contents.select().where(contents.c.comment_id == comment_id)
        ).one()
        at = found.changed_at + timedelta(seconds=1)
        row = (comment_id, found.ticket_id, _sealed(resources, comment_id, words, at), at)
        merge(connection, resources.organization.org_id, Rows(contents, CONTENT, [row]))
