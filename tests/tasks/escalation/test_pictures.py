"""A digest's picture is shared once, below its digest, and goes when its digest goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import event, text

from cli.connect import connect_slack
from cli.peers import Sandbox
from tasks.errors import ClosedGateError
from tasks.escalate import _audit, _post
from tasks.escalation import SlackChannel
from tasks.escalation.trend import ALT_CHARACTERS, Trend, alt_text, draw
from tasks.message_ends import delete_messages
from tasks.pictures import share_pictures
from tasks.resources import Resources
from tasks.rights.erasures import retract_messages
from warehouse import outbox
from warehouse.outbound import find_sent
from warehouse.outbox import Message
from warehouse.restored import hold_messages

DAY = date(2026, 11, 25)
PNG = b"\x89PNG\r\n"


class Killed(BaseException):
    """The process ends here."""


class Dying(SlackChannel):
    """A channel whose process is killed before or after its nth call."""

    def __init__(self, *, at: float, **told: str) -> None:
        super().__init__(**told)
        self.left = at

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in {"scopes", "open_upload", "fill", "share", "find_file", "delete_file"}:
            return found

        def call(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Killed
            told = found(*arguments)
            if self.left == 0.5:
                raise Killed
            self.left = self.left if self.left != 0.5 else 0
            return told

        return call


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as opened:
        yield opened
        opened.delete("/faults")
        opened.post("/slack/scopes", content=b"null")


@pytest.fixture
def place(resources: Resources, sandbox: Sandbox) -> dict[str, str]:
    """Where the organization's channel is."""
    slack = sandbox.slack
    told = {"base_url": slack["base_url"], "token": slack["bot_token"]}
    connect_slack(resources, channel=slack["channels"]["acme"], **told)
    return told | {"channel": slack["channels"]["acme"]}


@pytest.fixture
def channel(place: dict[str, str]) -> SlackChannel:
    return SlackChannel(**place)


def trend(organization: str = "Acme") -> Trend:
    counts = [30 + day % 7 for day in range(35)]
    return Trend(organization, DAY, {"created": counts, "solved": counts, "not solved yet": counts})


@pytest.fixture
def posted(resources: Resources, channel: SlackChannel) -> str:
    """The key of a digest in the channel, whose picture is still to be shared."""
    key = f"digest/{resources.organization.slug}"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": key}}
    told = msgspec.to_builtins(trend(resources.organization.slug))
    message = Message(key, channel.channel, [section], key, "pending", trend=told)
    with resources.session() as connection:
        outbox.put(connection, resources.organization.org_id, message)
    assert _post(resources, channel, message) == 1
    return key


def row(resources: Resources) -> Any:
    query = "select state, picture_state, file_id, slack_ts from app.outbox"
    with resources.session() as connection:
        return connection.execute(text(query)).one()


def shared(control: httpx.Client, key: str) -> list[dict[str, Any]]:
    """The files in the thread of a digest."""
    messages = control.get("/slack/messages").json()["messages"]
    (parent,) = [one["ts"] for one in messages if one["text"] == key]
    return [
        file for one in messages if one.get("thread_ts") == parent for file in one.get("files", ())
    ]


def fail(control: httpx.Client, path: str, kind: str, **told: Any) -> None:
    fault = {"path": path, "kind": kind, "times": 1, "seconds": 1} | told
    assert control.post("/faults", json=fault).is_success


