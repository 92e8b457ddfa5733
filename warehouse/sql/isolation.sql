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
