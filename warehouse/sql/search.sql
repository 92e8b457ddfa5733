-- Grain: search.tickets returns a row for each of the k tickets that are nearest to a query;
-- search.knowledge one for each of the k best passages of documents. Both are under row-level
-- security, like everything that the tenant's policy binds: app.org_id() says whose rows they see.

-- What a vector is first compared by: in which of four levels each of its values lies, told by
-- three bits, of which as many are set as there are levels below. The bits in which two codes
-- differ are then the levels that lie between their vectors. The levels are the quartiles of
-- normally distributed values of a vector of length 1, so that as many values lie in each.
create function ai.passage_code(embedding halfvec) returns varbit
language sql immutable strict parallel safe
return binary_quantize(
    embedding + array_fill(
        (0.6745 / sqrt(vector_dims(embedding)))::real, array[vector_dims(embedding)]
    )::halfvec
) || binary_quantize(embedding) || binary_quantize(
    embedding - array_fill(
        (0.6745 / sqrt(vector_dims(embedding)))::real, array[vector_dims(embedding)]
    )::halfvec
);

-- What functions with an empty search_path find of pgvector's, whose schema is not the same in
-- every warehouse.
create function ai.code_distance(one varbit, another varbit) returns double precision
language sql immutable strict parallel safe
return one <~> another;

