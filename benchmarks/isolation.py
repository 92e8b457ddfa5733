"""What row-level security costs, against the same questions with the tenant named in a WHERE.

A table of tickets holds `--rows` of `--organizations` of unequal sizes. Each question is asked by
the loader, whom the policy binds, and by the superuser, whom none does, with `org_id = '…'` written
into it; for the largest organization, one in the middle and the smallest; in turn, over connections
that are kept, planned anew each time. Seconds are the client's; the median of at least `--rounds`,
and of as many more as go into `--at-least-seconds`.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from uuid import UUID, uuid5

import psycopg
from sqlalchemy import URL

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Warehouse, warehouse

SEED = UUID(int=0)
STATUSES = "(array['new','open','pending','hold','solved','closed'])[1 + n % 6]"
# Of the organizations, the first has most tickets and the last fewest: 1/1, 1/2, 1/3 … of a share.
FILL = f"""
    insert into zendesk.tickets (
        org_id, id, status, priority, via_channel, group_id, requester_id, created_at, updated_at,
        changed_at
    )
    select
        o.org_id, n, {STATUSES}, (array['low','normal','high','urgent'])[1 + n % 4], 'email',
        n % 20, n % (o.tickets / 5 + 1),
        timestamptz '2026-01-01' + make_interval(secs => n * 2592000.0 / o.tickets),
        timestamptz '2026-02-01' + make_interval(secs => n * 2592000.0 / o.tickets),
        timestamptz '2026-02-01' + make_interval(secs => n * 2592000.0 / o.tickets)
    from shares as o cross join lateral generate_series(1, o.tickets) as n
    order by n, o.org_id
"""
INDEXED = {
    "one ticket": "select * from zendesk.tickets where id = 4711 {and_org}",
    "the latest 50": "select id, status from zendesk.tickets {where_org}"
    " order by updated_at desc limit 50",
    "a requester's": "select * from zendesk.tickets where requester_id = 711 {and_org}",
    "a day": "select status, count(*) from zendesk.tickets where created_at >= '2026-01-15'"
    " and created_at < '2026-01-16' {and_org} group by status",
    "all of the organization": "select status, priority, count(*), min(created_at)"
    " from zendesk.tickets {where_org} group by status, priority",
}
SCANS = {
    "a scan of the table": "select status, count(*), max(updated_at) from zendesk.tickets"
    " {where_org} group by status",
    "a scan with another filter": "select count(*) from zendesk.tickets"
    " where priority = 'urgent' and updated_at > '2026-02-10' {and_org}",
}
WITHOUT_INDEXES = "set enable_indexscan = off; set enable_bitmapscan = off;"
WITHOUT_INDEXES += " set enable_indexonlyscan = off"
GOALS = dict.fromkeys(INDEXED, "≤ 1.3") | dict.fromkeys(SCANS, "≤ 1.5")
WITH_INDEXES = "reset enable_indexscan; reset enable_bitmapscan; reset enable_indexonlyscan"


def _fill(superuser: URL, rows: int, organizations: int) -> list[tuple[UUID, int]]:
    whole = sum(1 / (one + 1) for one in range(organizations))
    shares = [
        (uuid5(SEED, str(one)), max(int(rows / (one + 1) / whole), 800))
        for one in range(organizations)
    ]
    with _connected(superuser) as connection, connection.transaction():
        connection.execute("create temp table shares (org_id uuid, tickets integer)")
        connection.cursor().executemany("insert into shares values (%s, %s)", shares)
        connection.execute(FILL)
    with _connected(superuser) as connection:
        connection.execute("vacuum (analyze, freeze) zendesk.tickets")
    return shares


def _connected(url: URL) -> psycopg.Connection:
    found = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(found, autocommit=True, prepare_threshold=None)


def measure(
    rows: int, organizations: Sequence[int], rounds: int, at_least_seconds: float
) -> Iterator[Figure]:
    """Each question under the policy, beside the one by WHERE."""
    for many in organizations:
        with warehouse(metrics=False) as found:
            shares = _fill(found.superuser, rows, many)
            for org_id, tickets in (shares[0], shares[len(shares) // 2], shares[-1]):
                for name, taken in _answers(found, org_id, rounds, at_least_seconds):
                    where, policy = (1000 * one for one in taken)
                    what = f"{name}, {tickets:,} tickets, {many} organizations"
                    yield Figure(what, policy, "ms", where, GOALS[name])


def _answers(
    found: Warehouse, org_id: UUID, rounds: int, at_least: float
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Each question's name, and its seconds by WHERE and under the policy."""
    told = {"and_org": f"and org_id = '{org_id}'", "where_org": f"where org_id = '{org_id}'"}
    nothing = dict.fromkeys(told, "")
    with _connected(found.logins.loader) as bound, _connected(found.superuser) as free:
        bound.execute("select set_config('app.org_id', %s, false)", [str(org_id)])
        for setting, questions in ((WITH_INDEXES, INDEXED), (WITHOUT_INDEXES, SCANS)):
            bound.execute(setting)
            free.execute(setting)
            for name, question in questions.items():
                ways = ((free, question.format(**told)), (bound, question.format(**nothing)))
                yield name, _compared(ways, rounds, at_least)


def _asked(connection: psycopg.Connection, question: str) -> list[tuple[object, ...]]:
    return sorted(connection.execute(question).fetchall(), key=repr)


def _compared(
    ways: Sequence[tuple[psycopg.Connection, str]], rounds: int, at_least: float
) -> tuple[float, float]:
    """Seconds by each of two ways, the median. Raises: RuntimeError if they find different rows."""
    first, second = (_asked(*way) for way in ways)
    if first != second:
        raise RuntimeError("the two ways do not find the same rows")
    taken: tuple[list[float], list[float]] = ([], [])
    while len(taken[0]) < rounds or sum(map(sum, taken)) < at_least:
        for way, seconds in zip(ways, taken, strict=True):
            at = time.perf_counter()
            _asked(*way)
            seconds.append(time.perf_counter() - at)
    return statistics.median(taken[0]), statistics.median(taken[1])


BENCHMARK = Benchmark(
    "isolation",
    measure,
    small={"rows": 200_000, "organizations": (50,), "rounds": 5, "at_least_seconds": 0.3},
    full={"rows": 2_000_000, "organizations": (50, 500), "rounds": 9, "at_least_seconds": 1.0},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
