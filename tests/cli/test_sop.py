"""`vensor sop`: findings and their words, and what judging anew changed."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tests.tasks.procedures.conftest import JudgeNow, Say, embedder, judge_now, say

__all__ = ["embedder", "judge_now", "say"]

BEFORE = "# Refund requests\n\n1. Ask for the order number before the refund.\n"
AFTER = BEFORE.replace("order number", "postcode") + "2. If asked twice, apologise.\n"


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


def test_from_a_file_to_a_finding_and_to_what_a_change_changed(
    resources: Resources, tmp_path: Path, say: Say, judge_now: JudgeNow
) -> None:
    """Clause, verdict, quotation and place; then the diff of clauses and verdicts."""
    org = ("--org", resources.organization.slug)
    path = tmp_path / "refunds.md"
    path.write_text(BEFORE)
    run("knowledge", "add", *org, str(path))
    say(5, "c:I want a refund.", "a:What is your order number?", "c:7", "a:I have refunded it.")
    judge_now()
    shown = run("sop", "findings", *org, "--ticket", "5")
    assert "1. met (evidence_found" in shown
    assert "required: Ask for the order number before the refund." in shown
    assert "“What is your order number?” (agent, comment 502, turn 0, characters 0-26)" in shown
    assert "no procedure was asked for" in run("sop", "findings", *org, "--ticket", "6")
    told = json.loads(run("sop", "findings", *org, "--ticket", "5", "--json"))
    assert told[0]["quote"]["text"] == "What is your order number?"
    path.write_text(AFTER)
    run("knowledge", "add", *org, str(path))
    assert "which says something else now" in run("sop", "findings", *org, "--ticket", "5")
    shown = run("sop", "rescore", *org, "--document", f"file://{path}", "--since", "2020-01-01")
    assert "1 tickets judged, 2 verdicts written" in shown
    assert "- 1. Ask for the order number before the refund." in shown
    assert "+ 1. Ask for the postcode before the refund." in shown
    assert "+ 2. If asked twice, apologise." in shown
    assert "step 1: met → not_met on 1 tickets (5)" in shown
    told = json.loads(run("sop", "rescore", *org, "--json"))
    assert told["documents"][0]["changes"][0]["ticket_ids"] == [5]
    with resources.session() as connection:
        audited = connection.execute(
            text("select count(*) from audit.events where purpose = 'sop findings'")
        ).scalar_one()
    assert audited == 4


def test_wrong_input_says_what_is_right(resources: Resources) -> None:
    """One line."""
    with pytest.raises(ConfigurationError, match="is no day such as"):
        run("sop", "rescore", "--org", resources.organization.slug, "--since", "yesterday")
