"""Assessments as people meet them: at the terminal and in the digest."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.connect import connect_slack, connect_zendesk
from cli.main import app
from cli.peers import Sandbox
from tasks.assess import assess_tickets
from tasks.errors import ConfigurationError
from tasks.escalate import escalate
from tasks.resources import Resources
from tests.tasks.assessment.conftest import Write

THREAT = "c: Wilhelmina here. Get me a manager, or I dispute the charge with my bank."


def run(resources: Resources, *arguments: str) -> str:
    told = (*arguments, "--org", resources.organization.slug)
    done = CliRunner().invoke(app, told, catch_exceptions=False, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_the_list_names_no_one_and_the_ticket_is_quoted_to_who_may_read(
    resources: Resources, write: Write
) -> None:
    """Numbers and words of ours in the list; the quotation where one ticket is asked for."""
    write(1, THREAT, "a: Hello, I have sent it.")
    write(2, "c: Thank you!")
    assess_tickets.fn(resources.organization.slug)
    listed = run(resources, "assess", "list")
    assert "asks for a manager" in listed
    assert "Wilhelmina" not in listed
    assert "dispute" not in listed
    shown = run(resources, "assess", "show", "--ticket", "1")
    assert "“Get me a manager, or I dispute the charge with my bank.”" in shown
    assert "greeting: met" in shown
    assert "urgency high" in shown
    assert "no open ticket" in run(resources, "assess", "list", "--at-least", "1")
    with pytest.raises(ConfigurationError, match="is not assessed"):
        run(resources, "assess", "show", "--ticket", "3")


def test_the_scorecard_is_shown_set_and_reset(resources: Resources, write: Write) -> None:
    """What is not said stays; tickets have their new score at once; who set it is in the trail."""
    assert "no ticket is measured yet" in run(resources, "quality", "show")
    write(1, "c: Where is it?", "a: Which order is it?", status="solved")
    assess_tickets.fn(resources.organization.slug)
    assert "1 tickets:" in run(resources, "quality", "show")
    told = run(resources, "quality", "set", "--category", "greeting", "--critical")
    assert "greeting critical, weight 10, passes at 0.5" in told
    assert "0.0 of 100 on average, 1 of them 0 by a critical" in run(resources, "quality", "show")
    run(resources, "quality", "reset")
    assert "0 of them 0 by a critical" in run(resources, "quality", "show")
    with pytest.raises(ConfigurationError, match="there are: solution"):
        run(resources, "quality", "set", "--category", "humour", "--weight", "1")
    with pytest.raises(ConfigurationError, match="say what to set"):
        run(resources, "quality", "set", "--category", "greeting")
    with resources.session() as connection:
        trail = connection.execute(
            text("select purpose from audit.events where action = 'change.settings' order by 1")
        ).scalars()
        assert list(trail) == ["scorecard as packaged", "scorecard: greeting"]


def test_topics_are_shown_edited_and_reset(resources: Resources, tmp_path: Path) -> None:
    """What `--json` prints can be set again; nonsense changes nothing."""
    assert "refund" in run(resources, "topics", "show")
    path = tmp_path / "topics.json"
    path.write_text(run(resources, "topics", "show", "--json"))
    assert "12 topics of its own" in run(resources, "topics", "set", str(path))
    path.write_text("topics: [{id: brakes, title: Brakes, description: Brakes that squeak.}]")
    run(resources, "topics", "set", str(path))
    assert json.loads(run(resources, "topics", "show", "--json"))["topics"][0]["id"] == "brakes"
    path.write_text("topics: []")
    with pytest.raises(ConfigurationError, match="from 1 to"):
        run(resources, "topics", "set", str(path))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        run(resources, "topics", "set", str(tmp_path / "none.yml"))
    assert "Brakes" in run(resources, "topics", "show")
    run(resources, "topics", "reset")
    assert "refund" in run(resources, "topics", "show")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Great Expectations
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_digest_says_who_may_escalate_before_it_is_too_late(
    resources: Resources, write: Write, sandbox: Sandbox, as_of: datetime
) -> None:
    """First of its lists, open tickets only, with words of ours: no name, no quotation."""
    account = sandbox.zendesk["acme"]
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    slack = sandbox.slack
    connect_slack(
        resources,
        base_url=slack["base_url"],
        channel=slack["channels"]["acme"],
        token=slack["bot_token"],
    )
    write(1, THREAT)
    write(2, THREAT, status="solved")
    assess_tickets.fn(resources.organization.slug)
    escalate.fn(resources.organization.slug, as_of)
    with resources.session() as connection:
        [told] = connection.execute(text("select blocks, fallback from app.outbox")).all()
    sections = [one["text"]["text"] for one in told.blocks if "text" in one][1:]
    assert sections[0].startswith("*1 open ticket that may escalate*")
    assert "|#1>" in sections[0]
    assert "asks for a manager" in sections[0]
    assert "means to take the payment back" in sections[0]
    assert "Wilhelmina" not in json.dumps(told.blocks)
    assert "dispute" not in json.dumps(told.blocks)
    assert "1 that may escalate" in told.fallback
