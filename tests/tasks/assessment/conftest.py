"""Conversations in a line, and a desk in the warehouse whose tickets hold such conversations."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.assessment import Case, History, RulesAnalyst, packaged_taxonomy
from tasks.embedding import LocalEmbedder
from tasks.extract import extract_stream, forget_deleted
from tasks.resources import Resources, opened
from tasks.scoring import Conversation, Speaker, Turn
from tasks.zendesk.contents import CommentContent
from tests.conftest import new_organization
from warehouse.loading import Rows, merge
from warehouse.sessions import Organization
from warehouse.tables import zendesk

STARTED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPEAKERS: dict[str, tuple[Speaker, bool]] = {
    "c": ("customer", True),
    "a": ("agent", True),
    "n": ("agent", False),
    "u": ("unknown", True),
}
ROLES = {"c": "end-user", "a": "agent", "n": "agent"}
TICKET = ("id", "status", "priority", "requester_id", "created_at", "updated_at", "changed_at")
COMMENT = ("id", "ticket_id", "kind", "is_public", "author_role", "created_at", "changed_at")
CONTENT = ("comment_id", "ticket_id", "sealed", "changed_at")
Talk = Callable[..., Case]
Write = Callable[..., None]


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    """The real model: what is tested is what runs."""
    return LocalEmbedder()


@pytest.fixture(scope="session")
def analyst(embedder: LocalEmbedder) -> RulesAnalyst:
    return RulesAnalyst(packaged_taxonomy(), embedder)


@pytest.fixture(scope="session")
def talk() -> Talk:
    """A case from strings like "c: I moved": customer, agent, note, unknown (a call)."""

    def make(*told: str, ticket_id: int = 1, **history: object) -> Case:
        turns = []
        for number, line in enumerate(told, start=1):
            speaker, is_public = SPEAKERS[line[0]]
            said_at = STARTED_AT + timedelta(minutes=number)
            turns.append(Turn(1_000 + number, 0, speaker, line[2:].strip(), said_at, is_public))
        return Case(Conversation(ticket_id, tuple(turns)), History(**history))

    return make


@pytest.fixture
def write(resources: Resources, as_of: datetime) -> Write:
    """Loads a ticket with such comments, as extraction does."""

    def load(
        ticket_id: int,
        *told: str,
        status: str = "open",
        priority: str | None = None,
        requester_id: int = 7,
        created_at: datetime = as_of,
    ) -> None:
        ticket = (ticket_id, status, priority, requester_id, created_at, as_of, as_of)
        rows = {"tickets": [ticket], "comments": [], "contents": []}
        for number, line in enumerate(told):
            comment_id, at = ticket_id * 100 + number, as_of
            is_public = SPEAKERS[line[0]][1]
            head = (comment_id, ticket_id, "Comment", is_public, ROLES[line[0]])
            rows["comments"].append((*head, at + timedelta(seconds=number), at))
            sealed = _sealed(resources, comment_id, line[2:].strip(), at)
            rows["contents"].append((comment_id, ticket_id, sealed, at))
        with resources.session() as connection:
            for table, columns, name in (
                (zendesk.tickets, TICKET, "tickets"),
                (zendesk.comments, COMMENT, "comments"),
                (zendesk.comment_contents, CONTENT, "contents"),
            ):
                merge(connection, resources.organization.org_id, Rows(table, columns, rows[name]))

    return load


def _sealed(resources: Resources, comment_id: int, words: str, at: datetime) -> bytes:
    none = msgspec.Raw(b"null")
    return resources.cipher.seal(
        msgspec.json.encode(CommentContent(words, None, none, none, none)),
        column="zendesk.comment_contents.sealed",
        row_id=str(comment_id),
        changed_at=at,
    )


@pytest.fixture
def world(
    settings_environment: None, engine: object, partitions: None, sandbox: Sandbox
) -> Iterator[Resources]:
    """An organization with the sandbox's acme, extracted."""
    organization: Organization = new_organization(engine)
    account = sandbox.zendesk["acme"]
    with opened(organization.slug) as found:
        connect_zendesk(
            found,
            base_url=account["base_url"],
            client_id=account["client_id"],
            secret=account["client_secret"],
        )
        now = datetime.now(UTC)
        for name in ("agents", "admins", "users", "tickets", "ticket_events", "articles"):
            extract_stream.fn(organization.slug, name, now)
        forget_deleted.fn(organization.slug)
        yield found
