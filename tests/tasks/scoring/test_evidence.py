"""Quotes stand verbatim in what an agent said."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.scoring import Conversation, Turn, judge
from tasks.scoring.sentences import split_sentences

SAID_AT = datetime(2026, 3, 2, tzinfo=UTC)
PHRASES = (
    "Please update the phone number on my account.",
    "Hello Mia,",
    "Thank you for writing!",
    "Could you tell me your postcode and your date of birth?",
    "What is your password?",
    "I have updated your phone number.",
    "Is there anything else I can help with?",
    "\u00dcber \U0001f600 na\u00efve caf\u00e9",
    "",
)
GAPS = (" ", "\n\n", "\r\n", "  ", "\t", "\u00a0")

texts = st.lists(st.tuples(st.sampled_from(PHRASES), st.sampled_from(GAPS)), max_size=5).map(
    lambda pieces: "".join(phrase + gap for phrase, gap in pieces)
)
turns = st.tuples(st.sampled_from(("customer", "agent", "system", "unknown")), texts, st.booleans())


@given(st.text())
def test_sentences_are_cut_verbatim(text):
    """No character but white space is lost, and none is quoted twice."""
    sentences = split_sentences(text)
    assert all(text[one.start : one.end] == one.text == one.text.strip() for one in sentences)
    assert all(one.end <= two.start for one, two in pairwise(sentences))
    assert "".join("".join(one.text.split()) for one in sentences) == "".join(text.split())


@settings(deadline=None, max_examples=40)
@given(said=st.lists(turns, max_size=6))
def test_evidence_quotes_a_whole_sentence_of_an_agent(sop, embedder, said):
    conversation = Conversation(
        7,
        tuple(
            Turn(100 + at, at, speaker, text, SAID_AT, is_public)
            for at, (speaker, text, is_public) in enumerate(said, start=1)
        ),
    )
    findings = judge(sop, [conversation], embedder)[0]
    assert [one.step_no for one in findings] == [step.step_no for step in sop.steps]
    for finding in findings:
        assert 0 <= finding.confidence <= 1
        if finding.evidence is None:
            continue
        turn = conversation.turns[finding.evidence.turn_no - 1]
        quote = turn.text[finding.evidence.start_char : finding.evidence.end_char]
        assert turn.comment_id == finding.evidence.comment_id
        assert turn.speaker in {"agent", "unknown"}
        assert quote in {sentence.text for sentence in split_sentences(turn.text)}


@settings(deadline=None, max_examples=20)
@given(said=st.lists(turns, max_size=5))
def test_the_same_conversation_gets_the_same_findings_in_any_company(sop, embedder, said):
    conversation = Conversation(
        1,
        tuple(
            Turn(at, at, speaker, text, SAID_AT, is_public)
            for at, (speaker, text, is_public) in enumerate(said)
        ),
    )
    other = Conversation(2, (Turn(1, 1, "customer", "Where is my parcel?", SAID_AT, True),))
    alone = judge(sop, [conversation], embedder)[0]
    assert judge(sop, [other, conversation, conversation], embedder)[1:] == [alone, alone]
