"""Exactly what is past its clock goes, with all that hangs on it, and not before it is measured."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from tasks.purge import purge_organization
from tasks.resources import Resources
from tests.conftest import new_organization, published
from warehouse import audit, ledger, retention
from warehouse.loading import Rows, merge
from warehouse.retention import clock
from warehouse.sessions import Logins, Organization, find_organization, tenant_session
from warehouse.tables import ai, zendesk

TICKET = ("id", "status", "created_at", "updated_at", "changed_at")


def _load_ticket(engine: Engine, organization: Organization, key: int, at: datetime) -> None:
    org_id = organization.org_id
    with tenant_session(engine, org_id) as connection:
        merge(connection, org_id, Rows(zendesk.tickets, TICKET, [(key, "closed", at, at, at)]))
        merge(
            connection,
            org_id,
            Rows(
                zendesk.comments,
                ("id", "ticket_id", "kind", "created_at", "changed_at"),
                [(key * 10, key, "Comment", at, at)],
            ),
        )
        merge(
            connection,
            org_id,
            Rows(
                zendesk.comment_contents,
                ("comment_id", "ticket_id", "sealed", "changed_at"),
                [(key * 10, key, b"sealed", at)],
            ),
        )
        merge(
            connection,
            org_id,
            Rows(
                ai.ticket_scores,
                ("ticket_id", "model_version", "turns", "changed_at"),
                [(key, "m", 1, at)],
            ),
        )


def _ids(engine: Engine, org_id: UUID, table: str, column: str) -> list[int]:
    with tenant_session(engine, org_id) as connection:
        return sorted(connection.execute(text(f"select {column} from {table}")).scalars())


def test_a_purge_removes_exactly_what_is_past_its_clock(
    resources: Resources, engine: Engine, logins: Logins, as_of: datetime
) -> None:
    """Tickets, their comments, contents and scores go together; younger ones stay whole."""
    organization = resources.organization
    for key, days in ((1, 40), (2, 32), (3, 29), (4, 0)):
        _load_ticket(engine, organization, key, as_of - timedelta(days=days))
    published(logins, organization, as_of)
    receipt = purge_organization.fn(organization.slug, as_of, False)
    org_id = organization.org_id
    assert _ids(engine, org_id, "zendesk.tickets", "id") == [3, 4]
    for table in ("zendesk.comments", "zendesk.comment_contents", "ai.ticket_scores"):
        assert _ids(engine, org_id, table, "ticket_id") == [3, 4], table
    assert "2 zendesk.tickets" in receipt
    assert "nothing" in purge_organization.fn(organization.slug, as_of, False), "a second pass"


def test_a_ticket_whose_days_are_not_measured_stays_as_a_skeleton(
    resources: Resources, engine: Engine, logins: Logins, as_of: datetime
) -> None:
    """Its content goes at its time; its counts must not be lost with it."""
    organization = resources.organization
    _load_ticket(engine, organization, 1, as_of - timedelta(days=40))
    purge_organization.fn(organization.slug, as_of, False)
    assert _ids(engine, organization.org_id, "zendesk.tickets", "id") == [1]
    assert _ids(engine, organization.org_id, "zendesk.comment_contents", "ticket_id") == []
    published(logins, organization, as_of - timedelta(days=35))
    purge_organization.fn(organization.slug, as_of, False)
    assert _ids(engine, organization.org_id, "zendesk.tickets", "id") == []


def test_a_dry_run_counts_and_deletes_nothing(
    resources: Resources, engine: Engine, logins: Logins, as_of: datetime
) -> None:
    """What it says is what a purge then does."""
    organization = resources.organization
    _load_ticket(engine, organization, 1, as_of - timedelta(days=40))
    published(logins, organization, as_of)
    assert "would delete" in purge_organization.fn(organization.slug, as_of, True)
    assert _ids(engine, organization.org_id, "zendesk.tickets", "id") == [1]


def test_a_purge_is_written_to_the_audit_trail(
    resources: Resources, engine: Engine, logins: Logins, as_of: datetime
) -> None:
    """With its cutoff and counts, and no value."""
    organization = resources.organization
    _load_ticket(engine, organization, 1, as_of - timedelta(days=40))
    published(logins, organization, as_of)
    purge_organization.fn(organization.slug, as_of, False)
    with tenant_session(engine, organization.org_id) as connection:
        details = connection.execute(
            text("select details from audit.events where action = 'retention.purge'")
        ).scalar_one()
    assert details["zendesk.tickets"] == 1
    assert details["cutoff"].startswith((as_of - timedelta(days=30)).isoformat()[:10])


def test_a_purge_touches_no_other_organization(
    resources: Resources,
    engine: Engine,
    logins: Logins,
    other_organization: Organization,
    as_of: datetime,
) -> None:
    """Each organization has its own clock."""
    _load_ticket(engine, other_organization, 1, as_of - timedelta(days=40))
    published(logins, resources.organization, as_of)
    purge_organization.fn(resources.organization.slug, as_of, False)
    assert _ids(engine, other_organization.org_id, "zendesk.tickets", "id") == [1]
    assert _ids(engine, other_organization.org_id, "zendesk.comment_contents", "ticket_id") == [1]


def test_the_keys_of_past_weeks_are_destroyed_and_their_content_opens_no_more(
    resources: Resources, engine: Engine, logins: Logins, kek, as_of: datetime
) -> None:
    """A copy of the ciphertext somewhere else is lost with its key."""
    organization = resources.organization
    old = as_of - timedelta(days=44)
    place = {"column": "zendesk.ticket_contents.sealed", "row_id": "1"}
    sealed = resources.cipher.seal(b"words", changed_at=old, **place)
    fresh = resources.cipher.seal(b"words", changed_at=as_of, **place)
    published(logins, organization, as_of)
    assert "1 keys.org_keys" in purge_organization.fn(organization.slug, as_of, False)
    from tasks.resources import opened

    with opened(organization.slug) as later:
        with pytest.raises(Exception, match="destroyed"):
            later.cipher.unseal(sealed, changed_at=old, **place)
        assert later.cipher.unseal(fresh, changed_at=as_of, **place) == b"words"


def test_partitions_wait_for_the_longest_clock(
    engine: Engine, partitions: None, as_of: datetime
) -> None:
    """A day is dropped when it is past everyone's clock, audit rows after their own."""
    new_organization(engine, retention_days=3650)
    dropped = retention.drop_partitions(engine, as_of + timedelta(days=60))
    assert [name for name in dropped if not name.startswith("audit.")] == []


