"""No one reads or writes what is not theirs: every relation × login × verb × spoofed setting.

Twice: in the embedded warehouse, and in one that is made as Supabase makes them, whose
administrator is no superuser and whose extensions lie in a schema of their own.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from tasks.identity.roles import ROLES, allows
from tests.conftest import measured_database
from tests.warehouse.askers import cases, sessions
from tests.warehouse.catalog import NO_TENANT, SCHEMAS, open_objects, relations
from tests.warehouse.planted import (
    BOUND,
    MEMBER,
    MINE,
    THEIRS,
    Planted,
    claims,
    login_of,
    planted,
)
from tests.warehouse.shapes import supabase_cluster
from warehouse import embedded

SHAPES = ("embedded", "supabase")


@pytest.fixture(scope="module", params=SHAPES)
def warehouse(
    request: pytest.FixtureRequest,
    home: Path,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("isolation")
    if request.param == "embedded":
        logins = measured_database(home, f"vensor_isolation_{worker_id}")
        server = embedded.start(home)
        superuser = logins.loader.set(username="postgres", password=server.password)
        yield planted(superuser, logins, folder, supabase=False)
        return
    superuser, logins = supabase_cluster(folder)
    yield planted(superuser, logins, folder, supabase=True)
    embedded.stop(folder)


def _tried(connection: psycopg.Connection, statement: str, *values: object) -> int | None:
    """The rows that it found or changed, which is rolled back; None where it was refused."""
    refusals = (errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)
    try:
        with connection.transaction(force_rollback=True):
            done = connection.execute(statement, values)
            return int(done.fetchone()[0]) if done.description else done.rowcount
    except (*refusals, errors.FeatureNotSupported):
        return None


# Ten thousand statements, each in a subtransaction of its own: within the server, since a round
# trip for each takes minutes.
TRY = """
do $try$
declare
    statement text;
    told bigint;
    found jsonb := '[]';
begin
    for statement in
        select jsonb_array_elements_text(current_setting('tests.statements')::jsonb)
    loop
        begin
            execute statement;
            get diagnostics told = row_count;
            raise exception using errcode = 'TRIED';
        exception
            when sqlstate 'TRIED' then null;
            when insufficient_privilege or object_not_in_prerequisite_state
                or feature_not_supported then told := null;
        end;
        found := found || coalesce(to_jsonb(told), 'null');
    end loop;
    perform set_config('tests.found', found::text, false);
