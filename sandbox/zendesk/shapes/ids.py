"""Ids and instants as Zendesk writes them."""

from datetime import UTC, datetime
from functools import lru_cache

from sandbox.world.setting import Setting

EVENTS_PER_STEP = 64
GROUPS_AT = 6_000_000_000
BRANDS_AT = 6_100_000_000
FIELDS_AT = 6_200_000_000
STATUSES_AT = 6_300_000_000
POLICIES_AT = 6_400_000_000
SCHEDULES_AT = 6_500_000_000
HOLIDAYS_AT = 6_600_000_000
FORMS_AT = 6_700_000_000
LINES_AT = 6_800_000_000
RATINGS_AT = 7_000_000_000
CALLS_AT = 8_000_000_000
LEGS_AT = 8_500_000_000
AUDITS_AT = 10_000_000_000
METRIC_EVENTS_AT = 20_000_000_000
METRIC_SETS_AT = 30_000_000_000
ARTICLES_AT = 31_000_000_000
IDENTITIES_AT = 40_000_000_000


@lru_cache(maxsize=65_536)
def iso(instant: int) -> str:
    """The instant as Zendesk writes it: UTC, whole seconds, ``Z``."""
    day, second = divmod(instant, 86_400)
    return _day(day) + _clock(second)


@lru_cache(maxsize=4_096)
def _day(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%dT")


@lru_cache(maxsize=86_400)
def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


def maybe_iso(instant: int | None) -> str | None:
    """The instant, or null."""
    return None if instant is None else iso(instant)


def audit_id(setting: Setting, number: int, step: int) -> int:
    """The id of the audit of a ticket's step; its events have the ids that follow."""
    return setting.base + AUDITS_AT + (number * 16 + step) * EVENTS_PER_STEP


def metric_event_id(setting: Setting, number: int, step: int, place: int) -> int:
    """The id of a metric event."""
    return setting.base + METRIC_EVENTS_AT + (number * 16 + step) * EVENTS_PER_STEP + place


def group_id(setting: Setting, group: int) -> int:
    """The id of a group by number."""
    return setting.base + GROUPS_AT + group


def brand_id(setting: Setting, customer: int) -> int:
    """The id of the brand a customer deals with."""
    return setting.base + BRANDS_AT + customer % 2
