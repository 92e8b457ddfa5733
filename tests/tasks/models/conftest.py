"""An organization with tickets, and models on the far side of a socket, with their prices."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import httpx
import msgspec
import pytest

from cli.peers import Sandbox
from tasks.resources import Resources, opened
from tasks.zendesk.contents import CommentContent
from warehouse.loading import Rows, merge
from warehouse.sessions import Organization
from warehouse.tables import zendesk

PRICES = """
- {model: text-embedding-3-small, from: 2024-01-25, usd_per_million: {input: 20}}
- {model: text-embedding-3-large, from: 2024-01-25, usd_per_million: {input: 130}}
- {model: gpt-transcribe, from: 2026-01-01, usd_per_audio_minute: 0.6}
"""
Write = Callable[..., None]


@pytest.fixture
def models(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The settings lead to the sandbox's models, which cost something."""
    prices = tmp_path / "prices.yml"
    prices.write_text(PRICES)
    monkeypatch.setenv("OPENAI_API_KEY", sandbox.openai["api_key"])
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai["base_url"])
    monkeypatch.setenv("VENSOR_PRICES_PATH", str(prices))
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as control:
        control.delete("/requests")
        yield
        control.delete("/faults")


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as opened_control:
        yield opened_control


@pytest.fixture
def desk(
    settings_environment: None, models: None, organization: Organization
) -> Iterator[Resources]:
    """What a step works with, the models' settings among it."""
    with opened(organization.slug) as found:
        yield found


@pytest.fixture
def write(desk: Resources, as_of: datetime) -> Write:
    """Loads tickets with these comments, one each, as extraction does."""

    def load(texts: Sequence[str], *, first: int = 1, at: datetime = as_of) -> None:
        rows: dict[str, list[tuple[object, ...]]] = {"tickets": [], "comments": [], "contents": []}
        none = msgspec.Raw(b"null")
        for number, words in enumerate(texts, start=first):
            content = msgspec.json.encode(CommentContent(words, None, none, none, none))
            sealed = desk.cipher.seal(
                content,
                column="zendesk.comment_contents.sealed",
                row_id=str(number * 10),
                changed_at=at,
            )
            rows["tickets"].append((number, "open", at, at, at))
            rows["comments"].append((number * 10, number, "Comment", True, at, at))
            rows["contents"].append((number * 10, number, sealed, at))
        with desk.session() as connection:
            for table, columns, name in (
                (zendesk.tickets, TICKET, "tickets"),
                (zendesk.comments, COMMENT, "comments"),
                (zendesk.comment_contents, CONTENT, "contents"),
            ):
                merge(connection, desk.organization.org_id, Rows(table, columns, rows[name]))

    return load


TICKET = ("id", "status", "created_at", "updated_at", "changed_at")
COMMENT = ("id", "ticket_id", "kind", "is_public", "created_at", "changed_at")
CONTENT = ("comment_id", "ticket_id", "sealed", "changed_at")
