"""A run that is killed while a server answers, and run again."""

import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from tasks.embed import TICKETS_AT_ONCE
from tasks.resources import Resources

CONCURRENCY = 2
RUN = """
import sys
from tasks.choices import opened_service
from tasks.embed import Embedding
from tasks.embedding.openai import OpenAIEmbedder
from tasks.resources import opened

with opened(sys.argv[1]) as resources, opened_service(resources) as service:
    embedder = OpenAIEmbedder(service, model="text-embedding-3-small", dimension=384)
    Embedding(resources, embedder).run()
"""


def _count(desk: Resources, what: str) -> int:
    with desk.session() as connection:
        return int(connection.execute(text(f"select count(*) from {what}")).scalar_one())


def test_a_killed_run_goes_on_and_pays_again_for_what_was_under_way_only(
    desk: Resources, write, control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL twice within the run: every passage once, no stored one asked for again."""
    batches = 10
    monkeypatch.setenv("VENSOR_OPENAI_CONCURRENCY", str(CONCURRENCY))
    write([f"Ticket {number} is about a parcel." for number in range(TICKETS_AT_ONCE * batches)])
    assert control.post("/openai/pace", json={"latency_seconds": 0.5}).is_success
    kills = 0
    for least in (2, 5):
        process = subprocess.Popen([sys.executable, "-c", RUN, desk.organization.slug])
        while process.poll() is None and _count(desk, "ai.ticket_work") < least * TICKETS_AT_ONCE:
            time.sleep(0.01)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills == 2, "the kills must fall within the run"
    assert control.post("/openai/pace", json={}).is_success
    assert subprocess.run([sys.executable, "-c", RUN, desk.organization.slug]).returncode == 0
    assert _count(desk, "ai.ticket_chunks") == TICKETS_AT_ONCE * batches
    assert _count(desk, "ai.ticket_work") == TICKETS_AT_ONCE * batches
    log = control.get("/requests", params={"path": "/embeddings"}).json()["requests"]
    lost = kills * 3 * CONCURRENCY
    assert batches <= len(log) <= batches + lost
