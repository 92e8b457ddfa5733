"""What the end of one day of content costs, by partition and by DELETE, as a day grows.

An embedded warehouse of its own for each size. Two days of content are written by SQL: subjects,
three comments a ticket, some calls' words and ratings, in values of the usual lengths. The first
goes as partitions, the way that retention takes; the second, of the same rows, goes by plain DELETE
in one transaction. The days that stay have `--kept` tickets each: neither way reads them. What goes
is 30 days old: it lies on the disk and in no cache, unless `--warm`.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, event, text

from warehouse import embedded, retention
from warehouse.bootstrap import initialise_embedded
from warehouse.migrate import migrate
from warehouse.organizations import add_organization, ensure_partitions
from warehouse.sessions import Logins, engine_for, find_organization, tenant_session

RESULTS = Path(__file__).parent / "results" / "retention.json"
SIZES, DAYS, KEPT = (10_000, 100_000, 1_000_000), 30, 100
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


@dataclass(frozen=True)
class Cost:
    """Seconds that one day of content took to go, and the WAL that was written for it.

    `locked_seconds` of dropping partitions pass before its transaction ends: what others may wait
    for. The rest is the system, freeing files; `unlink_seconds` is the time that as many bytes
    of plain files take to go.
    """

    tickets_a_day: int
    rows: int
    mib: float
    locked_seconds: float
    partition_seconds: float
    unlink_seconds: float
    partition_wal_mib: float
    delete_seconds: float
    delete_wal_mib: float


@contextmanager
def prepared() -> Iterator[tuple[Path, Logins]]:
    """An empty warehouse, for the while, and its folder."""
    with tempfile.TemporaryDirectory(prefix="vensor-bench-") as folder:
        logins = initialise_embedded(Path(folder))
        try:
            migrate(logins.migrator)
            yield Path(folder), logins
        finally:
            embedded.stop(Path(folder))


def measure(sizes: Sequence[int], days: int, kept: int, *, warm: bool) -> Iterator[Cost]:
    """The costs, as they come."""
    for size in sizes:
        with prepared() as (folder, logins):
            engine = engine_for(logins.loader)
            rows = _filled(engine, logins, size, days, kept)
            engine.dispose()
            if not warm:
                _cool(folder)
            yield _ended(engine, folder, size, rows, BEGINS_AT + timedelta(days=days + 1))
            engine.dispose()


def _ended(engine: Engine, folder: Path, size: int, rows: int, as_of: datetime) -> Cost:
    """One of the two days goes each way."""
    size_bytes, commits = _bytes_of_first_day(engine), []
    listener = ("commit", lambda _connection: commits.append(time.monotonic()))
    event.listen(engine, *listener)
    started = time.monotonic()
    partition, partition_wal = _timed(engine, lambda: _drop(engine, as_of))
    event.remove(engine, *listener)
    deletion, deletion_wal = _timed(engine, lambda: _delete(engine))
    return Cost(
        size,
        rows,
        round(size_bytes / 2**20, 1),
        round(commits[1] - started, 3),  # the first is that of the question about WAL
        partition,
        round(_unlinked(folder, size_bytes), 3),
        partition_wal,
        deletion,
        deletion_wal,
    )


def _bytes_of_first_day(engine: Engine) -> int:
    """What its partitions take, with their indexes and long values."""
    with engine.begin() as connection:
        asked = text("""
            select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
            from pg_catalog.pg_class as c where c.relkind = 'r' and c.relname like :day
        """)
        return int(connection.execute(asked, {"day": f"%_p{BEGINS_AT:%Y%m%d}"}).scalar_one())


def _unlinked(folder: Path, size_bytes: int) -> float:
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
    started = time.monotonic()
    for path in paths:
        path.unlink()
    return time.monotonic() - started


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


def _filled(engine: Engine, logins: Logins, size: int, days: int, kept: int) -> int:
    """Fills the days of a desk; the rows of one of the two that go."""
    add_organization(engine, slug="desk", name="Desk", timezone="UTC", retention_days=days)
    org_id = find_organization(engine, "desk").org_id
    last = BEGINS_AT + timedelta(days=days + 1)
    ensure_partitions(engine, BEGINS_AT.date(), last.date())
    for day in range(2, days + 2):
        _fill(engine, org_id, day, kept)
    for day in (0, 1):
        rows = _fill(engine, org_id, day, size)
    _analyze(logins)
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


def _analyze(logins: Logins) -> None:
    """What autovacuum would have done meanwhile."""
    engine = engine_for(logins.migrator)
    with engine.begin() as connection:
        connection.execute(text("set local role vensor_owner"))
        for table in FILLS:
            connection.execute(text(f"analyze {table}"))
    engine.dispose()


def _timed(engine: Engine, work: Callable[[], None]) -> tuple[float, float]:
    """(seconds, MiB of WAL)."""
    before, started = _wal_bytes(engine), time.monotonic()
    work()
    seconds = time.monotonic() - started
    return round(seconds, 3), round((_wal_bytes(engine) - before) / 2**20, 2)


def _wal_bytes(engine: Engine) -> int:
    with engine.begin() as connection:
        asked = text("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(connection.execute(asked).scalar_one())


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a line for each size, and writes them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets-a-day", type=int, nargs="+", default=SIZES)
    parser.add_argument("--days", type=int, default=DAYS, help="that content is kept")
    parser.add_argument("--kept", type=int, default=KEPT, help="tickets of each day that stays")
    parser.add_argument("--warm", action="store_true", help="what goes was written just now")
    parser.add_argument("--write", action="store_true", help="into benchmarks/results")
    told = parser.parse_args(arguments)
    costs = []
    for cost in measure(told.tickets_a_day, told.days, told.kept, warm=told.warm):
        costs.append(cost)
        print(json.dumps(asdict(cost)), flush=True)  # noqa: T201
    grown = costs[-1].locked_seconds / costs[0].locked_seconds
    slower = costs[-1].delete_seconds / costs[-1].partition_seconds
    print(  # noqa: T201
        f"partitions of {costs[-1].tickets_a_day:,} tickets a day are locked {grown:.2f} times as"
        f" long as of {costs[0].tickets_a_day:,}; DELETE takes {slower:.1f} times as long as they"
    )
    if told.write:
        RESULTS.write_text(json.dumps([asdict(cost) for cost in costs], indent=2) + "\n")


if __name__ == "__main__":
    main()
