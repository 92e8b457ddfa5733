"""What the end of one day of content costs, by partition and by DELETE, as a day grows.

An embedded warehouse of its own for each size. Two days of content are written by SQL: subjects,
three comments a ticket, some calls' words and ratings, in values of the usual lengths. The first
goes as partitions, the way that retention takes; the second, of the same rows, goes by plain DELETE
in one transaction. The days that stay have `--kept` tickets each: neither way reads them. What goes
is 30 days old: it lies on the disk and in no cache, unless `--warm`.
"""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, event, text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Warehouse, organization, seconds_of, warehouse
from warehouse import embedded, retention
from warehouse.sessions import engine_for, find_organization, tenant_session

BEGINS_AT = datetime(2026, 1, 5, tzinfo=UTC)
# Bytes of sealed values: a subject, a comment, the words of a call.
FILLS = {
    "zendesk.ticket_contents": """
        insert into zendesk.ticket_contents (org_id, ticket_id, sealed, changed_at)
        select :org_id, n, decode(repeat('00', 160), 'hex'), :at
        from generate_series(cast(:first as bigint), :last) as n
    """,
    "zendesk.comment_contents": """
        insert into zendesk.comment_contents (org_id, comment_id, ticket_id, sealed, changed_at)
        select :org_id, n * 10 + c, n, decode(repeat('00', 500), 'hex'), :at
        from generate_series(cast(:first as bigint), :last) as n, generate_series(0, 2) as c
    """,
    "zendesk.rating_contents": """
        insert into zendesk.rating_contents (org_id, rating_id, ticket_id, sealed, changed_at)
        select :org_id, n, n, decode(repeat('00', 120), 'hex'), :at
        from generate_series(cast(:first as bigint), :last, 10) as n
    """,
    "ai.transcripts": """
        insert into ai.transcripts (
            org_id, call_id, kind, model, comment_id, ticket_id, segments, duration_seconds,
            sealed, changed_at
        )
        select
            :org_id, n, 'call', 'm', n * 10, n, 20, 180,
            decode(repeat('00', 3000), 'hex'), :at
        from generate_series(cast(:first as bigint), :last, 20) as n
    """,
}


def measure(tickets_a_day: Sequence[int], days: int, kept: int, warm: bool) -> Iterator[Figure]:
    """Each size beside DELETE; and how long others wait, beside the first size's."""
    first, as_of = None, BEGINS_AT + timedelta(days=days + 1)
    for size in tickets_a_day:
        with warehouse(metrics=False) as found:
            engine = engine_for(found.logins.loader)
            rows = _filled(engine, found, size, days, kept)
            engine.dispose()
            if not warm:
                _cool(found.home)
            what = f"{size:,} tickets a day, {rows:,} rows"
            locked, figures = _ended(engine, found.home, what, as_of)
            engine.dispose()
        yield from figures
        first = first or locked
        yield Figure(f"{what}: dropped, until its locks end", locked, "s", first, "≤ 2")


def _ended(engine: Engine, home: Path, what: str, as_of: datetime) -> tuple[float, list[Figure]]:
    """One of the two days goes each way. The seconds of locks, and the figures.

    What passes after the locks is the system, freeing files.
    """
    names = retention.past_partitions(engine, as_of)
    size_bytes, commits = content_bytes(engine, names), list[float]()
    listener = ("commit", lambda _connection: commits.append(time.perf_counter()))
    wal = _wal_bytes(engine)
    event.listen(engine, *listener)
    began = time.perf_counter()
    dropping = seconds_of(lambda: _drop(engine, as_of))
    event.remove(engine, *listener)
    between = _wal_bytes(engine)
    deleting = seconds_of(lambda: _delete(engine))
    written = (between - wal, _wal_bytes(engine) - between)
    mib = size_bytes / 2**20
    return commits[0] - began, [
        Figure(f"{what}: partitions dropped, beside DELETE", dropping, "s", deleting),
        Figure(f"{what}: WAL, beside DELETE's", written[0] / 2**20, "MiB", written[1] / 2**20),
        Figure(
            f"{what}: dropped, beside plain files of {mib:,.0f} MiB",
            dropping,
            "s",
            unlinked(home, size_bytes),
        ),
    ]


def content_bytes(engine: Engine, partitions: Sequence[str]) -> int:
    """What partitions take, with their indexes and long values."""
    with engine.begin() as connection:
        asked = text("""
            select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
            from pg_catalog.pg_class as c
            where c.relkind = 'r' and c.relname = any(:names)
        """)
        names = [one.rpartition(".")[2] for one in partitions]
        return int(connection.execute(asked, {"names": names}).scalar_one())


def unlinked(folder: Path, size_bytes: int) -> float:
    """Seconds in which files of so many bytes, of a gigabyte at most as Postgres's, go."""
    paths = []
    for number, begins in enumerate(range(0, size_bytes, 2**30)):
        path = folder / f"plain-{number}"
        with path.open("wb") as file:
            for at in range(begins, min(begins + 2**30, size_bytes), 2**20):
                file.write(bytes(min(2**20, size_bytes - at)))
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        paths.append(path)

    def unlink() -> None:
        for path in paths:
            path.unlink()

    return seconds_of(unlink)


def _cool(folder: Path) -> None:
    """Writes everything to the disk, and lets the server and the system forget it."""
    embedded.stop(folder)
    for path in (folder / "postgres").rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)
    embedded.start(folder)


def _filled(engine: Engine, found: Warehouse, size: int, days: int, kept: int) -> int:
    """Fills the days of a desk; the rows of one of the two that go."""
    last = BEGINS_AT + timedelta(days=days - 1)
    with organization("desk", BEGINS_AT, last, retention_days=days) as resources:
        org_id = resources.organization.org_id
    for day in range(2, days + 2):
        _fill(engine, org_id, day, kept)
    for day in (0, 1):
        rows = _fill(engine, org_id, day, size)
    found.analyze(*FILLS)
    return rows


def _fill(engine: Engine, org_id: UUID, day: int, tickets: int) -> int:
    """Writes a day of content; its rows."""
    first = day * 10_000_000 + 1
    told = {
        "org_id": org_id,
        "first": first,
        "last": first + tickets - 1,
        "at": BEGINS_AT + timedelta(days=day, hours=9),
    }
    with tenant_session(engine, org_id) as connection:
        return sum(connection.execute(text(fill), told).rowcount for fill in FILLS.values())


def _drop(engine: Engine, as_of: datetime) -> None:
    """As retention does: the day before the first that is kept is the only one that goes."""
    dropped = retention.drop_partitions(engine, as_of)
    days = {name[-8:] for name in dropped}
    if days != {f"{BEGINS_AT:%Y%m%d}"}:
        raise RuntimeError(f"the first day was to go, and {sorted(days)} went")


def _delete(engine: Engine) -> None:
    """What retention would do without partitions."""
    org_id = find_organization(engine, "desk").org_id
    until = BEGINS_AT + timedelta(days=2)
    with tenant_session(engine, org_id) as connection:
        for table in FILLS:
            connection.execute(
                text(f"delete from {table} where changed_at < :until"), {"until": until}
            )


def _wal_bytes(engine: Engine) -> int:
    with engine.begin() as connection:
        asked = text("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(connection.execute(asked).scalar_one())


BENCHMARK = Benchmark(
    "retention",
    measure,
    small={"tickets_a_day": (1_000, 10_000), "days": 30, "kept": 100, "warm": False},
    full={"tickets_a_day": (10_000, 100_000, 1_000_000), "days": 30, "kept": 100, "warm": False},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
