"""Quality on words that no rule and no training sentence was written for.

The conversations were frozen before the rules of `evidence-2`, the sentences written after the head
was trained; nothing was tuned on either. Whoever does must write new ones: what is stated here was
measured at the first run. One author wrote rules and files, so the words of others may fare worse.
"""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from tasks.scoring import judge, parse_sop, score_sentiment
from tasks.scoring.tone import lexicon_score

HERE = Path(__file__).parent
ARTICLES = {
    "identity": (
        "Identity verification before account changes",
        "<p>This procedure applies to every request to change account details, on every channel."
        "</p><ol><li>Greet the customer by name and thank them for getting in touch.</li>"
        "<li>Before any change to account details (name, e-mail address, phone number or postal "
        "address) you must ask the customer to confirm the e-mail address on file and the number "
        "of their last order. Do not make the change until both match our records.</li>"
        "<li>You must not ask for a password or for a full card number, in writing or on the "
        "phone.</li><li>After the change you must confirm to the customer that their details have "
        "been changed.</li><li>You should close by offering further help.</li></ol>",
    ),
    "refund": (
        "Refund requests",
        "<p>Use this for every refund request.</p><ol><li>Thank the customer for writing.</li>"
        "<li>Before the refund ask for the order number.</li>"
        "<li>Apologise for the inconvenience.</li>"
        "<li>You must never ask for a full card number.</li>"
        "<li>After the refund you must confirm that the money has been sent.</li></ol>",
    ),
    "cancel": (
        "Cancelling a subscription",
        "<p>This applies whenever a customer wants to cancel a subscription.</p>"
        "<ol><li>Greet the customer.</li><li>Before the cancellation you must ask for the customer "
        "number and the postcode.</li><li>You must not ask for a password.</li>"
        "<li>After the cancellation confirm to the customer that the subscription has been "
        "cancelled.</li><li>Close by offering further help.</li></ol>",
    ),
}


@pytest.fixture(scope="module")
def verdicts(talk, embedder):
    """Pairs of what is true and what was found, of every step that is beyond dispute."""
    told = json.loads((HERE / "unseen_conversations.json").read_text(encoding="utf-8"))
    pairs = []
    for name, (title, html) in ARTICLES.items():
        cases = [one for one in told if one["sop"] == name]
        found = judge(parse_sop(html, title), [talk(*one["said"]) for one in cases], embedder)
        for case, findings in zip(cases, found, strict=True):
            pairs += zip(case["want"], (one.verdict for one in findings), strict=True)
    return [(want, got) for want, got in pairs if want is not None]


def test_most_verdicts_are_right(verdicts):
    """Stated: 99 of 118."""
    assert len(verdicts) == 118
    assert sum(want == got for want, got in verdicts) >= 0.8 * len(verdicts)


def test_no_agent_is_accused_of_what_they_did(verdicts):
    assert [want for want, got in verdicts if got == "not_met" and want != "not_met"] == []


def test_most_violations_are_found(verdicts):
    """Stated: 12 of 15 found, 1 unknown, 2 missed."""
    found = Counter(got for want, got in verdicts if want == "not_met")
    assert found.total() == 15
    assert found["not_met"] >= 12
    assert found["met"] == 0


def test_sentiment_is_right_more_often_than_by_words_alone(talk, embedder):
    """Stated: 0.87 on three classes, where VADER alone has 0.69."""
    with (HERE / "unseen_sentences.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    results = score_sentiment([talk(f"c:{row['sentence']}") for row in rows], embedder)
    hits = sum(polarity(one.start) == row["label"] for one, row in zip(results, rows, strict=True))
    by_words = sum(polarity(lexicon_score(row["sentence"])) == row["label"] for row in rows)
    assert hits / len(rows) >= 0.83
    assert hits - by_words >= 0.1 * len(rows)


def polarity(score: float) -> str:
    """The sign of a score whose label is not "neutral"."""
    if score >= 0.2:
        return "+"
    return "-" if score < -0.2 else "0"
