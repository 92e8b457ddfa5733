"""An alert fits Slack's limits whatever was written, and mentions nobody."""

import json
import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.blocks import block_problem
from tasks.escalation import linked_tickets
from tasks.escalation.alert import (
    LISTED,
    Case,
    Reason,
    parent_blocks,
    parent_fallback,
    reply_blocks,
)
from tasks.quality.outgoing import PERSONAL
from tasks.quality.outgoing import UUID as UUID_PATTERN

LONG = st.text(max_size=4_000) | st.just("<!channel> & <@U123> " * 200)
reasons = st.builds(
    Reason,
    alert_id=st.uuids(),
    rule=st.sampled_from(["churn", "vip"]),
    title=st.just("The customer may leave"),
    severity=st.sampled_from(["critical", "high", "normal"]),
    detail=LONG,
    answer=st.sampled_from(["", "acknowledged 2026-11-24 14:05", "wrong call 2026-11-24 14:05"]),
    model_version=st.none() | st.text(min_size=1, max_size=900),
)
cases = st.builds(
    Case,
    ticket_id=st.integers(min_value=0, max_value=2**62),
    url=st.just("https://acme.zendesk.com/agent/tickets/1"),
    status=st.sampled_from(["open", "solved"]),
    group=LONG,
    opened=st.just("2026-11-24 08:00"),
    due=st.sampled_from(["", "due 2026-11-24 14:30"]),
    quality=st.none() | st.floats(min_value=0, max_value=100),
    is_solved=st.booleans(),
    reasons=st.lists(reasons, min_size=1, max_size=60),
    muted=st.sampled_from(["", "2026-11-25 14:05"]),
)


@given(case=cases, buttons=st.booleans())
def test_slack_takes_every_alert(case: Case, buttons: bool) -> None:
    """Its limits hold, the models of its SDK raise nothing, and nobody is mentioned."""
    for blocks in (
        parent_blocks(case, buttons=buttons),
        reply_blocks(case, case.reasons[0], buttons=buttons),
    ):
        assert block_problem(blocks) is None
        told = json.dumps(blocks, ensure_ascii=False)
        assert len(told) < 12_000
        assert re.findall(r"<[!@]", told) == []
        acts = [block for block in blocks if block["type"] == "actions"]
        assert not acts or buttons
    assert parent_fallback(case)


def test_all_that_is_left_out_is_counted() -> None:
    one = {"rule": "vip", "title": "VIP", "severity": "high", "answer": "", "model_version": None}
    found = [Reason(alert_id=UUID(int=n), detail=str(n), **one) for n in range(LISTED + 5)]
    case = Case(
        ticket_id=7,
        url="https://acme.zendesk.com/agent/tickets/7",
        status="open",
        group="A",
        opened="",
        due="",
        quality=None,
        is_solved=False,
        reasons=found,
    )
    blocks = parent_blocks(case, buttons=True)
    assert "… and 5 more" in json.dumps(blocks, ensure_ascii=False)
    assert linked_tickets(json.dumps(blocks).encode()) == [7]
    assert linked_tickets(json.dumps(reply_blocks(case, found[0], buttons=False)).encode()) == [7]


def test_an_id_that_looks_like_a_card_is_none() -> None:
    """Buttons carry ids, in which thirteen digits may stand in a row; the gate knows them."""
    told = "12345678-1234-4123-8123-123456789012"
    assert re.search(PERSONAL["card number"], told)
    assert re.sub(UUID_PATTERN, "", told) == ""
