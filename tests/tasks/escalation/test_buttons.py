"""Buttons that people press in Slack are answered once, in the organization whose channel it is."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.connect import connect_slack
from cli.main import app
from cli.peers import Sandbox
from tasks.buttons import has_buttons, listening_for, store_app_token
from tasks.connections import find_connection, forget_connection
from tasks.errors import ConfigurationError
from tasks.escalation import SlackChannel
from tasks.resources import Resources
from warehouse import outbox
from warehouse.outbox import Message

WAIT_SECONDS = 15


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=20) as opened:
        yield opened


@pytest.fixture
def channel(resources: Resources, sandbox: Sandbox) -> SlackChannel:
    """The organization is connected to it, with buttons."""
    slack = sandbox.slack
    told = {"base_url": slack["base_url"], "token": slack["bot_token"]}
    place = slack["channels"]["acme"]
    connect_slack(resources, channel=place, **told)
    app_token = slack["app_token"]
    store_app_token(resources, base_url=told["base_url"], channel=place, token=app_token)
    return SlackChannel(channel=place, **told)


class Answers:
    """What was asked for; messages then say so, in place of what alerts do."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, UUID, str]] = []
        self.fails = False

    def answer(
        self, resources: Resources, action: str, alert_id: UUID, actor: str, as_of: datetime
    ) -> None:
        assert as_of.tzinfo is not None
        self.heard.append((resources.organization.slug, action, alert_id, actor))
        if self.fails:
            raise ValueError("a customer's words")
        with resources.session() as connection:
            told = f"{action} by somebody"
            outbox.revise(connection, key_of(alert_id), [section(told)], told)


def key_of(alert_id: UUID) -> str:
    return f"alert/7/{alert_id}"


def section(told: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": told}}


def posted(resources: Resources, channel: SlackChannel, alert_id: UUID) -> str:
    """Posts a message about an alert; where it stands."""
    key, told = key_of(alert_id), [section("an alert")]
    with resources.session() as connection:
        message = Message(key, channel.channel, told, "an alert", "pending")
        outbox.put(connection, resources.organization.org_id, message)
    ts = channel.post(key, told, "an alert")
    with resources.session() as connection:
        outbox.mark_posted(connection, key, ts)
    return ts


def until(told: Callable[[], bool]) -> None:
    """Waits for what other threads do."""
    end = time.monotonic() + WAIT_SECONDS
    while not told():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def press(control: httpx.Client, told: dict[str, Any]) -> dict[str, int]:
    answer = control.post("/slack/press", json=told)
    assert answer.is_success, answer.text
    return dict(answer.json())


def words(control: httpx.Client, ts: str) -> str:
    messages = control.get("/slack/messages").json()["messages"]
    return str(next(one for one in messages if one["ts"] == ts)["blocks"])


def test_a_press_is_answered_once_and_the_message_says_so(
    resources: Resources, channel: SlackChannel, control: httpx.Client
) -> None:
    """Twice told, new connection or not; each envelope has its yes; other buttons do nothing."""
    slug, alert_id = resources.organization.slug, uuid4()
    ts = posted(resources, channel, alert_id)
    told = {"channel": channel.channel, "ts": ts, "value": str(alert_id)}
    answers = Answers()
    with listening_for([slug], answers.answer) as channels:
        assert channels == 1
        until(lambda: control.get("/slack/connections").json()["connected"] == 1)
        done = press(control, told | {"action_id": "alert_ack", "times": 2})
        assert done == {"sent": 2, "acknowledged": 2}
        until(lambda: "ack by somebody" in words(control, ts))
        assert answers.heard == [(slug, "ack", alert_id, "slack:U0PERSON")]
        assert channel.find(key_of(alert_id)) == ts  # it is known by its key as before
        for other in ({"action_id": "their_own"}, {"action_id": "alert_ack", "value": "none"}):
            assert press(control, told | other)["acknowledged"] == 1
        strange = told | {"action_id": "alert_ack", "channel": "C00000000"}
        assert press(control, strange)["acknowledged"] == 1
        assert control.post("/slack/send_away").json() == {"gone": 1}
        until(lambda: control.get("/slack/connections").json()["connected"] == 1)
        assert press(control, told | {"action_id": "alert_mute"})["acknowledged"] == 1
        until(lambda: len(answers.heard) == 2)
        assert answers.heard[1][1] == "mute"
    until(lambda: control.get("/slack/connections").json()["connected"] == 0)
    with resources.session() as connection:
        purposes = connection.execute(text("select purpose from audit.outbound")).scalars()
        assert set(purposes) == {"show an alert's answer"}


def test_a_press_that_fails_ends_nothing_and_tells_no_value(
    resources: Resources,
    channel: SlackChannel,
    control: httpx.Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The next one is heard."""
    told = {"channel": channel.channel, "ts": "1.0", "value": str(uuid4())}
    answers = Answers()
    answers.fails = True
    with listening_for([resources.organization.slug], answers.answer):
        until(lambda: control.get("/slack/connections").json()["connected"] == 1)
        for number in (1, 2):
            press(control, told | {"action_id": "alert_ack"})
            until(lambda number=number: len(answers.heard) == number)
        until(lambda: caplog.text.count("a press failed") == 2)
    assert "customer's words" not in caplog.text


def test_buttons_are_there_where_slack_took_the_token(
    resources: Resources, sandbox: Sandbox, channel: SlackChannel
) -> None:
    """A token of another kind is refused in one line that does not quote it, and replaces none."""
    slack, slug = sandbox.slack, resources.organization.slug
    assert has_buttons(resources)
    command = ("connect", "slack", "--org", slug, "--channel", slack["channels"]["globex"])
    done = CliRunner().invoke(
        app,
        (*command, "--base-url", slack["base_url"], "--buttons"),
        input=f"{slack['bot_token']}\n{slack['bot_token']}\n",
    )
    assert isinstance(done.exception, ConfigurationError)
    assert "begins with xapp-" in str(done.exception)
    assert slack["bot_token"] not in str(done.exception)
    assert find_connection(resources, "slack").account == channel.channel
    forget_connection(resources, "slack_buttons")
    assert not has_buttons(resources)
    with pytest.raises(ConfigurationError, match="--buttons"):
        listening_for([slug], Answers().answer).__enter__()
