"""Passages of many organizations to search among: a warehouse that benchmarks fill.

Vectors are made from one seed: topics of unequal sizes, in them matters, around these the tickets,
around these the passages, in a space whose directions matter unequally, as those of sentences do.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import URL

from benchmarks.figures import Figure
from benchmarks.stage import organization
from tasks.cells import refresh_cells
from tasks.resources import opened

DIMENSION = 384
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


def settle(superuser: URL, tenants: Sequence[Tenant]) -> Iterator[Figure]:
    """Makes the cells as the step does that embeds, and does what autovacuum does later."""
    found = superuser.set(drivername="postgresql").render_as_string(hide_password=False)
    for tenant in tenants:
        at = time.perf_counter()
        with opened(tenant.slug) as resources:
            made = refresh_cells(resources, model=MODEL, dimension=DIMENSION)
        if made:
            yield Figure(f"{tenant.passages:,} passages: cells made", time.perf_counter() - at)
    with psycopg.connect(found, autocommit=True) as connection:
        for table in (
            "ai.ticket_chunks",
            "ai.passage_cells",
            "zendesk.tickets",
            "ai.ticket_scores",
        ):
            connection.execute(f"vacuum (analyze) {table}")


def _fill_one(
    connection: psycopg.Connection, language: Language, number: int, tickets: int, queries: int
) -> Tenant:
    slug = f"bench-{number}"
    today = datetime.now(UTC)
    oldest = today - timedelta(days=DAYS)
    with organization(slug, oldest, today, retention_days=DAYS) as resources:
        org_id = resources.organization.org_id
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
