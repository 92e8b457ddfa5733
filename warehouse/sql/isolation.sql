-- The tenant of this session. Only the two service logins may name it by a setting: any other
-- login is bound by its own name, so that a caller who can send SQL cannot choose.
-- The setting is '' after the transaction that set it: that is no tenant, and no rows.
create function app.org_id() returns uuid
language sql stable parallel safe security definer set search_path = ''
return case
    when session_user in ('vensor_loader', 'vensor_transformer')
        then nullif(current_setting('app.org_id', true), '')::uuid
    else (
        select l.org_id from app.logins as l
        where l.login = session_user
    )
end;

-- Binds a table, view's table or partition to the tenant, for its owner as well.
create procedure app.isolate(target regclass)
language plpgsql set search_path = ''
as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('drop policy if exists tenant on %s', target);
    execute format(
        'create policy tenant on %s using (org_id = (select app.org_id()))'
        ' with check (org_id = (select app.org_id()))',
        target
    );
end
$$;

-- Isolates a metric table that dbt has just made and opens it to its readers. In every later run
-- it finds that done and takes no lock.
create procedure app.publish(target regclass)
language plpgsql set search_path = ''
as $$
begin
    if not exists (
        select from pg_catalog.pg_class
        where oid = target and relrowsecurity and relforcerowsecurity
    ) then
        call app.isolate(target);
        execute format('grant select on %s to vensor_loader, vensor_bi, vensor_backup', target);
    end if;
end
$$;

-- Every organization, for the services that go through them one by one.
create function app.directory()
returns table (
    org_id uuid,
    slug text,
    name text,
    timezone text,
    retention_days integer,
    audit_retention_days integer
)
language sql stable security definer set search_path = ''
begin atomic
    select
        o.org_id,
        o.slug,
        o.name,
        o.timezone,
        o.retention_days,
        o.audit_retention_days
    from app.organizations as o;
end;

-- The tables in daily partitions, and the column that they are cut by.
create view app.partitioned_tables with (security_invoker = true) as
select
    c.oid::regclass as parent,
    n.nspname as schema_name,
    c.relname as table_name
from pg_catalog.pg_partitioned_table as p
inner join pg_catalog.pg_class as c on p.partrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where n.nspname in ('app', 'zendesk', 'ai', 'audit');

-- Makes the missing daily partitions of every partitioned table from one day to another, both
-- included; returns how many it made. A partition is isolated before it is attached: read
-- directly, it would otherwise bypass its parent's policy.
create function app.ensure_partitions(from_day date, to_day date) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    parent record;
    day date;
    partition_name text;
    made integer := 0;
begin
    if to_day - from_day > 4000 then
        raise exception 'more than 4000 daily partitions asked for';
    end if;
    for parent in select t.schema_name, t.table_name from app.partitioned_tables as t loop
        for day in
            select d::date from generate_series(from_day, to_day, interval '1 day') as d
        loop
            partition_name := format(
                '%I.%I', parent.schema_name, parent.table_name || '_p' || to_char(day, 'YYYYMMDD')
            );
            if to_regclass(partition_name) is null then
                perform pg_advisory_xact_lock(hashtextextended('vensor partitions', 0));
                if to_regclass(partition_name) is null then
                    execute format(
                        'create table %s (like %I.%I including all)',
                        partition_name, parent.schema_name, parent.table_name
                    );
                    call app.isolate(partition_name::regclass);
                    execute format(
                        'alter table %I.%I attach partition %s for values from (%L) to (%L)',
                        parent.schema_name, parent.table_name, partition_name,
                        day::timestamp at time zone 'UTC',
                        (day + 1)::timestamp at time zone 'UTC'
                    );
                    made := made + 1;
                end if;
            end if;
        end loop;
    end loop;
    return made;
end
$$;

-- Drops the partitions that lie wholly before every organization's clock; returns their names.
-- What a shorter clock of one organization ends, its own purge deletes row by row.
create function app.drop_partitions(as_of timestamptz) returns setof text
language plpgsql security definer set search_path = ''
as $$
declare
    child record;
    content_before date;
    audit_before date;
begin
    select
        ((as_of - make_interval(days => max(o.retention_days))) at time zone 'UTC')::date,
        ((as_of - make_interval(days => max(o.audit_retention_days))) at time zone 'UTC')::date
    into content_before, audit_before
    from app.organizations as o;
    for child in
        select format('%I.%I', t.schema_name, c.relname) as name, t.schema_name
        from app.partitioned_tables as t
        inner join pg_catalog.pg_inherits as i on t.parent = i.inhparent
        inner join pg_catalog.pg_class as c on i.inhrelid = c.oid
        where to_date(right(c.relname, 8), 'YYYYMMDD')
            < case t.schema_name when 'audit' then audit_before else content_before end
        order by c.relname
    loop
        execute format('drop table %s', child.name);
        return next child.name;
    end loop;
end
$$;