end $try$
"""


def _all_tried(connection: psycopg.Connection, statements: list[str]) -> dict[str, int | None]:
    """The rows that each read or changed, which is rolled back; None where it was refused."""
    connection.execute("select set_config('tests.statements', %s, false)", [json.dumps(statements)])
    connection.execute(TRY)
    (found,) = connection.execute("select current_setting('tests.found')").fetchone()
    return dict(zip(statements, json.loads(found), strict=True))


in_supabase = pytest.mark.parametrize("warehouse", ["supabase"], indirect=True)


def _tenanted(connection: psycopg.Connection, kinds: str) -> list[str]:
    return [
        name
        for name in relations(connection, kinds)
        if name not in NO_TENANT and name != "app.partitioned_tables"
    ]


def test_nothing_in_the_catalog_is_open(warehouse: Planted) -> None:
    """Tables, partitions, views, functions, grants, defaults, roles."""
    with warehouse.as_superuser() as connection:
        assert open_objects(connection) == []
        assert len(relations(connection, "rp")) > 80
        assert len(relations(connection, "v")) > 10


OPENED = {
    "a table": "create table app.new (org_id uuid)",
    "a table whose owner is not bound": "create table app.new (org_id uuid);"
    " alter table app.new enable row level security",
    "a table without a tenant": "create table app.new (id integer)",
    "a table in a new schema": "create schema new authorization vensor_owner;"
    " set role vensor_owner; create table new.new (org_id uuid); call app.isolate('new.new')",
    "a table that keeps everything": "create table app.new (org_id uuid);"
    " call app.isolate('app.new'); create policy new on app.new using (true)",
    "a policy for reading only": "create table app.new (org_id uuid);"
    " call app.isolate('app.new'); drop policy tenant on app.new;"
    " create policy tenant on app.new for select using (org_id = (select app.org_id()))",
    "a partition": "create table audit.new partition of audit.events"
    " for values from ('2000-01-01') to ('2000-01-02')",
    "a partition with a grant": "create table audit.new partition of audit.events"
    " for values from ('2000-01-01') to ('2000-01-02'); call app.isolate('audit.new');"
    " grant select on audit.new to vensor_auditor",
    "a view": "create view metrics.new as select * from app.members",
    "a view for readers of what is no metric": "create view bi.new with (security_barrier = true)"
    " as select * from app.members; alter view bi.new owner to vensor_transformer",
    "a view for readers that is no barrier": "create view bi.new"
    " as select * from metrics.fct_ticket_flow_daily;"
    " alter view bi.new owner to vensor_transformer",
    "a view for readers with its maker's rights": "create view bi.new"
    " with (security_barrier = true) as select * from metrics.fct_ticket_flow_daily",
    "a materialized view": "create materialized view metrics.new as select * from app.members",
    "an index": "create index new on app.members (role)",
    "a function for everyone": "create function app.new() returns integer language sql return 1;"
    " grant execute on function app.new() to public",
    "a function that acts as its owner": "create function app.new() returns integer language sql"
    " security definer return 1; revoke execute on function app.new() from public",
    "such a function for readers": "create function app.new() returns integer language sql"
    " security definer set search_path = '' return 1;"
    " revoke execute on function app.new() from public;"
    " grant execute on function app.new() to vensor_bi",
    "a grant to everyone": "grant select on app.new_members to public",
    "a schema for everyone": "grant usage on schema keys to public",
    "a default": "alter default privileges for role vensor_owner in schema app"
    " grant select on tables to vensor_bi",
    "a role that bypasses": "alter role vensor_loader bypassrls",
    "a role that makes others": "alter role vensor_loader createrole",
}


@pytest.mark.parametrize("statements", OPENED.values(), ids=OPENED)
def test_whoever_opens_something_is_told(warehouse: Planted, statements: str) -> None:
    """The test before this one fails for a table that somebody adds and does not isolate."""
    with warehouse.as_superuser() as connection, connection.transaction(force_rollback=True):
        if "new_members" in statements:
            connection.execute("alter table app.members rename to new_members")
        for statement in statements.split("; "):
            connection.execute(statement)
        assert open_objects(connection)


@in_supabase
def test_supabase_s_keys_open_nothing_that_is_granted_directly(warehouse: Planted) -> None:
    """As a mistake in its dashboard would."""
    with warehouse.as_superuser() as connection, connection.transaction(force_rollback=True):
        for role in ("anon", "service_role"):
            connection.execute(f"grant select on metrics.fct_ticket_flow_daily to {role}")
        assert len(open_objects(connection)) == 2


def test_no_session_finds_a_foreign_row(warehouse: Planted) -> None:
    """Reading, changing and deleting find none; and every table has one to find."""
    found, asked = set[str](), 0
    with warehouse.as_superuser() as connection:
        names = _tenanted(connection, "rpv")
        tables = _tenanted(connection, "rp")
        there = [f"delete from {name} where org_id = '{THEIRS}'" for name in tables]
        assert [one for one, rows in _all_tried(connection, there).items() if not rows] == []
    for case, session, spoof in cases(warehouse):
        whose = "null" if session.whose is None else f"'{session.whose}'"
        foreign = f"where org_id is distinct from {whose}"
        with warehouse.session(session.user, session.settings | spoof, session.role) as connection:
            statements = [
                f"{verb} {foreign}"
                for name in names
                for verb in (
                    f"select from {name}",
                    f"update {name} set org_id = org_id",
                    f"delete from {name}",
                )
            ]
            tried = _all_tried(connection, statements)
        asked += len(tried)
        found |= {f"{case}: {statement}" for statement, rows in tried.items() if rows}
    assert found == set()
    assert asked > 15_000


def test_no_session_writes_a_foreign_row(warehouse: Planted) -> None:
    """Neither a new one, nor by giving its own away; and no one empties a table."""
    done = set[str]()
    with warehouse.as_superuser() as connection:
        tables = _tenanted(connection, "rp")
        keys = {name: _partition_key(connection, name) for name in tables}
        measured = {
            name for name in tables if name.startswith(("intermediate.", "metrics.", "candidate."))
        }  # dbt owns what it makes: the transformer may empty a table, and reads none but its own
    for case, session, spoof in cases(warehouse):
        inserts, updates, truncates = (
            [
                f"insert into {name} (org_id{key}) values ('{THEIRS}'{value})"
                for name, (key, value) in keys.items()
            ],
            [f"update {name} set org_id = '{THEIRS}'" for name in tables],
            [
                f"truncate {name}"
                for name in tables
                if not (name in measured and session.user == "vensor_transformer")
            ],
        )
        with warehouse.session(session.user, session.settings | spoof, session.role) as connection:
            tried = _all_tried(connection, inserts + updates + truncates)
        done |= {f"{case}: {statement}" for statement in updates if tried[statement]}
        done |= {
            f"{case}: {statement}"
            for statement in inserts + truncates
            if tried[statement] is not None
        }
    assert done == set()


def _partition_key(connection: psycopg.Connection, name: str) -> tuple[str, str]:
    """(", column", ", a value") of what a partitioned table or a partition is cut by."""
    found = connection.execute(
        "select a.attname from pg_partitioned_table p"
        " join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]"
        " where p.partrelid in (%s::regclass, (select inhparent from pg_inherits"
        " where inhrelid = %s::regclass))",
        [name, name],
    ).fetchone()
    if found is None:
        return "", ""
    tomorrow = name[-8:].isdigit() and f", timestamptz '{name[-8:]} 01:00+00'"
    return f", {found[0]}", tomorrow or ", date_trunc('day', now(), 'UTC') + interval '1 hour'"


def test_each_session_sees_its_own_rows(warehouse: Planted) -> None:
    """Of every table that it may read: the answer of the tests before is not that nothing works."""
    seen = dict[str, int]()
    with warehouse.as_superuser() as connection:
        tables = _tenanted(connection, "rp")
        views = [name for name in relations(connection, "v") if name.startswith("bi.")]
    for case, session in sessions(warehouse).items():
        with warehouse.session(session.user, session.settings, session.role) as connection:
            count = "select count(*) from {} where org_id = %s"
            rows = {name: _tried(connection, count.format(name), MINE) for name in tables + views}
        readable = {name: count for name, count in rows.items() if count is not None}
        seen[case] = len(readable)
        assert set(map(bool, readable.values())) <= {session.whose is not None}, case
    assert seen["loader"] > 50
    assert seen["transformer"] > 25
    assert seen["vensor_bi"] == len(views) > 0
    assert seen["vensor_auditor"] == 6
    assert seen["vensor_privacy_officer"] == 5
    if warehouse.supabase:
        assert seen["a member"] == seen["vensor_bi"]
        assert seen["no one signed in"] == seen["the service's key"] == 0


def test_no_session_becomes_another(warehouse: Planted) -> None:
    """Every role of the cluster is tried; a login has only itself and its own group."""
    allowed = {login_of(role, "mine"): {role} for role in BOUND}
    supabase = {"anon", "authenticated", "service_role"}
    allowed |= {"authenticator": {*supabase, "vensor_bi"}}  # which are bound by claims, or to none
    with warehouse.as_superuser() as connection:
        roles = [name for (name,) in connection.execute("select rolname from pg_roles")]
    users = {session.user for session in sessions(warehouse).values() if session.whose}
    for user in users:
        with warehouse.session(user) as connection:
            taken = {
                role
                for role in roles
                if _tried(
                    connection, sql.SQL("set role {}").format(sql.Identifier(role)).as_string()
                )
                is not None
            }
        assert taken == {user} | allowed.get(user, set())


def test_no_session_makes_anything_where_it_reads(warehouse: Planted) -> None:
    """But dbt, in dbt's own schemas."""
    made = set[tuple[str, str]]()
    for session in sessions(warehouse).values():
        with warehouse.session(session.user, session.settings, session.role) as connection:
            for schema in (*SCHEMAS, "public"):
                for statement in (
                    f"create table {schema}.new (org_id uuid)",
                    f"create function {schema}.new() returns uuid language sql return null::uuid",
                ):
                    if _tried(connection, statement) is not None:
                        made.add((session.user, schema))
    dbt = ("staging", "intermediate", "metrics", "candidate", "bi")
    assert made == {("vensor_transformer", schema) for schema in dbt}


