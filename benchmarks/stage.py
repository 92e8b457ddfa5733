"""A stage to measure on: a warehouse, a sandbox in a process of its own, a connected tenant."""

import os
import resource
import secrets
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli import peers
from cli.connect import connect_zendesk
from cli.organizations import initialise
from tasks.resources import Resources, opened, opened_engine
from tasks.settings import load_settings
from warehouse import embedded
from warehouse.organizations import add_organization, ensure_partitions

ACCOUNT = "bench"
UNLIMITED = ("incremental", "talk_incremental", "help_center", "account", "slack")
RETENTION_DAYS = 40  # the sandbox's month lies within: every word is sealed, none left out


@dataclass(frozen=True)
class Stage:
    """Where to measure; `as_of` is the instant that everything is seen as of."""

    home: Path
    sandbox: peers.Sandbox
    as_of: datetime

    @contextmanager
    def tenant(self, slug: str) -> Iterator[Resources]:
        """A new organization, connected to the sandbox's account, with its partitions."""
        settings = load_settings()
        with opened_engine(settings) as engine:
            add_organization(
                engine, slug=slug, name=slug, timezone="UTC", retention_days=RETENTION_DAYS
            )
            first = (self.as_of - timedelta(days=RETENTION_DAYS + 1)).date()
            ensure_partitions(engine, first, (self.as_of + timedelta(days=2)).date())
        told = self.sandbox.zendesk[ACCOUNT]
        with opened(slug) as resources:
            connect_zendesk(
                resources,
                base_url=told["base_url"],
                client_id=told["client_id"],
                secret=told["client_secret"],
            )
            yield resources


@contextmanager
def staged(tickets: int, *, limits: dict[str, int] | None = None) -> Iterator[Stage]:
    """A stage with an account of this many tickets, taken down at the end."""
    home = Path(tempfile.mkdtemp(prefix="vensor-bench-"))
    os.environ["VENSOR_HOME"] = str(home)
    os.environ["VENSOR_KEK"] = b64encode(secrets.token_bytes(32)).decode()
    initialise(load_settings())
    told = limits or dict.fromkeys(UNLIMITED, 10_000_000)
    sandbox = peers.start(home, {ACCOUNT: tickets}, limits=told)
    try:
        yield Stage(home, sandbox, datetime.now(UTC))
    finally:
        peers.stop(home)
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
