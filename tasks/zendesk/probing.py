"""Which ways of reading a stream an account allows, told from those that are merely broken."""

from dataclasses import dataclass
from datetime import datetime

from tasks.errors import NotInPlanError, RefusedError, VensorError
from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.streams.stream import Mode, Stream, Ways

WORKS, REFUSED, BROKEN, NONE = "works", "refused", "broken", "none"


@dataclass(frozen=True)
class Found:
    """What a probe of one stream found; `reason` is for people and names no value."""

    mode: Mode
    export: str
    listed: str
    reason: str


def probe(client: ZendeskClient, ways: Ways, as_of: datetime) -> Found:
    """Asks each way of a stream for as little as shows whether it works."""
    export, why_not = _tried(client, ways.export, as_of)
    listed, why = _tried(client, ways.listed, as_of)
    return Found(choose(export, listed), export, listed, why_not or why)


def choose(export: str, listed: str) -> Mode:
    """The mode for what was found: what is broken may be whole again, what is refused is not."""
    if export in {WORKS, BROKEN}:
        return Mode.EXPORT
    return Mode.LIST if listed in {WORKS, BROKEN} else Mode.OFF


def described(error: VensorError) -> tuple[str, str]:
    """ "refused" or "broken", and what to tell of it."""
    if isinstance(error, NotInPlanError):
        return REFUSED, "not in this account's plan"
    if isinstance(error, RefusedError):
        return REFUSED, f"not allowed: {str(error).rsplit(': ', 1)[-1]}, or it is closed to it"
    return BROKEN, str(error)


def _tried(client: ZendeskClient, way: Stream | None, as_of: datetime) -> tuple[str, str]:
    if way is None:
        return NONE, ""
    try:
        way.probe(client, as_of)
    except VensorError as error:
        return described(error)
    return WORKS, ""
