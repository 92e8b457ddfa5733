"""What flows are told, checked before they begin: by the form that asks for it, and by the flow."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

# Clocks of years count back from an instant, and days forward: both ends leave room for them.
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (2000, 2100))


def checked_instant(told: datetime) -> datetime:
    """`told` in UTC; without an offset it is UTC. Raises: ValueError outside of 2000 to 2099."""
    instant = told if told.tzinfo else told.replace(tzinfo=UTC)
    if not EARLIEST <= instant < LATEST:
        raise ValueError(f"an instant is from {EARLIEST.year} to {LATEST.year - 1}")
    return instant.astimezone(UTC)


AsOf = Annotated[datetime, AfterValidator(checked_instant)]
Slug = Annotated[str, Field(pattern="^[a-z0-9-]+$", max_length=100)]
# An id as Zendesk counts them, and as a form in a browser holds it.
Id = Annotated[int, Field(ge=1, lt=2**53)]
