-- Grain: a user whom a hold in force names. A hold binds today, whatever instant a run is as of.
create view app.held_users with (security_invoker = true) as
select distinct
    org_id,
    subject_id as user_id
from app.legal_holds
where kind = 'user' and lifted_at is null and (until is null or until > now());

-- Grain: a ticket that a hold in force keeps: its own, or one of a person whom it names, who asked
-- for it, entered it, wrote in it or called in it.
create view app.held_tickets with (security_invoker = true) as
select
    org_id,
    subject_id as ticket_id
from app.legal_holds
where kind = 'ticket' and lifted_at is null and (until is null or until > now())
union
select
    t.org_id,
    t.id as ticket_id
from zendesk.tickets as t
inner join app.held_users as h on t.org_id = h.org_id and t.requester_id = h.user_id
union
select
    t.org_id,
    t.id as ticket_id
from zendesk.tickets as t
inner join app.held_users as h on t.org_id = h.org_id and t.submitter_id = h.user_id
union
select
    c.org_id,
    c.ticket_id
from zendesk.comments as c
inner join app.held_users as h on c.org_id = h.org_id and c.author_id = h.user_id
union
select
    c.org_id,
    c.ticket_id
from zendesk.calls as c
inner join app.held_users as h on c.org_id = h.org_id and c.customer_id = h.user_id
where c.ticket_id is not null;

-- Grain: a call of a person whom a hold in force names, whether it has a ticket or none.
create view app.held_calls with (security_invoker = true) as
select
    c.org_id,
    c.id as call_id
from zendesk.calls as c
inner join app.held_users as h on c.org_id = h.org_id and c.customer_id = h.user_id;

-- What is true of the rows of a table that a hold keeps, as a condition; null or false of others.
-- Every purge asks this, and so does whoever drops a day.
create function app.held_rows(target regclass) returns text
language sql stable set search_path = ''
begin atomic
    select
        coalesce(
            string_agg(
                format('%1$I in (select h.%1$I from app.%2$I as h)', a.attname, v.held_in),
                ' or ' order by a.attname
            ),
            'false'
        )
    from (select target as named) as one
    inner join pg_catalog.pg_attribute as a on one.named = a.attrelid
    inner join (
        values
        ('ticket_id', 'held_tickets'),
        ('user_id', 'held_users'),
        ('call_id', 'held_calls')
    ) as v (column_name, held_in) on a.attname = v.column_name
    where not a.attisdropped;
end;
