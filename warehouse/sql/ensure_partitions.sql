-- Makes the missing daily partitions of every partitioned table from one day to another, both
-- included; returns how many it made. A partition is isolated before it is attached: read
-- directly, it would otherwise bypass its parent's policy. A dump reads each partition by itself:
-- the role that dumps, and is bound by no policy anyway, may.
create or replace function app.ensure_partitions(from_day date, to_day date) returns integer
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
                -- asked of the catalog: to_regclass may not know yet what was made meanwhile
                if not exists (
                    select
                    from pg_catalog.pg_class as c
                    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
                    where
                        n.nspname = parent.schema_name
                        and c.relname = parent.table_name || '_p' || to_char(day, 'YYYYMMDD')
                ) then
                    execute format(
                        'create table %s (like %I.%I including all)',
                        partition_name, parent.schema_name, parent.table_name
                    );
                    call app.isolate(partition_name::regclass);
                    execute format('grant select on %s to vensor_backup', partition_name);
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
