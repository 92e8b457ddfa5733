"""Seals over the audit trail: what is to be sealed, and what lies under each seal.

A seal covers the rows of one day, UTC, whose numbers lie in a half-open range. Every function runs
in the organization's tenant session.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select, text

from warehouse.tables.audit import seals

DIGEST_BYTES = 16
# Of each row 16 bytes of its SHA-256, in order.
DIGESTS = f"""
    string_agg(
        substring(sha256(convert_to(entry, 'UTF8')) for {DIGEST_BYTES}), ''::bytea
        order by event_no, entry
    )
"""
UNDER = """
    from audit.lines
    where
        event_no > :after_no and event_no <= :through_no
        and happened_at >= :begins_at and happened_at < :ends_at
"""


@dataclass(frozen=True)
class Part:
    """Rows that one seal is to cover."""

    day: date
    after_no: int
    through_no: int
    sealed_at: datetime
    first_at: datetime
    last_at: datetime
    events: int
    digests: bytes


@dataclass(frozen=True)
class Seal:
    """One seal. `digests` is None once the rows' time is over."""

    seal_no: int
    day: date
    after_no: int
    through_no: int
    sealed_at: datetime
    first_at: datetime
    last_at: datetime
    events: int
    digests: bytes | None
    digest: bytes
    expired_no: int
    previous: bytes
    mac: bytes


@dataclass(frozen=True)
class Line:
    """One row as it is sealed, and the digest of it."""

    event_no: int
    event_id: str
    happened_at: datetime
    digest: bytes


def lock(connection: Connection, org_id: UUID) -> None:
    """Waits for whoever is writing to the trail, and has the others wait, until the transaction
    ends. What is read from then on is all that can have a number as low."""
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"vensor audit {org_id}"},
    )


def next_parts(connection: Connection, *, after_no: int, at_most: int) -> list[Part]:
    """The first rows with higher numbers, by day: none where there are no more."""
    rows = connection.execute(
        text(f"""
            with taken as (
                select event_no, happened_at, entry from audit.lines
                where event_no > :after_no order by event_no limit :at_most
            )
            select
                (happened_at at time zone 'UTC')::date, :after_no,
                max(max(event_no)) over (), clock_timestamp(),
                min(happened_at), max(happened_at), count(*), {DIGESTS}
            from taken group by 1 order by 1
        """),
        {"after_no": after_no, "at_most": at_most},
    )
    return [Part(*row) for row in rows]


def add(connection: Connection, org_id: UUID, seal: Seal) -> None:
    connection.execute(seals.insert().values(org_id=org_id, **asdict(seal)))


def find_seal(connection: Connection, seal_no: int | None = None) -> Seal | None:
    """The seal of this number, or the last one; None where there is none."""
    wanted = _seals().order_by(seals.c.seal_no.desc()).limit(1)
    if seal_no is not None:
        wanted = wanted.where(seals.c.seal_no == seal_no)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else Seal(*row)


def iter_seals(
    connection: Connection, *, first: int = 1, last: int | None = None
) -> Iterator[Seal]:
    """The seals in order, one at a time: those of many rows are large."""
    numbers = select(seals.c.seal_no).where(seals.c.seal_no >= first).order_by(seals.c.seal_no)
    if last is not None:
        numbers = numbers.where(seals.c.seal_no <= last)
    for number in list(connection.execute(numbers).scalars()):
        yield Seal(*connection.execute(_seals().where(seals.c.seal_no == number)).one())


def numbers_of_days(
    connection: Connection, from_day: date | None, to_day: date | None
) -> tuple[int, int] | None:
    """The first and the last seal over rows of these days; None where there is none."""
    wanted = select(func.min(seals.c.seal_no), func.max(seals.c.seal_no))
    if from_day is not None:
        wanted = wanted.where(seals.c.day >= from_day)
    if to_day is not None:
        wanted = wanted.where(seals.c.day <= to_day)
    first, last = connection.execute(wanted).one()
    return None if first is None else (first, last)


def last_past(connection: Connection, before: date) -> int:
    """The last seal, from the first on, whose rows lie before this day; 0 where there is none."""
    kept = select(func.min(seals.c.seal_no)).where(seals.c.day >= before)
    last = select(func.max(seals.c.seal_no))
    first_kept = connection.execute(kept).scalar_one()
    if first_kept is not None:
        return int(first_kept) - 1
    return connection.execute(last).scalar_one() or 0


def digests_under(connection: Connection, seal: Seal) -> bytes:
    """The digests of the rows that lie under the seal now."""
    found = connection.execute(text(f"select {DIGESTS} {UNDER}"), _place(seal)).scalar_one()
    return found or b""


def lines_under(connection: Connection, seal: Seal) -> list[Line]:
    """The rows that lie under the seal now, in order."""
    rows = connection.execute(
        text(f"""
            select
                event_no, entry::jsonb ->> 'event_id', happened_at,
                substring(sha256(convert_to(entry, 'UTF8')) for {DIGEST_BYTES})
            {UNDER} order by event_no, entry
        """),
        _place(seal),
    )
    return [Line(*row) for row in rows]


def text_under(connection: Connection, seal: Seal) -> Iterator[str]:
    """The rows that lie under the seal now, as they are sealed, in order."""
    found = text(f"select entry {UNDER} order by event_no, entry")
    yield from connection.execute(found, _place(seal)).scalars()


def text_after(
    connection: Connection, after_no: int, from_day: date | None, to_day: date | None
) -> Iterator[str]:
    """The rows of these days with higher numbers, as they will be sealed, in order."""
    found = text("""
        select entry from audit.lines
        where
            event_no > :after_no
            and (happened_at at time zone 'UTC')::date
                between coalesce(cast(:from_day as date), '-infinity')
                and coalesce(cast(:to_day as date), 'infinity')
        order by event_no, entry
    """)
    asked = {"after_no": after_no, "from_day": from_day, "to_day": to_day}
    yield from connection.execute(found, asked).scalars()


def find_stray(connection: Connection, through_no: int) -> Line | None:
    """The first row up to this number that lies under no seal."""
    row = connection.execute(
        text("""
            select event_no, entry::jsonb ->> 'event_id', happened_at, ''::bytea
            from audit.lines as l
            where event_no <= :through_no and not exists (
                select from audit.seals as s
                where
                    l.org_id = s.org_id and s.day = (l.happened_at at time zone 'UTC')::date
                    and l.event_no > s.after_no and l.event_no <= s.through_no
            )
            order by event_no limit 1
        """),
        {"through_no": through_no},
    ).one_or_none()
    return None if row is None else Line(*row)


def count_after(connection: Connection, after_no: int) -> int:
    """How many rows have higher numbers: they are not sealed yet."""
    found = text("select count(*) from audit.lines where event_no > :after_no")
    return int(connection.execute(found, {"after_no": after_no}).scalar_one())


def forget_digests(connection: Connection) -> int:
    """Forgets the digests of rows that are gone, their time being over; of how many seals."""
    return int(connection.execute(text("select audit.forget_digests()")).scalar_one())


def _seals() -> Select[Any]:
    return select(*(seals.c[name] for name in Seal.__dataclass_fields__))


def _place(seal: Seal) -> dict[str, object]:
    begins_at = datetime(seal.day.year, seal.day.month, seal.day.day, tzinfo=UTC)
    return {
        "after_no": seal.after_no,
        "through_no": seal.through_no,
        "begins_at": begins_at,
        "ends_at": begins_at + timedelta(days=1),
    }
