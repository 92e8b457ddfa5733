-- Grain: a ticket that models must not read, because someone whose words are in it opted out.
create or replace view ai.opted_out_tickets with (security_invoker = true) as
select
    t.org_id,
    t.id as ticket_id
from zendesk.tickets as t
inner join ai.opted_out_people as p
    on t.org_id = p.org_id and (t.requester_id = p.user_id or t.submitter_id = p.user_id)
union
select
    c.org_id,
    c.ticket_id
from zendesk.comments as c
inner join ai.opted_out_people as p on c.org_id = p.org_id and c.author_id = p.user_id
union
select
    c.org_id,
    c.ticket_id
from zendesk.calls as c
inner join ai.opted_out_people as p on c.org_id = p.org_id and c.customer_id = p.user_id
where c.ticket_id is not null;
