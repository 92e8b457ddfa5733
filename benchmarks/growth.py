"""How each stage grows with the data, and how far it is from what limits it.

An account of `--tickets`, then one of 4 and one of 16 times as many, each in a warehouse of its
own, go through all stages, one after the other; calls grow likewise. In the same run the limit of
each stage is measured: what would be left of its time if all else cost nothing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from benchmarks.ai import bare_embedding
from benchmarks.benchmark import Benchmark
from benchmarks.extraction import copying, end_to_end, fetched, iter_pages, warm
from benchmarks.figures import Figure
from benchmarks.picture import LIMITS
from benchmarks.retention import content_bytes, unlinked
from benchmarks.stage import RETENTION_DAYS, Stage, seconds_of, staged
from tasks.audio import read_recording
from tasks.conversation import open_conversations
from tasks.embed import embed_text
from tasks.embedding import LocalEmbedder
from tasks.encryption import Cipher
from tasks.extract import extract_stream
from tasks.measure import build_metrics
from tasks.pages import PageLoader
from tasks.recordings import fetch_recordings
from tasks.resources import Resources
from tasks.score import score_tickets
from tasks.scoring import score_sentiment
from tasks.speech import LocalTranscriber
from tasks.storage import open_stores
from tasks.transcribe import transcribe_recordings
from tasks.zendesk import to_rows
from warehouse import retention
from warehouse.cells import sampled_vectors
from warehouse.loading import Rows
from warehouse.pending import pending_tickets
from warehouse.recordings import pending_recordings, set_recording_state
from warehouse.search import Filters, TicketHit, search_tickets

OTHERS = ("agents", "admins", "users", "calls")
QUERIES, K = 20, 10
DIMENSION, EVERY = 384, 10_000_000
PLACE = os.urandom(90)  # as long as what vensor binds a value to
Taken = tuple[float, float]
Vector = NDArray[np.float32]
Given = Sequence[tuple[bytes, Mapping[str, Any]]]


class Noting(Cipher):
    """A cipher that keeps what it was given to seal."""

    def __init__(self, cipher: Cipher) -> None:
        super().__init__(cipher._keyring)
        self.given: list[tuple[bytes, Mapping[str, Any]]] = []

    def seal(self, plaintext: bytes, **where: Any) -> bytes:
        self.given.append((plaintext, where))
        return super().seal(plaintext, **where)


def measure(tickets: int, calls: int, times: Sequence[int]) -> Iterator[Figure]:
    """Each stage at each size, beside its limit; then how it grew."""
    taken: dict[str, list[float]] = {stage: [] for stage in LIMITS}
    for many in times:
        with staged(tickets * many) as stage:
            warm(stage)
            for name, (whole, limit) in _stages(stage, calls * many):
                taken[name].append(whole)
                yield Figure(name, whole, "s", limit, times=many)
    grown = times[-1] / times[0]
    for name, seconds in taken.items():
        what = f"{name}, {grown:g} times the data beside {grown:g} times the time"
        yield Figure(what, seconds[-1], "s", grown * seconds[0], "≤ 1.25")


def _stages(stage: Stage, calls: int) -> Iterator[tuple[str, Taken]]:
    """(stage, its seconds and those of its limit), in the order of a day."""
    with stage.tenant("limits") as tenant:
        source = fetched(stage, tenant)
        sealing, loading = _sealed_and_loaded(stage, tenant)
    with stage.tenant("growth") as tenant:
        yield "extract", (end_to_end(stage, tenant), source)
        yield "seal", sealing
        yield "load", loading
        slug = tenant.organization.slug
        for name in OTHERS:
            extract_stream.fn(slug, name, stage.as_of)
        yield "transcribe", _transcribed(tenant, calls)
        bare = bare_embedding(tenant)
        yield "embed", (seconds_of(lambda: embed_text.fn(slug)), bare)
        yield "score", _scored(tenant)
        worked = _worked(stage)
        metrics = seconds_of(lambda: build_metrics.fn(slug, stage.as_of))
        yield "metrics", (metrics, _worked(stage) - worked)
        yield "search", _searched(tenant)
        yield "retention", _dropped(stage, tenant)


def _sealed_and_loaded(stage: Stage, tenant: Resources) -> tuple[Taken, Taken]:
    """Sealing beside the bare cipher, and loading beside COPY, page by page."""
    loader = PageLoader(tenant, stage.as_of)
    noting, bare = Noting(tenant.cipher), AESGCM(AESGCM.generate_key(256))
    sealing = by_cipher = loading = by_copy = 0.0
    pages = list(iter_pages(stage, tenant))  # none is parsed while another is sealed
    with copying(tenant) as copy:
        for name, page in pages:
            noting.given.clear()
            rows = to_rows(name, page, noting, cutoff=loader.cutoff, as_of=stage.as_of)
            sealing += seconds_of(partial(_seal_again, tenant.cipher, noting.given))
            by_cipher += seconds_of(partial(_seal_bare, bare, noting.given))
            loading += seconds_of(partial(_load, loader, rows))
            by_copy += sum(copy(one) for one in rows if one.values)
    return (sealing, by_cipher), (loading, by_copy)


def _seal_again(cipher: Cipher, given: Given) -> None:
    for plaintext, where in given:
        cipher.seal(plaintext, **where)


def _seal_bare(bare: AESGCM, given: Given) -> None:
    for plaintext, _ in given:
        nonce = os.urandom(12)
        nonce + bare.encrypt(nonce, plaintext, PLACE)


def _load(loader: PageLoader, rows: list[Rows]) -> None:
    with loader.resources.session() as connection:
        loader._load(connection, rows, whole=True)


def _transcribed(tenant: Resources, calls: int) -> Taken:
    """So many recordings: by the step, and by the model from memory, each loading it anew."""
    with tenant.session() as connection:
        pending = pending_recordings(connection, "pending")
        if len(pending) < calls:
            raise RuntimeError(f"the account has {len(pending)} recordings, and not {calls}")
        for one in pending[calls:]:
            set_recording_state(connection, one, "refused", reason="more than are measured")
    slug = tenant.organization.slug
    fetch_recordings.fn(slug)
    with (
        open_stores(tenant.settings, tenant.organization.org_id) as stores,
        tenant.session() as connection,
    ):
        stored = pending_recordings(connection, "stored")
        heard = [read_recording(tenant, stores, connection, one) for one in stored]
    model = LocalTranscriber()
    alone = seconds_of(lambda: [model.transcribe(one) for one in heard])
    return seconds_of(lambda: transcribe_recordings.fn(slug)), alone


def _scored(tenant: Resources) -> Taken:
    with tenant.session() as connection:
        ids = [one.ticket_id for one in pending_tickets(connection, "score", "none")]
        found = open_conversations(connection, tenant.cipher, ids)
    conversations, embedder = [one.conversation for one in found], LocalEmbedder()
    alone = seconds_of(lambda: score_sentiment(conversations, embedder))
    return seconds_of(lambda: score_tickets.fn(tenant.organization.slug)), alone


def _worked(stage: Stage) -> float:
    """Seconds that the warehouse's sessions have spent in statements so far."""
    url = stage.warehouse.superuser.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        asked = "select sum(active_time) / 1000 from pg_catalog.pg_stat_database"
        return sum(float(told) for (told,) in connection.execute(asked))


