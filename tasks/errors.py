"""The error tree as tasks see it: its root lies with the warehouse, the lowest layer."""

from warehouse.errors import ConfigurationError, PermanentError, TransientError, VensorError


class RefusedError(PermanentError):
    """The far side understood and said no: a missing scope, a plan without the feature."""


class BadRecordError(PermanentError):
    """One record is not what its source promises; it goes to quarantine under `reason`."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


__all__ = [
    "BadRecordError",
    "ConfigurationError",
    "PermanentError",
    "RefusedError",
    "TransientError",
    "VensorError",
]
