"""Slack, through its own client."""

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "words"}}
METADATA = {"event_type": "escalation", "event_payload": {"fingerprint": "f1"}}


@pytest.fixture
def slack(sandbox):
    told = sandbox.told["slack"]
    return WebClient(token=told["bot_token"], base_url=told["base_url"])


@pytest.fixture
def channel(sandbox):
    return sandbox.told["slack"]["channels"]["acme"]


def refused(call, **told):
    with pytest.raises(SlackApiError) as caught:
        call(**told)
    return caught.value.response


def test_token_is_checked(sandbox, slack):
    """The right token tells who it is; a wrong one is ``invalid_auth``, none ``not_authed``."""
    assert slack.auth_test()["bot_id"]
    base_url = sandbox.told["slack"]["base_url"]
    assert (
        refused(WebClient(token="xoxb-1", base_url=base_url).auth_test)["error"] == "invalid_auth"
    )
    assert httpx.post(f"{base_url}auth.test").json() == {"ok": False, "error": "not_authed"}


def test_posted_message_is_in_the_history(slack, channel):
    """Text, blocks and metadata come back; metadata only when asked for."""
    posted = slack.chat_postMessage(
        channel=channel, text="hello", blocks=[SECTION], metadata=METADATA, unfurl_links=False
    )
    plain = slack.conversations_history(channel=channel)["messages"][0]
    whole = slack.conversations_history(channel=channel, include_all_metadata=True)["messages"][0]
    assert plain["ts"] == whole["ts"] == posted["ts"]
    assert whole["blocks"] == [SECTION]
    assert whole["metadata"] == METADATA
    assert "metadata" not in plain


def test_history_is_newest_first_and_pages(slack, channel):
    """``limit`` and ``cursor`` walk back through the messages; ``oldest`` bounds them."""
    posted = [slack.chat_postMessage(channel=channel, text=f"m{n}")["ts"] for n in range(3)]
    first = slack.conversations_history(channel=channel, limit=2)
    assert [one["ts"] for one in first["messages"]] == posted[:0:-1]
    cursor = first["response_metadata"]["next_cursor"]
    second = slack.conversations_history(channel=channel, limit=2, cursor=cursor)
    assert second["messages"][0]["ts"] == posted[0]
    newer = slack.conversations_history(channel=channel, oldest=posted[0])
    assert {one["ts"] for one in newer["messages"]} == set(posted[1:])


def test_threads_updates_and_deletions(slack, channel):
    """Answers stand in the thread, not in the history; a parent can be edited and deleted."""
    parent = slack.chat_postMessage(channel=channel, text="parent")["ts"]
    answer = slack.chat_postMessage(channel=channel, text="answer", thread_ts=parent)["ts"]
    thread = slack.conversations_replies(channel=channel, ts=parent)["messages"]
    assert [one["ts"] for one in thread] == [parent, answer]
    slack.chat_update(channel=channel, ts=parent, text="edited")
    history = slack.conversations_history(channel=channel)["messages"]
    assert [one["text"] for one in history if one["ts"] in (parent, answer)] == ["edited"]
    slack.chat_delete(channel=channel, ts=parent)
    assert refused(slack.chat_update, channel=channel, ts=parent, text="x")["error"] == (
        "message_not_found"
    )


@pytest.mark.parametrize(
    "blocks",
    [
        [SECTION] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        [{"type": "section"}],
        [{"type": "section", "text": "bare"}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "actions", "elements": []}],
        [{"type": "invented"}],
    ],
)
def test_invalid_blocks_are_refused(slack, channel, blocks):
    """Too many blocks, too long texts, wrong shapes: ``invalid_blocks`` and where."""
    answer = refused(slack.chat_postMessage, channel=channel, text="t", blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert "json-pointer:/blocks" in answer["response_metadata"]["messages"][0]


def test_blocks_at_the_limits_are_accepted(slack, channel):
    """50 blocks, 3,000 characters."""
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
    assert slack.chat_postMessage(channel=channel, text="t", blocks=[long, *[SECTION] * 49])["ok"]


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_schema"),
        ({"text": "x", "thread_ts": "1.0"}, "thread_not_found"),
    ],
)
def test_unusable_messages_are_refused(slack, channel, told, error):
    """Too much, wrong metadata, an unknown thread."""
    assert refused(slack.chat_postMessage, channel=channel, **told)["error"] == error


def test_message_needs_text_or_blocks(slack, channel):
    """Nothing to say is ``no_text``."""
    told = {"api_method": "chat.postMessage", "json": {"channel": channel}}
    assert refused(slack.api_call, **told)["error"] == "no_text"


def test_channel_must_exist_and_be_joined(slack):
    """Unknown: ``channel_not_found``; not joined: ``not_in_channel`` until the bot joins."""
    assert refused(slack.chat_postMessage, channel="C0", text="x")["error"] == "channel_not_found"
    lobby = next(c for c in slack.conversations_list()["channels"] if c["name"] == "lobby")
    assert not lobby["is_member"]
    assert refused(slack.chat_postMessage, channel=lobby["id"], text="x")["error"] == (
        "not_in_channel"
    )
    slack.conversations_join(channel=lobby["id"])
    assert slack.conversations_info(channel=lobby["id"])["channel"]["is_member"]
    assert slack.chat_postMessage(channel=lobby["id"], text="x")["ok"]


def test_file_is_uploaded_in_three_steps(slack, channel):
    """``files_upload_v2`` asks for a URL, uploads, completes."""
    told = slack.files_upload_v2(channel=channel, content="a,b\n1,2\n", filename="day.csv")
    assert told["files"][0]["name"] == "day.csv"


def test_messages_outlive_a_restart(start):
    """Messages, their metadata and the token are kept in the folder."""
    tiny = ("--account", "acme=20", "--days", "7", "--limit", "slack=100000")
    first = start(*tiny)
    told = first.told["slack"]
    before = WebClient(token=told["bot_token"], base_url=told["base_url"])
    ts = before.chat_postMessage(channel=told["channels"]["acme"], text="kept", metadata=METADATA)[
        "ts"
    ]
    first.stop()
    kept = start(folder=first.folder).told["slack"]
    after = WebClient(token=told["bot_token"], base_url=kept["base_url"])
    history = after.conversations_history(
        channel=told["channels"]["acme"], include_all_metadata=True
    )["messages"]
    assert [(one["ts"], one["text"], one["metadata"]) for one in history] == [
        (ts, "kept", METADATA)
    ]


def test_page_shows_messages_as_text(sandbox, slack, channel):
    """A person reads the messages in a browser; markup in them stays text."""
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Ticket <b>12</b>"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "<script>alert(1)</script>"}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "rule & model"}]},
        {"type": "divider"},
    ]
    slack.chat_postMessage(channel=channel, text="t", blocks=blocks)
    page = httpx.get(sandbox.told["slack"]["base_url"].removesuffix("api/"))
    assert page.headers["content-type"].startswith("text/html")
    assert "Ticket &lt;b&gt;12&lt;/b&gt;" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "#support-acme" in page.text