def test_a_picture_is_shared_once_in_the_thread_of_its_digest(
    resources: Resources, channel: SlackChannel, control: httpx.Client, posted: str
) -> None:
    """With its figures in words for whoever does not see it; what left is written down."""
    assert share_pictures(resources, channel) == ""
    assert share_pictures(resources, channel) == ""
    (file,) = shared(control, posted)
    assert file["name"] == "trend-2026-11-25.png"
    assert file["title"] == "Five weeks until 25 November"
    assert "created 36, usually 36" in file["alt_txt"]
    assert row(resources).picture_state == "shared"
    root = str(control.base_url).removesuffix("/_sandbox/")
    picture = httpx.get(f"{root}/slack/files/{file['id']}").content
    assert picture.startswith(PNG)
    with resources.session() as connection:
        (sent, _) = find_sent(connection)
    assert sent.purpose == "share a picture of counts"
    assert sent.payload_bytes == len(picture)


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("files.getUploadURLExternal", "429", {}),
        ("files.getUploadURLExternal", "500", {"times": 9}),
        ("files.getUploadURLExternal", "timeout_after_commit", {"seconds": 16}),
        ("/slack/upload/", "503", {}),
        ("files.completeUploadExternal", "500", {}),
        ("files.completeUploadExternal", "timeout_after_commit", {}),
        ("conversations.replies", "503", {}),
    ],
)
def test_what_goes_wrong_on_the_way_shares_no_picture_twice(
    resources: Resources,
    channel: SlackChannel,
    control: httpx.Client,
    posted: str,
    path: str,
    kind: str,
    told: dict[str, int],
) -> None:
    """Slack's trouble is told, fails nothing, and the next run has the picture there."""
    fail(control, path, kind, **told)
    said = share_pictures(resources, channel)
    passes = kind == "429" or path == "conversations.replies"
    assert (said == "") == passes
    assert "left to the next run" in said or passes
    control.delete("/faults")
    assert share_pictures(resources, channel) == ""
    assert len(shared(control, posted)) == 1


def test_killed_before_or_after_any_call_the_next_run_has_one_picture_there(
    resources: Resources, place: dict[str, str], control: httpx.Client, posted: str
) -> None:
    """Nine runs, each killed a call later than the one before; then one that is let live."""
    for at in (1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5):
        with pytest.raises(Killed):
            share_pictures(resources, Dying(at=at, **place))
        assert len(shared(control, posted)) <= 1
    assert share_pictures(resources, SlackChannel(**place)) == ""
    assert len(shared(control, posted)) == 1
    assert row(resources).picture_state == "shared"


