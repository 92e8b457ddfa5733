"""`vensor escalations`: rules, answers and VIPs at the terminal."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.connect import connect_zendesk
from cli.main import app
from cli.peers import Sandbox
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from warehouse.tables.alerts import alerts


@pytest.fixture
def desk(resources: Resources, sandbox: Sandbox) -> Resources:
    """An organization whose desk is known, with one ticket and one alert of it."""
    account = sandbox.zendesk["acme"]
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    return resources


def run(resources: Resources, *arguments: str) -> str:
    told = ("escalations", *arguments, "--org", resources.organization.slug)
    done = CliRunner().invoke(app, told, catch_exceptions=False, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def alert(resources: Resources) -> str:
    """Adds one; the first signs of its id."""
    alert_id, now = uuid4(), datetime.now(UTC) - timedelta(minutes=1)
    with resources.session() as connection:
        connection.execute(
            text(
                "insert into zendesk.tickets (org_id, id, status, created_at, updated_at,"
                " changed_at) values (:org, 5, 'open', :at, :at, :at)"
            ),
            {"org": resources.organization.org_id, "at": now},
        )
        connection.execute(
            alerts.insert().values(
                org_id=resources.organization.org_id,
                alert_id=alert_id,
                ticket_id=5,
                rule="negative_turn",
                severity="high",
                window_at=now,
                found_at=now,
                changed_at=now,
                figure=-0.7,
                codes=[],
            )
        )
    return alert_id.hex[:8]


def purposes(resources: Resources) -> list[str]:
    with resources.session() as connection:
        found = connection.execute(
            text("select action || ': ' || purpose from audit.events order by event_no")
        )
        return [one for one in found.scalars() if one.startswith(("alert.", "change."))]


def test_an_alert_is_listed_and_answered(desk: Resources) -> None:
    """By the first signs of its id; a wrong call is a label, and everything is in the trail."""
    assert "nothing found in 7 days is unanswered" in run(desk, "list")
    told = alert(desk)
    assert "The customer turned unhappy: sentiment -0.7 at the end" in run(desk, "list")
    assert "quiet until" in run(desk, "mute", told, "--hours", "2")
    assert "muted until" in run(desk, "list")
    run(desk, "ack", told)
    assert "nothing found" in run(desk, "list")
    run(desk, "wrong", told)
    (listed,) = json.loads(run(desk, "list", "--all", "--json"))
    assert (listed["ticket_id"], listed["state"]) == (5, "wrong")
    with desk.session() as connection:
        assert connection.execute(text("select value from ai.labels")).scalars().all() == [
            "neutral"
        ]
    assert [one.split(":")[0] for one in purposes(desk)] == [
        "alert.mute",
        "alert.ack",
        "alert.wrong",
    ]
    with pytest.raises(ConfigurationError, match="no alert begins with"):
        run(desk, "ack", "00000000")
    with pytest.raises(ConfigurationError, match="8 or more signs"):
        run(desk, "ack", "12")
    with pytest.raises(ConfigurationError, match="say one of"):
        run(desk, "mute")


def test_rules_are_set_tried_switched_off_and_reset(desk: Resources) -> None:
    assert "churn critical 0.7" in run(desk, "rules")
    run(desk, "set", "churn", "--threshold", "0.6", "--severity", "high")
    assert "churn high 0.6" in run(desk, "rules")
    with pytest.raises(ConfigurationError, match=r"from 0\.05 to 1"):
        run(desk, "set", "churn", "--threshold", "7")
    run(desk, "off", "churn")
    assert "churn off 0" in run(desk, "test", "--rule", "churn")
    assert "until" in run(desk, "mute", "--rule", "vip")
    run(desk, "reset", "churn")
    assert "churn critical 0.7" in run(desk, "rules")
    with pytest.raises(ConfigurationError, match="no rule 'mood'"):
        run(desk, "off", "mood")
    with pytest.raises(ConfigurationError, match="no topic 'mood'; there are:"):
        run(desk, "set", "refund_spike", "--topic", "mood")
    run(desk, "set", "refund_spike", "--topic", "refund")


def test_quiet_hours_and_vips_are_set(desk: Resources) -> None:
    told = run(desk, "quiet", "--from", "22:00", "--to", "06:30", "--not-critical")
    assert "quiet from 22:00 to 06:30: nothing is told" in told
    run(desk, "mute", "--channel")
    shown = run(desk, "rules")
    assert "from 22:00" in shown
    assert "the channel is muted until" in shown
    run(desk, "mute", "--channel", "--hours", "0")
    assert "the channel is muted" not in run(desk, "rules")
    with pytest.raises(ConfigurationError, match="are the same"):
        run(desk, "quiet", "--from", "22:00", "--to", "22:00")
    with pytest.raises(ConfigurationError, match="go together"):
        run(desk, "quiet", "--from", "22:00")
    assert "no quiet hours" in run(desk, "quiet")
    assert "nobody" in run(desk, "vip", "list")
    run(desk, "vip", "add", "domain", "initech.com")
    run(desk, "vip", "add", "tag", "gold")
    listed = run(desk, "vip", "list")
    assert "tag gold" in listed
    assert "initech" not in listed
    with pytest.raises(ConfigurationError, match="on the list already"):
        run(desk, "vip", "add", "tag", "gold")
    run(desk, "vip", "remove", "domain", "initech.com")
    assert "domain" not in run(desk, "vip", "list")
    assert "initech" not in " ".join(purposes(desk))
