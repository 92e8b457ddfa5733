"""Business time through dbt, against minutes that are counted one by one on the wall clock."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from tests.dbt.conftest import Desk, new_desk
from warehouse.sessions import Logins
from warehouse.tables import zendesk

MINUTE = timedelta(minutes=1)
WEEK = 7 * 24 * 60
TICKETS = 60
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks that are put forward or back in 2026, by an hour or by half of one.
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "America/St_Johns": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Asia/Tokyo": ("2026-05-05", "2026-09-09"),
}


@dataclass(frozen=True)
class Schedule:
    """Opening hours in minutes from Sunday 00:00, and days on which it is closed."""

    timezone: str
    hours: list[tuple[int, int]]
    holidays: set[date]

    def is_open(self, at: datetime) -> bool:
        """What the wall shows."""
        local = at.astimezone(ZoneInfo(self.timezone))
        minute = (local.isoweekday() % 7 * 24 + local.hour) * 60 + local.minute
        is_hour = any(start <= minute < end for start, end in self.hours)
        return is_hour and local.date() not in self.holidays

    def minutes(self, start: datetime, end: datetime) -> int:
        """Open minutes of [start, end), both whole minutes."""
        return sum(self.is_open(start + n * MINUTE) for n in range((end - start) // MINUTE))


def _drawn(dice: random.Random) -> tuple[Schedule, datetime]:
    """A schedule, and the midnight around which it is interesting."""
    timezone = dice.choice(sorted(CHANGES))
    day = date.fromisoformat(dice.choice(CHANGES[timezone]))
    hours = [(start := dice.randrange(0, WEEK, 15), dice.randrange(start + 15, WEEK + 1, 15))]
    hours += [(n * 1440 + 60, n * 1440 + dice.choice((150, 480, 1440))) for n in range(0, 7, 2)]
    if dice.random() < 0.2:
        hours = [(0, WEEK)]
    holidays = {day + timedelta(days=dice.randint(-2, 2)) for _ in range(dice.randint(0, 2))}
    return Schedule(timezone, hours, holidays), datetime(day.year, day.month, day.day, tzinfo=UTC)


def _write_schedule(desk: Desk, number: int, schedule: Schedule) -> None:
    version = {"version": b"1", "changed_at": BEGINNING, "valid_from": BEGINNING}
    intervals = [{"start_time": start, "end_time": end} for start, end in schedule.hours]
    desk.add(
        zendesk.schedules, id=number, time_zone=schedule.timezone, intervals=intervals, **version
    )
    for place, day in enumerate(schedule.holidays):
        holiday = {"id": number * 10 + place, "schedule_id": number, "start_on": day, "end_on": day}
        desk.add(zendesk.holidays, **holiday, **version)


def _write_ticket(desk: Desk, number: int, began: datetime, ended: datetime) -> None:
    desk.open(number, began)
    desk.change(number, None, str(number), began, event_type="Create", field_name="schedule_id")
    desk.change(number, "new", "solved", ended)


@pytest.fixture(scope="module")
def counted(
    engine: Engine, logins: Logins, target_dir: Path
) -> tuple[Desk, dict[int, tuple[Schedule, int]]]:
    """A desk of tickets, each with a schedule of its own, and the minutes that it was new."""
    dice = random.Random(6)
    desk = new_desk(engine, logins, target_dir)
    expected: dict[int, tuple[Schedule, int]] = {}
    for number in range(1, TICKETS + 1):
        schedule, midnight = _drawn(dice)
        began = midnight + dice.randrange(-3 * 1440, 1440) * MINUTE
        ended = began + dice.randrange(1, 4 * 1440) * MINUTE
        _write_schedule(desk, number, schedule)
        _write_ticket(desk, number, began, ended)
        expected[number] = schedule, schedule.minutes(began, ended)
    desk.build(datetime(2026, 12, 1, tzinfo=UTC))
    return desk, expected


def test_business_minutes_are_those_that_the_wall_shows(
    counted: tuple[Desk, dict[int, tuple[Schedule, int]]],
) -> None:
    """Random schedules, where clocks are put forward and back: the same to the minute."""
    desk, expected = counted
    rows = desk.execute(
        "select ticket_id, business_last_minutes, business_cumulative_minutes"
        " from metrics.fct_status_interval where status = 'new'"
    )
    told = {row.ticket_id: (row.business_last_minutes, row[2]) for row in rows}
    assert told == {number: (minutes, minutes) for number, (_, minutes) in expected.items()}
    assert sum(minutes > 0 for _, minutes in expected.values()) > TICKETS / 2
