-- The organization that a Supabase user's statements are bound to. PostgREST sends them as the role
-- `authenticated`, with the claims of a token that it has verified. A claim is not believed on its
-- own: the user is a member, or there is no tenant. Who belongs to several organizations names one
-- in app_metadata.org_id, which users cannot write themselves.
-- Each step is a statement of its own: within one, the planner may cast what is not valid.
create or replace function app.claimed_org_id(told text) returns uuid
language plpgsql stable parallel safe security definer set search_path = ''
as $$
declare
    claims jsonb;
    named text;
    member uuid;
    org_ids uuid[];
begin
    if pg_input_is_valid(told, 'jsonb') then
        claims := told::jsonb;
    end if;
    if pg_input_is_valid(claims ->> 'sub', 'uuid') then
        member := (claims ->> 'sub')::uuid;
    end if;
    named := lower(claims #>> '{app_metadata,org_id}');
    select array_agg(m.org_id) into org_ids from app.members as m
    where m.user_id = member and (named is null or m.org_id::text = named);
    return case when cardinality(org_ids) = 1 then org_ids[1] end;
end
$$;

-- The tenant of this session. Only the two service logins may name it by a setting. What PostgREST
-- sends is bound by its claims, and any other login by its own name, so that a caller who can send
-- SQL cannot choose: only who is a member of `authenticated` can become it.
-- The setting is '' after the transaction that set it: that is no tenant, and no rows.
create or replace function app.org_id() returns uuid
language sql stable parallel safe security definer set search_path = ''
return case
    when current_setting('role', true) = 'authenticated'
        then app.claimed_org_id(current_setting('request.jwt.claims', true))
    when session_user in ('vensor_loader', 'vensor_transformer')
        then nullif(current_setting('app.org_id', true), '')::uuid
    else (
        select l.org_id from app.logins as l
        where l.login = session_user
    )
end;
