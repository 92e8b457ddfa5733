-- The partitions that lie wholly before every organization's clock, the oldest days first. The
-- planner may look at any relation before it knows which are partitions: only a name that ends in a
-- day is read as one.
create or replace function app.past_partitions(content_before date, audit_before date)
returns table (name text, is_audit boolean)
language sql stable security definer set search_path = ''
as $$
    select format('%I.%I', t.schema_name, c.relname), t.schema_name = 'audit'
    from app.partitioned_tables as t
    inner join pg_catalog.pg_inherits as i on t.parent = i.inhparent
    inner join pg_catalog.pg_class as c on i.inhrelid = c.oid
    where
        case
            when c.relkind = 'r' and c.relname ~ '_p[0-9]{8}$'
                then to_date(right(c.relname, 8), 'YYYYMMDD')
        end
        < case t.schema_name when 'audit' then audit_before else content_before end
    order by right(c.relname, 8), c.relname
$$;

-- The content partitions past every clock in which no organization's holds keep a row. What a hold
-- keeps is read under its organization's own policies, one after another.
create or replace function app.past_content(as_of timestamptz) returns setof text
language plpgsql security definer set search_path = ''
as $$
declare
    before constant text := current_setting('app.org_id', true);
    holders uuid[] := '{}';
    one uuid;
    child text;
    kept boolean;
    content_before constant date := (
        select (as_of at time zone 'UTC' - make_interval(days => max(o.retention_days)))::date
        from app.organizations as o
    );
begin
    for one in select o.org_id from app.organizations as o loop
        perform set_config('app.org_id', one::text, true);
        if app.org_id() is distinct from one then
            raise exception 'only the loader sees what holds keep';
        end if;
        if exists (
            select from app.legal_holds as h
            where h.lifted_at is null and (h.until is null or h.until > now())
        ) then
            holders := holders || one;
        end if;
    end loop;
    for child in
        select p.name from app.past_partitions(content_before, '-infinity') as p
    loop
        kept := false;
        foreach one in array holders loop
            perform set_config('app.org_id', one::text, true);
            execute format(
                'select exists (select from %s where %s)', child, app.held_rows(child::regclass)
            ) into kept;
            exit when kept;
        end loop;
        if not kept then
            return next child;
        end if;
    end loop;
    perform set_config('app.org_id', coalesce(before, ''), true);
end
$$;

-- Drops some of them, the oldest days first, and returns their names; none is left when it returns
-- none. Each takes locks on itself, its indexes and its TOAST table, so no more than a few hundred
-- go at once. Whoever drops or makes partitions meanwhile waits.
create or replace function app.drop_partitions(as_of timestamptz) returns setof text
language plpgsql security definer set search_path = ''
as $$
declare
    child text;
begin
    perform pg_advisory_xact_lock(hashtextextended('vensor partitions', 0));
    for child in select p from app.past_content(as_of) as p limit 200 loop
        execute format('drop table %s', child);
        return next child;
    end loop;
end
$$;
