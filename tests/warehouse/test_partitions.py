"""Daily partitions, made by whoever needs them first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from sqlalchemy import Engine

from warehouse.organizations import ensure_partitions


def test_runs_that_need_the_same_new_days_at_once_get_them(engine: Engine) -> None:
    """One makes them, the others find them: two organizations' days begin at the same time."""
    for turn in range(4):
        first = date(2051, 1, 1) + timedelta(days=2 * turn)
        last = first + timedelta(days=1)
        with ThreadPoolExecutor(4) as runs:
            begun = [runs.submit(ensure_partitions, engine, first, last) for _ in range(4)]
        made = sorted(one.result() for one in begun)
        assert made[:3] == [0, 0, 0]
        assert made[3] > 10
