"""A warehouse in a Supabase project, as `vensor init` finds it."""

from pathlib import Path

from sqlalchemy import URL

from tests.warehouse.planted import PASSWORD, connected
from warehouse import embedded
from warehouse.bootstrap import LOGIN_ROLES, create_database
from warehouse.sessions import Logins

# What a Supabase project is before anyone uses it. Source: Supabase's documentation on roles, and
# what a new project's catalog shows.
SUPABASE = """
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    create role service_role nologin noinherit bypassrls;
    create role authenticator login noinherit password '{password}';
    grant anon, authenticated, service_role to authenticator;
    create role project_admin login createrole createdb bypassrls password '{password}';
    grant anon, authenticated, service_role to project_admin with admin option;
    alter database postgres owner to project_admin;
    alter database postgres set search_path = "$user", public, extensions;
    create schema extensions;
    grant all on schema extensions to project_admin with grant option;
    grant usage on schema extensions to anon, authenticated, service_role;
    create extension vector schema extensions;
    grant all on schema public to project_admin with grant option;
    grant usage on schema public to anon, authenticated, service_role;
    alter default privileges for role project_admin in schema public
        grant all on tables to anon, authenticated, service_role;
    alter default privileges for role project_admin in schema public
        grant all on functions to anon, authenticated, service_role;
    create schema auth;
    create function auth.jwt() returns jsonb language sql stable as
        $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
    create function auth.uid() returns uuid language sql stable as
        $$ select (auth.jwt() ->> 'sub')::uuid $$;
    grant usage on schema auth to anon, authenticated, service_role;
    create table public.theirs (id integer);
    grant select on public.theirs to anon, authenticated;
"""


def supabase_cluster(folder: Path) -> tuple[URL, Logins]:
    """A cluster of its own, in which `vensor init` was given the administrator's URL."""
    server = embedded.start(folder)
    superuser = URL.create(
        "postgresql+psycopg", "postgres", server.password, "127.0.0.1", server.port, "postgres"
    )
    with connected(superuser) as connection:
        connection.execute(SUPABASE.format(password=PASSWORD))
    admin = superuser.set(username="project_admin", password=PASSWORD)
    services = (superuser.set(username=name, password=PASSWORD) for name in LOGIN_ROLES[1:])
    logins = Logins(admin, *services)
    for _ in range(2):
        create_database(admin, logins)
    return superuser, logins
