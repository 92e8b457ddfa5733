-- Forgets the digests of the tenant's seals whose rows are gone because their time is over; how
-- many. The seals themselves stay.
create or replace function audit.forget_digests() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    forgotten integer;
begin
    update audit.seals as s set digests = null
    from app.organizations as o
    where
        s.org_id = o.org_id
        and s.org_id = (select app.org_id())
        and s.digests is not null
        and s.day < (now() at time zone 'UTC')::date - o.audit_retention_days
        and not exists (
            select from audit.lines as l
            where
                l.org_id = s.org_id
                and l.event_no > s.after_no
                and l.event_no <= s.through_no
                and (l.happened_at at time zone 'UTC')::date = s.day
        );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;
