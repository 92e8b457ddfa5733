"""What the audit trail costs: its rows beside a stage's work, and its seals beside hashes by row.

- seals: `--rows` rows of one day are sealed, then checked. Beside it the same rows are inserted
  into a table without numbers, with the trigger that numbers them, and with a trigger that chains a
  hash from row to row, as others do it: at once, and by writers that each commit a row at a time,
  who wait for each other where a row needs the one before. Medians of `--rounds`.
- stages: an account of `--tickets` is extracted, embedded, scored and assessed. A row's cost is a
  transaction with one, less an empty one; a value's is noting and taking it. The share is both,
  times how many there were, over the seconds of the stage.
"""

import statistics
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import psycopg
from sqlalchemy import text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Stage, seconds_of, staged
from tasks.assess import assess_tickets
from tasks.audit_checking import check_audit
from tasks.auditing import seal_audit
from tasks.embed import embed_text
from tasks.encryption.reads import CONTENT, Reads
from tasks.extract import extract_stream
from tasks.resources import Resources
from tasks.score import score_tickets

STREAMS = ("agents", "admins", "users", "tickets", "ticket_events")
STAGES = {"embed": embed_text, "score": score_tickets, "assess": assess_tickets}
VALUES = 1_000_000
WRITERS, ROWS_EACH = 8, 50
TABLES = ("plain", "numbered", "chained")
COLUMNS = "org_id, actor, action, purpose, details"
FILL = """
    select
        '{org_id}', 'service:worker', 'read.content', 'embed tickets',
        jsonb_build_object('zendesk.comment_contents.sealed', n)
    from generate_series(1, {rows}) as n
"""
# A row's hash is of the row and of the hash before it, which it looks up, under a lock.
CHAINED = """
    create table public.chained (like audit.events including defaults);
    alter table public.chained alter event_no drop not null, add hash bytea, add n bigserial;
    create index on public.chained (org_id, n desc) include (hash);
    create function public.chain() returns trigger language plpgsql as $$
    declare
        previous bytea;
    begin
        perform pg_advisory_xact_lock(hashtextextended('chain ' || new.org_id, 0));
        select hash into previous from public.chained
        where org_id = new.org_id order by n desc limit 1;
        new.hash := sha256(coalesce(previous, '') || convert_to(to_jsonb(new)::text, 'UTF8'));
        return new;
    end $$;
    create trigger chain before insert on public.chained
    for each row execute function public.chain();
    create table public.plain (like audit.events including defaults);
    alter table public.plain alter event_no drop not null;
    create table public.numbered (like audit.events including defaults);
    create trigger number_event before insert on public.numbered
    for each row execute function audit.number_event();
"""


def measure_seals(stage: Stage, tenant: Resources, rows: int, rounds: int) -> Iterator[Figure]:
    """Seconds to seal and to check a day, and of the inserts that a hash by row would slow."""
    org_id = tenant.organization.org_id
    fill = FILL.format(org_id=org_id, rows=rows)
    sealing = []
    for _ in range(rounds):
        with tenant.session() as connection:
            connection.execute(text(f"insert into audit.events ({COLUMNS}) {fill}"))
        sealing.append(seconds_of(lambda: seal_audit(tenant)))
    yield Figure(f"{rows:,} rows sealed", statistics.median(sealing))
    now = datetime.now(UTC)
    checking = [seconds_of(lambda: check_audit(tenant, now=now)) for _ in range(rounds)]
    checked = check_audit(tenant, now=now)
    if checked.fault is not None or checked.events < rows * rounds:
        raise RuntimeError(f"the trail does not hold: {checked}")
    # there were as many days under seal as rounds
    yield Figure(f"{rows:,} rows checked", statistics.median(checking) / rounds)
    superuser = stage.warehouse.superuser.set(drivername="postgresql")
    url = superuser.render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(CHAINED)
        inserting, written = {}, {}
        for table in TABLES:
            statement = f"insert into public.{table} ({COLUMNS}) {fill}"
            inserting[table] = statistics.median(
                seconds_of(partial(owner.execute, statement)) for _ in range(rounds)
            )
            written[table] = _written_at_once(url, f"{org_id}", table, rounds)
    for table in TABLES:
        yield Figure(f"{rows:,} rows inserted, {table}", inserting[table], "s", inserting["plain"])
        what = f"{WRITERS} writers of a row each, {table}"
        yield Figure(what, written[table], "rows a second", written["plain"])


def _written_at_once(url: str, org_id: str, table: str, rounds: int) -> float:
    """Rows a second of writers at once, each row a transaction of 2 ms, as a step's is."""
    row = FILL.format(org_id=org_id, rows=1)

    def write() -> None:
        with psycopg.connect(url) as connection:
            for _ in range(ROWS_EACH):
                connection.execute(f"insert into public.{table} ({COLUMNS}) {row}")
                connection.execute("select pg_sleep(0.002)")  # what else it stores
                connection.commit()

    def write_all() -> None:
        with ThreadPoolExecutor(WRITERS) as writers:
            for done in [writers.submit(write) for _ in range(WRITERS)]:
                done.result()

    return WRITERS * ROWS_EACH / statistics.median(seconds_of(write_all) for _ in range(rounds))


def measure_stages(stage: Stage, tenant: Resources) -> Iterator[Figure]:
    """The trail's share of each stage that opens words."""
    slug = tenant.organization.slug
    for name in STREAMS:
        extract_stream.fn(slug, name, stage.as_of)
    row_seconds, value_seconds = _row_seconds(tenant), _value_seconds()
    for name, step in STAGES.items():
        before = _read(tenant)
        seconds = seconds_of(partial(step.fn, slug))
        rows, values = (now - then for now, then in zip(_read(tenant), before, strict=True))
        cost = rows * row_seconds + values * value_seconds
        what = f"the trail's share of {name}, {rows} rows of {values:,} values"
        yield Figure(what, cost, "s", seconds, "≤ 0.02")


def _read(tenant: Resources) -> tuple[int, int]:
    """How many rows of the trail tell of content, and of how many values."""
    with tenant.session() as connection:
        rows, values = connection.execute(
            text(
                "select count(distinct event_id), coalesce(sum(v.value::int), 0)"
                " from audit.events, jsonb_each_text(details) as v"
                " where action = 'read.content' and v.key like '%.sealed'"
            )
        ).one()
    return int(rows), int(values)


def _row_seconds(tenant: Resources, times: int = 200) -> float:
    def write(told: Mapping[str, int | str]) -> None:
        with tenant.session("measure", told):
            pass

    taken = [
        [seconds_of(partial(write, told)) for _ in range(times)] for told in ({}, {"tickets": 64})
    ]
    return statistics.median(taken[1]) - statistics.median(taken[0])


def _value_seconds() -> float:
    reads = Reads()

    def note() -> None:
        for _ in range(VALUES):
            reads.note(CONTENT, "zendesk.comment_contents.sealed")

    return (seconds_of(note) + seconds_of(reads.take)) / VALUES


def measure(rows: int, tickets: int, rounds: int) -> Iterator[Figure]:
    """The seals, then the stages."""
    with staged(tickets) as stage:
        with stage.tenant("bench-seals") as tenant:
            yield from measure_seals(stage, tenant, rows, rounds)
        with stage.tenant("bench-stages") as tenant:
            yield from measure_stages(stage, tenant)


BENCHMARK = Benchmark(
    "auditing",
    measure,
    small={"rows": 5_000, "tickets": 60, "rounds": 3},
    full={"rows": 22_000, "tickets": 400, "rounds": 5},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
