-- Drops the partitions that lie wholly before every organization's clock; returns their names.
-- What a shorter clock of one organization ends, its own purge deletes row by row. The planner may
-- look at any relation before it knows which are partitions: only a name that ends in a day is
-- read as one.
create or replace function app.drop_partitions(as_of timestamptz) returns setof text
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
        where
            case
                when c.relkind = 'r' and c.relname ~ '_p[0-9]{8}$'
                    then to_date(right(c.relname, 8), 'YYYYMMDD')
            end
            < case t.schema_name when 'audit' then audit_before else content_before end
        order by c.relname
    loop
        execute format('drop table %s', child.name);
        return next child.name;
    end loop;
end
$$;
