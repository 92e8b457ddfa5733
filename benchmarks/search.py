"""Search among the passages of many organizations: what it finds, and how fast.

`python -m benchmarks.search` makes a warehouse with `--rows` passages of `--organizations` of very
unequal sizes (1/1, 1/2, 1/3 … of a share), in daily partitions of a month, four to a ticket. Their
vectors are made by numpy from one seed: topics of unequal sizes, in them matters, around these the
tickets, around these the passages, in a space whose directions matter unequally, as those of
sentences do. Queries are drawn like tickets, but are none.

For the largest organization, one in the middle and the smallest: recall@10 of tickets against a
comparison of every vector, milliseconds of `search.tickets` under row-level security over a
connection that is kept, each query another; of that comparison; and of a search with filters.
`--write` keeps the numbers in benchmarks/results/search.json.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import URL, Connection, text

from cli.organizations import initialise
from tasks.cells import refresh_cells
from tasks.resources import Resources, opened, opened_engine
from tasks.settings import load_settings
from warehouse import embedded
from warehouse.organizations import add_organization, ensure_partitions
from warehouse.search import Filters, search_tickets
from warehouse.sessions import find_organization

RESULTS = Path(__file__).parent / "results" / "search.json"
ROWS, ORGANIZATIONS, QUERIES, DIMENSION, K = 1_000_000, 100, 200, 384, 10
MODEL = "benchmark@384"
DAYS, PASSAGES_A_TICKET, AT_ONCE = 30, 4, 40_000
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
CHUNK = (
    "org_id, comment_id, source, model, chunk_no, ticket_id, start_char, end_char, content_hash,"
    " dimension, embedding, changed_at"
)
TICKETS = """
    insert into zendesk.tickets (org_id, id, status, group_id, created_at, updated_at, changed_at)
    select %(org_id)s, n, (%(statuses)s::text[])[1 + n %% 6], n %% 20, now(), now(), now()
    from generate_series(0, %(tickets)s - 1) as n
"""
SCORES = """
    insert into ai.ticket_scores (
        org_id, ticket_id, model_version, turns, sentiment_start, sentiment_end, changed_at
    )
    select %(org_id)s, n, 'm', 2, 0, sin(n), now() from generate_series(0, %(tickets)s - 1) as n
"""
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
Vectors = NDArray[np.float32]


class Language:
    """Where vectors lie: a space of one seed, shared by all organizations."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        spectrum = (1 + np.arange(DIMENSION)) ** -0.35
        turned = np.linalg.qr(random.standard_normal((DIMENSION, DIMENSION)))[0]
        self._space = (spectrum[:, None] * turned / np.linalg.norm(spectrum)).astype(np.float32)
        self._common = self.around(random, 1)

    def around(self, random: np.random.Generator, count: int) -> Vectors:
        """Vectors of length about 1, unequally spread over the directions."""
        drawn: Vectors = random.standard_normal((count, DIMENSION), dtype=np.float32) @ self._space
        return drawn

    def common(self) -> Vectors:
        """What every text has in common: shape (1, DIMENSION)."""
        return self._common


