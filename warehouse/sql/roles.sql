-- The roles of a warehouse. They belong to the whole cluster, so each is made where it is missing.
--   vensor_owner            owns schemas, tables and functions; nobody logs in as it
--   vensor_migrator         becomes the owner to migrate
--   vensor_loader           reads and writes one organization at a time
--   vensor_transformer      dbt: reads skeletons, never contents or keys; owns the metric tables
--   vensor_bi               what BI logins are members of: reads the metric tables
--   vensor_auditor          reads the audit trail and the run ledger
--   vensor_privacy_officer  reads who is in the data, for the rights of those people
--   vensor_backup           dumps everything but the keys
--   vensor_grantor          makes logins in vensor_bi, _auditor and _privacy_officer; nobody logs
--                           in as it, and it may not become what it hands out
do $$
declare
    role_name text;
begin
    -- two databases of one cluster may be prepared at once
    perform pg_advisory_xact_lock(hashtextextended('vensor roles', 0));
    foreach role_name in array array[
        'vensor_owner', 'vensor_migrator', 'vensor_loader', 'vensor_transformer',
        'vensor_bi', 'vensor_auditor', 'vensor_privacy_officer', 'vensor_backup',
        'vensor_grantor'
    ] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin', role_name);
        end if;
    end loop;
    grant vensor_owner to vensor_migrator;
    execute format('grant vensor_owner to %I', current_user);
    alter role vensor_grantor with createrole;
    grant vensor_bi, vensor_auditor, vensor_privacy_officer to vensor_grantor
    with admin true, inherit false, set false;
    -- who migrates gives it the functions that act as it
    execute format(
        'grant vensor_grantor to vensor_migrator, %I with inherit false, set true', current_user
    );
    if (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) then
        alter role vensor_backup with bypassrls;
    end if;
    -- Supabase's signed-in users read what BI logins read, each bound by the claims of a token
    if exists (select from pg_roles where rolname = 'authenticated') then
        -- that role inherits nothing unless told so
        grant vensor_bi to authenticated with inherit true;
    end if;
end
$$;
