-- Grain: app.account_budgets has one row for each Zendesk account and bucket of its rate limits.
-- What may be spent of a bucket is what its last answers told, less what is leased and whose
-- answers are not in. No window is trusted to end before the latest instant that its answers
-- allow, and nothing is granted that an unanswered request of the last window may have spent.
-- Everything below that takes `at` is the owner's only; callers go by the warehouse's clock.

-- The part of a path whose endpoints most likely share their buckets: /api/#/incremental.
create function app.budget_family(path text) returns text
language sql immutable set search_path = ''
return substring(path from '^(?:/[^/]+){1,3}');

-- The buckets that a request to `path` spends: as answers told, else as those to its family did.
-- Of a family that nobody knows yet, one request at a time goes out: '?' stands for its bucket.
create function app.budget_buckets(account bytea, path text) returns text[]
language plpgsql stable set search_path = ''
as $$
declare
    family text := app.budget_family(path);
    buckets text[];
begin
    select array_agg(b.bucket) into buckets from app.account_budgets as b
    where b.account_key = account and path = any(b.paths);
    if buckets is null then
        select array_agg(b.bucket) into buckets from app.account_budgets as b
        where
            b.account_key = account
            and exists (
                select from unnest(b.paths) as p (known)
                where app.budget_family(p.known) = family
            );
    end if;
    return coalesce(buckets, array['account', '?' || family]);
end
$$;

-- Begins the next window of every bucket whose window has surely ended.
create procedure app.roll_budgets(account bytea, at timestamptz)
language sql set search_path = ''
begin atomic
    update app.account_budgets set
        window_no = window_no + 1,
        carried = leased,
        carried_until = roll_budgets.at + make_interval(secs => window_seconds / 20.0),
        leased = 0,
        remaining = total,
        told = false,
        resets_at = null
    where account_key = roll_budgets.account and resets_at <= roll_budgets.at;
end;

-- How many requests may be granted of a bucket now.
create function app.budget_free(b app.account_budgets, at timestamptz) returns integer
language sql immutable set search_path = ''
return case
    when b.closed_until > at then 0
    when b.total is null then 1 - b.leased
    when b.told and b.carried_until <= at then b.remaining - b.leased
    else b.remaining - b.leased - b.carried
end;

-- The seconds after which to ask again for a bucket of which nothing is free: when it opens, or
-- shortly, where what is out on lease may come back.
create function app.budget_wait(b app.account_budgets, at timestamptz) returns double precision
language sql immutable set search_path = ''
return case
    when app.budget_free(b, at) > 0 then 0
    when b.closed_until > at then extract(epoch from b.closed_until - at)
    when b.remaining <= 0 and b.resets_at > at then extract(epoch from b.resets_at - at)
    else b.window_seconds / 120.0
end;

-- Takes in what an answer said of its bucket's window.
create function app.budget_told(
    b app.account_budgets,
    at timestamptz,
    window_no bigint,
    total integer,
    remaining integer,
    resets_seconds double precision
) returns app.account_budgets
language plpgsql set search_path = ''
as $$
declare
    ends_at timestamptz := at + make_interval(secs => resets_seconds);
    -- ends of one window are told in whole seconds: they lie less than this apart
    apart interval;
begin
    b.window_seconds := greatest(b.window_seconds, ceil(resets_seconds)::integer);
    apart := make_interval(secs => greatest(b.window_seconds / 2.0, 1.2));
    total := coalesce(total, greatest(b.total, remaining));
    if ends_at <= at then
        return b;  -- of a window that is over
    elsif b.told and ends_at < b.resets_at - apart then
        return b;  -- of the window before
    elsif not b.told and b.total is not null and window_no < b.window_no and ends_at < at + apart
    then
        return b;  -- likewise: asked in the window before, and it ends too soon
    elsif b.told and ends_at <= b.resets_at + apart then
        b.resets_at := least(b.resets_at, ends_at);
        b.remaining := case
            when total = b.total then least(b.remaining, remaining) else remaining
        end;
    else
        if b.told then  -- the next window began before this one surely ended
            b.window_no := b.window_no + 1;
            b.carried := b.leased;
            b.carried_until := b.resets_at + make_interval(secs => b.window_seconds / 20.0);
            b.leased := 0;
        end if;
        b.told := true;
        b.resets_at := ends_at;
        b.remaining := remaining;
    end if;
    b.total := total;
    return b;
end
$$;

-- Settles one report of a process: leases that are answered (with or without a word on limits)
-- or given back, what the answers told, and a bucket that refused.
create procedure app.settle_budget(account bytea, report jsonb, at timestamptz)
language plpgsql set search_path = ''
as $$
declare
    r record;
    b app.account_budgets;
    spent integer;
