-- Grain: one row each time that a requester said how satisfied they are. A rating that is changed
-- is another answer: what was said first stays on its day. The classic rating's row has only the
-- last of them, its history is in the changes of the ticket's satisfaction score.
with ratings as (
    select
        org_id,
        ticket_id,
        rating_id,
        changed_at,
        case
            when rating_score like 'good%' then 'good'
            when rating_score like 'bad%' then 'bad'
        end as answer
    from {{ ref('int_changed_ratings') }}
),

changes as (
    select
        org_id,
        ticket_id,
        change_id,
        changed_at,
        case
            when new_value like 'good%' then 'good'
            when new_value like 'bad%' then 'bad'
        end as answer
    from {{ ref('int_changed_fields') }}
    where field_name = 'satisfaction_score'
),

responses as (
    select * from {{ ref('int_changed_survey_responses') }}
),

-- Words added to a rating change its score's name, and not what it says.
compared as (
    select
        org_id,
        ticket_id,
        change_id,
        changed_at,
        answer,
        lag(answer) over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as previous_answer
    from changes
    where answer is not null
),

last_told as (
    select distinct on (org_id, ticket_id)
        org_id,
        ticket_id,
        changed_at,
        answer
    from changes
    where answer is not null
    order by org_id asc, ticket_id asc, changed_at desc, change_id desc
),

unioned as (
    select
        org_id,
        ticket_id,
        'classic' as survey_type,
        'change ' || change_id as answer_key,
        changed_at as happened_at,
        answer,
        case answer when 'good' then 1.0::double precision else 0.0 end as score
    from compared
    where answer is distinct from previous_answer
    union all
    -- the history is not loaded, or ends before what the rating says now
    select
        ratings.org_id,
        ratings.ticket_id,
        'classic' as survey_type,
        'rating ' || ratings.rating_id as answer_key,
        ratings.changed_at as happened_at,
        ratings.answer,
        case ratings.answer when 'good' then 1.0::double precision else 0.0 end as score
    from ratings
    left join last_told
        on
            ratings.org_id = last_told.org_id
            and ratings.ticket_id = last_told.ticket_id
    where
        ratings.answer is not null
        and (
            last_told.ticket_id is null
            or (ratings.answer <> last_told.answer and ratings.changed_at > last_told.changed_at)
        )
    union all
    select
        org_id,
        ticket_id,
        'survey' as survey_type,
        response_id as answer_key,
        changed_at as happened_at,
        case when rating_category in ('good', 'bad') then rating_category end as answer,
        rating_score as score
    from responses
    -- only words, no mark: nothing that could be counted
    where rating_category is not null or rating_score is not null
)

select
    org_id,
    ticket_id,
    survey_type,
    answer_key,
    happened_at,
    answer,
    score,
    row_number() over (
        partition by org_id, ticket_id, survey_type order by happened_at asc, answer_key asc
    ) = 1 as is_first
from unioned
