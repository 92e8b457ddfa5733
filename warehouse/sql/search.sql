-- Grain: search.tickets returns a row for each of the k tickets that are nearest to a query;
-- search.knowledge one for each of the k best passages of documents.
-- Both act as their owner, so that no caller needs a right to vectors, of which words can be told;
-- the owner is under row-level security like anyone: app.org_id() says whose rows they find.
-- Members may call them through PostgREST as their role allows, and the service that runs our code,
-- which has asked before; no other login may.

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
return hamming_distance(one, another);

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

-- Lets pass the service and members of one of these roles; raises for anyone else.
create function app.admit(roles text[]) returns void
language plpgsql stable set search_path = ''
as $$
begin
    if session_user <> 'vensor_loader' and coalesce(
        app.claimed_role(current_setting('request.jwt.claims', true)) <> all(admit.roles), true
    ) then
        raise insufficient_privilege using
            message = 'this search needs the role ' || array_to_string(admit.roles, ' or ');
    end if;
end
$$;

-- The cells to look into: the nearest until they hold as many passages as are to be compared, and
-- always cell 0, where passages lie that came before there were cells. Where there are none, every
-- number that a passage may have, so that cells can be deleted at any time.
create function ai.nearest_cells(query halfvec, model text, passages bigint) returns smallint[]
language sql stable set search_path = ''
as $$
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
    select case count(*)
        when 0 then array(select n::smallint from generate_series(0, 256) as n)
        else array_agg(p.cell_no order by p.cell_no) || 0::smallint
    end
    from placed as p
    where p.nearer < nearest_cells.passages
$$;

create type search.ticket_passage as (
    ticket_id bigint,
    comment_id bigint,
    source text,
    chunk_no integer,
    start_char integer,
    end_char integer,
    changed_at timestamptz,
    similarity double precision,
    status text,
    group_id bigint,
    sentiment double precision
);

create type search.document_passage as (
    document_id text,
    chunk_no integer,
    kind text,
    title text,
    url text,
    heading_path text [],
    body text,
    changed_at timestamptz,
    similarity double precision,
    score double precision
);

-- One look into these cells: of the passages that fit the filters, `compared` whose codes are
-- nearest are compared exactly; hits are the nearest passage of each of the k nearest tickets, best
-- first. `fit` tells how many were compared.
-- It is planned once a session: with a partition a day, planning would take as long as searching.
create function ai.look(
    query halfvec,
    model text,
    k integer,
    cells smallint[],
    compared bigint,
    from_at timestamptz,
    to_at timestamptz,
    group_ids bigint[],
    statuses text[],
    ticket_ids bigint[],
    sentiment_below double precision,
    sentiment_above double precision,
    out hits search.ticket_passage[],
    out fit bigint
)
language plpgsql stable
set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
-- what fits a filter may be many tickets: the planner knows no number
set enable_nestloop = off set enable_mergejoin = off
as $$
declare
    by_ticket boolean := num_nonnulls(group_ids, statuses, ticket_ids) > 0;
    by_sentiment boolean := num_nonnulls(sentiment_below, sentiment_above) > 0;
    asked_dimension integer := ai.dimension(query);
    asked_code varbit := ai.passage_code(query);
begin
    with of_tickets as materialized (
        select t.id from zendesk.tickets as t
        where
            by_ticket
            and (look.group_ids is null or t.group_id = any(look.group_ids))
            and (look.statuses is null or t.status = any(look.statuses))
            and (look.ticket_ids is null or t.id = any(look.ticket_ids))
    ),
    of_sentiment as materialized (
        select l.ticket_id from (
            select distinct on (s.ticket_id) s.ticket_id, s.sentiment_end
            from ai.ticket_scores as s
            where by_sentiment
            order by s.ticket_id, s.changed_at desc, s.loaded_at desc, s.model_version
        ) as l
        where
            (look.sentiment_below is null or l.sentiment_end < look.sentiment_below)
            and (look.sentiment_above is null or l.sentiment_end > look.sentiment_above)
    ),
    near as materialized (
        select
            c.ticket_id, c.comment_id, c.source, c.chunk_no, c.changed_at
        from ai.ticket_chunks as c
        left join of_tickets as t on c.ticket_id = t.id
        left join of_sentiment as s on c.ticket_id = s.ticket_id
        where
            c.model = look.model
            and c.dimension = asked_dimension
            and c.cell = any(look.cells)
            and c.changed_at >= coalesce(look.from_at, '-infinity')
            and c.changed_at < coalesce(look.to_at, 'infinity')
            and (not by_ticket or t.id is not null)
            and (not by_sentiment or s.ticket_id is not null)
        order by
            ai.code_distance(c.code, asked_code),
            c.comment_id, c.source, c.chunk_no, c.changed_at
        limit look.compared
    ),
    of_each_ticket as (
        select distinct on (n.ticket_id)
            n.ticket_id, n.comment_id, n.source, n.chunk_no, n.changed_at,
            e.start_char, e.end_char, e.similarity
        from near as n
        cross join lateral (
            select
                c.start_char, c.end_char, ai.similarity(c.embedding, look.query) as similarity
            from ai.ticket_chunks as c
            where
                c.comment_id = n.comment_id and c.source = n.source and c.model = look.model
                and c.chunk_no = n.chunk_no and c.changed_at = n.changed_at
            limit 1  -- it is one: said so that it is looked up, since that cannot be joined else
        ) as e
        order by
            n.ticket_id, e.similarity desc, n.comment_id, n.source, n.chunk_no, n.changed_at
    ),
    best as (
        select o.* from of_each_ticket as o
        order by o.similarity desc, o.ticket_id
        limit look.k
    )
    select
        array(
            select
                row(
                    b.ticket_id, b.comment_id, b.source, b.chunk_no, b.start_char, b.end_char,
                    b.changed_at, b.similarity, t.status, t.group_id,
                    (
                        select s.sentiment_end from ai.ticket_scores as s
                        where s.ticket_id = b.ticket_id
                        order by s.changed_at desc, s.loaded_at desc, s.model_version
                        limit 1
                    )
                )::search.ticket_passage
            from best as b
            left join lateral (
                select z.status, z.group_id from zendesk.tickets as z
                where z.id = b.ticket_id limit 1
            ) as t on true
            order by b.similarity desc, b.ticket_id
        ),
        (select count(*) from near)
    into look.hits, look.fit;
