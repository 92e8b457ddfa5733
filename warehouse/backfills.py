"""Backfills, and the days that they are made of. Every function runs in the tenant session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from warehouse.retention import seal_day
from warehouse.tables.app import metric_builds, metric_day_seals
from warehouse.tables.backfills import backfill_windows, backfills

State = Literal["pending", "measured", "done", "kept"]
ENDED = ("done", "kept")


@dataclass(frozen=True)
class Window:
    """A day of a backfill. `past_clock`: its tickets and words are to be gone when it ends."""

    day: date
    past_clock: bool
    state: State = "pending"


@dataclass(frozen=True)
class Known:
    """What is there before a backfill: as of when it was published, which days are sealed.

    `first_day` is the first that a day's build has measured; None before the first build.
    """

    published_as_of: datetime | None
    first_day: date | None
    sealed: frozenset[date]


def known(connection: Connection, first_day: date | None) -> Known:
    """What is published and sealed."""
    as_of = connection.execute(
        select(metric_builds.c.as_of).where(metric_builds.c.state == "published")
    ).scalar_one_or_none()
    sealed = connection.execute(select(metric_day_seals.c.metric_day).distinct()).scalars()
    return Known(as_of, first_day, frozenset(sealed))


def find_open(
    connection: Connection, from_day: date, to_day: date, stages: str
) -> tuple[UUID, list[Window]] | None:
    """The backfill of these days and stages that has not ended, with its days; None without."""
    c = backfills.c
    found: UUID | None = connection.execute(
        select(c.backfill_id)
        .where(c.from_day == from_day, c.to_day == to_day, c.stages == stages)
        .where(c.ended_at.is_(None))
        .order_by(c.asked_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if found is None else (found, windows(connection, found))


def windows(connection: Connection, backfill_id: UUID) -> list[Window]:
    """The days of a backfill, in order."""
    c = backfill_windows.c
    rows = connection.execute(
        select(c.metric_day, c.past_clock, c.state)
        .where(c.backfill_id == backfill_id)
        .order_by(c.metric_day)
    )
    return [Window(*row) for row in rows]


def begin(
    connection: Connection,
    org_id: UUID,
    *,
    stages: str,
    asked_by: str,
    planned: Sequence[Window],
) -> UUID:
    """Notes a backfill of these days, one at least; its id."""
    made: UUID = connection.execute(
        insert(backfills)
        .values(
            org_id=org_id,
            from_day=planned[0].day,
            to_day=planned[-1].day,
            stages=stages,
            asked_by=asked_by,
        )
        .returning(backfills.c.backfill_id)
    ).scalar_one()
    connection.execute(
        insert(backfill_windows),
        [
            {
                "org_id": org_id,
                "backfill_id": made,
                "metric_day": one.day,
                "past_clock": one.past_clock,
                "state": one.state,
            }
            for one in planned
        ],
    )
    return made


def move(
    connection: Connection,
    backfill_id: UUID,
    day: date,
    state: State,
    *,
    past_clock: bool | None = None,
) -> None:
    """Notes how far a day has come; the backfill has ended with the last of them."""
    told: dict[str, object] = {"state": state, "changed_at": func.clock_timestamp()}
    if past_clock is not None:
        told["past_clock"] = past_clock
    c = backfill_windows.c
    connection.execute(
        update(backfill_windows)
        .where(c.backfill_id == backfill_id, c.metric_day == day)
        .values(told)
    )
    left = select(c.metric_day).where(c.backfill_id == backfill_id, c.state.not_in(ENDED))
    connection.execute(
        update(backfills)
        .where(backfills.c.backfill_id == backfill_id, ~left.exists())
        .values(ended_at=func.clock_timestamp())
    )


def seal(connection: Connection, org_id: UUID, backfill_id: UUID, day: date) -> None:
    """Seals a day that is measured: no build touches it again. At once with its state."""
    seal_day(connection, org_id, day)
    move(connection, backfill_id, day, "measured")


def bytes_a_ticket(connection: Connection) -> int | None:
    """How long the words of a ticket that is here are on average, sealed; None without any."""
    found: int | None = connection.execute(
        text("""
            select (sum(octet_length(sealed)) / count(distinct ticket_id))::bigint
            from zendesk.comment_contents having count(*) > 0
        """)
    ).scalar_one_or_none()
    return found