def test_a_clock_begins_at_the_organization_s_midnight(engine: Engine, partitions: None) -> None:
    """A day of Kiritimati (UTC+14) ends long before the same day of UTC."""
    organization = new_organization(engine, timezone="Pacific/Kiritimati", retention_days=1)
    at = clock(organization, datetime.fromisoformat("2026-11-24T12:00:00+00:00"))
    assert at.first_kept_day == date(2026, 11, 24)
    assert at.first_kept_at == datetime.fromisoformat("2026-11-24T00:00:00+14:00")


def test_runs_of_one_organization_never_overlap(engine: Engine, organization: Organization) -> None:
    """The second is told to come back; when the first ends, however, its place is free."""
    first = ledger.exclusive(engine, organization)
    with first, pytest.raises(Exception, match="under way"):
        ledger.exclusive(engine, organization).__enter__()
    with ledger.exclusive(engine, organization):
        pass


def test_an_audit_row_cannot_be_changed_or_deleted(
    engine: Engine, organization: Organization
) -> None:
    """The loader adds to the trail; it has no right to rewrite it."""
    with tenant_session(engine, organization.org_id) as connection:
        audit.record(
            connection,
            organization.org_id,
            actor="test",
            action="a",
            purpose="p",
            details={},
        )
    for statement in ("update audit.events set actor = 'x'", "delete from audit.events"):
        with (
            pytest.raises(Exception, match="42501"),
            tenant_session(engine, organization.org_id) as connection,
        ):
            connection.execute(text(statement))
    assert find_organization(engine, organization.slug) == organization
