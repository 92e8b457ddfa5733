"""No login reads or writes what is not its organization's: every table, from the catalog."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, create_engine, text

from warehouse.sessions import Logins, Organization, tenant_session

SCHEMAS = [
    "app",
    "keys",
    "zendesk",
    "knowledge",
    "ai",
    "audit",
    "staging",
    "intermediate",
    "metrics",
]
SHARED = {"app.alembic_version"}


@pytest.fixture
def superuser(home, logins: Logins) -> Iterator[psycopg.Connection]:
    """Only to look at the catalog and to plant rows: the product never has this login."""
    import json

    password = json.loads((home / "postgres.json").read_text())["password"]
    with psycopg.connect(
        host="127.0.0.1",
        port=logins.loader.port,
        user="postgres",
        password=password,
        dbname=logins.loader.database,
        autocommit=True,
    ) as connection:
        yield connection


def _relations(connection: psycopg.Connection, kinds: str) -> list[tuple[int, str, str]]:
    found = connection.execute(
        "select c.oid, n.nspname, c.relname from pg_class c join pg_namespace n"
        " on c.relnamespace = n.oid where n.nspname = any(%s) and c.relkind = any(%s)",
        [SCHEMAS, list(kinds)],
    )
    return [row for row in found if f"{row[1]}.{row[2]}" not in SHARED]


def test_every_table_and_partition_is_under_forced_row_level_security(
    superuser: psycopg.Connection, partitions: None
) -> None:
    """A table that someone adds without isolating it fails here."""
    tables = _relations(superuser, "rp")
    assert len(tables) > 300, "the partitions are among them"
    bare = superuser.execute(
        "select oid::regclass::text from pg_class where oid = any(%s)"
        " and not (relrowsecurity and relforcerowsecurity)",
        [[oid for oid, *_ in tables]],
    ).fetchall()
    assert bare == []


def test_every_policy_is_the_tenant_s(superuser: psycopg.Connection, partitions: None) -> None:
    """But for what its functions read and write as the owner, no policy says anything else."""
    others = superuser.execute(
        "select schemaname || '.' || tablename, policyname, roles::text, cmd from pg_policies"
        " where schemaname = any(%s) and (qual not like '%%org_id = ( SELECT app.org_id()%%'"
        " or policyname <> 'tenant') order by 1",
        [SCHEMAS],
    ).fetchall()
    assert others == [
        ("app.account_budgets", "owner", "{vensor_owner}", "ALL"),
        ("app.logins", "owner", "{vensor_owner}", "SELECT"),
        ("app.organizations", "owner", "{vensor_owner}", "SELECT"),
    ]


def test_every_key_and_index_starts_with_the_tenant(superuser: psycopg.Connection) -> None:
    """An index that doesn't would scan every tenant's rows, and a unique one would tell of them."""
    strange = superuser.execute(
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid"
        " join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]"
        " where n.nspname = any(%s) and a.attname <> 'org_id' and c.relname not like '%%_p20%%'"
        " order by 1",
        [SCHEMAS],
    ).fetchall()
    assert [name for (name,) in strange] == [
        "app.alembic_version_pkc",
        "app.pk_account_budgets",
        "app.uq_logins_login",
        "app.uq_organizations_slug",
        "knowledge.ix_chunks_words",
    ]


def test_every_view_runs_with_its_reader_s_rights(superuser: psycopg.Connection) -> None:
    """A view without security_invoker would read with its owner's."""
    views = superuser.execute(
        "select oid::regclass::text from pg_class where oid = any(%s)"
        " and not coalesce('security_invoker=true' = any(reloptions), false)",
        [[oid for oid, *_ in _relations(superuser, "v")]],
    ).fetchall()
    assert views == []
    assert _relations(superuser, "m") == [], "a materialized view has no row-level security"


def test_nothing_is_granted_to_everyone(superuser: psycopg.Connection) -> None:
    """Neither tables nor functions: PUBLIC has no business in here."""
    tables = superuser.execute(
        "select table_schema, table_name, privilege_type from information_schema.table_privileges"
        " where grantee = 'PUBLIC' and table_schema = any(%s)",
        [SCHEMAS],
    ).fetchall()
    functions = superuser.execute(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n"
        " on p.pronamespace = n.oid where n.nspname = any(%s)"
        " and has_function_privilege('public', p.oid, 'execute')",
        [SCHEMAS],
    ).fetchall()
    assert (tables, functions) == ([], [])


