"""An organization with procedures of its own and tickets whose words are sealed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from tasks.documents import FileDocument
from tasks.embedding import LocalEmbedder
from tasks.procedures import Judged, judge_pending, read_procedures
from tasks.resources import Resources
from tasks.scoring import LocalJudge
from tasks.zendesk.contents import CommentContent, TicketContent
from warehouse import knowledge
from warehouse.knowledge import Document
from warehouse.loading import Rows, merge
from warehouse.tables import zendesk

REFUNDS = "file:///sops/refunds.md"
IDENTITY = "file:///sops/identity.md"
ASK = "Ask for the order number before the refund."
TELL = "Tell the customer that the refund has been sent."
CHECK = "Before any change you must ask for the date of birth."
Say = Callable[..., None]
Put = Callable[..., None]
JudgeNow = Callable[[], Judged]

# What people said in each ticket: c a customer, a an agent.
TALKS = {
    1: ("c:I want a refund for my tent.", "a:Sure, what is your order number?", "c:It is 77.",
        "a:I have refunded your order."),
    2: ("c:Please give me my money back.", "a:I have refunded your order."),
    3: ("c:Which sizes are there?", "a:From S to XL."),
    4: ("c:Please change the email address on my account.", "a:I have changed your email."),
}  # fmt: skip


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    """The real model: what is tested is what runs."""
    return LocalEmbedder()


@pytest.fixture
def put(resources: Resources, as_of: datetime) -> Put:
    """Stores what a procedure says now."""

    def store(*steps: str, document_id: str = REFUNDS, title: str = "Refund requests") -> None:
        body = "".join(f"<li>{step}</li>" for step in steps)
        body = f"<p>This applies to every request.</p><ol>{body}</ol>"
        document = Document(
            document_id, "sop", title, body, FileDocument(title, body).version, as_of
        )
        with resources.session() as connection:
            knowledge.put_document(connection, resources.organization.org_id, document, url=None)

    return store


@pytest.fixture
def say(resources: Resources, as_of: datetime) -> Say:
    """Loads a ticket's conversation, as extraction does."""

    def load(ticket_id: int, *told: str, at: datetime = as_of) -> None:
        none = msgspec.Raw(b"null")
        comments: list[tuple[object, ...]] = []
        contents: list[tuple[object, ...]] = []
        for number, line in enumerate(told, start=1):
            comment_id = ticket_id * 100 + number
            role = {"c": "end-user", "a": "agent"}[line[0]]
            said_at = at - timedelta(minutes=10 - number)
            comments.append((comment_id, ticket_id, "Comment", True, role, said_at, at))
            plain = msgspec.json.encode(CommentContent(line[2:], None, none, none, none))
            sealed = resources.cipher.seal(
                plain,
                column="zendesk.comment_contents.sealed",
                row_id=str(comment_id),
                changed_at=at,
            )
            contents.append((comment_id, ticket_id, sealed, at))
        ticket = TicketContent(f"About {ticket_id}", None, None, None, None, none, none, none)
        subject = resources.cipher.seal(
            msgspec.json.encode(ticket),
            column="zendesk.ticket_contents.sealed",
            row_id=str(ticket_id),
            changed_at=at,
        )
        with resources.session() as connection:
            for table, columns, values in (
                (zendesk.ticket_contents, SUBJECT, [(ticket_id, subject, at)]),
                (zendesk.tickets, TICKET, [(ticket_id, "open", at, at, at)]),
                (zendesk.comments, COMMENT, comments),
                (zendesk.comment_contents, CONTENT, contents),
            ):
                merge(connection, resources.organization.org_id, Rows(table, columns, values))

    return load


@pytest.fixture
def judge_now(resources: Resources, embedder: LocalEmbedder) -> JudgeNow:
    """What the step does."""

    def judge() -> Judged:
        procedures = read_procedures(resources, embedder, LocalJudge(embedder))
        return judge_pending(resources, procedures)

    return judge


@pytest.fixture
def desk(put: Put, say: Say) -> None:
    """Two procedures and four tickets."""
    put(ASK, TELL)
    put(CHECK, document_id=IDENTITY, title="Identity before changes of the email address")
    for ticket_id, told in TALKS.items():
        say(ticket_id, *told)


TICKET = ("id", "status", "created_at", "updated_at", "changed_at")
COMMENT = ("id", "ticket_id", "kind", "is_public", "author_role", "created_at", "changed_at")
SUBJECT = ("ticket_id", "sealed", "changed_at")
CONTENT = ("comment_id", "ticket_id", "sealed", "changed_at")
