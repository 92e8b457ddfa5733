"""What there is after a night: memory, disk, partitions, keys, connections, rows."""

import ctypes
import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import psycopg
from psycopg import sql

from cli import orchestrator
from tasks.inventory import read_inventory
from warehouse import embedded

Connection = psycopg.Connection[tuple[Any, ...]]
# Where rows stay by design: as many a day as days have figures, seals, runs and proofs.
LASTING_CLOCKS = ("organization", "sums", "proof", "key", "document")
FIGURES = "metrics.fct_agent_daily"
# What else lies at home: measured by themselves, or not vensor's.
APART = ("postgres", "prefect", "sandbox", "sandbox.log")
BLOCK_BYTES = 512
TABLES = """
    select n.nspname || '.' || c.relname, c.oid from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any(%s)
    order by 1
"""
SCHEMAS = ["app", "keys", "zendesk", "knowledge", "ai", "audit", "metrics", "candidate",
           "intermediate"]  # fmt: skip
BYTES = """
    select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from (
        select %(table)s::regclass as oid
        union all select inhrelid from pg_inherits where inhparent = %(table)s::regclass
    ) as t
"""
PARTITIONS = """
    select n.nspname || '.' || p.relname, count(*) from pg_inherits as i
    inner join pg_class as c on i.inhrelid = c.oid and c.relkind = 'r'
    inner join pg_class as p on i.inhparent = p.oid
    inner join pg_namespace as n on p.relnamespace = n.oid
    group by 1 order by 1
"""
CATALOGS = """
    select sum(pg_total_relation_size(c.oid))::bigint from pg_class as c
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'
"""
CONNECTIONS = """
    select count(*) from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()
"""


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes are of memory (resident) or of disk. `rows` and `partitions` are by table.

    `ending_bytes` are of the tables whose rows have a clock, `lasting_bytes` of those that stay.
    """

    day: str
    seconds: float
    rss_bytes: int
    prefect_rss_bytes: int
    processes: int
    threads: int
    descriptors: int
    connections: int
    warehouse_bytes: int
    ending_bytes: int
    lasting_bytes: int
    catalog_bytes: int
    log_bytes: int
    home_bytes: int
    prefect_bytes: int
    keys: dict[str, int]
    partitions: dict[str, int]
    rows: dict[str, int]


@contextmanager
def looking(home: Path, database: str) -> Iterator[Connection]:
    """The warehouse as its superuser sees it: every tenant's rows."""
    server = embedded.find(home)
    if server is None:
        raise RuntimeError("Postgres has gone")
    with psycopg.connect(
        host="127.0.0.1",
        port=server.port,
        user=embedded.SUPERUSER,
        password=server.password,
        dbname=database,
        autocommit=True,
    ) as connection:
        yield connection


def measured(home: Path, connection: Connection, day: str, seconds: float) -> Night:
    """The night, as it is now.

    Memory is what is in use: what the allocator keeps for later is given back first. Models of
    hundreds of megabytes come and go, and leave gaps that grow for weeks.
    """
    this = psutil.Process()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    bytes_of = _bytes(connection)
    lasting = lasting_tables(bytes_of, fact_tables(connection))
    return Night(
        day=day,
        seconds=round(seconds, 1),
        rss_bytes=this.memory_info().rss,
        prefect_rss_bytes=_prefect_rss(home),
        processes=len(this.children(recursive=True)),
        threads=this.num_threads(),
        descriptors=this.num_fds(),
        connections=count_of(connection, CONNECTIONS),
        warehouse_bytes=count_of(connection, "select pg_database_size(current_database())"),
        ending_bytes=sum(size for name, size in bytes_of.items() if name not in lasting),
        lasting_bytes=sum(bytes_of[name] for name in lasting),
        catalog_bytes=count_of(connection, CATALOGS),
        log_bytes=_disk(home / "postgres" / "pg_wal"),
        home_bytes=sum(_disk(one) for one in home.iterdir() if one.name not in APART),
        prefect_bytes=_disk(home / "prefect"),
        keys=dict(
            connection.execute("select state, count(*) from keys.org_keys group by 1").fetchall()
        ),
        partitions=dict(connection.execute(PARTITIONS).fetchall()),
        rows={name: _count(connection, name) for name in bytes_of},
    )


def lasting_tables(tables: Iterable[str], facts: Iterable[str]) -> set[str]:
    """Of these tables, those whose rows stay: by the inventory, and dbt's sums of days."""
    told = {
        table
        for group in read_inventory().tables
        if group.clock in LASTING_CLOCKS
        for table in group.tables
    }
    sums = {one for one in tables if one.startswith("metrics.")} - set(facts) - {FIGURES}
    return {one for one in tables if one in told} | sums


def fact_tables(connection: Connection) -> list[str]:
    """The metric tables whose rows end with their ticket."""
    found = connection.execute(
        """
        select table_schema || '.' || table_name from information_schema.columns
        where table_schema = 'metrics' and column_name = 'ticket_id' order by 1
        """
    )
    return [name for (name,) in found]


def _bytes(connection: Connection) -> dict[str, int]:
    names = [name for name, _ in connection.execute(TABLES, [SCHEMAS])]
    return {name: count_of(connection, BYTES, {"table": name}) for name in names}


def _count(connection: Connection, name: str) -> int:
    return count_of(
        connection, sql.SQL("select count(*) from {}").format(sql.Identifier(*name.split(".")))
    )


def count_of(connection: Connection, asked: Any, told: Any = None) -> int:
    """The number that a statement answers with."""
    found = connection.execute(asked, told).fetchone()
    return int(found[0]) if found else 0


def _disk(path: Path) -> int:
    """Bytes that a file or a folder takes, those that go meanwhile left out."""
    if not path.is_dir():
        return path.lstat().st_blocks * BLOCK_BYTES if path.exists() else 0
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            total += _disk(Path(folder) / name)
    return total


def _prefect_rss(home: Path) -> int:
    server = orchestrator.find(home)
    if server is None:
        raise RuntimeError("the Prefect server has gone")
    process = psutil.Process(server.pid)
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family)
