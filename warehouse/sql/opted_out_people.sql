-- Grain: a user of the account who opted out, by any of their addresses and numbers, or as a user.
create or replace view ai.opted_out_people with (security_invoker = true) as
select
    u.org_id,
    u.id as user_id
from app.ai_opt_outs as o
inner join zendesk.users as u on o.org_id = u.org_id and o.email_index = u.email_index
union
select
    u.org_id,
    u.id as user_id
from app.ai_opt_outs as o
inner join zendesk.users as u on o.org_id = u.org_id and o.phone_index = u.phone_index
union
select
    i.org_id,
    i.user_id
from app.ai_opt_outs as o
inner join zendesk.user_identities as i
    on o.org_id = i.org_id and coalesce(o.email_index, o.phone_index) = i.value_index
union
select
    c.org_id,
    c.user_id
from app.ai_opt_outs as o
inner join app.corrections as c
    on o.org_id = c.org_id and coalesce(o.email_index, o.phone_index) = c.value_index
union
select
    o.org_id,
    o.zendesk_user_id as user_id
from app.ai_opt_outs as o
where o.zendesk_user_id is not null;
