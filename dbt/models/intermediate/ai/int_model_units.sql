-- Grain: one row a thing of a changed ticket that a model is to read: the ticket for each task, a
-- day of its customer for sentiment, a recording.
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

comments as (
    select * from {{ ref('int_changed_comments') }}
),

recordings as (
    select * from {{ ref('int_changed_recordings') }}
),

first_solves as (
    select * from {{ ref('int_ticket_first_solves') }}
),

wordy as (
    select distinct
        org_id,
        ticket_id
    from comments
),

customer_days as (
    select
        comments.org_id,
        comments.ticket_id,
        min(comments.created_at) as happened_at
    from comments
    inner join organizations on comments.org_id = organizations.org_id
    where comments.author_role = 'end-user'
    group by comments.org_id, comments.ticket_id, {{ day_of('comments.created_at') }}
)

select
    tickets.org_id,
    tickets.ticket_id,
    'embed' as task,
    '' as unit_key,
    tickets.created_at as happened_at
from tickets
inner join wordy
    on
        tickets.org_id = wordy.org_id
        and tickets.ticket_id = wordy.ticket_id
union all
select
    org_id,
    ticket_id,
    'score' as task,
    '' as unit_key,
    happened_at
from customer_days
union all
select
    first_solves.org_id,
    first_solves.ticket_id,
    solved.task_name as task,
    '' as unit_key,
    first_solves.solved_at as happened_at
from first_solves
inner join wordy
    on
        first_solves.org_id = wordy.org_id
        and first_solves.ticket_id = wordy.ticket_id
cross join (values ('sop'), ('assess')) as solved (task_name)
union all
select
    recordings.org_id,
    recordings.ticket_id,
    'transcribe' as task,
    recordings.call_id || '/' || recordings.kind as unit_key,
    comments.created_at as happened_at
from recordings
inner join comments
    on
        recordings.org_id = comments.org_id
        and recordings.comment_id = comments.comment_id
