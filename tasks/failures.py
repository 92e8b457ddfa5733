"""Why something failed, as who runs it needs to know: of which kind, and what to do next.

The one place that says so. It is read off an error's class, never off its words.
"""

from dataclasses import dataclass
from enum import StrEnum

from tasks.errors import (
    AlteredError,
    BadRecordError,
    BudgetSpentError,
    ClosedGateError,
    ConfigurationError,
    DataError,
    FailedRunsError,
    LimitedError,
    NotAllowedError,
    NotInPlanError,
    RefusedError,
    TransientError,
    VensorError,
)


class Kind(StrEnum):
    """What a failure is for whoever has to do something about it."""

    PERMISSION = "permission"
    LIMIT = "limit"
    SOURCE_DOWN = "source down"
    DATA = "data"
    SETTINGS = "settings"
    BUG = "bug"
    SEVERAL = "several"


@dataclass(frozen=True)
class Failure:
    """A kind, and the next step in a few words."""

    kind: Kind
    next_step: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.next_step}"


# The first class that an error is of says it: a narrower one stands before a wider one.
BY_CLASS: tuple[tuple[type[VensorError], Failure], ...] = (
    (
        BudgetSpentError,
        Failure(Kind.LIMIT, "the next day's run goes on; `vensor ai budget` sets another"),
    ),
    (
        ClosedGateError,
        Failure(Kind.DATA, "its page says which rows; mend them at their source and run again"),
    ),
    (
        BadRecordError,
        Failure(Kind.DATA, "`vensor quarantine list` shows it, `vensor quarantine retry` reads it"),
    ),
    (
        AlteredError,
        Failure(Kind.DATA, "it is evidence: keep it as it is, and tell who answers for privacy"),
    ),
    (DataError, Failure(Kind.DATA, "a value is not what its column holds: report this")),
    (
        NotInPlanError,
        Failure(Kind.PERMISSION, "`vensor doctor` shows what the account's plan lets be read"),
    ),
    (
        RefusedError,
        Failure(Kind.PERMISSION, "grant what is named, then `vensor doctor` tries it"),
    ),
    (NotAllowedError, Failure(Kind.PERMISSION, "an owner can do it, or change the role")),
    (ConfigurationError, Failure(Kind.SETTINGS, "do what it says, then run again")),
    (FailedRunsError, Failure(Kind.SEVERAL, "each is told for itself")),
    (LimitedError, Failure(Kind.LIMIT, "this may pass: try again later, it goes on from there")),
    (TransientError, Failure(Kind.SOURCE_DOWN, "this may pass: try again, it goes on from there")),
)
BUG = Failure(Kind.BUG, "run again; where it stays, report it with this line")
# Their words say already what to do: said by whoever reads them at a terminal.
PLAIN = {Kind.SETTINGS, Kind.SEVERAL}


def classify(error: BaseException) -> Failure:
    """What an error is. One that is none of ours, or that nobody expected, is a bug."""
    for kind, failure in BY_CLASS:
        if isinstance(error, kind):
            return failure
    return BUG


def advised(error: VensorError) -> VensorError:
    """`error`, whose message from now on ends with its kind and what to do."""
    error.advice = str(classify(error))
    return error


def in_one_line(error: VensorError) -> str:
    """The message for a terminal, where what speaks for itself stays as it is."""
    if classify(error).kind in PLAIN or isinstance(error, NotAllowedError):
        return error.message
    return str(advised(error))
