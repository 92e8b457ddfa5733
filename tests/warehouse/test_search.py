"""The functions of search: always k, what fits and nothing else, one's own, killed cells."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector
from sqlalchemy import Engine, text

from tasks.cells import find_cells, refresh_cells
from tasks.resources import Resources
from tests.conftest import new_organization
from tests.warehouse.planted import connected
from warehouse import embedded
from warehouse.errors import DataError
from warehouse.knowledge import known_vectors
from warehouse.loading import Rows, merge
from warehouse.purging import purge_rest
from warehouse.retention import clock
from warehouse.search import Filters, Vector, search_knowledge, search_tickets
from warehouse.sessions import Logins, Organization, tenant_session
from warehouse.tables import ai, knowledge, zendesk

DIMENSION = 32
STATUSES = ("open", "pending", "solved")
CHUNK = (
    "comment_id",
    "source",
    "model",
    "chunk_no",
    "ticket_id",
    "start_char",
    "end_char",
    "content_hash",
    "dimension",
    "embedding",
    "changed_at",
)
REFRESH = """
import sys
from tasks.cells import refresh_cells
from tasks.resources import opened

with opened(sys.argv[1]) as resources:
    refresh_cells(resources, model=sys.argv[2], dimension=int(sys.argv[3]), many=100)
"""


@dataclass(frozen=True)
class Desk:
    """An organization's tickets, two passages each; `vectors` by passage, L2-normalised."""

    engine: Engine
    organization: Organization
    model: str
    vectors: Vector
    as_of: datetime

    def search(self, query: Vector, *, k: int = 10, **filters: object) -> list[int]:
        with tenant_session(self.engine, self.organization.org_id) as connection:
            hits = search_tickets(
                connection, query, model=self.model, k=k, filters=Filters(**filters)
            )
        similarities = [hit.similarity for hit in hits]
        assert similarities == sorted(similarities, reverse=True)
        return [hit.ticket_id for hit in hits]

    def nearest(self, query: Vector, *, k: int = 10, fits: object = None) -> list[int]:
        """What a comparison with every vector finds."""
        best = (self.vectors @ query).reshape(-1, 2).max(axis=1)
        tickets = [ticket for ticket in range(len(best)) if fits is None or fits(ticket)]
        return sorted(tickets, key=lambda ticket: (-best[ticket], ticket))[:k]

    def status(self, ticket: int) -> str:
        return STATUSES[ticket % 3]

    def changed_at(self, ticket: int) -> datetime:
        return self.as_of - timedelta(days=ticket % 8)

    def sentiment(self, ticket: int) -> float | None:
        return None if ticket % 5 == 0 else round(float(np.sin(ticket)), 3)


def vectors_of(count: int, *, seed: int = 0, matters: int = 12) -> Vector:
    """Vectors around a few matters, as half the precision stores them."""
    random = np.random.default_rng(seed)
    middles = random.standard_normal((matters, DIMENSION))
    found = middles[random.integers(matters, size=count)]
    found = found + 0.7 * random.standard_normal((count, DIMENSION))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float16).astype(np.float32)


def stored(engine: Engine, organization: Organization, tickets: int, as_of: datetime) -> Desk:
    """A desk of so many tickets, in the warehouse: of as many always the same vectors."""
    vectors = vectors_of(2 * tickets, seed=tickets)
    desk = Desk(engine, organization, f"m-{uuid4().hex[:8]}", vectors, as_of)
    rows: dict[str, list[tuple[object, ...]]] = {"tickets": [], "scores": [], "chunks": []}
    for ticket in range(tickets):
        at = desk.changed_at(ticket)
        rows["tickets"].append((ticket, desk.status(ticket), ticket % 4, at, at, at))
        if desk.sentiment(ticket) is not None:
            rows["scores"].append((ticket, "s", 2, desk.sentiment(ticket), at))
        for number in (2 * ticket, 2 * ticket + 1):
            rows["chunks"].append(
                (
                    number,
                    "comment",
                    desk.model,
                    0,
                    ticket,
                    0,
                    9,
                    b"hash",
                    DIMENSION,
                    HalfVector(vectors[number]),
                    at,
                )
            )
    ticket_columns = ("id", "status", "group_id", "created_at", "updated_at", "changed_at")
    score_columns = ("ticket_id", "model_version", "turns", "sentiment_end", "changed_at")
    with tenant_session(engine, organization.org_id) as connection:
        for table, columns, name in (
            (zendesk.tickets, ticket_columns, "tickets"),
            (ai.ticket_scores, score_columns, "scores"),
            (ai.ticket_chunks, CHUNK, "chunks"),
        ):
            merge(connection, organization.org_id, Rows(table, columns, rows[name]))
    return desk


