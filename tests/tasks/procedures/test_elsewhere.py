"""Judging by a model elsewhere: what leaves, where the evidence stands, what a budget stops."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import text

from cli.peers import Sandbox
from tasks.choices import judge_version, opened_judge
from tasks.embedding import LocalEmbedder
from tasks.findings import find_findings
from tasks.procedures import Judged, judge_pending, read_procedures
from tasks.resources import Resources, opened
from tests.tasks.openai.server import Asked, Said, served
from tests.tasks.procedures.conftest import ASK, Put, Say
from tests.tasks.scoring.test_openai_judge import answer_of, words_of
from warehouse.models import set_budget

EMAIL = "zoe.old@example.org"
SAID = f"Is {EMAIL} yours, and what is your order number?"


def model(asked: Asked) -> Said:
    """Quotes the agent's question as it stands in what came."""
    words = words_of(asked)
    if "Step:" not in words:
        return answer_of(asked, {"applies": "yes"})
    found = re.search(r"Is (?:\S+) yours, and what is your order number\?", words)
    told = {"verdict": "met", "quote": found[0] if found else "", "turn": 2, "confidence": 0.8}
    return answer_of(asked, told)


def judged(resources: Resources, embedder: LocalEmbedder) -> Judged:
    with opened(resources.organization.slug) as again, opened_judge(again, embedder) as judge:
        procedures = read_procedures(again, embedder, judge)
        assert judge.version == judge_version(again)
        return judge_pending(again, procedures)


def test_words_leave_redacted_and_the_evidence_stands_in_the_original(
    resources: Resources, embedder: LocalEmbedder, put: Put, say: Say, monkeypatch
) -> None:
    """And what left is written down; a second run asks nothing."""
    put(ASK)
    say(1, "c:I want a refund.", f"a:{SAID}", "c:Yes, 7.")
    with served(model) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        done = judged(resources, embedder)
        asked = len(server.asked)
        assert judged(resources, embedder).tickets == 0
    assert (done.tickets, done.checks, done.unverified) == (1, 1, 0)
    assert len(server.asked) == asked == 2
    assert not any(EMAIL.encode() in one.body for one in server.asked)
    assert all(b"[EMAIL_1]" in one.body for one in server.asked)
    [finding] = find_findings(resources, 1)
    assert (finding.verdict, finding.reason) == ("met", "model_judged")
    assert finding.quote is not None
    assert finding.quote.text == SAID
    with resources.session() as connection:
        sent = connection.execute(text("select sum(items) from audit.outbound")).scalar_one()
    assert sent == 2


def test_a_budget_that_is_spent_ends_the_day_and_not_the_run(
    resources: Resources, embedder: LocalEmbedder, put: Put, say: Say, monkeypatch, tmp_path
) -> None:
    """What is left waits."""
    prices = tmp_path / "prices.yml"
    price = "{input: 1, output: 1000000}"
    prices.write_text(f"- {{model: gpt-6-luna, from: 2024-01-25, usd_per_million: {price}}}")
    put(ASK)
    for ticket_id in range(1, 9):
        say(ticket_id, "c:I want a refund.", f"a:{SAID}")
    # three tokens an answer: for eight questions whether it applies, and a few whether it was met
    with resources.session() as connection:
        set_budget(connection, resources.organization.org_id, Decimal(31))
    with served(model) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("VENSOR_PRICES_PATH", str(prices))
        monkeypatch.setenv("VENSOR_OPENAI_CONCURRENCY", "1")
        done = judged(resources, embedder)
        asked = len(server.asked)
        assert (0 < done.tickets < 8, done.is_whole) == (True, False)
        assert done.checks == done.tickets == asked - 8  # each answer that was paid for is stored
        with resources.session() as connection:
            set_budget(connection, resources.organization.org_id, None)
        rest = judged(resources, embedder)
    assert (rest.tickets, rest.is_whole) == (8 - done.tickets, True)


def test_the_sandbox_s_answers_are_of_no_use_and_count_as_unknown(
    resources: Resources, embedder: LocalEmbedder, put: Put, say: Say, sandbox: Sandbox, monkeypatch
) -> None:
    """It answers in the right form, with words that nobody said."""
    put(ASK)
    for ticket_id in range(1, 13):
        say(ticket_id, "c:I want a refund.", "a:What is your order number?", f"c:{ticket_id}")
    monkeypatch.setenv("OPENAI_API_KEY", sandbox.openai["api_key"])
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai["base_url"])
    done = judged(resources, embedder)
    assert done.tickets == 12
    with resources.session() as connection:
        rows = connection.execute(
            text("select verdict, reason, evidence_hash from ai.sop_checks")
        ).all()
    assert 0 < len(rows) < 12  # of which a customer asks for it, it says
    assert all(row.evidence_hash is None for row in rows)
    assert "met" not in {row.verdict for row in rows}


@pytest.mark.usefixtures("desk")
def test_who_judges_is_part_of_what_is_judged(
    resources: Resources, embedder: LocalEmbedder, monkeypatch
) -> None:
    """Another judge judges everything; back again, nothing is done twice."""
    assert judged(resources, embedder).tickets == 4
    with served(model) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert judged(resources, embedder).tickets == 4
        monkeypatch.delenv("OPENAI_API_KEY")
        assert judged(resources, embedder).tickets == 0
