"""Which days a report is about, and which it may compare them with."""

from dataclasses import dataclass
from datetime import date, timedelta

from tasks.errors import ConfigurationError

DAYS, WEEKS = 7, 5
FEWEST_DAYS = 4  # of a week, for it to say what is usual


@dataclass(frozen=True)
class Period:
    """Seven days until `until`, and the four weeks before; each day from midnight to midnight.

    `first` and `last` are the days that are measured: before and after them nothing is known.
    """

    until: date
    first: date
    last: date

    @property
    def since(self) -> date:
        """The first day of the earliest week."""
        return self.until - timedelta(days=DAYS * WEEKS - 1)

    @property
    def days(self) -> list[date]:
        """The week's own days."""
        return self.days_of(0)

    @property
    def every_day(self) -> list[date]:
        """All days of all weeks, the earliest first."""
        return [self.since + timedelta(days=at) for at in range(DAYS * WEEKS)]

    def days_of(self, week: int) -> list[date]:
        """The days of a week; 0 is the report's own, 1 the one before."""
        last = self.until - timedelta(days=DAYS * week)
        return [last - timedelta(days=DAYS - 1 - at) for at in range(DAYS)]

    def week_of(self, day: date) -> int:
        """The week that a day lies in."""
        return (self.until - day).days // DAYS

    def is_measured(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def weeks(self) -> list[int]:
        """The weeks with a measured day, the earliest first."""
        found = [week for week in range(WEEKS) if any(map(self.is_measured, self.days_of(week)))]
        return found[::-1]

    @property
    def former_enough(self) -> list[int]:
        """The weeks before of which so many days are measured that they say what is usual."""
        weeks = range(1, WEEKS)
        return [
            week for week in weeks if sum(map(self.is_measured, self.days_of(week))) >= FEWEST_DAYS
        ]

    @property
    def missing(self) -> list[date]:
        """The days of the week that are not measured."""
        return [day for day in self.days if not self.is_measured(day)]


def chosen_period(*, today: date, first: date, last: date, week_of: date | None) -> Period:
    """The seven days before `today`, or the week from Monday to Sunday that a day lies in.

    Raises: ConfigurationError for a week that is not over, or before the first measured day.
    """
    if week_of is None:
        return Period(today - timedelta(days=1), first, last)
    sunday = week_of + timedelta(days=DAYS - 1 - week_of.weekday())
    if sunday >= today:
        raise ConfigurationError(
            f"the week of {week_of} is not over; leave out --week for the last seven whole days"
        )
    if sunday < first:
        raise ConfigurationError(f"the week of {week_of} is before the first measured day, {first}")
    return Period(sunday, first, last)
