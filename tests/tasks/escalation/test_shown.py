"""The digest as a person sees it in the channel, drawn by a browser.

With VENSOR_PICTURES=docs/pictures the picture of docs/digest.md is made anew.
"""

import os
import struct
from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import pytest

from cli import peers
from tasks.escalate import _post
from tasks.escalation import Digest, Figure, Finding, SlackChannel, blocks, fallback
from tasks.escalation.trend import Trend
from tasks.pictures import share_pictures
from tasks.resources import Resources
from tests.browser import browsing, find_browser
from warehouse import outbox
from warehouse.outbox import Message

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
        risky, 2, found, 2, [], 0, missed, 1, 240, "logistic-3, rules-2",
    )  # fmt: skip


@pytest.mark.skipif(find_browser() is None, reason="no Chromium: apt install chromium")
def test_the_digest_is_shown_with_its_picture_below(resources: Resources, tmp_path: Path) -> None:
    """Links lead to tickets, the picture is drawn with its words, nothing is wider than it may."""
    sandbox = peers.start(tmp_path / "sandbox", {"acme": 20})
    try:
        channel = sandbox.slack["channels"]["acme"]
        slack = SlackChannel(
            base_url=sandbox.slack["base_url"], token=sandbox.slack["bot_token"], channel=channel
        )
        waiting = [180 + at // 2 for at in range(34)] + [212]
        counts = {"created": CREATED, "solved": SOLVED, "not solved yet": waiting}
        told, trend = a_digest(), Trend("Acme", DAY, counts)
        kept = msgspec.to_builtins(trend)
        message = Message("digest/2026-11-25", channel, blocks(told), fallback(told), "pending")
        message = replace(message, trend=kept)
        with resources.session() as connection:
            outbox.put(connection, resources.organization.org_id, message)
        assert _post(resources, slack, message) == 1
        assert share_pictures(resources, slack) == ""
        page = sandbox.control_url.replace("_sandbox", "slack/")
        with browsing(find_browser() or "") as browser:
            browser.resize(660, 900)
            browser.call("Page.navigate", url=page)
            browser.run(
                "new Promise(done => document.readyState == 'complete' ? done() : onload = done)"
            )
            link = browser.run("document.querySelector('a').href")
            assert link == f"{URL}/8412"
            assert browser.run("document.images.length") == 1
            assert browser.run("document.images[0].naturalWidth") > 700
            assert "created 71, usually 16" in browser.run("document.images[0].alt")
            assert browser.run("document.documentElement.scrollWidth <= innerWidth")
            place = Path(os.environ.get("VENSOR_PICTURES", tmp_path)) / "digest.png"
            browser.picture(place)
        assert struct.unpack(">II", place.read_bytes()[16:24])[0] == 660
        assert place.stat().st_size < 150_000
    finally:
        peers.stop(tmp_path / "sandbox")