@contextmanager
def killed_at_commit(resources: Resources, number: int) -> Iterator[None]:
    """Within, the process ends instead of committing for the nth time."""
    left = [number]

    def count(_connection: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    event.listen(resources.engine, "commit", count)
    try:
        yield
    finally:
        event.remove(resources.engine, "commit", count)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_killed_before_any_commit_the_next_run_has_one_picture_there(
    resources: Resources, channel: SlackChannel, control: httpx.Client, posted: str, number: int
) -> None:
    """What was done in Slack and not noted here is found there, or begun again."""
    with killed_at_commit(resources, number), pytest.raises(Killed):
        share_pictures(resources, channel)
    assert row(resources).picture_state != "shared"
    assert share_pictures(resources, channel) == ""
    assert len(shared(control, posted)) == 1


def test_without_the_scope_the_digest_stands_alone_and_the_run_says_so(
    resources: Resources, channel: SlackChannel, control: httpx.Client, posted: str
) -> None:
    """Nothing is asked of Slack that it would refuse, and it is not tried again."""
    assert channel.scopes() >= {"files:write", "chat:write"}
    control.post("/slack/scopes", json=["chat:write", "channels:history", "channels:read"])
    said = share_pictures(resources, channel)
    assert said == "the digest is without its picture: the app lacks the scope files:write"
    assert share_pictures(resources, channel) == ""
    assert row(resources).picture_state == "left_out"
    assert shared(control, posted) == []


def test_a_digest_that_somebody_deleted_has_no_picture(
    resources: Resources, channel: SlackChannel, posted: str
) -> None:
    """Its thread is gone; the run says so and goes on."""
    channel.delete(row(resources).slack_ts)
    assert "that it belongs to is gone" in share_pictures(resources, channel)
    assert row(resources).picture_state == "left_out"


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_picture_goes_with_its_digest(
    resources: Resources,
    channel: SlackChannel,
    control: httpx.Client,
    posted: str,
    uncertain: bool,
) -> None:
    """Taken back as the digest is; also one of which nobody knew that it was shared."""
    if uncertain:
        fail(control, "files.completeUploadExternal", "timeout_after_commit")
    share_pictures(resources, channel)
    assert len(shared(control, posted)) == 1
    with resources.session() as connection:
        assert outbox.take_back(connection, [posted]) == 1
        kept = connection.execute(text("select trend, blocks from app.outbox")).one()
    assert kept.trend is None
    assert kept.blocks == []
    assert retract_messages(resources) == 0
    told = control.get("/slack/messages").json()["messages"]
    assert not any(posted in str(one) for one in told)
    assert not channel.delete_file(row(resources).file_id)
    assert share_pictures(resources, channel) == ""


def test_one_that_is_taken_back_while_it_is_shared_goes_again(
    resources: Resources, place: dict[str, str], control: httpx.Client, posted: str
) -> None:
    """The erasure came between: nobody is left with a picture."""

    class Late(SlackChannel):
        def share(self, file_id: str, title: str, thread_ts: str) -> None:
            with resources.session() as connection:
                outbox.take_back(connection, [posted])
            super().share(file_id, title, thread_ts)

    assert share_pictures(resources, Late(**place)) == ""
    assert shared(control, posted) == []


def test_a_picture_past_its_clock_is_deleted_in_slack(
    resources: Resources, channel: SlackChannel, control: httpx.Client, posted: str
) -> None:
    """First the file, then the message, then the row."""
    assert share_pictures(resources, channel) == ""
    file_id = row(resources).file_id
    with resources.session() as connection:
        now = connection.execute(text("select now()")).scalar_one()
    fail(control, "files.delete", "503", times=9)
    assert delete_messages(resources, now)[1] == 1
    control.delete("/faults")
    assert delete_messages(resources, now) == (1, 0, "")
    assert not channel.delete_file(file_id)


def test_after_a_restore_pictures_are_looked_for_first(
    resources: Resources, channel: SlackChannel, control: httpx.Client, posted: str
) -> None:
    """The backup is from before it was shared."""
    assert share_pictures(resources, channel) == ""
    with resources.session() as connection:
        connection.execute(text("update app.outbox set picture_state = 'waiting', file_id = null"))
        hold_messages(connection)
    assert share_pictures(resources, channel) == ""
    assert len(shared(control, posted)) == 1
    assert row(resources).file_id == shared(control, posted)[0]["id"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Great Expectations
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_gate_looks_at_what_pictures_are_drawn_of(resources: Resources, as_of: Any) -> None:
    """A name that is a telephone number does not leave in a picture either."""
    said = {"organization": "+1 (555) 010-2030 44", "day": "2026-11-25", "counts": {}}
    message = Message("digest/x", "C1", [], "x", "pending", trend=said)
    with resources.session() as connection:
        outbox.put(connection, resources.organization.org_id, message)
        unsent = outbox.unsent(connection)
    with pytest.raises(ClosedGateError, match="phone"):
        _audit(resources, unsent, as_of)


def test_figures_in_words_know_what_is_missing() -> None:
    """They fit Slack's field; gaps are no zeros."""
    counts: list[int | None] = [None] * 30 + [4, 5, None, 7, 8]
    told = alt_text(Trend("A" * 2_000, DAY, {"created": counts}))
    assert len(told) == ALT_CHARACTERS
    told = alt_text(Trend("Acme", DAY, {"created": counts, "not solved yet": [9, *[1] * 6, None]}))
    assert told == (
        "Acme, lines over the five weeks until 2026-11-25. That day: created 8;"
        " not solved yet not measured, a week before 9."
    )


def test_the_picture_is_small_enough_for_a_telephone() -> None:
    """Less than 150 kB, 1,000 pixels wide at most; one line where one is known."""
    png = draw(trend())
    assert png.startswith(PNG)
    assert len(png) < 150_000
    width = int.from_bytes(png[16:20], "big")
    assert 700 <= width <= 1_000
    assert draw(Trend("Acme", DAY, {"created": [1, 2, None, 4]})).startswith(PNG)


def test_the_picture_shows_the_counts() -> None:
    """Other counts with the same end are another picture."""
    rising: list[int | None] = [*range(34), 20]
    falling = [*range(34, 0, -1), 20]
    one, other = (draw(Trend("Acme", DAY, {"created": counts})) for counts in (rising, falling))
    assert one != other
