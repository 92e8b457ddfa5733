-- Histograms with buckets that grow by 2^(1/8), 9 in 100: they add up, and percentiles of the sums
-- are right to a few in 100. An array from the first bucket to the last that holds anything.

-- The bucket of a value: 1 for [0, 1), then 2 for [1, 2^(1/8)) and so on. Null of null.
create or replace function bi.bucket(value double precision) returns integer
language sql immutable strict parallel safe
return case
    when value < 1 then 1
    else 2 + floor(8 * ln(value) / ln(2::double precision) + 1e-9)::integer
end;

-- One step: a bucket's count is put at its place. Buckets come in ascending order.
create or replace function bi.histogram_step(state bigint[], bucket integer, n bigint)
returns bigint[]
language sql immutable parallel safe
return case
    when bucket is null or n is null then state
    else
        state
        || array_fill(0::bigint, array[bucket - 1 - coalesce(cardinality(state), 0)])
        || n
end;

-- Two histograms added, place by place.
create or replace function bi.add_histograms(one bigint[], other bigint[]) returns bigint[]
language sql immutable parallel safe
return (
    select
        coalesce(
            array_agg(
                coalesce(a.n, 0) + coalesce(b.n, 0) order by coalesce(a.place, b.place) asc
            ),
            '{}'
        )
    from unnest(one) with ordinality as a (n, place)
    full join unnest(other) with ordinality as b (n, place) on a.place = b.place
);

-- The value below which a share `p` (0 to 1) of what was counted lies: interpolated within its
-- bucket by growth. Null of nothing.
create or replace function bi.percentile(histogram bigint[], p double precision)
returns double precision
language sql immutable parallel safe
return (
    with places as (
        select
            place,
            n,
            sum(n) over (order by place asc) as reached,
            sum(n) over () as total
        from unnest(histogram) with ordinality as h (n, place)
    ),

    found as (
        select
            place,
            (p * total - (reached - n)) / n as fraction
        from places
        where n > 0 and reached >= p * total
        order by place asc
        limit 1
    )

    select
        case
            when place = 1 then greatest(fraction, 0)::double precision
            else power(2::double precision, (place - 2 + greatest(fraction, 0)) / 8)
        end
    from found
);
