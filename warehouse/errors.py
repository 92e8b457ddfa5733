"""The root of vensor's one error tree.

    VensorError
    ├── TransientError     worth trying again: the network, a limit, a lock, a restart
    └── PermanentError     the same again would fail again
        ├── ConfigurationError   a setting is missing or wrong: the message says which
        └── DataError            a value is not what its column holds: the record is bad

A message names the operation, the organization and ids. It never holds a payload, a query
or a value from a record: messages end up in logs, in Prefect's database and in Sentry.
"""


class VensorError(Exception):
    """Anything that vensor raises on purpose. Its `advice`, where one was given, ends its words."""

    advice = ""

    @property
    def message(self) -> str:
        """Its words without advice."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.message} ({self.advice})" if self.advice else self.message


class TransientError(VensorError):
    """Worth trying again.

    `retry_after_seconds` is what the far side asked for, where it did.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(VensorError):
    """Trying again would fail again."""


class ConfigurationError(PermanentError):
    """A setting is missing or wrong; the message says which and what to do."""


class DataError(PermanentError):
    """A value is not what its column can hold: a record is bad, not the warehouse."""
