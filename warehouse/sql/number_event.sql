-- Numbers what enters the audit trail. Whoever writes holds the organization's lock in common from
-- here to the end of its transaction, and whoever seals holds it alone: of the numbers up to the
-- highest that a seal sees, none can still be committed.
create or replace function audit.number_event() returns trigger
language plpgsql set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('vensor audit ' || new.org_id, 0));
    new.event_no := nextval('audit.event_numbers');
    return new;
end
$$;