begin
    select * into r from jsonb_to_record(report) as x (
        bucket text, path text, window_no bigint, answered integer, silent integer,
        returned integer, total integer, remaining integer, resets_seconds double precision,
        closed_seconds double precision
    );
    insert into app.account_budgets (account_key, bucket) values (account, r.bucket)
    on conflict do nothing;
    select * into b from app.account_budgets as a
    where a.account_key = account and a.bucket = r.bucket;
    spent := greatest(r.answered, 0) + greatest(r.silent, 0) + greatest(r.returned, 0);
    if r.window_no = b.window_no then
        b.leased := greatest(b.leased - spent, 0);
        b.remaining := b.remaining - greatest(r.silent, 0);
    elsif r.window_no = b.window_no - 1 then
        b.carried := greatest(b.carried - spent, 0);
    end if;
    if r.remaining is not null then
        b := app.budget_told(
            b, at, coalesce(r.window_no, b.window_no), r.total, r.remaining, r.resets_seconds
        );
    end if;
    if r.closed_seconds > 0 then
        b.closed_until := greatest(b.closed_until, at + make_interval(secs => r.closed_seconds));
    end if;
    if r.path is not null and r.path <> all(b.paths) and cardinality(b.paths) < 500 then
        b.paths := b.paths || r.path;
        delete from app.account_budgets as a
        where a.account_key = account and a.bucket = '?' || app.budget_family(r.path);
    end if;
    update app.account_budgets as a set
        paths = b.paths, total = b.total, remaining = b.remaining, told = b.told,
        window_no = b.window_no, window_seconds = b.window_seconds, leased = b.leased,
        carried = b.carried, carried_until = b.carried_until, resets_at = b.resets_at,
        closed_until = b.closed_until
    where a.account_key = account and a.bucket = r.bucket;
end
$$;

-- Settles reports, one process at a time for each account.
create procedure app.settle_budgets(account bytea, reports jsonb, at timestamptz)
language plpgsql set search_path = ''
as $$
declare
    report jsonb;
begin
    if octet_length(account) <> 32 or jsonb_array_length(reports) > 1000 then
        raise exception 'no account, or too many reports';
    end if;
    call app.roll_budgets(account, at);
    for report in select r.value from jsonb_array_elements(reports) as r (value) loop
        call app.settle_budget(account, report, at);
    end loop;
end
$$;

-- Leases up to `want` requests to `path`, from each of its buckets that the caller does not hold,
-- or from none: `seconds` is how long the lease lasts, or where nothing is granted, how long to
-- wait. A lease is a twentieth of the limit at most, and less when little is left.
create function app.lease_budget(
    account bytea, path text, holding text[], want integer, at timestamptz
)
returns table (
    bucket text, granted integer, window_no bigint, seconds double precision, known boolean
)
language plpgsql set search_path = ''
as $$
declare
    needed text[] := app.budget_buckets(account, path);
    open boolean;
begin
    insert into app.account_budgets (account_key, bucket)
    select account, n.bucket from unnest(needed) as n (bucket)
    on conflict do nothing;
    select coalesce(bool_and(app.budget_free(b, at) > 0), true) into open
    from app.account_budgets as b
    where b.account_key = account and b.bucket = any(needed) and b.bucket <> all(holding);
    if not open then
        return query
        select b.bucket, 0, b.window_no, app.budget_wait(b, at), b.total is not null
        from app.account_budgets as b
        where b.account_key = account and b.bucket = any(needed) and b.bucket <> all(holding);
        return;
    end if;
    return query
    with grants as (
        select b.bucket, least(want, b.total / 20, app.budget_free(b, at) / 8) as wanted
        from app.account_budgets as b
        where b.account_key = account and b.bucket = any(needed) and b.bucket <> all(holding)
    )
    update app.account_budgets as b set
        leased = b.leased + greatest(g.wanted, 1),
        -- nobody has told when this window ends: it begins with a request within this lease
        resets_at = case
            when b.told then b.resets_at
            else at + make_interval(
                secs => b.window_seconds * case when b.total is null then 1 else 2 end
            )
        end
    from grants as g
    where b.account_key = account and b.bucket = g.bucket
    returning
        b.bucket,
        greatest(g.wanted, 1),
        b.window_no,
        least(extract(epoch from b.resets_at - at), b.window_seconds)::double precision,
        b.total is not null;
end
$$;

-- What processes call: both settle what the caller has to report, at this instant.
create function app.take_budget(
    account bytea, path text, holding text[], want integer, reports jsonb
)
returns table (
    bucket text, granted integer, window_no bigint, seconds double precision, known boolean
)
language plpgsql security definer set search_path = ''
as $$
declare
    at timestamptz;
begin
    perform pg_advisory_xact_lock(hashtextextended('vensor budget ' || account::text, 0));
    at := clock_timestamp();
    call app.settle_budgets(account, reports, at);
    return query select * from app.lease_budget(account, path, holding, want, at);
end
$$;

create procedure app.learn_budget(account bytea, reports jsonb)
language plpgsql security definer set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('vensor budget ' || account::text, 0));
    call app.settle_budgets(account, reports, clock_timestamp());
end
$$;