end
$$;

-- The nearest passage of each of the k tickets that are nearest to a vector of this model: where it
-- lies, never its words, which are sealed. Fewer than k come only where no more tickets fit.
create function search.tickets(
    query halfvec,
    model text,
    k integer default 10,
    from_at timestamptz default null,
    to_at timestamptz default null,
    group_ids bigint[] default null,
    statuses text[] default null,
    ticket_ids bigint[] default null,
    sentiment_below double precision default null,
    sentiment_above double precision default null
)
returns setof search.ticket_passage
language plpgsql stable security definer set search_path = ''
as $$
declare
    -- how many of an organization are compared by their codes: all, if it has no more
    passages bigint := 20000;
    compared bigint := 400 + 10 * tickets.k;
    in_cells bigint;
    seen record;
begin
    perform app.admit(array['owner', 'admin', 'analyst', 'privacy_officer']);
    if tickets.query is null or tickets.model is null or tickets.k is null
        or tickets.k not between 1 and 1000
    then
        raise invalid_parameter_value using
            message = 'query and model are needed, and k from 1 to 1000';
    end if;
    select coalesce(sum(c.passages), 0) into in_cells from ai.passage_cells as c
    where c.model = tickets.model and c.dimension = ai.dimension(tickets.query);
    passages := greatest(passages, in_cells / 40);
    loop
        select l.* into seen from ai.look(
            ai.of_length_one(tickets.query), tickets.model, tickets.k,
            ai.nearest_cells(tickets.query, tickets.model, passages), compared,
            from_at, to_at, group_ids, statuses, ticket_ids,
            sentiment_below, sentiment_above
        ) as l;
        exit when cardinality(seen.hits) = tickets.k and seen.fit >= 10 * tickets.k;
        exit when seen.fit < compared and passages >= in_cells;
        -- too few: look farther
        passages := passages * 8;
        if seen.fit = compared then
            compared := compared * 8;
        end if;
    end loop;
    return query select f.* from unnest(seen.hits) as f;
end
$$;

-- The k best passages of the organization's documents, by meaning and by words, fused by reciprocal
-- rank. Words of more than 12 stems are a story and no search: they count by meaning alone.
-- Source: Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009 (the 60).
create function search.knowledge(
    query halfvec,
    words text,
    model text,
    k integer default 10,
    kind text default null,
    from_at timestamptz default null,
    to_at timestamptz default null
)
returns setof search.document_passage
language plpgsql stable security definer set search_path = ''
as $$
declare
    vector query%type;  -- the type's schema is not in the path
    asked tsquery;
    candidates integer := greatest(30, knowledge.k);
begin
    perform app.admit(array['owner', 'admin', 'analyst', 'viewer', 'privacy_officer']);
    if knowledge.query is null or knowledge.words is null or knowledge.model is null
        or knowledge.k is null or knowledge.k not between 1 and 1000
    then
        raise invalid_parameter_value using
            message = 'query, words and model are needed, and k from 1 to 1000';
    end if;
    vector := ai.of_length_one(knowledge.query);
    if length(to_tsvector('pg_catalog.english', left(knowledge.words, 10000))) <= 12 then
        asked := websearch_to_tsquery('pg_catalog.english', left(knowledge.words, 10000));
    end if;
    return query
    with fitting as materialized (
        select
            c.document_id, c.chunk_no, ai.similarity(c.embedding, vector) as similarity,
            case when c.words @@ asked then ts_rank(c.words, asked) end as rank
        from knowledge.chunks as c
        inner join knowledge.documents as d on c.document_id = d.document_id
        where
            c.model = knowledge.model
            and c.dimension = ai.dimension(vector)
            and (knowledge.kind is null or d.kind = knowledge.kind)
            and (knowledge.from_at is null or d.changed_at >= knowledge.from_at)
            and (knowledge.to_at is null or d.changed_at < knowledge.to_at)
    ),
    dense as (
        select
            f.document_id, f.chunk_no,
            row_number() over (order by f.similarity desc, f.document_id, f.chunk_no) as place
        from fitting as f
        order by place
        limit candidates
    ),
    lexical as (
        select
            f.document_id, f.chunk_no,
            row_number() over (order by f.rank desc, f.document_id, f.chunk_no) as place
        from fitting as f
        where f.rank is not null
        order by place
        limit candidates
    ),
    fused as (
        select l.document_id, l.chunk_no, sum(1.0 / (60 + l.place))::double precision as score
        from (select * from dense union all select * from lexical) as l
        group by l.document_id, l.chunk_no
    )
    select
        f.document_id, f.chunk_no, d.kind, d.title, d.url, c.heading_path, c.body, d.changed_at,
        ai.similarity(c.embedding, vector), f.score
    from fused as f
    inner join knowledge.chunks as c
        on f.document_id = c.document_id and f.chunk_no = c.chunk_no
        and c.model = knowledge.model
    inner join knowledge.documents as d on f.document_id = d.document_id
    order by f.score desc, f.document_id, f.chunk_no
    limit knowledge.k;
end
$$;
