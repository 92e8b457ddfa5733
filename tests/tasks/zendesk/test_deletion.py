"""What is deleted in Zendesk is gone here within one run, derived data included."""

import time
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from sqlalchemy import text

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.embed import embed_text
from tasks.extract import extract_stream, forget_deleted
from tasks.reconcile import reconcile, repair_tickets
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
    globex: Resources, control: httpx.Client
) -> None:
    """Sealed words, vectors and scores go; that there was a ticket, and that it went, stays."""
    resources = globex
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


def _words(resources: Resources, ticket: int) -> str:
    """Everything that is sealed of a ticket's comments and description, opened."""
    found = []
    with resources.session() as connection:
        for table, key in (("comment_contents", "comment_id"), ("ticket_contents", "ticket_id")):
            rows = connection.execute(
                text(
                    f"select {key} as id, sealed, changed_at from zendesk.{table}"
                    " where ticket_id = :id"
                ),
                {"id": ticket},
            )
            found += [(f"zendesk.{table}.sealed", row) for row in rows]
    return "\n".join(
        resources.cipher.unseal(
            bytes(row.sealed), column=column, row_id=str(row.id), changed_at=row.changed_at
        ).decode()
        for column, row in found
    )


def _change(control: httpx.Client, kind: str, **what: int) -> None:
    asked = {"account": "globex", "kind": kind, **what}
    assert control.post("/changes", json=asked).is_success


@pytest.fixture
def globex(resources: Resources, sandbox: Sandbox) -> Resources:
    """An organization connected to globex, extracted."""
    account = sandbox.zendesk["globex"]
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    _extract(resources)
    return resources


def _reconcile(resources: Resources) -> None:
    slug, now = resources.organization.slug, datetime.now(UTC)
    for name in ("users", "tickets", "ticket_events", "articles"):
        extract_stream.fn(slug, name, now)
    reconcile.fn(slug, now)
    repair_tickets.fn(slug, now)
    forget_deleted.fn(slug)


def test_a_redacted_comment_is_gone_within_one_run(
    globex: Resources, control: httpx.Client
) -> None:
    """From contents, vectors and scores, and from the description; the rest of it stays."""
    slug = globex.organization.slug
    embed_text.fn(slug)
    score_tickets.fn(slug)
    with globex.session() as connection:
        victim = connection.execute(
            text("""
                select t.id from zendesk.tickets as t
                inner join ai.ticket_scores as s on t.id = s.ticket_id
                where t.status <> 'deleted' and t.via_channel = 'email' order by t.id limit 1
            """)
        ).scalar_one()
    before = _words(globex, victim)
    content = msgspec.json.decode(before.splitlines()[0])
    secret = max(content["plain_body"].splitlines(), key=len)
    comments = _rows(globex, victim)["zendesk.comment_contents"]
    _change(control, "redact_comment", ticket_id=victim)
    _reconcile(globex)
    after = _words(globex, victim)
    assert secret in before
    assert secret not in after
    assert "▇" in after
    left = _rows(globex, victim)
    assert left["zendesk.comment_contents"] == comments, "the others, and what is left of it"
    assert (left["ai.ticket_scores"], left["ai.ticket_work"]) == (0, 0), "to be made anew"
    embed_text.fn(slug)
    assert _rows(globex, victim)["ai.ticket_chunks"] > 0
    _reconcile(globex)
    assert _rows(globex, victim)["ai.ticket_chunks"] > 0, "done once, not with each run"


def test_a_ticket_deleted_for_good_leaves_no_word(globex: Resources, control: httpx.Client) -> None:
    """The export says SCRUBBED; what was sealed before goes as well."""
    with globex.session() as connection:
        victim = connection.execute(
            text("select max(id) from zendesk.tickets where status <> 'deleted'")
        ).scalar_one()
    assert _words(globex, victim)
    _change(control, "scrub_ticket", ticket_id=victim)
    _reconcile(globex)
    assert _words(globex, victim) == ""


@pytest.mark.parametrize("kind", ["delete_user", "scrub_user"])
def test_who_a_deleted_user_was_is_forgotten(
    globex: Resources, control: httpx.Client, kind: str
) -> None:
    """Name, addresses and identities; the id stays with what was done."""
    extract_stream.fn(globex.organization.slug, "users", datetime.now(UTC))
    sealed = "select count(*) from zendesk.{} where user_id = :id"
    tables = ("user_contents", "user_identity_contents")

    def counts(user: int) -> list[int]:
        with globex.session() as connection:
            return [
                connection.execute(text(sealed.format(table)), {"id": user}).scalar_one()
                for table in tables
            ]

    with globex.session() as connection:
        user = connection.execute(
            text("""
                select c.user_id from zendesk.user_contents as c
                inner join zendesk.users as u on c.user_id = u.id
                inner join zendesk.user_identity_contents as i on c.user_id = i.user_id
                where u.role = 'end-user' and u.active order by 1 limit 1
            """)
        ).scalar_one()
    assert all(counts(user))
    _change(control, kind, user_id=user)
    _reconcile(globex)
    assert counts(user) == [0, 0]


def test_an_article_that_was_removed_is_removed_here(
    globex: Resources, control: httpx.Client
) -> None:
    """With its passages: a procedure that is no longer in force must not be scored against."""
    slug = globex.organization.slug
    extract_stream.fn(slug, "articles", datetime.now(UTC))
    embed_text.fn(slug)
    counts = "select count(*) from knowledge.{} where document_id = :id"
    with globex.session() as connection:
        document = connection.execute(
            text("select max(document_id) from knowledge.documents")
        ).scalar_one()
    _change(control, "retire_article", article_id=int(document.rsplit("/", 1)[-1]))
    _reconcile(globex)
    with globex.session() as connection:
        for table in ("documents", "chunks"):
            found = connection.execute(text(counts.format(table)), {"id": document}).scalar_one()
            assert found == 0
        assert connection.execute(text("select count(*) from knowledge.documents")).scalar_one()
