"""The error tree as tasks see it: its root lies with the warehouse, the lowest layer."""

from warehouse.errors import (
    ConfigurationError,
    DataError,
    PermanentError,
    TransientError,
    VensorError,
)


class RefusedError(PermanentError):
    """The far side understood and said no: a missing scope, a plan without the feature."""


class NotInPlanError(RefusedError):
    """The account's plan or the far side's version does not have what was asked for."""


class NotAllowedError(PermanentError):
    """Who asks is not known, or has no role that may do this."""


class ClosedGateError(PermanentError):
    """What was to be relied on is not as it is expected; the message says which, and how many."""


class BadRecordError(PermanentError):
    """One record is not what its source promises; it goes to quarantine under `reason`."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class AlteredError(PermanentError):
    """What was signed or sealed is not as it was: somebody changed it, or a disk did."""


class BudgetSpentError(PermanentError):
    """What an organization may spend on models in a day is spent: what is left waits for the next.

    A stage that meets it ends well, with what it has done.
    """


class LimitedError(TransientError):
    """The far side asked to stay away for a while, and tries within one call did not outlast it."""


class FailedRunsError(PermanentError):
    """Runs of some organizations failed, others went on; the message has each one's own words."""


class OptedOutError(TransientError):
    """Someone whose words were about to leave has opted out: the next try goes without them."""


__all__ = [
    "AlteredError",
    "BadRecordError",
    "BudgetSpentError",
    "ClosedGateError",
    "ConfigurationError",
    "DataError",
    "FailedRunsError",
    "LimitedError",
    "NotAllowedError",
    "NotInPlanError",
    "OptedOutError",
    "PermanentError",
    "RefusedError",
    "TransientError",
    "VensorError",
]
