"""The stage of a soak: all that vensor runs on, under one clock, and a simulated day of it."""

import os
import secrets
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import httpx

from benchmarks.soak.clock import MovingClock
from benchmarks.stage import UNLIMITED
from cli import orchestrator, peers
from cli.demo import connect_to
from cli.organizations import initialise
from tasks.resources import opened, opened_engine
from tasks.settings import load_settings
from warehouse import embedded
from warehouse.clocks import Clocks, set_clocks
from warehouse.organizations import add_organization
from warehouse.sessions import Organization, find_organization

ZONES = ("UTC", "America/New_York", "Europe/Berlin")
AUDIT_DAYS = 30  # the shortest clock that an audit trail may have
# The sandbox's story ends with an outage and a rush: beyond the last day that is lived.
BEYOND = 30
NOON, NIGHT = time(12, tzinfo=UTC), time(2, 15, tzinfo=UTC)
# Prefect deletes old runs every hour, of which none passes here: as often as a day passes.
PREFECT = {"PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "10"}


@dataclass(frozen=True)
class Stage:
    """Where days are lived, one after the other."""

    home: Path
    clock: MovingClock
    sandbox: peers.Sandbox
    organizations: Sequence[Organization]
    clocks: Clocks

    def live(self, day: datetime) -> tuple[datetime, list[str]]:
        """The day of every organization at its noon, and the retention of the night after it.

        Returns the instant at which retention began, and what failed.
        """
        from flows.daily import daily  # Prefect reads its settings when it is imported
        from flows.retention import retention

        failures: list[str] = []
        began = day
        for at, flow in (
            (datetime.combine(day, NOON), daily),
            (datetime.combine(day + timedelta(days=1), NIGHT), retention),
        ):
            self._move(at)
            began = datetime.now(UTC)
            state = flow(return_state=True)
            if not state.is_completed():
                failures.append(f"{flow.name}: {state.message}")
        return began, failures

    def _move(self, to: datetime) -> None:
        self.clock.move(to)
        answer = httpx.post(
            f"{self.sandbox.control_url}/present",
            json={"at": to.isoformat()},
            headers={"Authorization": f"Bearer {self.sandbox.control_token}"},
            timeout=60,
            trust_env=False,
        )
        answer.raise_for_status()


@contextmanager
def staged(
    clock: MovingClock, clocks: Clocks, slugs: Sequence[str], tickets: int, begins: datetime,
    days: int,
) -> Iterator[Stage]:  # fmt: skip
    """A stage with these organizations and `tickets` a day of each; taken down at the end."""
    home = Path(tempfile.mkdtemp(prefix="vensor-soak-"))
    os.environ |= {"VENSOR_HOME": str(home), **PREFECT}
    os.environ["VENSOR_KEK"] = b64encode(secrets.token_bytes(32)).decode()
    clock.move(begins)
    accounts = dict.fromkeys(slugs, tickets * (days + BEYOND))
    until = begins + timedelta(days=days + BEYOND)
    try:
        initialise(load_settings())
        clock.hold(home)
        sandbox = peers.start(
            home,
            accounts,
            limits=dict.fromkeys((*UNLIMITED, "openai"), 10_000_000),
            world={"days": str(days + BEYOND), "until": until.isoformat()},
        )
        orchestrator.configure(home)
        added = [_added(sandbox, clocks, *one) for one in enumerate(slugs)]
        yield Stage(home, clock, sandbox, added, clocks)
    finally:
        peers.stop(home)
        orchestrator.stop(home)
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _added(sandbox: peers.Sandbox, clocks: Clocks, number: int, slug: str) -> Organization:
    """A new organization, connected to its account and its channel."""
    with opened_engine(load_settings()) as engine:
        zone = ZONES[number % len(ZONES)]
        add_organization(engine, slug=slug, name=slug, timezone=zone)
    with opened(slug) as resources:
        with resources.session() as connection:
            set_clocks(connection, clocks)
        connect_to(sandbox, resources, slug)
    with opened_engine(load_settings()) as engine:
        return find_organization(engine, slug)
