"""A flow run acts for the member who asked for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from prefect.runtime import flow_run

from tasks.authorizing import redeemed
from tasks.identity import Actor, acting_as
from tasks.step import step


@contextmanager
def asked_for(
    operation: str, slugs: Sequence[str], *, as_of: datetime | None, authorization: str | None
) -> Iterator[None]:
    """Within, what is done is done by the member whose authorization it is.

    Raises: NotAllowedError unless it is good for this, in all of these organizations.
    """
    actor = redeem(operation, slugs, as_of, authorization)
    if actor is None:
        yield
        return
    with acting_as(actor):
        yield


@step
def redeem(
    operation: str, slugs: Sequence[str], as_of: datetime | None, authorization: str | None
) -> Actor | None:
    """Who asked; None where nobody signs in."""
    return redeemed(
        operation,
        slugs,
        as_of=as_of,
        authorization=authorization,
        flow_run_id=UUID(str(flow_run.id)),  # the same in each retry of the run
    )