@in_supabase
def test_a_member_who_leaves_sees_nothing_from_then_on(warehouse: Planted) -> None:
    """Whatever the token says, which is good for an hour more."""
    count = "select count(*) from bi.rpt_ticket_flow_daily"
    member = ("authenticator", claims(MEMBER, MINE), "authenticated")
    leave = "delete from app.members where user_id = %s"
    with warehouse.session(*member) as connection, warehouse.as_superuser() as administrator:
        assert _tried(connection, count)
        administrator.execute(leave, [MEMBER])
        assert _tried(connection, count) == 0
        administrator.execute(
            "insert into app.members (org_id, user_id, role) values (%s, %s, 'viewer')",
            [MINE, MEMBER],
        )


@in_supabase
def test_supabase_s_own_stay_as_they_were(warehouse: Planted) -> None:
    """The database is another's: what its other users do there, they still can."""
    for role in ("anon", "authenticated"):
        with warehouse.session("authenticator", {}, role) as connection:
            assert _tried(connection, "select count(*) from public.theirs") == 0
    with warehouse.as_superuser() as connection:
        assert connection.execute(
            "select has_database_privilege('public', current_database(), 'connect, temporary')"
        ).fetchone() == (True,)


SEARCHES = {
    "tickets.search": "search.tickets(query => '[1,2,3]', model => 'planted')",
    "knowledge.search": "search.knowledge("
    "query => '[1,2,3]', words => 'planted', model => 'planted')",
}


