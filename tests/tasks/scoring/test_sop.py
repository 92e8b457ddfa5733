"""Articles into typed steps."""

import pytest

from tasks.scoring import parse_sop
from tasks.scoring.items import items_in
from tasks.scoring.plan import plan_of


def test_numbered_items_become_steps(sop):
    assert [step.step_no for step in sop.steps] == [1, 2, 3, 4, 5, 6]
    assert sop.steps[0].text == "Greet the customer by name and thank them for writing."
    assert [step.kind for step in sop.steps] == [
        "required",
        "required",
        "forbidden",
        "conditional",
        "required",
        "conditional",
    ]


def test_the_trigger_is_the_title_and_what_says_when(sop):
    assert sop.trigger == (
        "Checking identity before changing account details",
        "This procedure applies to every request to change account details.",
    )


def test_markdown_is_read_too():
    sop = parse_sop("Use this for refunds.\n\n1. Apologise.\n2. Never promise a date.", "Refunds")
    assert [(step.text, step.kind) for step in sop.steps] == [
        ("Apologise.", "required"),
        ("Never promise a date.", "forbidden"),
    ]


@pytest.mark.parametrize("html", ["", "<p>We are open from nine to five.</p>", "<ol></ol>"])
def test_an_article_without_numbered_items_has_no_steps(html):
    assert parse_sop(html, "Opening hours").steps == ()


@pytest.mark.parametrize(
    ("text", "act", "due", "needed"),
    [
        ("Ask for the postcode and the date of birth.", "ask", "any", 2),
        ("Ask for the postcode or the date of birth.", "ask", "any", 1),
        ("Before any change, ask for two of: postcode, phone number, date of birth.",
         "ask", "before", 2),
        ("After the change, confirm that it has been made.", "confirm_done", "after", 0),
        ("Close by offering further help.", "offer", "end", 0),
        ("Close by asking whether there is anything else.", "offer", "end", 0),
        ("Greet the customer.", "greet", "opening", 0),
        ("Apologise for the delay.", "apologise", "any", 0),
        ("Record the call in the register.", "other", "any", 0),
    ],
)  # fmt: skip
def test_a_step_says_what_it_demands(text, act, due, needed):
    demand = plan_of(parse_sop(f"<ol><li>{text}</li></ol>", "X").steps[0]).demands[0]
    assert (demand.act, demand.due, demand.needed) == (act, due, needed)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("your registered e-mail and the number of your last order", {"email", "order_number"}),
        ("What should the new e-mail address be?", set()),
        ("Could you tell me on the phone?", set()),
        ("the last four digits of your card number", {"last_digits"}),
        ("your full card number", {"card_number"}),
        ("your post code and birthday", {"postcode", "date_of_birth"}),
    ],
)
def test_items_are_told_apart(text, items):
    assert items_in(text) == items
