-- Deletes up to `at_most` rows of the tenant from a table of the owner's; how many it deleted. Only
-- where the organization's end was asked for by one and approved by another, and is not yet done.
-- What the loader may else only add to ends here, such as tombstones; the audit trail by its clock.
create or replace function app.delete_rows(target regclass, at_most integer) returns bigint
language plpgsql security definer set search_path = ''
as $$
declare
    tenant uuid := app.org_id();
    deleted bigint;
begin
    if not exists (
        select from app.offboardings as o
        where o.org_id = tenant and o.approved_at is not null and o.ended_at is null
    ) then
        raise exception 'no approved end of this organization'
            using errcode = 'insufficient_privilege';
    end if;
    if target = 'app.offboardings'::regclass or exists (
        select from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        where c.oid = target and n.nspname = 'audit'
    ) then
        raise exception 'not to be deleted from' using errcode = 'insufficient_privilege';
    end if;
    execute format(
        'delete from %1$s as t using ('
        ' select r.tableoid, r.ctid from %1$s as r where r.org_id = $1 limit $2'
        ') as d where t.org_id = $1 and t.tableoid = d.tableoid and t.ctid = d.ctid',
        target
    ) using tenant, at_most;
    get diagnostics deleted = row_count;
    return deleted;
end
$$;