@pytest.fixture
def findable(warehouse: Planted) -> None:
    """The planted passages say how long their vectors are; one of each organization has a mark."""
    with warehouse.as_superuser() as connection:
        connection.execute("update ai.ticket_chunks set dimension = 3")
        connection.execute("update knowledge.chunks set dimension = 3, body = org_id::text")
        connection.execute(
            "update ai.ticket_chunks set start_char = case org_id when %s then 7 else 8 end", [MINE]
        )


def _searched(connection: psycopg.Connection, operation: str) -> set[object] | None:
    """The marks that it found; None where it was refused."""
    mark = {"tickets.search": "start_char", "knowledge.search": "body"}[operation]
    try:
        return {one for (one,) in connection.execute(f"select {mark} from {SEARCHES[operation]}")}
    except errors.InsufficientPrivilege:
        return None


@in_supabase
@pytest.mark.parametrize("role", ROLES)
def test_a_member_searches_what_the_role_may(warehouse: Planted, findable: None, role: str) -> None:
    """Through PostgREST, in one's own organization; the role table and the warehouse agree."""
    become = "update app.members set role = %s where user_id = %s"
    marks = {"tickets.search": {7}, "knowledge.search": {str(MINE)}}
    with (
        warehouse.as_superuser() as administrator,
        warehouse.session("authenticator", claims(MEMBER, MINE), "authenticated") as connection,
    ):
        administrator.execute(become, [role, MEMBER])
        for operation, mine in marks.items():
            assert _searched(connection, operation) == (mine if allows(operation, role) else None)
        administrator.execute(become, ["viewer", MEMBER])


def test_no_other_login_searches(warehouse: Planted, findable: None) -> None:
    """But the service, in the organization that it names; whatever the others set."""
    for case, session, spoof in cases(warehouse):
        with warehouse.session(session.user, session.settings | spoof, session.role) as connection:
            tickets, documents = (_searched(connection, operation) for operation in SEARCHES)
        found = (tickets, documents)
        if "row_security" in spoof:  # who is bound is refused then; nobody finds a thing
            assert found == (None, None), case
        elif session.user == "vensor_loader":
            nothing = session.whose is None
            assert found == ((set(), set()) if nothing else ({7}, {str(MINE)})), case
        elif session.role == "authenticated" and session.whose is not None:
            assert found == (None, {str(MINE)}), case
        else:
            assert found == (None, None), case
