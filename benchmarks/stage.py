"""Stages to measure on: a warehouse, a sandbox in a process of its own, a connected tenant."""

import os
import resource
import secrets
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, text

from cli import peers
from cli.connect import connect_zendesk
from cli.organizations import initialise
from tasks.resources import Resources, opened, opened_engine
from tasks.settings import load_settings
from warehouse import embedded
from warehouse.bootstrap import initialise_embedded
from warehouse.migrate import migrate
from warehouse.organizations import add_organization, ensure_partitions
from warehouse.sessions import Logins, engine_for

ACCOUNT = "bench"
UNLIMITED = ("incremental", "talk_incremental", "help_center", "account", "slack", "openai")
# What leads to the warehouse and the accounts of whoever runs this.
ELSEWHERE = ("VENSOR_", "PREFECT_", "OPENAI_", "SLACK_", "SENTRY_")
RETENTION_DAYS = 40  # the sandbox's month lies within: every word is sealed, none left out


@dataclass(frozen=True)
class Warehouse:
    """An embedded warehouse, its folder and its logins."""

    home: Path
    logins: Logins

    @property
    def superuser(self) -> URL:
        """Whom no policy binds."""
        password = embedded.start(self.home).password
        return self.logins.loader.set(username=embedded.SUPERUSER, password=password)

    def analyze(self, *tables: str) -> None:
        """What autovacuum would have done meanwhile."""
        engine = engine_for(self.logins.migrator)
        with engine.begin() as connection:
            connection.execute(text("set local role vensor_owner"))
            for table in tables:
                connection.execute(text(f"analyze {table}"))
        engine.dispose()


@contextmanager
def warehouse(*, metrics: bool = True) -> Iterator[Warehouse]:
    """A warehouse of its own, to which the settings lead for the while; it ends with all of it.

    Its metric tables take seconds to make: without `metrics` there are none.
    """
    with tempfile.TemporaryDirectory(prefix="vensor-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        for name in [one for one in os.environ if one.startswith(ELSEWHERE)]:
            del os.environ[name]
        os.environ["VENSOR_HOME"] = folder
        os.environ["VENSOR_KEK"] = b64encode(secrets.token_bytes(32)).decode()
        try:
            if metrics:
                logins = initialise(load_settings())
            else:
                logins = initialise_embedded(home)
                migrate(logins.migrator)
            yield Warehouse(home, logins)
        finally:
            embedded.stop(home)


@dataclass(frozen=True)
class Stage:
    """Where to measure; `as_of` is the instant that everything is seen as of."""

    warehouse: Warehouse
    sandbox: peers.Sandbox
    as_of: datetime

    @property
    def home(self) -> Path:
        return self.warehouse.home

    @contextmanager
    def tenant(self, slug: str) -> Iterator[Resources]:
        """A new organization, connected to the sandbox's account, with its partitions."""
        first = self.as_of - timedelta(days=RETENTION_DAYS + 1)
        told = self.sandbox.zendesk[ACCOUNT]
        with organization(slug, first, self.as_of, retention_days=RETENTION_DAYS) as resources:
            connect_zendesk(
                resources,
                base_url=told["base_url"],
                client_id=told["client_id"],
                secret=told["client_secret"],
            )
            yield resources


@contextmanager
def organization(
    slug: str, first: datetime, last: datetime, *, retention_days: int
) -> Iterator[Resources]:
    """A new organization, with partitions from the first day to two after the last."""
    with opened_engine(load_settings()) as engine:
        add_organization(
            engine, slug=slug, name=slug, timezone="UTC", retention_days=retention_days
        )
        ensure_partitions(engine, first.date(), (last + timedelta(days=2)).date())
    with opened(slug) as resources:
        yield resources


@contextmanager
def staged(tickets: int) -> Iterator[Stage]:
    """A stage with an account of this many tickets, without limits; taken down at the end."""
    with warehouse() as found:
        limits = dict.fromkeys(UNLIMITED, 10_000_000)
        try:
            sandbox = peers.start(found.home, {ACCOUNT: tickets}, limits=limits)
            yield Stage(found, sandbox, datetime.now(UTC))
        finally:
            peers.stop(found.home)


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