def _searched(tenant: Resources) -> Taken:
    """Queries by search, one after the other; and all vectors compared, where they lie ready."""
    model = LocalEmbedder().model_version
    with tenant.session() as connection:
        told = sampled_vectors(connection, model=model, dimension=DIMENSION, limit=EVERY)
        vectors = np.array(told, dtype=np.float32)
    queries = vectors[:: max(len(vectors) // QUERIES, 1)][:QUERIES]

    def search(query: Vector) -> list[TicketHit]:
        with tenant.session() as connection:
            return search_tickets(connection, query, model=model, k=K, filters=Filters())

    search(queries[0])
    by_search = seconds_of(lambda: [search(one) for one in queries])
    in_memory = seconds_of(lambda: [np.argpartition(vectors @ one, -K) for one in queries])
    return by_search, in_memory


def _dropped(stage: Stage, tenant: Resources) -> Taken:
    """All of the content, when the clock has passed it."""
    end = stage.as_of + timedelta(days=RETENTION_DAYS + 5)
    size = content_bytes(tenant.engine, retention.past_partitions(tenant.engine, end))
    seconds = seconds_of(lambda: retention.drop_partitions(tenant.engine, end))
    return seconds, unlinked(stage.home, size)


BENCHMARK = Benchmark(
    "growth",
    measure,
    small={"tickets": 40, "calls": 1, "times": (1, 4, 16)},
    full={"tickets": 1_250, "calls": 10, "times": (1, 4, 16)},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
