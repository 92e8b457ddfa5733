-- Isolates a table that dbt has just made and opens it to who reads it. Tables whose rows end with
-- their tickets may be deleted from. BI logins read views of their own, never these.
create or replace procedure app.publish(target regclass, ends boolean default false)
language plpgsql set search_path = ''
as $$
begin
    call app.isolate(target);
    execute format('grant select on %s to vensor_loader, vensor_backup', target);
    if ends then
        execute format('grant delete on %s to vensor_loader', target);
    end if;
end
$$;