@pytest.fixture(scope="module")
def desk(engine: Engine, partitions: None, as_of: datetime) -> Desk:
    """Three hundred tickets."""
    return stored(engine, new_organization(engine), 300, as_of)


@pytest.fixture(scope="module")
def superuser(home: Path, logins: Logins) -> Iterator[psycopg.Connection]:
    password = embedded.start(home).password
    with connected(logins.loader.set(username=embedded.SUPERUSER, password=password)) as connection:
        yield connection


QUERIES = vectors_of(8, seed=4)


@pytest.mark.parametrize("k", [1, 10, 299, 1000])
def test_it_finds_the_nearest_and_always_k(desk: Desk, k: int) -> None:
    """As many as there are, where k asks for more."""
    for query in QUERIES:
        found = desk.search(query, k=k)
        assert len(found) == min(k, 300)
        assert found == desk.nearest(query, k=k)


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"group_ids": (2,)}, lambda desk, ticket: ticket % 4 == 2),
        ({"group_ids": (1, 3)}, lambda desk, ticket: ticket % 2 == 1),
        ({"statuses": ("open", "solved")}, lambda desk, ticket: desk.status(ticket) != "pending"),
        ({"ticket_ids": (17,)}, lambda desk, ticket: ticket == 17),
        (
            {"sentiment_below": -0.5},
            lambda desk, ticket: (desk.sentiment(ticket) or 0) < -0.5,
        ),
        (
            {"sentiment_below": 0.5, "sentiment_above": 0.0, "group_ids": (1,)},
            lambda desk, ticket: ticket % 4 == 1 and 0 < (desk.sentiment(ticket) or 0) < 0.5,
        ),
        ({"statuses": ("no such",)}, lambda desk, ticket: False),
    ],
    ids=["group", "groups", "statuses", "ticket", "worse", "all at once", "none"],
)
def test_filters_leave_what_fits_and_always_k(desk: Desk, filters: dict, fits: object) -> None:
    """Nothing that fits is lost to what does not."""
    for query in QUERIES:
        expected = desk.nearest(query, fits=lambda ticket: fits(desk, ticket))
        assert desk.search(query, **filters) == expected


def test_days_are_half_open(desk: Desk) -> None:
    """From an instant on, and up to another, which is left out."""
    from_at, to_at = desk.changed_at(5), desk.changed_at(2)
    for query in QUERIES:
        expected = desk.nearest(query, k=40, fits=lambda ticket: 2 < ticket % 8 <= 5)
        assert desk.search(query, k=40, from_at=from_at, to_at=to_at) == expected


def test_a_ticket_comes_with_its_present_state(desk: Desk) -> None:
    """Status, group, sentiment; None where it has none."""
    with tenant_session(desk.engine, desk.organization.org_id) as connection:
        hits = search_tickets(connection, QUERIES[0], model=desk.model, k=300, filters=Filters())
    for hit in hits:
        ticket = hit.ticket_id
        told = (hit.status, hit.group_id, hit.sentiment)
        assert told == (desk.status(ticket), ticket % 4, desk.sentiment(ticket))
        assert hit.changed_at == desk.changed_at(ticket)


