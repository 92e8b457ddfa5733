"""Extraction against its limits.

- end to end: tickets and their events, fetched, parsed, sealed, merged under row-level security,
  each page with its cursor;
- the same bytes only fetched and parsed;
- the same rows only COPYed, into tables without keys, indexes or policies;
- end to end with a cipher that seals nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from sqlalchemy import text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import ACCOUNT, Stage, peak_bytes, seconds_of, staged
from tasks.connections import StoredCredentials
from tasks.encryption import Cipher
from tasks.extraction import Extraction
from tasks.pages import PageLoader
from tasks.prefetch import prefetched
from tasks.resources import Resources
from tasks.zendesk import STREAMS, Page, ZendeskClient, to_rows
from warehouse.loading import Rows, copy_rows

MEASURED = ("tickets", "ticket_events")


class Unsealed(Cipher):
    """A cipher that seals nothing: what is left of the time is not the sealing's."""

    def seal(self, plaintext: bytes, **_where: Any) -> bytes:
        return plaintext


def measure(tickets: int, copies: bool) -> Iterator[Figure]:
    """Without `copies` the whole alone: its time and its memory."""
    with staged(tickets) as stage:
        warm(stage)
        before = peak_bytes()
        with stage.tenant("sealed") as resources:
            whole = end_to_end(stage, resources)
            loaded = _counts(resources)
        mib = (peak_bytes() / 2**20, before / 2**20)
        for name, count in loaded.items():
            yield Figure(f"{name} loaded", count, "rows")
        records = loaded["tickets"] + loaded["comments"]
        yield Figure("tickets and comments, end to end", records / whole, "a second")
        yield Figure("memory at its peak, beside that before", mib[0], "MiB", mib[1])
        yield Figure("end to end", whole)
        if copies:
            yield from _against_limits(stage, whole)


def _against_limits(stage: Stage, whole: float) -> Iterator[Figure]:
    with stage.tenant("plain") as resources:
        object.__setattr__(resources, "cipher", Unsealed(resources.cipher._keyring))
        unsealed = end_to_end(stage, resources)
    with stage.tenant("limits") as resources:
        limits = (fetched(stage, resources), _copied(stage, resources))
    yield Figure("only fetched and parsed", limits[0])
    yield Figure("COPY alone", limits[1])
    yield Figure("end to end, beside the slower limit", whole, "s", max(limits), "≤ 2")
    yield Figure("end to end, beside sealing nothing", whole, "s", unsealed, "≤ 1.25")


def warm(stage: Stage) -> None:
    """The sandbox builds its indexes on first use: outside of any clock."""
    with stage.tenant("warm") as resources, _client(stage, resources) as client:
        for name in MEASURED:
            export_of(name).probe(client, stage.as_of)


def end_to_end(stage: Stage, resources: Resources) -> float:
    """The seconds of tickets and their events, all the way into the warehouse."""
    with _client(stage, resources) as client:
        extraction = Extraction(resources, client, stage.as_of)
        return seconds_of(lambda: [extraction.read(name) for name in MEASURED])


def fetched(stage: Stage, resources: Resources) -> float:
    """The seconds of the same pages, only fetched and parsed."""
    return seconds_of(lambda: [None for _ in iter_pages(stage, resources)])


def _copied(stage: Stage, resources: Resources) -> float:
    """The seconds of COPY alone: the rows are made and sealed outside of the clock."""
    cutoff = PageLoader(resources, stage.as_of).cutoff
    with copying(resources) as copy:
        return sum(
            copy(rows)
            for name, page in iter_pages(stage, resources)
            for rows in to_rows(name, page, resources.cipher, cutoff=cutoff, as_of=stage.as_of)
        )


@contextmanager
def copying(resources: Resources) -> Iterator[Callable[[Rows], float]]:
    """What COPYs rows into tables without keys, indexes or policies; it returns the seconds."""
    url = resources.logins.loader.set(drivername="postgresql")
    made: set[str] = set()
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:

        def copy(rows: Rows) -> float:
            target = f"plain_{rows.table.name}"
            names = {"org_id", *rows.columns}
            if target not in made:
                columns = ", ".join(one.name for one in rows.table.columns if one.name in names)
                connection.execute(
                    f"create temp table {target} as"
                    f" select {columns} from {rows.table.fullname} with no data"
                )
                made.add(target)
            return seconds_of(lambda: _copy(connection, target, rows, resources))

        yield copy


def _copy(
    connection: "psycopg.Connection[Any]", target: str, rows: Rows, resources: Resources
) -> None:
    with connection.cursor() as cursor:
        org_id = resources.organization.org_id
        copy_rows(cursor, target, rows, ("org_id", *rows.columns), org_id)
    connection.commit()


def iter_pages(stage: Stage, resources: Resources) -> Iterator[tuple[str, Page]]:
    """Each page with its stream's name, one read ahead."""
    start = PageLoader(resources, stage.as_of).cutoff
    with _client(stage, resources) as client:
        for name in MEASURED:
            pages = export_of(name).iter_pages(client, None, start, stage.as_of)
            yield from ((name, page) for page in prefetched(pages))


def export_of(name: str) -> Any:
    """The export of a stream. Raises: RuntimeError where it has none."""
    export = STREAMS[name].export
    if export is None:
        raise RuntimeError(f"{name} has no export")
    return export


def _client(stage: Stage, resources: Resources) -> AbstractContextManager[ZendeskClient]:
    base_url = stage.sandbox.zendesk[ACCOUNT]["base_url"]
    return ZendeskClient.opened(base_url, StoredCredentials(resources))


def _counts(resources: Resources) -> dict[str, int]:
    with resources.session() as connection:
        return {
            name: connection.execute(text(f"select count(*) from zendesk.{name}")).scalar_one()
            for name in ("tickets", "comments", "audit_events")
        }


BENCHMARK = Benchmark(
    "extraction",
    measure,
    small={"tickets": 2_000, "copies": True},
    full={"tickets": 20_000, "copies": True},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
