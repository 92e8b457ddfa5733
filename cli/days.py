"""Days as options take them."""

from datetime import date

from tasks.errors import ConfigurationError


def parse_day(text: str) -> date:
    """The day. Raises: ConfigurationError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a day such as 2026-11-24") from None
