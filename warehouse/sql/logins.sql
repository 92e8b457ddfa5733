-- Logins of one organization, for BI tools, auditors and privacy officers: made, given a new
-- password and ended. These functions belong to vensor_grantor, which may make roles, is no member
-- of what it hands out, and owns nothing else. They act in the tenant session's organization only,
-- and touch no role but those that they made.

-- The group that a login of this name is of.
create or replace function app.login_group(login_name text) returns text
language plpgsql immutable set search_path = ''
as $$
begin
    if login_name !~ '^(bi|auditor|privacy_officer)_[a-z0-9_-]{1,55}$' or length(login_name) > 63 then
        raise exception 'not a name of a login' using errcode = 'invalid_parameter_value';
    end if;
    return 'vensor_' || substring(login_name from '^(bi|auditor|privacy_officer)_');
end
$$;

-- Makes a login, or gives it another password; whether it is new. What comes is the verifier that
-- Postgres keeps in place of a password: the password itself never comes here.
create or replace function app.grant_login(login_name text, verifier text, connections integer)
returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
    is_new boolean;
begin
    perform pg_advisory_xact_lock(hashtextextended('vensor logins', 0));
    if app.org_id() is null then
        raise exception 'no tenant' using errcode = 'insufficient_privilege';
    end if;
    if verifier !~ '^SCRAM-SHA-256\$' then
        raise exception 'not a verifier' using errcode = 'invalid_parameter_value';
    end if;
    is_new := not exists (select from pg_catalog.pg_roles where rolname = login_name);
    if is_new then
        execute format('create role %I in role %I', login_name, app.login_group(login_name));
        execute format('alter role %I set statement_timeout = %L', login_name, '60s');
        execute format(
            'alter role %I set idle_in_transaction_session_timeout = %L', login_name, '10min'
        );
        if app.login_group(login_name) = 'vensor_bi' then
            execute format('alter role %I set search_path = bi', login_name);
        end if;
        insert into app.logins (org_id, login) values (app.org_id(), login_name);
    elsif not exists (select from app.logins as l where l.login = login_name) then
        raise exception 'another''s login' using errcode = 'duplicate_object';
    end if;
    execute format(
        'alter role %I with login password %L connection limit %s',
        login_name, verifier, connections
    );
    return is_new;
end
$$;

-- Lets a login in no more; what it has open goes on until `drop_login`. Whether there is one.
create or replace function app.close_login(login_name text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    if not exists (select from app.logins as l where l.login = login_name) then
        return false;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = login_name) then
        execute format('alter role %I with nologin', login_name);
    end if;
    return true;
end
$$;

-- Ends the sessions of a login that is closed, and the login. How many sessions there were.
create or replace function app.drop_login(login_name text) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    ended boolean[] := '{}';
begin
    delete from app.logins as l where l.login = login_name;
    if not found then
        raise exception 'another''s login' using errcode = 'undefined_object';
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = login_name) then
        -- only who has a role's rights may end its sessions
        execute format('grant %I to vensor_grantor with inherit true, set false', login_name);
        select coalesce(array_agg(pg_terminate_backend(a.pid, 10000)), '{}') into ended
        from pg_catalog.pg_stat_activity as a
        where a.usename = login_name;
        if not true = all(ended) then
            raise exception 'its sessions do not end' using errcode = 'object_in_use';
        end if;
        execute format('drop role %I', login_name);
    end if;
    return cardinality(ended);
end
$$;
