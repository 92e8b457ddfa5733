"""The records of the desk's own settings and articles. See `records`.

Source: Zendesk's API reference (ticketing, help center).
"""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from tasks.zendesk.records import Instant, Record


class Group(Record, kw_only=True):
    id: int
    name: str | None = None
    deleted: bool | None = None
    updated_at: Instant


class Brand(Record, kw_only=True):
    id: int
    name: str | None = None
    active: bool | None = None
    updated_at: Instant


class TicketField(Record, kw_only=True):
    id: int
    type: str | None = None
    title: str | None = None
    active: bool | None = None
    updated_at: Instant


class CustomStatus(Record, kw_only=True):
    id: int
    status_category: str | None = None
    agent_label: str | None = None
    active: bool | None = None
    updated_at: Instant


class SlaPolicy(Record, kw_only=True):
    id: int
    title: str | None = None
    position: int | None = None
    filter: Any = None
    policy_metrics: Any = None
    updated_at: Instant


MinuteOfWeek = Annotated[int, Meta(ge=0, le=7 * 24 * 60)]


class Interval(Record):
    """Opening hours, in minutes since the week's begin on Sunday."""

    start_time: MinuteOfWeek
    end_time: MinuteOfWeek


class Schedule(Record, kw_only=True):
    id: int
    name: str | None = None
    time_zone: str | None = None
    intervals: list[Interval] | None = None
    updated_at: Instant


class Holiday(Record, kw_only=True):
    """`schedule_id` is that of the list it came in."""

    id: int
    name: str | None = None
    start_date: date
    end_date: date
    schedule_id: int = 0

    def __post_init__(self) -> None:
        """One that ends before it begins has no days: dates are made of it for every ticket."""
        if self.end_date < self.start_date:
            raise ValueError("a holiday ends before it begins")


class Article(Record, kw_only=True):
    id: int
    title: str | None = None
    body: str | None = None
    draft: bool = False
    locale: str | None = None
    html_url: str | None = None
    label_names: list[str] | None = None
    updated_at: Instant
