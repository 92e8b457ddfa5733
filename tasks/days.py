"""Which organizations' days are to be begun, and beginning them where there are workers.

An organization's day begins at 04:15 of its own time, by its wall clock, and lasts until the next:
at every instant there is one day that should have a run. `daily` looks every hour. The run's
idempotency key names the organization and the day, so that the server has it once, whoever asks
how often; a run that failed or crashed is begun again, three times a day at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

from tasks.errors import ConfigurationError, TransientError
from tasks.resources import opened_engine
from tasks.settings import load_settings
from tasks.stages import Stage
from tasks.step import step
from warehouse.ledger import STALE_AFTER, fresh_as_of
from warehouse.sessions import directory, tenant_session

DAY_BEGINS = time(4, 15)
ATTEMPTS = 3
STALE = "vensor.organization.stale"
DEPLOYMENT = "organization/organization"


@dataclass(frozen=True)
class Due:
    """An organization that is connected, the day it has now, and how old what is published is."""

    slug: str
    day: date
    age: timedelta


def day_of(instant: datetime, timezone: str) -> date:
    """The day that an organization of this time zone has at an instant."""
    local = instant.astimezone(ZoneInfo(timezone))
    begun = local.time() >= DAY_BEGINS
    return local.date() if begun else local.date() - timedelta(days=1)


@step
def start_days(*, as_of: datetime | None, stages: list[Stage] | None) -> dict[str, str]:
    """Starts the run of each organization's day, if it has none. Returns their states by slug.

    With an instant or stages it is this flow run's own wish, not the day's: everyone gets a run.
    Where what is published is older than 26 hours, an event says so.

    Raises: TransientError where the server does not answer.
    """
    found = _connected(datetime.now(UTC))
    asked = as_of is not None or stages is not None
    wanted = {one.slug: f"{one.slug}/{flow_run.id if asked else one.day}" for one in found}
    states = _start(wanted, {"as_of": as_of and as_of.isoformat(), "stages": stages})
    for one in found:
        if one.age > STALE_AFTER:
            _tell_stale(one)
    return states


def _connected(now: datetime) -> list[Due]:
    """Who has a source to run a day from."""
    found: list[Due] = []
    with opened_engine(load_settings()) as engine:
        for one in directory(engine):
            with tenant_session(engine, one.org_id) as connection:
                fresh = fresh_as_of(connection)
            if fresh is not None:
                found.append(Due(one.slug, day_of(now, one.timezone), now - fresh))
    return found


def _start(wanted: Mapping[str, str], parameters: Mapping[str, object]) -> dict[str, str]:
    """The states of the runs of these organizations, whose keys are given."""
    try:
        with get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
            return {
                slug: _run(client, deployment.id, slug, key, parameters).state_name or "Scheduled"
                for slug, key in wanted.items()
            }
    except ObjectNotFound:
        raise ConfigurationError(
            f"the deployment {DEPLOYMENT} is not on this server; run `vensor up`"
        ) from None
    except httpx.HTTPError as error:
        raise TransientError(f"the Prefect server: {type(error).__name__}") from None


def _run(
    client: SyncPrefectClient,
    deployment_id: UUID,
    slug: str,
    key: str,
    parameters: Mapping[str, object],
) -> FlowRun:
    """The run of this key, made if there is none; another one where that ended before its time."""
    for attempt in range(1, ATTEMPTS + 1):
        run = client.create_flow_run_from_deployment(
            deployment_id,
            parameters={"slug": slug, **parameters},
            name=f"organization {slug}",
            tags=[f"org:{slug}"],
            idempotency_key=f"{key}/{attempt}",
        )
        if not _ended_early(run.state):
            break
    return run


def _ended_early(state: State | None) -> bool:
    """Cancelled is what somebody wanted."""
    return state is not None and (state.is_failed() or state.is_crashed())


def _tell_stale(one: Due) -> None:
    emit_event(
        event=STALE,
        resource={
            "prefect.resource.id": f"vensor.organization.{one.slug}",
            "prefect.resource.name": one.slug,
        },
        payload={"hours": round(one.age / timedelta(hours=1))},
    )
