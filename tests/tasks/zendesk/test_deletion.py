"""What is deleted in Zendesk is gone here within one run, derived data included."""

import time
from datetime import UTC, datetime

import httpx
from sqlalchemy import text

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.embed import embed_text
from tasks.extract import extract_stream, forget_deleted
from tasks.resources import Resources
from tasks.score import score_tickets

WORDY = (
    "zendesk.ticket_contents",
    "zendesk.comment_contents",
    "ai.ticket_chunks",
    "ai.turn_sentiments",
    "ai.ticket_scores",
    "ai.ticket_work",
)


def _rows(resources: Resources, ticket: int) -> dict[str, int]:
    with resources.session() as connection:
        return {
            table: connection.execute(
                text(f"select count(*) from {table} where ticket_id = :id"), {"id": ticket}
            ).scalar_one()
            for table in WORDY
        }


def _extract(resources: Resources) -> None:
    slug, now = resources.organization.slug, datetime.now(UTC)
    for name in ("agents", "admins", "tickets", "ticket_events"):
        extract_stream.fn(slug, name, now)
    forget_deleted.fn(slug)


def test_a_ticket_deleted_upstream_leaves_no_word_and_no_score(
    resources: Resources, sandbox: Sandbox, control: httpx.Client
) -> None:
    """Sealed words, vectors and scores go; that there was a ticket, and that it went, stays."""
    account = sandbox.zendesk["globex"]
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    _extract(resources)
    embed_text.fn(resources.organization.slug)
    score_tickets.fn(resources.organization.slug)
    with resources.session() as connection:
        victim = connection.execute(
            text(
                "select c.ticket_id from ai.ticket_chunks as c join zendesk.tickets as t"
                " on t.id = c.ticket_id where t.status <> 'closed' order by 1 desc limit 1"
            )
        ).scalar_one()
    assert all(_rows(resources, victim).values())
    told = {"account": "globex", "kind": "delete_ticket", "ticket_id": victim}
    assert control.post("/changes", json=told).is_success
    for _ in range(30):
        _extract(resources)
        if not any(_rows(resources, victim).values()):
            break
        time.sleep(1)
    assert not any(_rows(resources, victim).values())
    with resources.session() as connection:
        status = text("select status from zendesk.tickets where id = :id")
        assert connection.execute(status, {"id": victim}).scalar_one() == "deleted"
        done = "select count(*) from audit.events where action = 'delete.content'"
        assert connection.execute(text(done)).scalar_one() >= 1


def test_what_was_deleted_before_the_first_run_is_never_kept(
    resources: Resources, sandbox: Sandbox
) -> None:
    """Zendesk still exports the words of deleted tickets; none of them stays."""
    account = sandbox.zendesk["acme"]
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    _extract(resources)
    with resources.session() as connection:
        deleted = "select id from zendesk.tickets where status = 'deleted'"
        assert connection.execute(text(deleted)).all(), "the world has deleted tickets"
        kept = f"select count(*) from zendesk.comment_contents where ticket_id in ({deleted})"
        assert connection.execute(text(kept)).scalar_one() == 0
