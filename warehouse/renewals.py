"""One process at a time changes a connection's credentials."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from warehouse.errors import TransientError
from warehouse.sessions import Organization, translated_errors

WAIT_SECONDS = 60.0
# Longer than any renewal, whose calls and saves have ends of their own.
IDLE_SECONDS = 300.0


@contextmanager
def renewal(
    engine: Engine,
    organization: Organization,
    provider: str,
    *,
    wait_seconds: float = WAIT_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
) -> Iterator[None]:
    """Holds the one place for changing this organization's credentials for `provider`.

    In a transaction of its own, so that what is saved within is committed whatever becomes of
    this one, and so that a killed process gives its place up by itself. A machine that is gone
    without a word, whose connection looks alive for hours, loses it after `idle_seconds`.

    Raises: TransientError when another process has held it for `wait_seconds`.
    """
    with translated_errors(), engine.begin() as connection:
        _limit(connection, wait_seconds=wait_seconds, idle_seconds=idle_seconds)
        if not _taken(connection, f"vensor renewal {organization.org_id} {provider}"):
            raise TransientError(
                f"another process is changing {organization.slug}'s connection to {provider},"
                f" for more than {wait_seconds:g} seconds; try again later"
            )
        yield


def _limit(connection: Connection, *, wait_seconds: float, idle_seconds: float) -> None:
    """For this transaction: the far side may take longer than a server likes to idle."""
    connection.execute(
        text(
            "select set_config('lock_timeout', :wait, true),"
            " set_config('idle_in_transaction_session_timeout', :idle, true)"
        ),
        {"wait": f"{int(wait_seconds * 1000)}ms", "idle": f"{int(idle_seconds * 1000)}ms"},
    )


def _taken(connection: Connection, name: str) -> bool:
    """Whether the lock came in time."""
    try:
        connection.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            return False
        raise
    return True