def test_no_service_login_bypasses_or_owns(superuser: psycopg.Connection) -> None:
    """The logins that run are no superusers, bypass nothing and do not own the rows' tables."""
    roles = superuser.execute(
        "select rolname from pg_roles where rolname like 'vensor%%'"
        " and rolname <> 'vensor_backup' and (rolsuper or rolbypassrls)"
    ).fetchall()
    assert roles == []
    owners = superuser.execute(
        "select distinct pg_get_userbyid(c.relowner) from pg_class c join pg_namespace n"
        " on n.oid = c.relnamespace where n.nspname in ('app', 'keys', 'zendesk', 'ai', 'audit')"
        " and c.relkind in ('r', 'p')"
    ).fetchall()
    assert owners == [("vensor_owner",)]


def test_a_session_reads_only_its_own_rows_of_any_table(
    superuser: psycopg.Connection,
    engine: Engine,
    organization: Organization,
    other_organization: Organization,
) -> None:
    """As the loader, over every table it may read: 0 foreign rows; without a tenant, 0 rows."""
    foreign: dict[str, int] = {}
    untenanted: dict[str, int] = {}
    with tenant_session(engine, other_organization.org_id) as connection:
        _plant(connection, other_organization.org_id)
    tables = [f"{schema}.{name}" for _, schema, name in _relations(superuser, "rp")]
    readable = [
        name
        for name in tables
        if superuser.execute(
            "select has_table_privilege('vensor_loader', %s, 'select')", [name]
        ).fetchone()[0]
    ]
    with tenant_session(engine, organization.org_id) as connection:
        for name in readable:
            query = text(f"select count(*) from {name} where org_id <> :mine")
            foreign[name] = connection.execute(query, {"mine": organization.org_id}).scalar_one()
    with engine.begin() as connection:
        for name in readable:
            untenanted[name] = connection.execute(text(f"select count(*) from {name}")).scalar_one()
    assert {name for name, count in foreign.items() if count} == set()
    assert {name for name, count in untenanted.items() if count} == set()
    assert "zendesk.tickets" in readable


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


def test_no_partition_can_be_read_past_its_parent(
    superuser: psycopg.Connection, partitions: None
) -> None:
    """The services have no right to a partition itself, whose policy would be its own."""
    children = superuser.execute(
        "select inhrelid::regclass::text from pg_inherits join pg_class p on p.oid = inhparent"
        " where p.relkind = 'p' limit 50"
    ).fetchall()
    assert children
    for (name,) in children:
        for role in ("vensor_loader", "vensor_transformer", "vensor_bi"):
            assert superuser.execute(
                "select has_table_privilege(%s, %s, 'select')", [role, name]
            ).fetchone() == (False,)


@pytest.fixture
def bi_login(
    superuser: psycopg.Connection, logins: Logins, organization: Organization
) -> Iterator[str]:
    """A BI login of the organization: a member of vensor_bi, bound by its name."""
    name = f"bi_{uuid4().hex[:10]}"
    superuser.execute(
        sql.SQL("create role {} login password 'only-here' in role vensor_bi").format(
            sql.Identifier(name)
        )
    )
    superuser.execute(
        "insert into app.logins (org_id, login) values (%s, %s)", [organization.org_id, name]
    )
    yield name
    superuser.execute("delete from app.logins where login = %s", [name])
    superuser.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_a_bi_login_is_bound_by_its_name_and_deaf_to_settings(
    logins: Logins, bi_login: str, organization: Organization, other_organization: Organization
) -> None:
    """Naming another organization by set_config changes nothing for who can send SQL."""
    with _login(logins, bi_login) as connection:
        assert _tenant(connection) == organization.org_id
        connection.execute(
            "select set_config('app.org_id', %s, false)", [str(other_organization.org_id)]
        )
        assert _tenant(connection) == organization.org_id
        for table in ("zendesk.tickets", "keys.org_keys", "app.connections", "audit.events"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select 1 from {table}")
            connection.rollback()


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


def _login(logins: Logins, name: str) -> psycopg.Connection:
    return psycopg.connect(_url(logins.loader.set(username=name, password="only-here")))


def _tenant(connection: psycopg.Connection) -> UUID | None:
    return connection.execute("select app.org_id()").fetchone()[0]
