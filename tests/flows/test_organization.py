"""One organization's day, and everyone's, from the terminal to the rows."""

import json
from uuid import uuid4

import httpx
from sqlalchemy import Engine, text

from cli import peers
from tests.flows.conftest import Terminal, connect, connect_by_hand
from warehouse.sessions import find_organization, tenant_session


def _rows(engine: Engine, slug: str, statement: str) -> list[tuple]:
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def _messages(sandbox: peers.Sandbox) -> list[dict]:
    answer = httpx.get(
        f"{sandbox.control_url}/slack/messages",
        headers={"Authorization": f"Bearer {sandbox.control_token}"},
    )
    return answer.json()["messages"]


def test_a_day_goes_through_every_stage_and_a_second_run_changes_nothing(
    terminal: Terminal, sandbox: peers.Sandbox, engine: Engine
) -> None:
    """Tickets, transcripts, vectors, scores, metrics and one message; then nothing more."""
    connected = connect_by_hand(terminal, sandbox, f"acme-{uuid4().hex[:8]}", "acme")
    first = terminal.run("run", "--org", connected)
    assert first.returncode == 0, first.stderr
    counts = {
        table: _rows(engine, connected, f"select count(*) from {table}")[0][0]
        for table in (
            "zendesk.tickets",
            "zendesk.comment_contents",
            "ai.transcripts",
            "ai.ticket_chunks",
            "ai.turn_sentiments",
            "ai.sop_checks",
            "knowledge.chunks",
            "metrics.fct_ticket_flow_daily",
            "app.outbox",
        )
    }
    assert all(counts.values()), counts
    stages = _rows(engine, connected, "select stage, state from app.run_stages")
    assert len(stages) == 9
    assert {state for _, state in stages} == {"completed"}
    posted = len(_messages(sandbox))
    second = terminal.run("run", "--org", connected)
    assert second.returncode == 0, second.stderr
    for table, count in counts.items():
        assert _rows(engine, connected, f"select count(*) from {table}") == [(count,)], table
    assert len(_messages(sandbox)) == posted
    assert "nothing new since it was last done" in second.stdout
    sent = "select ticket_ids from audit.outbound where purpose = 'post a digest'"
    ((tickets,),) = _rows(engine, connected, sent)
    assert tickets
    _evidence_is_by_place_alone(engine, connected)
    _reading_works(terminal, connected)


def _evidence_is_by_place_alone(engine: Engine, slug: str) -> None:
    """A finding points at a stretch of a comment of its ticket; no text lies in the scores."""
    found = _rows(
        engine,
        slug,
        "select s.evidence_start_char < s.evidence_end_char, c.ticket_id = s.ticket_id"
        " from ai.sop_checks as s join zendesk.comments as c on c.id = s.evidence_comment_id",
    )
    assert found
    assert set(found) == {(True, True)}


def _reading_works(terminal: Terminal, slug: str) -> None:
    """Also: Zendesk's own durations, of which we load only to compare, are ours to the minute."""
    metrics = terminal.run("metrics", "--org", slug, "fct_ticket_flow_daily", "--format", "json")
    assert sum(row["created"] for row in json.loads(metrics.stdout)) > 50
    parity = terminal.run("metrics", "parity", "--org", slug, "--format", "json")
    compared = json.loads(parity.stdout)
    assert {row["within_a_minute"] - row["compared"] for row in compared} == {0}
    assert len({(row["metric"], row["clock"]) for row in compared}) == 12
    words = ("refund has not arrived", "--in", "tickets", "--json")
    hits = json.loads(terminal.run("search", "--org", slug, *words).stdout)
    assert "refund" in " ".join(hit["text"].lower() for hit in hits)
    found = terminal.run("search", "--org", slug, "verify who is asking before a change", "--json")
    assert "Identity verification" in json.loads(found.stdout)[0]["title"]


def test_one_organization_s_failure_stops_no_other(
    lonely_terminal: Terminal, sandbox: peers.Sandbox
) -> None:
    """The unconnected one is named with what to do; the other's day is done."""
    terminal = lonely_terminal
    assert terminal.run("org", "add", "alone", "--name", "Alone").returncode == 0
    connect(terminal, sandbox, "beloved")
    done = terminal.run("daily")
    assert done.returncode == 1
    assert "alone is not connected to zendesk; run `vensor connect zendesk" in done.stderr
    assert "Traceback" not in done.stderr
    metrics = terminal.run(
        "metrics", "--org", "beloved", "fct_ticket_flow_daily", "--format", "csv"
    )
    assert len(metrics.stdout.splitlines()) > 20


def test_retention_counts_first_and_then_deletes(terminal: Terminal, connected: str) -> None:
    """A dry run says what would go; with nothing past its clock nothing does."""
    dry = terminal.run("retention", "--org", connected, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "would delete nothing" in dry.stdout
    wet = terminal.run("retention", "--org", connected)
    assert "deleted nothing" in wet.stdout, wet.stderr
