"""The ledger of runs: what ran for whom, how far it came, what it moved."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from warehouse.errors import TransientError
from warehouse.sessions import Organization, translated_errors
from warehouse.tables.app import connections, run_stages, runs

# what is read is late: a day, and two hours for its run
STALE_AFTER = timedelta(hours=26)
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class StageResult:
    """What one stage did. `note` is for people: counts and names of tables, never values."""

    rows_in: int = 0
    rows_out: int = 0
    quarantined: int = 0
    note: str = ""


def summed(results: Sequence[StageResult]) -> StageResult:
    """What several did, as one."""
    return StageResult(
        rows_in=sum(result.rows_in for result in results),
        rows_out=sum(result.rows_out for result in results),
        quarantined=sum(result.quarantined for result in results),
        note=" ".join(result.note for result in results if result.note),
    )


@contextmanager
def exclusive(
    engine: Engine,
    organization: Organization,
    what: Literal["run", "rotation", "posting"] = "run",
    *,
    wait_seconds: float = 0.0,
) -> Iterator[Callable[[], None]]:
    """Holds the organization's one place for a run; a killed process gives it up by itself.

    So does one whose connection is lost, or whose warehouse was started again: what is yielded,
    called between two pieces of work, takes the place again then. Who waits stands in line: whoever
    gives the place up does not get it again before them.

    Raises: TransientError when another run holds it at the end of `wait_seconds`, or by then.
    """
    with translated_errors(), engine.connect() as connection:
        place = {"name": f"vensor {what} {organization.org_id}"}

        def take(wait_seconds: float) -> None:
            if not _took(connection, place, wait_seconds):
                raise TransientError(
                    f"a {what} of {organization.slug} is under way; try again later"
                )

        def keep() -> None:
            if not _answers(connection):
                with translated_errors():
                    take(0.0)

        take(wait_seconds)
        try:
            yield keep
        finally:
            if _answers(connection):
                connection.execute(
                    text("select pg_advisory_unlock(hashtextextended(:name, 0))"), place
                )
                connection.commit()


def _took(connection: Connection, place: dict[str, str], wait_seconds: float) -> bool:
    wait = {"wait": str(max(round(wait_seconds * 1000), 1))}  # 0 would be for ever
    connection.execute(text("select set_config('lock_timeout', :wait, true)"), wait)
    try:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), place)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        connection.rollback()
        return False
    connection.commit()
    return True


def _answers(connection: Connection) -> bool:
    """Whether a connection is still the one that it was; a lost one is another when used again."""
    try:
        connection.execute(text("select 1"))
        connection.commit()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        connection.rollback()
        return False
    return True


def begin(connection: Connection, org_id: UUID, *, flow: str, as_of: datetime) -> UUID:
    """Opens a run. Runs of this organization that were killed are closed as failed."""
    connection.execute(
        update(runs)
        .where(runs.c.state == "running", runs.c.flow == flow)
        .values(state="failed", ended_at=func.clock_timestamp())
    )
    run_id = uuid4()
    connection.execute(runs.insert().values(org_id=org_id, run_id=run_id, flow=flow, as_of=as_of))
    return run_id


def end(connection: Connection, run_id: UUID, *, state: str) -> None:
    connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id)
        .values(state=state, ended_at=func.clock_timestamp())
    )


def record_stage(
    connection: Connection,
    org_id: UUID,
    run_id: UUID,
    stage: str,
    result: StageResult,
    *,
    seconds: float,
    error: str | None,
) -> None:
    values = {
        "state": "completed" if error is None else "failed",
        "rows_in": result.rows_in,
        "rows_out": result.rows_out,
        "quarantined": result.quarantined,
        "seconds": seconds,
        "error": error,
    }
    statement = insert(run_stages).values(org_id=org_id, run_id=run_id, stage=stage, **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "run_id", "stage"],
            set_={**values, "ended_at": func.clock_timestamp()},
        )
    )


def last_completed(connection: Connection, flow: str) -> datetime | None:
    """The instant as of which this organization's last completed run saw the world."""
    newest: datetime | None = connection.execute(
        select(func.max(runs.c.as_of)).where(runs.c.flow == flow, runs.c.state == "completed")
    ).scalar_one()
    return newest


def fresh_as_of(connection: Connection) -> datetime | None:
    """The instant as of which what is read of this organization was last published.

    Before the first time it is the instant of its connection to Zendesk; None where there is none.
    """
    published = (
        select(func.max(runs.c.as_of))
        .join(run_stages, runs.c.run_id == run_stages.c.run_id)
        .where(run_stages.c.stage == "publish", run_stages.c.state == "completed")
    )
    connected = select(func.max(connections.c.connected_at)).where(
        connections.c.provider == "zendesk"
    )
    fresh: datetime | None = connection.execute(
        select(
            case(
                (connected.scalar_subquery().is_(None), None),
                else_=func.coalesce(published.scalar_subquery(), connected.scalar_subquery()),
            )
        )
    ).scalar_one()
    return fresh
