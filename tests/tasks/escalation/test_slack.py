"""The digest is said once, to who should hear it, and names no one."""

from dataclasses import replace
from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from cli.connect import connect_slack
from cli.peers import Sandbox
from tasks.errors import ConfigurationError, RefusedError
from tasks.escalate import _post
from tasks.escalation import Digest, Figure, Finding, SlackChannel, blocks, fallback
from tasks.resources import Resources
from warehouse import outbox
from warehouse.outbox import Message


@pytest.fixture
def control(sandbox: Sandbox):
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as opened:
        yield opened
        opened.delete("/faults")


@pytest.fixture
def channel(sandbox: Sandbox) -> SlackChannel:
    slack = sandbox.slack
    return SlackChannel(
        base_url=slack["base_url"], token=slack["bot_token"], channel=slack["channels"]["acme"]
    )


def _message(key: str, sandbox: Sandbox) -> Message:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": key}}
    return Message(key, sandbox.slack["channels"]["acme"], [section], key, "pending")


def _posted(control: httpx.Client, key: str) -> int:
    return sum(one.get("text") == key for one in control.get("/slack/messages").json()["messages"])


def _queue(resources: Resources, message: Message) -> list[Message]:
    with resources.session() as connection:
        outbox.put(connection, resources.organization.org_id, message)
        return outbox.unsent(connection)


def test_a_key_is_queued_once(resources: Resources, sandbox: Sandbox) -> None:
    """Asking twice is asking once."""
    message = _message(f"once-{resources.organization.slug}", sandbox)
    assert len(_queue(resources, message)) == 1
    assert len(_queue(resources, message)) == 1


def test_a_message_whose_answer_was_lost_is_not_said_again(
    resources: Resources, sandbox: Sandbox, channel: SlackChannel, control: httpx.Client
) -> None:
    """Slack committed and then timed out: the next run finds it in the history by its key."""
    key = f"lost-{resources.organization.slug}"
    (queued,) = _queue(resources, _message(key, sandbox))
    told = {"path": "chat.postMessage", "kind": "timeout_after_commit", "times": 1, "seconds": 1}
    assert control.post("/faults", json=told).is_success
    with pytest.raises(Exception, match="Slack"):
        _post(resources, channel, queued)
    assert _posted(control, key) == 1
    with resources.session() as connection:
        (unsure,) = outbox.unsent(connection)
    assert unsure.state == "sending"
    assert _post(resources, channel, unsure) == 1
    assert _posted(control, key) == 1
    with resources.session() as connection:
        assert outbox.unsent(connection) == []


def test_a_channel_without_the_app_is_refused_with_what_to_do(
    resources: Resources, sandbox: Sandbox
) -> None:
    """The outbox notes it; the next message is not blamed."""
    slack = sandbox.slack
    with pytest.raises(RefusedError, match="not known to the app"):
        connect_slack(
            resources, base_url=slack["base_url"], channel="C00000000", token=slack["bot_token"]
        )
    stranger = SlackChannel(
        base_url=slack["base_url"], token=slack["bot_token"], channel="C00000000"
    )
    (queued,) = _queue(resources, _message(f"no-{resources.organization.slug}", sandbox))
    with pytest.raises(RefusedError):
        _post(resources, stranger, queued)
    with resources.session() as connection:
        assert connection.execute(text("select state from app.outbox")).scalar_one() == "refused"


def test_a_wrong_token_is_a_matter_of_configuration(sandbox: Sandbox) -> None:
    """The message names the command and not the token."""
    channel = SlackChannel(
        base_url=sandbox.slack["base_url"], token="xoxb-wrong", channel="C00000000"
    )
    with pytest.raises(ConfigurationError, match="vensor connect slack") as caught:
        channel.check()
    assert "xoxb-wrong" not in str(caught.value)


