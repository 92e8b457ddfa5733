"""A session is one organization's, for one transaction; its errors name no values."""

from uuid import UUID

import psycopg
import pytest
from pgvector import HalfVector
from psycopg.adapt import Dumper
from sqlalchemy import Engine, create_engine, text

from warehouse.sessions import Logins, Organization, engine_for, tenant_session


def test_a_session_cannot_write_for_another_organization(
    engine: Engine, organization: Organization, other_organization: Organization
) -> None:
    """WITH CHECK holds for inserts, and updates and deletes do not find foreign rows."""
    with tenant_session(engine, other_organization.org_id) as connection:
        _plant(connection, other_organization.org_id)
    with (
        pytest.raises(Exception, match="42501"),
        tenant_session(engine, organization.org_id) as connection,
    ):
        _plant(connection, other_organization.org_id)
    with tenant_session(engine, organization.org_id) as connection:
        assert connection.execute(text("delete from zendesk.groups")).rowcount == 0
        changed = connection.execute(text("update zendesk.groups set name = 'x'"))
        assert changed.rowcount == 0


def test_the_transformer_reads_neither_contents_nor_keys(logins: Logins) -> None:
    """dbt measures skeletons; what people wrote is not its business."""
    with psycopg.connect(_url(logins.transformer)) as connection:
        for table in (
            "zendesk.ticket_contents",
            "zendesk.comment_contents",
            "zendesk.user_contents",
            "ai.transcripts",
            "ai.ticket_chunks",
            "keys.org_keys",
            "app.connections",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select 1 from {table}")
            connection.rollback()


def test_a_setting_ends_with_its_transaction(logins: Logins, organization: Organization) -> None:
    """The next user of the pooled connection is no one's."""
    pooled = create_engine(logins.loader, pool_size=1, max_overflow=0)
    with tenant_session(pooled, organization.org_id) as connection:
        backend = connection.execute(text("select pg_backend_pid()")).scalar_one()
    with pooled.begin() as connection:
        assert connection.execute(text("select pg_backend_pid()")).scalar_one() == backend
        assert connection.execute(text("select app.org_id()")).scalar_one() is None
    pooled.dispose()


def test_errors_of_the_warehouse_name_no_values(engine: Engine, organization: Organization) -> None:
    """The driver's message quotes the row that failed; ours doesn't, and has no cause."""
    secret = "Wilhelmina Featherstonehaugh"
    with (
        pytest.raises(Exception, match="SQLSTATE") as caught,
        tenant_session(engine, organization.org_id) as connection,
    ):
        connection.execute(
            text("insert into app.organizations (org_id, slug, name) values (:id, :slug, :name)"),
            {"id": organization.org_id, "slug": organization.slug, "name": secret},
        )
    assert secret not in repr(caught.value) + str(caught.value.__cause__)
    assert caught.value.__suppress_context__


def _plant(connection, org_id: UUID) -> None:
    connection.execute(
        text(
            "insert into zendesk.groups (org_id, id, name, changed_at)"
            " values (:org, 1, 'planted', now()) on conflict do nothing"
        ),
        {"org": org_id},
    )


def _url(url) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_a_machine_that_is_gone_without_a_word_is_given_up_within_a_minute(engine: Engine) -> None:
    """Its organization's place for a run, which its session holds, is free then."""
    with engine.connect() as connection:
        idle, interval, count = (
            int(connection.execute(text(f"show tcp_keepalives_{name}")).scalar_one())
            for name in ("idle", "interval", "count")
        )
        raw = connection.connection.driver_connection
        assert raw is not None
        told = raw.info.get_parameters()
    assert idle + interval * count <= 60
    assert told["keepalives_idle"] == str(idle)


def test_connections_leave_no_class_behind(logins: Logins) -> None:
    """A worker makes thousands of them, and psycopg never gives up a class that was registered."""
    _use_vectors(logins)
    before = _family(Dumper)
    for _ in range(3):
        _use_vectors(logins)
    assert _family(Dumper) == before


def _use_vectors(logins: Logins) -> None:
    engine = engine_for(logins.loader)
    with engine.connect() as connection:
        asked = text("select cast(:vector as halfvec)")
        told = connection.execute(asked, {"vector": HalfVector([1, 2.5])}).scalar_one()
    engine.dispose()
    assert told == HalfVector([1, 2.5])


def _family(kind: type) -> int:
    return 1 + sum(_family(one) for one in kind.__subclasses__())
