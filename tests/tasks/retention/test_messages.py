"""A message past its clock goes in Slack first, and its row with it; Slack stops nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from cli.connect import connect_slack
from cli.peers import Sandbox
from tasks.connections import forget_connection
from tasks.escalate import _post
from tasks.escalation import SlackChannel
from tasks.message_ends import delete_messages
from tasks.proofs import verified_proofs
from tasks.purge import purge_organization
from tasks.resources import Resources
from tests.tasks.retention.conftest import World
from warehouse import outbox
from warehouse.outbox import Message


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as opened:
        yield opened
        opened.delete("/faults")


@pytest.fixture
def channel(resources: Resources, sandbox: Sandbox) -> SlackChannel:
    """The organization is connected to it."""
    slack = sandbox.slack
    told = {"base_url": slack["base_url"], "token": slack["bot_token"]}
    connect_slack(resources, channel=slack["channels"]["acme"], **told)
    return SlackChannel(channel=slack["channels"]["acme"], **told)


def _say(resources: Resources, channel: SlackChannel, sandbox: Sandbox, name: str) -> str:
    """Posts a message of this organization; its key."""
    key = f"{name}-{resources.organization.slug}"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": key}}
    message = Message(key, sandbox.slack["channels"]["acme"], [section], key, "pending")
    with resources.session() as connection:
        outbox.put(connection, resources.organization.org_id, message)
    assert _post(resources, channel, message) == 1
    return key


def _age(resources: Resources, key: str, days: int) -> None:
    with resources.session() as connection:
        connection.execute(
            text(
                "update app.outbox set created_at = created_at - make_interval(days => :days)"
                " where message_key = :key"
            ),
            {"days": days, "key": key},
        )


def _left(resources: Resources) -> set[str]:
    with resources.session() as connection:
        return set(connection.execute(text("select message_key from app.outbox")).scalars())


def _standing(control: httpx.Client, keys: set[str]) -> set[str]:
    messages = control.get("/slack/messages").json()["messages"]
    return keys & {one.get("text") for one in messages}


def test_a_message_past_its_clock_is_gone_in_slack_and_here(
    world: World, sandbox: Sandbox, channel: SlackChannel, control: httpx.Client
) -> None:
    """A younger one stays in both; one whose answer was lost is found by its key."""
    resources = world.resources
    old, young, lost = (_say(resources, channel, sandbox, one) for one in ("old", "new", "lost"))
    with resources.session() as connection:
        connection.execute(
            text("update app.outbox set state = 'sending', slack_ts = null where message_key = :k"),
            {"k": lost},
        )
    for key, days in ((old, 31), (young, 29), (lost, 0)):
        _age(resources, key, days)
    receipt = purge_organization.fn(resources.organization.slug, world.as_of, False)
    assert "left in Slack" not in receipt
    assert _standing(control, {old, young, lost}) == {young, lost}
    assert {old, young, lost} & _left(resources) == {young, lost}
    cutoff = world.as_of + timedelta(days=1)
    assert delete_messages(resources, cutoff)[1:] == (0, "")
    assert _standing(control, {old, young, lost}) == set()


def test_one_that_slack_has_no_more_is_done(
    resources: Resources, sandbox: Sandbox, channel: SlackChannel
) -> None:
    """Somebody deleted it there, or a run that was killed before it noted so."""
    key = _say(resources, channel, sandbox, "gone")
    _age(resources, key, 40)
    with resources.session() as connection:
        ts = connection.execute(text("select slack_ts from app.outbox")).scalar_one()
    assert channel.delete(ts)
    assert not channel.delete(ts)
    with resources.session() as connection:
        now = connection.execute(text("select now()")).scalar_one()
    assert delete_messages(resources, now) == (1, 0, "")
    assert _left(resources) == set()


@pytest.mark.parametrize("trouble", ["disconnected", "refused", "away"])
def test_slack_s_trouble_is_told_and_the_rest_goes_on(
    world: World, sandbox: Sandbox, channel: SlackChannel, control: httpx.Client, trouble: str
) -> None:
    """The row waits, the proof counts it, and the next run tries again."""
    resources, slug = world.resources, world.resources.organization.slug
    key = _say(resources, channel, sandbox, trouble)
    _age(resources, key, 40)
    if trouble == "disconnected":
        forget_connection(resources, "slack")
    elif trouble == "refused":
        with resources.session() as connection:
            connection.execute(text("update app.outbox set channel = 'C00000000'"))
    else:
        told = {"path": "chat.delete", "kind": "503", "times": 9}
        assert control.post("/faults", json=told).is_success
    receipt = purge_organization.fn(slug, world.as_of, False)
    assert "1 messages left in Slack: " in receipt
    assert "the next run tries again" in receipt
    assert key in _left(resources)
    assert world.ids("zendesk.tickets", "id") == world.ages.keys() - world.past()
    ((proof, _),) = verified_proofs(resources, limit=9)
    assert proof.record["waiting"]["messages in Slack"] == 1
    control.delete("/faults")
    if trouble == "away":
        purge_organization.fn(slug, world.as_of, False)
        assert key not in _left(resources)
        assert _standing(control, {key}) == set()