def test_no_organization_finds_another_s(desk: Desk, as_of: datetime) -> None:
    """With the same ids, the same model and a vector that the other has."""
    other = stored(desk.engine, new_organization(desk.engine), 20, as_of)
    with tenant_session(desk.engine, other.organization.org_id) as connection:
        assert not search_tickets(
            connection, desk.vectors[0], model=desk.model, k=10, filters=Filters()
        )
    assert len(other.search(desk.vectors[0], k=300)) == 20


def test_models_are_not_mixed(desk: Desk) -> None:
    """Neither another model nor another length of vectors is compared."""
    with tenant_session(desk.engine, desk.organization.org_id) as connection:
        for query, model in ((QUERIES[0], "other"), (QUERIES[0][:16], desk.model)):
            assert not search_tickets(connection, query, model=model, k=5, filters=Filters())


@pytest.mark.parametrize("k", [0, 1001])
def test_k_is_bounded(desk: Desk, k: int) -> None:
    """Neither nothing nor everything is asked for."""
    with pytest.raises(DataError, match="22023"):
        desk.search(QUERIES[0], k=k)


def test_cells_hold_the_nearest(
    resources: Resources, superuser: psycopg.Connection, as_of: datetime
) -> None:
    """A quarter of the passages, in the nearest cells, has 95% of the true ten nearest tickets."""
    desk = stored(resources.engine, resources.organization, 3_000, as_of)
    assert refresh_cells(resources, model=desk.model, dimension=DIMENSION, many=6_000)
    near = found = 0
    queries = vectors_of(15, seed=3_000)  # about the same matters
    for query in queries:
        looked = superuser.execute(
            "select distinct ticket_id from ai.ticket_chunks where model = %(model)s"
            " and cell = any(ai.nearest_cells(%(query)s::halfvec, %(model)s, 1500))",
            {"model": desk.model, "query": str(query.tolist())},
        )
        near += len({ticket for (ticket,) in looked} & set(desk.nearest(query)))
        found += len(set(desk.search(query)) & set(desk.nearest(query)))
    assert near >= 0.95 * 10 * len(queries)
    assert found >= 0.95 * 10 * len(queries)


def cells_of(desk: Desk) -> list[tuple[int, int]]:
    """(a cell, how many passages say that they lie in it), by cell; 0 for in none."""
    with tenant_session(desk.engine, desk.organization.org_id) as connection:
        rows = connection.execute(
            text("select cell, count(*) from ai.ticket_chunks group by cell order by cell")
        )
        return [tuple(row) for row in rows]


def test_cells_are_made_when_due(resources: Resources, as_of: datetime) -> None:
    """With many passages, and anew when they have doubled; the same from the same."""
    desk = stored(resources.engine, resources.organization, 200, as_of)
    told = {"model": desk.model, "dimension": DIMENSION}
    assert not refresh_cells(resources, **told, many=401)
    assert cells_of(desk) == [(0, 400)]
    assert refresh_cells(resources, **told, many=400)
    first = cells_of(desk)
    assert sum(count for _, count in first) == 400
    assert 0 not in dict(first)
    assert not refresh_cells(resources, **told, many=400)
    with resources.session() as connection:
        found = find_cells(connection, **told)
        connection.execute(text("delete from ai.passage_cells"))
        placed = connection.execute(
            text("select cell from ai.ticket_chunks order by comment_id")
        ).scalars()
    assert found.numbers == tuple(number for number, _ in first)
    assert found.of(desk.vectors) == list(placed), "a new passage is placed as the others were"
    assert refresh_cells(resources, **told, many=400)
    assert cells_of(desk) == first


def test_without_its_cells_an_organization_finds_as_much(
    resources: Resources, as_of: datetime
) -> None:
    """Retention deletes means of passages that are past their clock; the passages keep numbers."""
    desk = stored(resources.engine, resources.organization, 200, as_of)
    assert refresh_cells(resources, model=desk.model, dimension=DIMENSION, many=400)
    past = clock(resources.organization, as_of + timedelta(days=31))
    assert ("ai.passage_cells", len(cells_of(desk))) in list(
        purge_rest(resources.session, resources.organization.org_id, past)
    )
    for query in QUERIES:
        assert desk.search(query) == desk.nearest(query)


