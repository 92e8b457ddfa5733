"""Histograms that add up, and what percentiles of them say."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

MINUTES = st.floats(min_value=0, max_value=5_000_000, allow_nan=False)
GROWTH = 2 ** (1 / 8)
HISTOGRAM = """
    select bi.histogram(bucket, n order by bucket) from (
        select bi.bucket(v) as bucket, count(*) as n
        from unnest(cast(:values as float8[])) as v group by 1
    ) as counted
"""


@pytest.mark.parametrize(
    ("value", "bucket"),
    [(0, 1), (0.99, 1), (1, 2), (1.08, 2), (GROWTH, 3), (2, 10), (1024, 82), (None, None)],
)
def test_buckets_grow_by_an_eighth_of_a_doubling(
    engine: Engine, value: float | None, bucket: int | None
) -> None:
    """The first is below 1; a value at a bound belongs to what begins there."""
    with engine.begin() as connection:
        found = connection.execute(text("select bi.bucket(:value)"), {"value": value})
        assert found.scalar_one() == bucket


@settings(max_examples=40, deadline=None)
@given(one=st.lists(MINUTES, min_size=1), other=st.lists(MINUTES), p=st.floats(0, 1))
def test_percentiles_of_sums_are_those_of_the_values(
    engine: Engine, one: list[float], other: list[float], p: float
) -> None:
    """Two days added up say what all their values say, to within a bucket; nothing is lost."""
    with engine.begin() as connection:
        parts = [
            connection.execute(text(HISTOGRAM), {"values": values}).scalar_one()
            for values in (one, other)
        ]
        total, told = connection.execute(
            text("""
                with summed as (
                    select bi.sum_histograms(h) as h
                    from (values (cast(:one as bigint[])), (cast(:other as bigint[]))) as v (h)
                )
                select (select sum(n) from unnest(h) as n), bi.percentile(h, :p) from summed
            """),
            {"one": parts[0], "other": parts[1], "p": p},
        ).one()
    every = sorted(one + other)
    assert total == len(every)
    exact = every[max(math.ceil(p * len(every)) - 1, 0)]
    assert told == pytest.approx(exact, rel=GROWTH - 1 + 1e-6, abs=1 + 1e-6)


def test_nothing_has_no_percentile(engine: Engine) -> None:
    """Null, and not zero."""
    with engine.begin() as connection:
        assert connection.execute(text("select bi.percentile('{}', 0.5)")).scalar_one() is None
        assert (
            connection.execute(
                text("select bi.sum_histograms(h) from (select null::bigint[] as h) as n")
            ).scalar_one()
            == []
        )
