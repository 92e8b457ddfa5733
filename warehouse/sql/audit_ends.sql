-- The first day that an organization's audit trail keeps, in UTC: whole days go. A run as of some
-- later instant cannot end a trail before its time.
create or replace function app.audit_kept_from(as_of timestamptz, days integer) returns date
language sql stable set search_path = ''
return (least(as_of, now()) at time zone 'UTC' - make_interval(days => days))::date;

-- Deletes the tenant's own rows of past days, by table: those that a longer clock of another
-- organization still keeps the partitions of. Nobody else may delete from a trail.
create or replace function app.purge_audit(as_of timestamptz)
returns table (table_name text, rows bigint)
language plpgsql security definer set search_path = ''
as $$
declare
    parent record;
    kept_from constant timestamptz := (
        select app.audit_kept_from(as_of, o.audit_retention_days)::timestamp at time zone 'UTC'
        from app.organizations as o where o.org_id = (select app.org_id())
    );
begin
    for parent in
        select
            format('%I.%I', n.nspname, c.relname) as name,
            a.attname as cut_by
        from pg_catalog.pg_partitioned_table as p
        inner join pg_catalog.pg_class as c on p.partrelid = c.oid
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        inner join pg_catalog.pg_attribute as a
            on p.partrelid = a.attrelid and p.partattrs[0] = a.attnum
        where n.nspname = 'audit'
        order by c.relname
    loop
        table_name := parent.name;
        execute format('delete from %s where %I < $1', parent.name, parent.cut_by) using kept_from;
        get diagnostics rows = row_count;
        return next;
    end loop;
end
$$;

-- Drops the audit partitions that lie before every organization's clock; returns their names.
create or replace function app.drop_audit_partitions(as_of timestamptz) returns setof text
language plpgsql security definer set search_path = ''
as $$
declare
    child text;
    audit_before constant date := (
        select app.audit_kept_from(as_of, max(o.audit_retention_days)) from app.organizations as o
    );
begin
    perform pg_advisory_xact_lock(hashtextextended('vensor partitions', 0));
    for child in
        select p.name from app.past_partitions('-infinity', audit_before) as p limit 200
    loop
        execute format('drop table %s', child);
        return next child;
    end loop;
end
$$;