class Desk:
    """What one organization's tickets are about."""

    def __init__(self, language: Language, seed: int, tickets: int) -> None:
        self._language = language
        self._random = np.random.default_rng([1, seed])
        topics = 12 + int(tickets**0.5 / 4)
        matters = topics * 12
        heads = 0.55 * language.common() + 0.6 * language.around(self._random, topics)
        self._matters = heads[np.arange(matters) % topics]
        self._matters = self._matters + 0.45 * language.around(self._random, matters)
        weights = 1 / (1 + self._random.permutation(matters))
        self._weights = weights / weights.sum()

    def tickets(self, count: int) -> Vectors:
        """One vector for each of so many tickets."""
        chosen = self._random.choice(len(self._matters), size=count, p=self._weights)
        found: Vectors = self._matters[chosen] + 0.45 * self._language.around(self._random, count)
        return found

    def passages(self, tickets: Vectors, each: int) -> Vectors:
        """Of each ticket its passages, L2-normalised."""
        told = np.repeat(tickets, each, axis=0)
        told = told + 0.35 * self._language.around(self._random, len(told))
        return np.asarray(told / np.linalg.norm(told, axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class Tenant:
    """An organization: its desk, its passages, and queries that are none of them."""

    slug: str
    org_id: UUID
    passages: int
    queries: Vectors


@dataclass(frozen=True)
class Answer:
    """What one way of searching does for one organization."""

    rows: int
    organizations: int
    passages: int
    way: str
    recall: float
    p50_ms: float
    p95_ms: float


def fill(superuser: URL, rows: int, organizations: int, queries: int) -> Iterator[Tenant]:
    """Loads the passages, organization by organization."""
    language = Language(0)
    whole = sum(1 / (one + 1) for one in range(organizations))
    found = superuser.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(found, autocommit=True) as connection:
        register_vector(connection)
        for number in range(organizations):
            tickets = int(rows / (number + 1) / whole / PASSAGES_A_TICKET)
            yield _fill_one(connection, language, number, tickets, queries)
        connection.execute("vacuum (analyze) ai.ticket_chunks")
        connection.execute("vacuum (analyze) zendesk.tickets, ai.ticket_scores")


def _fill_one(
    connection: psycopg.Connection, language: Language, number: int, tickets: int, queries: int
) -> Tenant:
    slug = f"bench-{number}"
    with opened_engine(load_settings()) as engine:
        add_organization(engine, slug=slug, name=slug, timezone="UTC", retention_days=DAYS)
        org_id = find_organization(engine, slug).org_id
    desk = Desk(language, number, tickets)
    told = {"org_id": org_id, "tickets": tickets, "statuses": list(STATUSES)}
    connection.execute(TICKETS, told)
    connection.execute(SCORES, told)
    for first in range(0, tickets, AT_ONCE):
        count = min(AT_ONCE, tickets - first)
        _copy(connection, org_id, first, desk.passages(desk.tickets(count), PASSAGES_A_TICKET))
    asked = desk.passages(desk.tickets(queries), 1)
    return Tenant(slug, org_id, tickets * PASSAGES_A_TICKET, asked)


def _copy(connection: psycopg.Connection, org_id: UUID, first: int, vectors: Vectors) -> None:
    now = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    days = [now - timedelta(days=day) for day in range(DAYS)]
    cursor = connection.cursor()
    with cursor.copy(f"copy ai.ticket_chunks ({CHUNK}) from stdin (format binary)") as copy:
        types = "uuid int8 text text int4 int8 int4 int4 bytea int4 halfvec timestamptz"
        copy.set_types(types.split())
        for place, vector in enumerate(vectors):
            ticket, number = divmod(place, PASSAGES_A_TICKET)
            ticket += first
            copy.write_row(
                (
                    org_id,
                    ticket * PASSAGES_A_TICKET + number,
                    "comment",
                    MODEL,
                    0,
                    ticket,
                    0,
                    100,
                    place.to_bytes(32),
                    DIMENSION,
                    HalfVector(vector),
                    days[ticket % DAYS],
                )
            )


def measure(tenant: Tenant, whole: tuple[int, int]) -> Iterator[Answer]:
    """What each way finds, and takes."""

    def search(filters: Filters) -> Callable[[Connection, Vectors], list[int]]:
        return lambda connection, query: [
            hit.ticket_id
            for hit in search_tickets(connection, query, model=MODEL, k=K, filters=filters)
        ]

    with opened(tenant.slug) as resources:
        few = tenant.queries[: len(tenant.queries) // 4]
        truth, seconds = asked(resources, few, _exact)
        yield answer(tenant, whole, "every vector compared", 1.0, seconds)
        found, seconds = asked(resources, tenant.queries, search(Filters()))
        yield answer(tenant, whole, "search.tickets", recall(found, truth), seconds)
        for name, filters in FILTERED.items():
            found, seconds = asked(resources, few, search(filters))
            truth, _ = asked(resources, few[:20], _exact_among(filters))
            yield answer(tenant, whole, f"… of {name}", recall(found, truth), seconds)


def _exact(connection: Connection, query: Vectors) -> list[int]:
    told = {"query": str(query.tolist()), "model": MODEL, "k": K}
    return list(connection.execute(text(EXACT), told).scalars())


def _exact_among(filters: Filters) -> Callable[[Connection, Vectors], list[int]]:
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
    resources: Resources, queries: Vectors, way: Callable[[Connection, Vectors], list[int]]
) -> tuple[list[list[int]], list[float]]:
    """(what was found, seconds) of each query, the first three asked once before."""
    found, seconds = [], []
    for query in (*queries[:3], *queries):
        at = time.perf_counter()
        with resources.session() as connection:
            found.append(way(connection, query))
        seconds.append(time.perf_counter() - at)
    return found[3:], seconds[3:]


def recall(found: Sequence[list[int]], truth: Sequence[list[int]]) -> float:
    """The share of the true nearest that were found, over the queries whose truth is known."""
    pairs = [(set(one), set(true)) for one, true in zip(found, truth, strict=False)]
    return sum(len(one & true) for one, true in pairs) / sum(len(true) for _, true in pairs)


def answer(
    tenant: Tenant, whole: tuple[int, int], way: str, share: float, seconds: Sequence[float]
) -> Answer:
    cuts = statistics.quantiles(seconds, n=20)
    p50, p95 = (round(1000 * cut, 1) for cut in (statistics.median(seconds), cuts[-1]))
    return Answer(*whole, tenant.passages, way, round(share, 4), p50, p95)


@contextmanager
def warehouse(organizations: int) -> Iterator[URL]:
    """A warehouse of its own, in which these settings lead; its superuser's URL."""
    with TemporaryDirectory(prefix="vensor-bench-") as folder:
        home = Path(folder)
        os.environ["VENSOR_HOME"] = folder
        settings = load_settings()
        initialise(settings)
        today = datetime.now(UTC).date()
        with opened_engine(settings) as engine:
            ensure_partitions(engine, today - timedelta(days=DAYS), today + timedelta(days=2))
        try:
            password = embedded.start(home).password
            loader = load_settings().logins().loader
            yield loader.set(username=embedded.SUPERUSER, password=password)
        finally:
            embedded.stop(home)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints, and with `--write` keeps, what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--organizations", type=int, default=ORGANIZATIONS)
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    results = []
    with warehouse(options.organizations) as superuser:
        tenants = list(fill(superuser, options.rows, options.organizations, options.queries))
        for tenant in tenants:
            with opened(tenant.slug) as resources:
                refresh_cells(resources, model=MODEL, dimension=DIMENSION)
        for tenant in (tenants[0], tenants[len(tenants) // 2], tenants[-1]):
            for one in measure(tenant, (options.rows, options.organizations)):
                results.append(asdict(one))
                sys.stdout.write(json.dumps(results[-1]) + "\n")
                sys.stdout.flush()
    if options.write:
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
