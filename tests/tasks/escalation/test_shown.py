"""The digest and an alert as a person sees them in the channel, drawn by a browser.

With VENSOR_PICTURES=docs/pictures the pictures of docs/digest.md and docs/escalations.md are made
anew.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from cli import peers
from tasks.escalate import _post
from tasks.escalation import Digest, Figure, Finding, SlackChannel, blocks, fallback
from tasks.escalation.alert import (
    Case,
    Reason,
    parent_blocks,
    parent_fallback,
    reply_blocks,
    reply_fallback,
)
from tasks.escalation.rules import find_rule
from tasks.escalation.trend import Trend
from tasks.pictures import share_pictures
from tasks.resources import Resources
from tests.browser import Browser, browsing, find_browser
from warehouse import outbox
from warehouse.outbox import Message

NEEDS_BROWSER = pytest.mark.skipif(
    find_browser() is None, reason="no Chromium: apt install chromium"
)
DAY = date(2026, 11, 25)
URL = "https://acme.zendesk.com/agent/tickets"
CREATED = [41, 38, 36, 33, 35, 19, 16] * 4 + [43, 36, 37, 35, 33, 18, 71]
SOLVED = [37, 36, 38, 35, 34, 15, 14] * 4 + [38, 37, 36, 33, 34, 14, 40]
RISKY = [
    (8_412, "Billing", "risk 0.91, urgency high: the customer asks for a manager"),
    (8_377, "Orders", "risk 0.74, urgency high: the customer means to leave"),
]
ALERTS = [
    (8_405, "Orders", "The customer turned unhappy (high): sentiment -0.7 at the end, lower than at"
     " the beginning"),
    (8_390, "Billing", "The same customer is here again (high): 4 tickets of the same requester"),
]  # fmt: skip


def a_digest() -> Digest:
    risky = [Finding(one, f"{URL}/{one}", "open", group, why) for one, group, why in RISKY]
    found = [Finding(one, f"{URL}/{one}", "open", group, why) for one, group, why in ALERTS]
    missed = [
        Finding(8_401, f"{URL}/8401", "pending", "Accounts",
                "Identity verification, step 2: Ask for the last four digits of the order number."),
    ]  # fmt: skip
    figures = [Figure("Created", 71, 16), Figure("Solved", 40, 14), Figure("Reopened", 3, 2)]
    return Digest(
        "Acme", DAY, figures, ["71 tickets came in, where 16 are usual on a Wednesday"], 212,
        risky, found, [], missed, 240, "logistic-3, rules-2",
    )  # fmt: skip


def a_case() -> Case:
    """A ticket of which one thing was to be told at once, and another was found after it."""
    found = [
        ("churn", "critical", "risk 0.86: the customer means to leave, finds it too expensive"),
        ("negative_turn", "high", "sentiment -0.7 at the end, lower than at the beginning"),
    ]
    reasons = [
        Reason(
            alert_id=UUID(int=number),
            rule=rule,
            title=find_rule(rule).title,
            severity=severity,
            detail=detail,
            answer="",
            model_version="logistic-3" if rule == "negative_turn" else "rules-2",
        )
        for number, (rule, severity, detail) in enumerate(found, start=1)
    ]
    return Case(
        ticket_id=8_412,
        url=f"{URL}/8412",
        status="open",
        group="Billing",
        opened="2026-11-24 09:12",
        due="due 2026-11-26 15:30",
        quality=41,
        is_solved=False,
        reasons=reasons,
    )


@dataclass(frozen=True)
class Workspace:
    """A Slack of its own, and its page as people see it."""

    slack: SlackChannel
    page: str


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    sandbox = peers.start(tmp_path / "sandbox", {"acme": 20})
    slack = SlackChannel(
        base_url=sandbox.slack["base_url"],
        token=sandbox.slack["bot_token"],
        channel=sandbox.slack["channels"]["acme"],
    )
    yield Workspace(slack, sandbox.control_url.replace("_sandbox", "slack/"))
    peers.stop(tmp_path / "sandbox")


@contextmanager
def seen(workspace: Workspace, place: Path) -> Iterator[Browser]:
    """The page in a browser of 660 pixels, of which a picture is made at the end."""
    with browsing(find_browser() or "") as browser:
        browser.resize(660, 600)
        browser.call("Page.navigate", url=workspace.page)
        browser.run(
            "new Promise(done => document.readyState == 'complete' ? done() : onload = done)"
        )
        assert browser.run("document.querySelector('a').href") == f"{URL}/8412"
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
        yield browser
        browser.picture(place)
    assert struct.unpack(">II", place.read_bytes()[16:24])[0] == 660
    assert place.stat().st_size < 200_000


def pictured(tmp_path: Path, name: str) -> Path:
    return Path(os.environ.get("VENSOR_PICTURES", tmp_path)) / name


@NEEDS_BROWSER
def test_the_digest_is_shown_with_its_picture_below(
    resources: Resources, workspace: Workspace, tmp_path: Path
) -> None:
    """Links lead to tickets, the picture is drawn with its words, nothing is wider than it may."""
    slack = workspace.slack
    waiting = [180 + at // 2 for at in range(34)] + [212]
    counts = {"created": CREATED, "solved": SOLVED, "not solved yet": waiting}
    told, trend = a_digest(), Trend("Acme", DAY, counts)
    kept = msgspec.to_builtins(trend)
    message = Message("digest/2026-11-25", slack.channel, blocks(told), fallback(told), "pending")
    message = replace(message, trend=kept)
    with resources.session() as connection:
        outbox.put(connection, resources.organization.org_id, message)
    assert _post(resources, slack, message) == 1
    assert share_pictures(resources, slack) == ""
    with seen(workspace, pictured(tmp_path, "digest.png")) as browser:
        assert browser.run("document.images.length") == 1
        assert browser.run("document.images[0].naturalWidth") > 700
        assert "created 71, usually 16" in browser.run("document.images[0].alt")


@NEEDS_BROWSER
def test_an_alert_is_shown_with_what_was_found_after_it_below(
    workspace: Workspace, tmp_path: Path
) -> None:
    """The ticket's message says all of it and has buttons; the answer below has its own."""
    slack, case = workspace.slack, a_case()
    parent = slack.post("alert/8412/1", parent_blocks(case, buttons=True), parent_fallback(case))
    later = case.reasons[1]
    told, words = reply_blocks(case, later, buttons=True), reply_fallback(case, later)
    slack.post("alert-reply/2", told, words, thread_ts=parent)
    with seen(workspace, pictured(tmp_path, "alert.png")) as browser:
        assert browser.run("document.querySelectorAll('article.reply').length") == 1
        assert browser.run("document.querySelectorAll('.button').length") == 6
        assert browser.run("document.querySelector('h3').textContent") == (
            "Critical: The customer may leave"
        )
