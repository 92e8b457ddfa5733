-- Grain: a ticket that models must not read, because someone whose words are in it opted out.
create view ai.opted_out_tickets with (security_invoker = true) as
with people as (
    select
        u.org_id,
        u.id as user_id
    from app.ai_opt_outs as o
    inner join zendesk.users as u on o.org_id = u.org_id and o.email_index = u.email_index
    union
    select
        i.org_id,
        i.user_id
    from app.ai_opt_outs as o
    inner join zendesk.user_identities as i
        on o.org_id = i.org_id and o.email_index = i.value_index
)

select
    t.org_id,
    t.id as ticket_id
from zendesk.tickets as t
inner join people as p
    on t.org_id = p.org_id and (t.requester_id = p.user_id or t.submitter_id = p.user_id)
union
select
    c.org_id,
    c.ticket_id
from zendesk.comments as c
inner join people as p on c.org_id = p.org_id and c.author_id = p.user_id
union
select
    c.org_id,
    c.ticket_id
from zendesk.calls as c
inner join people as p on c.org_id = p.org_id and c.customer_id = p.user_id
where c.ticket_id is not null;