create function ai.similarity(one halfvec, another halfvec) returns double precision
language sql immutable strict parallel safe
return -(one <#> another);

create function ai.of_length_one(vector halfvec) returns halfvec
language sql immutable strict parallel safe
return l2_normalize(vector);

create function ai.dimension(vector halfvec) returns integer
language sql immutable strict parallel safe
return vector_dims(vector);

-- The role of the signed-in user in the organization that the session is bound to; NULL for any
-- other session. Each step is a statement of its own, as in app.claimed_org_id.
create function app.claimed_role(told text) returns text
language plpgsql stable parallel safe set search_path = ''
as $$
declare
    claims jsonb;
    member uuid;
begin
    if current_setting('role', true) is distinct from 'authenticated' then
        return null;
    end if;
    if pg_input_is_valid(told, 'jsonb') then
        claims := told::jsonb;
    end if;
    if pg_input_is_valid(claims ->> 'sub', 'uuid') then
        member := (claims ->> 'sub')::uuid;
    end if;
    return (
        select m.role from app.members as m
        where m.org_id = app.org_id() and m.user_id = member
    );
end
$$;

-- The cells to look into, nearest first: until they hold as many passages as are to be compared,
-- and always cell 0, where passages lie that are in no cell yet.
create function ai.nearest_cells(query halfvec, model text, passages bigint) returns smallint []
language sql stable
begin atomic
    with placed as (
        select
            c.cell_no,
            sum(c.passages) over (
                order by ai.similarity(c.centroid, nearest_cells.query) desc, c.cell_no
            ) - c.passages as nearer
        from ai.passage_cells as c
        where
            c.model = nearest_cells.model
            and c.dimension = ai.dimension(nearest_cells.query)
    )
    select array_agg(p.cell_no order by p.cell_no) || 0::smallint
    from placed as p
    where p.nearer < nearest_cells.passages;
end;

create type search.ticket_passage as (
    ticket_id bigint,
    comment_id bigint,
    source text,
    chunk_no integer,
    start_char integer,
    end_char integer,
    said_at timestamptz,
    similarity double precision,
    status text,
    group_id bigint
);

-- One look: the nearest passage of each of the k nearest tickets, best first, compared exactly among
-- `compared` passages whose codes are nearest of those that fit, themselves found among the `pool`
-- whose codes are nearest in these cells. `in_pool` and `fit` tell how many there were of each.
create function search.look(
    query halfvec,
    model text,
    k integer,
    cells smallint [],
    pool bigint,
    compared bigint,
    from_at timestamptz,
    to_at timestamptz,
    group_ids bigint [],
    statuses text [],
    sentiment_below double precision,
    sentiment_above double precision,
    out found search.ticket_passage [],
    out in_pool bigint,
    out fit bigint
)
language plpgsql stable set search_path = ''
-- a few hundred rows are looked up in tables of any size: the planner knows neither number
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_custom_plan
set jit = off
as $$
begin
    with near as materialized (
        select
            c.ticket_id, c.comment_id, c.source, c.model, c.chunk_no, c.changed_at,
            ai.code_distance(c.code, ai.passage_code(look.query)) as distance
        from ai.ticket_chunks as c
        where
            c.model = look.model
            and c.dimension = ai.dimension(look.query)
            and c.cell = any(look.cells)
            and (look.from_at is null or c.changed_at >= look.from_at)
            and (look.to_at is null or c.changed_at < look.to_at)
        order by distance, c.comment_id, c.source, c.chunk_no, c.changed_at
        limit look.pool
    ),
    fitting as materialized (
        select n.*, t.status, t.group_id
        from near as n
        left join zendesk.tickets as t on n.ticket_id = t.id
        where
            (look.group_ids is null or t.group_id = any(look.group_ids))
            and (look.statuses is null or t.status = any(look.statuses))
            and (
                (look.sentiment_below is null and look.sentiment_above is null)
                or (
                    select
                        s.sentiment_end < coalesce(look.sentiment_below, 'infinity')
                        and s.sentiment_end > coalesce(look.sentiment_above, '-infinity')
                    from ai.ticket_scores as s
                    where s.ticket_id = n.ticket_id
                    order by s.changed_at desc, s.loaded_at desc, s.model_version
                    limit 1
                )
            )
        order by n.distance, n.comment_id, n.source, n.chunk_no, n.changed_at
        limit look.compared
    ),
    of_tickets as (
        select distinct on (f.ticket_id)
            f.ticket_id, f.comment_id, f.source, f.chunk_no, e.start_char, e.end_char,
            f.changed_at, ai.similarity(e.embedding, look.query) as similarity,
            f.status, f.group_id
        from fitting as f
        inner join ai.ticket_chunks as e
            on f.comment_id = e.comment_id and f.source = e.source and f.model = e.model
            and f.chunk_no = e.chunk_no and f.changed_at = e.changed_at
        order by
            f.ticket_id, similarity desc, f.comment_id, f.source, f.chunk_no, f.changed_at
    ),
    best as (
        select
            o.ticket_id, o.comment_id, o.source, o.chunk_no, o.start_char, o.end_char,
            o.changed_at, o.similarity, o.status, o.group_id
        from of_tickets as o
        order by o.similarity desc, o.ticket_id
        limit look.k
    )
    select
        array(
            select
                row(
                    b.ticket_id, b.comment_id, b.source, b.chunk_no, b.start_char, b.end_char,
                    b.changed_at, b.similarity, b.status, b.group_id
                )::search.ticket_passage
            from best as b
            order by b.similarity desc, b.ticket_id
        ),
        (select count(*) from near),
        (select count(*) from fitting)
    into look.found, look.in_pool, look.fit;
end
$$;

-- The nearest passage of each of the k tickets that are nearest to a vector of this model: where it
-- lies, never its words. Fewer than k come only where no more tickets fit.
-- It acts as its owner, so that its callers need no right to vectors, of which words can be told;
-- the owner is bound to the tenant like anyone. Members may call it whose role reads words; of the
-- logins, the service's alone.
create function search.tickets(
    query halfvec,
    model text,
    k integer default 10,
    from_at timestamptz default null,
    to_at timestamptz default null,
    group_ids bigint [] default null,
    statuses text [] default null,
    sentiment_below double precision default null,
    sentiment_above double precision default null
)
returns setof search.ticket_passage
language plpgsql stable security definer set search_path = ''
as $$
declare
    -- how many of an organization are compared by their codes: all, if it has no more
    passages bigint := 30000;
    compared bigint := 300 + 10 * tickets.k;
    pool bigint := compared;
    in_cells bigint;
    seen record;
begin
    if session_user <> 'vensor_loader' and coalesce(
        app.claimed_role(current_setting('request.jwt.claims', true))
        not in ('owner', 'admin', 'analyst', 'privacy_officer'), true
    ) then
        raise insufficient_privilege using
            message = 'searching tickets needs the role owner, admin, analyst or privacy_officer';
    end if;
    if tickets.query is null or tickets.model is null or tickets.k is null
        or tickets.k not between 1 and 1000
    then
        raise invalid_parameter_value using
            message = 'query and model are needed, and k from 1 to 1000';
    end if;
    select coalesce(sum(c.passages), 0) into in_cells from ai.passage_cells as c
    where c.model = tickets.model and c.dimension = ai.dimension(tickets.query);
    passages := greatest(passages, in_cells / 10);
    if num_nonnulls(group_ids, statuses, sentiment_below, sentiment_above) > 0 then
        pool := pool * 20;
    end if;
    loop
        select l.* into seen from search.look(
            ai.of_length_one(tickets.query), tickets.model, tickets.k,
            ai.nearest_cells(tickets.query, tickets.model, passages), pool, compared,
            from_at, to_at, group_ids, statuses, sentiment_below, sentiment_above
        ) as l;
        exit when seen.fit = compared and cardinality(seen.found) = tickets.k;
        exit when seen.in_pool < pool and passages >= in_cells;
        -- too few tickets: look farther
        passages := passages * 8;
        pool := pool * 8;
        if seen.fit = compared then
            compared := compared * 8;
        end if;
    end loop;
    return query select f.* from unnest(seen.found) as f;
end
$$;

-- The k best passages of the organization's documents, by meaning and by words, fused by reciprocal
-- rank. Words of more than 12 stems are a story and no search: they count by meaning alone.
-- Source: Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009 (the 60).
create function search.knowledge(
    query halfvec, words text, model text, k integer default 10, kind text default null
)
returns table (
    document_id text,
    chunk_no integer,
    kind text,
    title text,
    url text,
    heading_path text [],
    body text,
    score double precision
)
language sql stable
begin atomic
    with asked as (
        select
            ai.of_length_one(knowledge.query) as vector,
            case
                when length(to_tsvector('english', left(knowledge.words, 10000))) <= 12
                    then websearch_to_tsquery('english', left(knowledge.words, 10000))
            end as words
    ),
    fitting as (
        select c.document_id, c.chunk_no, c.words, c.embedding
        from knowledge.chunks as c
        inner join knowledge.documents as d on c.document_id = d.document_id
        where
            c.model = knowledge.model
            and c.dimension = ai.dimension(knowledge.query)
            and (knowledge.kind is null or d.kind = knowledge.kind)
    ),
    dense as (
        select
            f.document_id, f.chunk_no,
            row_number() over (
                order by
                    ai.similarity(f.embedding, a.vector) desc, f.document_id, f.chunk_no
            ) as place
        from fitting as f cross join asked as a
        order by place
        limit greatest(30, knowledge.k)
    ),
    lexical as (
        select
            f.document_id, f.chunk_no,
            row_number() over (
                order by ts_rank(f.words, a.words) desc, f.document_id, f.chunk_no
            ) as place
        from fitting as f cross join asked as a
        where f.words @@ a.words
        order by place
        limit greatest(30, knowledge.k)
    ),
    fused as (
        select l.document_id, l.chunk_no, sum(1.0 / (60 + l.place))::double precision as score
        from (select * from dense union all select * from lexical) as l
        group by l.document_id, l.chunk_no
    )
    select
        f.document_id, f.chunk_no, d.kind, d.title, d.url, c.heading_path, c.body, f.score
    from fused as f
    inner join knowledge.chunks as c
        on f.document_id = c.document_id and f.chunk_no = c.chunk_no
        and c.model = knowledge.model
    inner join knowledge.documents as d on f.document_id = d.document_id
    order by f.score desc, f.document_id, f.chunk_no
    limit knowledge.k;
end;