def _digest(findings: list[Finding]) -> Digest:
    return Digest(
        organization="<!channel> & Sons",
        day=date(2026, 11, 23),
        figures=[Figure("Created", 12, 8.4), Figure("Solved", 10), Figure("Reopened", None)],
        unusual=["34 tickets came in for <b>, where 8 are usual"],
        waiting=40,
        risky=findings,
        alerts=findings,
        unhappy=findings,
        missed_steps=findings,
        scored=100,
        versions="logistic-1",
    )


def test_a_long_digest_keeps_slack_s_limits_and_says_how_much_more(channel: SlackChannel) -> None:
    """Hundreds of findings are listed in part; Slack takes the message."""
    reason = "step 2: <!channel> <@U123> a & b " + "x" * 200
    found = [Finding(n, f"https://a.example/{n}", "open", "A <b>", reason) for n in range(300)]
    said = blocks(_digest(found))
    assert len(said) <= 50
    sections = [
        block["text"]["text"] for block in said if block["type"] == "section" and "text" in block
    ]
    assert all(len(section) <= 3_000 for section in sections)
    more = ["… and 292 more", "… and 295 more", "… and 292 more", "… and 292 more"]
    assert all(told in section for told, section in zip(more, sections[1:], strict=True))
    assert all("<!channel>" not in section and "<@U123>" not in section for section in sections)
    assert channel.post(f"long-{id(said)}", said, fallback(_digest(found)))


def test_a_quiet_day_is_a_short_digest() -> None:
    """No empty lists."""
    quiet = replace(_digest([]), unusual=[])
    assert [block["type"] for block in blocks(quiet)] == ["header", "section", "context"]
    fields = [one["text"] for one in blocks(quiet)[1]["fields"]]
    assert fields[:3] == [
        "*Created*\n12 (usually 8)",
        "*Solved*\n10",
        "*Reopened*\nnot measured",
    ]


def test_one_is_told_as_one() -> None:
    """Of each thing there is one; what is of no ticket has no link."""
    finding = Finding(7, "https://a.example/agent/tickets/7", "open", "A", "why")
    spike = Finding(0, "", "", "", "More refunds than usual (high): 12 tickets about <refund>")
    one = replace(_digest([finding]), alerts=[spike], scored=1)
    titles = [block["text"]["text"] for block in blocks(one)[3:-1]]
    assert titles == [
        "*1 open ticket that may escalate*\n• <https://a.example/agent/tickets/7|#7> open, A: why",
        "*1 alert of the last day that nobody has answered*\n"
        "• More refunds than usual (high): 12 tickets about &lt;refund&gt;",
        "*1 more open ticket where the customer turned unhappy*\n"
        "• <https://a.example/agent/tickets/7|#7> open, A: why",
        "*1 ticket where a step of a procedure was not done*\n"
        "• <https://a.example/agent/tickets/7|#7> open, A: why",
    ]
    assert "1 ticket scored by" in str(blocks(one)[-1])
    assert "1 that may escalate, 1 alert, 1 unhappy, 1 with a step not done" in fallback(one)


def test_figures_that_are_held_back_are_in_no_line() -> None:
    """Nor is what would be unusual among them."""
    held = replace(_digest([]), published=False)
    assert "Unusual" not in str(blocks(held))
    assert "12" not in fallback(held).replace("2026-11-23", "")
    assert "1 unusual" in fallback(replace(held, published=True))


@given(st.text(max_size=4_000), st.integers(0, 60))
def test_whatever_is_told_keeps_within_slack_s_limits(words: str, found: int) -> None:
    """The models of slack_sdk refuse what is too long; no control character is left of words."""
    finding = Finding(1, "https://a.example/agent/tickets/1", "open", words[:300], words)
    digest = replace(_digest([finding] * found), organization=words or "x", unusual=[words[:99]])
    said = blocks(digest)
    assert len(said) <= 50
    for block in said[2:-1]:
        text = block["text"]["text"]
        assert len(text) <= 3_000
        assert text.count("<") == text.count("<https://a.example/agent/tickets/1|#1>")
