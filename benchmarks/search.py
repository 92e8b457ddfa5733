"""Search among the passages of many organizations: what it finds, and how fast.

There are `--rows` passages of `--organizations` of very unequal
sizes (1/1, 1/2, 1/3 … of a share), in daily partitions of a month, four to a ticket. Their
vectors are made by numpy from one seed: topics of unequal sizes, in them matters, around these the
tickets, around these the passages, in a space whose directions matter unequally, as those of
sentences do. Queries are drawn like tickets, but are none.

For the largest organization, one in the middle and the smallest: recall@10 of tickets against a
comparison of every vector, and milliseconds of `search.tickets` under row-level security over a
connection that is kept, each query another; of that comparison; and of searches with filters.
What the server's process itself computed stands beside the 95th percentile: where others use the
machine, the rest is waiting for it.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
from sqlalchemy import Connection, text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.passages import MODEL, Tenant, Vectors, fill, settle
from benchmarks.stage import warehouse
from tasks.resources import Resources, opened
from warehouse.search import Filters, search_tickets

K = 10
# As search was before there were cells and codes.
EXACT = """
    with nearest as (
        select distinct on (c.ticket_id)
            c.ticket_id, -(c.embedding <#> cast(:query as halfvec)) as similarity
        from ai.ticket_chunks as c
        where c.model = :model and c.dimension = 384
        order by c.ticket_id, c.embedding <#> cast(:query as halfvec)
    )
    select ticket_id from nearest order by similarity desc, ticket_id limit :k
"""
FILTERED = {
    "a group (1 of 20)": Filters(group_ids=(7,)),
    "a status (1 of 6)": Filters(statuses=("open",)),
    "sentiment below -0.9 (1 of 7)": Filters(sentiment_below=-0.9),
    "a group and a status (1 of 60)": Filters(group_ids=(7,), statuses=("open",)),
}
Way = Callable[[Connection, Vectors], list[int]]


def measure(rows: int, organizations: int, queries: int) -> Iterator[Figure]:
    """The cells, then what each way finds, and takes, for three of the organizations."""
    with warehouse() as found:
        tenants = list(fill(found.superuser, rows, organizations, queries))
        yield from settle(found.superuser, tenants)
        for place in sorted({0, organizations // 2, organizations - 1}):
            yield from _measured(tenants[place])


def _measured(tenant: Tenant) -> Iterator[Figure]:
    def search(filters: Filters) -> Way:
        return lambda connection, query: [
            hit.ticket_id
            for hit in search_tickets(connection, query, model=MODEL, k=K, filters=filters)
        ]

    of = f"{tenant.passages:,} passages"
    with opened(tenant.slug) as resources:
        few = tenant.queries[: len(tenant.queries) // 4]
        truth, taken = asked(resources, few, _exact)
        yield from _times(f"{of}, every vector compared", taken)
        found, taken = asked(resources, tenant.queries, search(Filters()))
        yield Figure(f"{of}, search.tickets: recall@10", recall(found, truth), "", goal="≥ 0.95")
        yield from _times(f"{of}, search.tickets", taken, "≤ 50")
        for name, filters in FILTERED.items():
            found, taken = asked(resources, few, search(filters))
            truth, _ = asked(resources, few[:20], _exact_among(filters))
            yield Figure(f"{of}, of {name}: recall@10", recall(found, truth), "")
            yield from _times(f"{of}, of {name}", taken)


def _times(what: str, taken: Sequence[tuple[float, float]], goal: str = "") -> Iterator[Figure]:
    waited, computed = zip(*taken, strict=True)
    yield Figure(f"{what}: median", statistics.median(waited), "ms")
    p95, cpu = (statistics.quantiles(one, n=20)[-1] for one in (waited, computed))
    yield Figure(f"{what}: 95th percentile", p95, "ms", goal=goal)
    yield Figure(f"{what}: 95th percentile, computed", cpu, "ms")


def _exact(connection: Connection, query: Vectors) -> list[int]:
    told = {"query": str(query.tolist()), "model": MODEL, "k": K}
    return list(connection.execute(text(EXACT), told).scalars())


def _exact_among(filters: Filters) -> Way:
    """The same, among the tickets that fit: told in SQL of its own."""
    fits = ["true"]
    if filters.group_ids:
        fits.append("t.group_id = 7")
    if filters.statuses:
        fits.append("t.status = 'open'")
    if filters.sentiment_below is not None:
        fits.append("sin(t.id) < -0.9")
    among = f"and c.ticket_id in (select t.id from zendesk.tickets as t where {' and '.join(fits)})"
    statement = EXACT.replace("order by c.ticket_id", f"{among} order by c.ticket_id", 1)

    def exact(connection: Connection, query: Vectors) -> list[int]:
        told = {"query": str(query.tolist()), "model": MODEL, "k": K}
        return list(connection.execute(text(statement), told).scalars())

    return exact


def asked(
    resources: Resources, queries: Vectors, way: Way
) -> tuple[list[list[int]], list[tuple[float, float]]]:
    """(what was found, (milliseconds, those that the server computed)) of each query.

    The first three are asked once before.
    """
    found, taken = [], []
    for query in (*queries[:3], *queries):
        at = time.perf_counter()
        with resources.session() as connection:
            computed = _computed_ms(connection)
            found.append(way(connection, query))
            computed = _computed_ms(connection) - computed
        taken.append((1000 * (time.perf_counter() - at), computed))
    return found[3:], taken[3:]


def _computed_ms(connection: Connection) -> float:
    """What the connection's server process has computed so far, as Linux counts it."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the warehouse is not asked through psycopg")
    told = Path(f"/proc/{driver.info.backend_pid}/schedstat").read_text()
    return int(told.split()[0]) / 1e6


def recall(found: Sequence[list[int]], truth: Sequence[list[int]]) -> float:
    """The share of the true nearest that were found, over the queries whose truth is known."""
    pairs = [(set(one), set(true)) for one, true in zip(found, truth, strict=False)]
    return sum(len(one & true) for one, true in pairs) / sum(len(true) for _, true in pairs)


BENCHMARK = Benchmark(
    "search",
    measure,
    small={"rows": 40_000, "organizations": 10, "queries": 80},
    full={"rows": 1_000_000, "organizations": 100, "queries": 200},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
