"""Two runs of one organization never overlap: the later one waits, and a killed one holds none."""

import os
import subprocess
import sys
import threading
import time
from importlib import import_module

import pytest
from sqlalchemy import text

from tasks.errors import TransientError
from tasks.ledger import turn
from tasks.progress import Progress, reporting_to
from tasks.resources import Resources, opened

HOLDING = """
import sys
from tasks.ledger import turn
from tasks.resources import opened
with opened(sys.argv[1]) as resources, turn(resources):
    print("held", flush=True)
    sys.stdin.read()
"""


def _holding(slug: str) -> "subprocess.Popen[str]":
    """Another process that has the organization's place, until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, slug],
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_at_the_terminal_it_is_refused_at_once(resources: Resources) -> None:
    """Nobody waits there without having asked for it."""
    with _holding(resources.organization.slug) as other:
        import_module("prefect.runtime")  # asked whether this is a deployment's: seconds to import
        began = time.monotonic()
        with pytest.raises(TransientError, match="is under way"), turn(resources):
            pass
        assert time.monotonic() - began < 2
        other.communicate()


def test_a_run_waits_for_one_that_is_killed(resources: Resources) -> None:
    """It says that it waits; SIGKILL leaves nothing behind that would have to be cleared."""
    told: list[Progress] = []

    def listen(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            other.kill()

    with _holding(resources.organization.slug) as other:
        with reporting_to(listen), turn(resources, patience_seconds=60):
            assert other.wait(timeout=5) != 0
        other.communicate()
    assert {one.stage for one in told} == {"wait"}
    assert told[-1].total == 60


def test_who_gives_the_place_up_does_not_get_it_again_before_who_waits(
    resources: Resources,
) -> None:
    """As a backfill does between its days: the daily run has its turn at once."""
    slug, told = resources.organization.slug, threading.Event()
    order: list[str] = []

    def wait_for_it() -> None:
        with (
            opened(slug) as own,
            reporting_to(lambda _: told.set()),
            turn(own, patience_seconds=60),
        ):
            order.append("daily")

    waiting = threading.Thread(target=wait_for_it)
    with turn(resources):
        waiting.start()
        assert told.wait(10)
        time.sleep(0.5)  # from saying so to standing in line
        order.append("backfill")
    with turn(resources, patience_seconds=60):
        order.append("backfill")
    waiting.join()
    assert order == ["backfill", "daily", "backfill"]


def test_patience_ends(resources: Resources) -> None:
    """With the refusal's own words."""
    with _holding(resources.organization.slug) as other:
        with (
            pytest.raises(TransientError, match="is under way"),
            turn(resources, patience_seconds=0.5),
        ):
            pass
        other.communicate()


def test_an_error_within_is_no_refusal(resources: Resources) -> None:
    """What fails inside is let out once, though it looks like a refusal, and the place is free."""
    attempts = []

    def work() -> None:
        with turn(resources, patience_seconds=30):
            attempts.append(1)
            raise TransientError("of its own")

    with pytest.raises(TransientError, match="of its own"):
        work()
    assert len(attempts) == 1
    with turn(resources):
        pass


def test_a_place_that_was_lost_with_its_connection_is_taken_again(resources: Resources) -> None:
    """As when Postgres is started again in the middle of a run: nobody else gets in after that."""
    with turn(resources) as keep:
        _end_sessions(resources)
        keep()
        with pytest.raises(TransientError, match="is under way"), turn(resources):
            pass
    with turn(resources):
        pass


def test_a_place_that_another_took_meanwhile_is_not_shared(resources: Resources) -> None:
    """Who lost it is told, before it works on beside the other; its end takes nothing away."""
    with turn(resources) as keep:
        _end_sessions(resources)
        with _holding(resources.organization.slug) as other:
            with pytest.raises(TransientError, match="is under way"):
                keep()
            other.communicate()


def _end_sessions(resources: Resources) -> None:
    """Ends every connection of this process's pool at the server, the one with the place too."""
    with resources.engine.connect() as connection:
        connection.execute(
            text("""
                select pg_terminate_backend(l.pid) from pg_locks as l
                where l.locktype = 'advisory' and l.pid <> pg_backend_pid()
                and l.database = (select oid from pg_database where datname = current_database())
            """)
        )