def test_a_killed_refresh_leaves_the_former_state(resources: Resources, as_of: datetime) -> None:
    """Killed while passages are placed: nothing is lost, and the next refresh does it all."""
    desk = stored(resources.engine, resources.organization, 200, as_of)
    slug = resources.organization.slug
    with resources.session() as connection:
        connection.execute(text("select from ai.ticket_chunks where comment_id = 7 for update"))
        process = subprocess.Popen(
            [sys.executable, "-c", REFRESH, slug, desk.model, str(DIMENSION)], env=os.environ
        )
        waiting = text(
            "select count(*) from pg_locks where not granted and locktype = 'transactionid'"
            " and transactionid = pg_current_xact_id()::xid"
        )
        deadline = time.monotonic() + 60
        while not connection.execute(waiting).scalar_one() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it must be killed while it places passages"
    assert cells_of(desk) == [(0, 400)]
    assert desk.search(QUERIES[0]) == desk.nearest(QUERIES[0])
    told = {"model": desk.model, "dimension": DIMENSION, "many": 100}
    assert refresh_cells(resources, **told)
    assert sum(count for cell, count in cells_of(desk) if cell) == 400


BODIES = (
    "A refund takes five days to arrive.",
    "Ask who is calling before an address is changed.",
    "Error E4711 means that the parcel was lost.",
    "Parcels are sent on every working day.",
)


def _documents(engine: Engine, organization: Organization, as_of: datetime) -> None:
    vectors = np.eye(len(BODIES), DIMENSION, dtype=np.float32)
    with tenant_session(engine, organization.org_id) as connection:
        for number, body in enumerate(BODIES):
            told = {"org_id": organization.org_id, "document_id": f"d{number}", "version": b"v"}
            connection.execute(
                knowledge.documents.insert(),
                told
                | {
                    "kind": "article",
                    "title": f"Document {number}",
                    "body": body,
                    "changed_at": as_of - timedelta(days=number),
                },
            )
            connection.execute(
                knowledge.chunks.insert(),
                told
                | {
                    "model": "m",
                    "chunk_no": 0,
                    "heading_path": ["Document", str(number)],
                    "body": body,
                    "dimension": DIMENSION,
                    "embedding": HalfVector(vectors[number]),
                },
            )


def test_documents_are_found_by_meaning_and_by_words(
    engine: Engine, organization: Organization, as_of: datetime
) -> None:
    """What one leg ranks first and the other too comes first; always k; days are asked for."""
    _documents(engine, organization, as_of)
    near_first = np.eye(1, DIMENSION, dtype=np.float32)[0]

    def found(words: str, **told: object) -> list[str]:
        filters = Filters(**{name: told[name] for name in ("from_at", "to_at") if name in told})
        with tenant_session(engine, organization.org_id) as connection:
            hits = search_knowledge(
                connection, near_first, words, model="m", k=told.get("k", 4), filters=filters
            )
        return [hit.document_id for hit in hits]

    assert found("nothing of the kind") == ["d0", "d1", "d2", "d3"]
    assert found("E4711")[0] == "d2"
    assert sorted(found("E4711")) == ["d0", "d1", "d2", "d3"]
    assert found("the refund", k=1) == ["d0"]
    assert found("x", from_at=as_of - timedelta(days=1)) == ["d0", "d1"]
    assert found("x", to_at=as_of - timedelta(days=1)) == ["d2", "d3"]
    story = "E4711 " + " ".join(f"word{number}" for number in range(40))
    assert found(story)[0] == "d0", "a long text counts by meaning alone"
    with tenant_session(engine, organization.org_id) as connection:
        known = known_vectors(connection, "d0", model="m")
    assert known == {(("Document", "0"), BODIES[0]): near_first.tolist()}
