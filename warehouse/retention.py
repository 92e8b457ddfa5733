"""The end of every clock: where it stands, which days are measured, which partitions may go.

A ticket goes with everything that carries its id, and not before each day that it touched is
sealed in every metric table: a metric must never shrink because its tickets are gone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Engine, inspect, text

from warehouse.errors import ConfigurationError
from warehouse.sessions import Organization, translated_errors


@dataclass(frozen=True)
class Clock:
    """Where an organization's clock stands.

    Content before `cutoff` is past it. A ticket is when its last activity lies before
    `first_kept_day` began in the organization's time zone, and that day is measured.
    """

    cutoff: datetime
    first_kept_day: date
    first_kept_at: datetime


def clock(
    organization: Organization, as_of: datetime, *, measured: datetime | None = None
) -> Clock:
    """The clock as of an instant; tickets held back to the day of `measured`, where it is given.

    Raises: ConfigurationError where the organization's time zone is none.
    """
    cutoff = as_of - timedelta(days=organization.retention_days)
    zone = zone_of(organization)
    day = cutoff.astimezone(zone).date()
    if measured is not None:
        day = min(day, measured.astimezone(zone).date())
    return Clock(cutoff, day, datetime(day.year, day.month, day.day, tzinfo=zone))


def zone_of(organization: Organization) -> ZoneInfo:
    """Where its day begins. Raises: ConfigurationError where that is no time zone."""
    try:
        return ZoneInfo(organization.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            f"{organization.timezone!r} of {organization.slug} is no IANA time zone: set one with"
            f" `vensor org add {organization.slug} --name … --timezone …`"
        ) from None


def day_in(organization: Organization, day: date) -> tuple[datetime, datetime]:
    """A day's first instant in the organization's time zone, and the first after it; UTC."""
    zone = zone_of(organization)
    first = datetime.combine(day, time(), zone)
    after = first + timedelta(days=1)  # on the clock on the wall: a day may last 23 hours
    return first.astimezone(UTC), after.astimezone(UTC)


def drop_partitions(engine: Engine, as_of: datetime) -> list[str]:
    """Drops the content partitions that lie before every organization's clock; their names.

    A partition in which a hold keeps a row stays: its other rows are deleted one by one.
    """
    return _dropped(engine, "drop_partitions", as_of)


def drop_audit_partitions(engine: Engine, as_of: datetime) -> list[str]:
    """The same for the audit trail, whose clock is its own."""
    return _dropped(engine, "drop_audit_partitions", as_of)


def past_partitions(engine: Engine, as_of: datetime) -> list[str]:
    """The content partitions that `drop_partitions` would drop."""
    with translated_errors(), engine.begin() as connection:
        asked = text("select p from app.past_content(:as_of) as p")
        return list(connection.execute(asked, {"as_of": as_of}).scalars())


def _dropped(engine: Engine, function: str, as_of: datetime) -> list[str]:
    dropped: list[str] = []
    while True:
        with translated_errors(), engine.begin() as connection:
            asked = text(f"select p from app.{function}(:as_of) as p")
            some = list(connection.execute(asked, {"as_of": as_of}).scalars())
        if not some:
            return dropped
        dropped += some


def seal_days(connection: Connection, org_id: UUID, *, before: date) -> int:
    """Seals the days before `before` in every metric table; the number of seals made.

    A day is sealed in all tables, also where it has no rows. The checksum tells later whether it
    was changed.
    """
    return _seal(connection, org_id, _measured_days(connection, before))


def seal_day(connection: Connection, org_id: UUID, day: date) -> int:
    """Seals one day, whichever came before it, in every metric table; the number of seals made."""
    return _seal(connection, org_id, [day])


def _seal(connection: Connection, org_id: UUID, days: list[date]) -> int:
    made = 0
    for model in surviving_tables(connection):
        done = connection.execute(
            text(f"""
                insert into app.metric_day_seals (org_id, metric_day, model, checksum)
                select
                    :org_id, d.metric_day, :model,
                    md5(coalesce(string_agg(m::text, '|' order by m::text), ''))
                from unnest(cast(:days as date[])) as d (metric_day)
                left join metrics.{model} as m on d.metric_day = m.metric_day
                where not exists (
                    select from app.metric_day_seals as s
                    where s.metric_day = d.metric_day and s.model = :model
                )
                group by d.metric_day
                on conflict do nothing
            """),
            {"org_id": org_id, "model": model, "days": days},
        )
        made += done.rowcount
    return made


def surviving_tables(connection: Connection) -> list[str]:
    """The metric tables that stay when their tickets go: each is built in `candidate` first."""
    return sorted(inspect(connection).get_table_names(schema="candidate"))


def fact_tables(connection: Connection) -> list[str]:
    """The metric tables whose rows end with their ticket."""
    inspector = inspect(connection)
    return [
        name
        for name in sorted(inspector.get_table_names(schema="metrics"))
        if any(c["name"] == "ticket_id" for c in inspector.get_columns(name, schema="metrics"))
    ]


def first_measured_day(connection: Connection) -> date | None:
    """The first day that a day's build has measured; None before the first build.

    What backfills measured lies before it, perhaps with days between that nobody did: those are
    not to be sealed. Backfills seal their own.
    """
    tables = surviving_tables(connection)
    if not tables:
        return None
    rows = " union ".join(f"select metric_day from metrics.{name}" for name in tables)
    first: date | None = connection.execute(
        text(f"""
            select min(m.metric_day) from ({rows}) as m
            where not exists (
                select from app.backfill_windows as w
                where w.metric_day = m.metric_day and w.past_clock and w.state <> 'kept'
            )
        """)
    ).scalar_one()
    return first


def _measured_days(connection: Connection, before: date) -> list[date]:
    """The days before `before`, from the first measured one, that are not sealed in all tables."""
    first = first_measured_day(connection)
    if first is None:
        return []
    days = connection.execute(
        text("""
            with sealed as (
                select metric_day, count(*) as models from app.metric_day_seals group by metric_day
            )
            select d.metric_day::date
            from generate_series(
                cast(:first as date)::timestamp,
                cast(:before as date) - interval '1 day', interval '1 day'
            ) as d (metric_day)
            left join sealed as s on d.metric_day::date = s.metric_day
            where coalesce(s.models, 0) < :models
            order by 1
        """),
        {"first": first, "before": before, "models": len(surviving_tables(connection))},
    )
    return list(days.scalars())
