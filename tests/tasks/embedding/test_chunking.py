"""Chunks of turns and of articles."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.embedding import chunk_document, chunk_turn
from tasks.embedding.chunking import MAX_TOKENS
from tasks.embedding.markup import parse_blocks
from tasks.embedding.tokens import count_tokens

ALPHABETS = ("ab .!?\n\t\u3002\U0001f600", "\u4e2d\u6587\u3002", "\ud55c\uae00 ", "0123456789.-/ ")
texts = st.text() | st.sampled_from(ALPHABETS).flatmap(
    lambda alphabet: st.text(alphabet=alphabet, max_size=400)
)


@settings(deadline=None)
@given(text=texts, max_words=st.integers(1, 12), max_tokens=st.integers(192, 220))
def test_chunks_are_verbatim_ordered_and_lose_only_white_space(text, max_words, max_tokens):
    chunks = chunk_turn(text, max_words=max_words, max_tokens=max_tokens)
    assert all(text[one.start_char : one.end_char] == one.text for one in chunks)
    assert all(one.text == one.text.strip() and one.text for one in chunks)
    assert all(one.end_char <= two.start_char for one, two in pairwise(chunks))
    assert "".join("".join(one.text.split()) for one in chunks) == "".join(text.split())
    assert all(len(one.text.split()) <= max_words for one in chunks)


@settings(deadline=None, max_examples=60)
@given(unit=st.text(min_size=1, max_size=40), times=st.integers(1, 200))
def test_the_model_reads_a_chunk_to_its_end(unit, times):
    """No alphabet, log line or address is so dense that the end of a chunk is cut off."""
    chunks = chunk_turn(unit * times)
    assert all(count <= 254 for count in count_tokens([chunk.text for chunk in chunks]))


@pytest.mark.parametrize(
    "unit",
    [
        "Die R\u00fcckerstattungsbest\u00e4tigung ist noch nicht eingetroffen. ",
        "\u0437\u0430\u043a\u0430\u0437 \u043d\u0435 \u043f\u0440\u0438\u0448\u0451\u043b. ",
        "\u6211\u7684\u8ba2\u5355\u8fd8\u6ca1\u6709\u5230\u3002",
        "\ub0b4 \uc8fc\ubb38\uc774 \uc544\uc9c1 \uc548 \uc654\uc5b4\uc694. ",
        "https://shop.example.org/orders/8842917?utm=4fe1a0c97b ",
        "at app.orders.Sync.run(Sync.java:4412) 0x7fe1a0c97b3d\n",
        "48213.75 ",
    ],
)
def test_long_texts_of_every_kind_fit_the_model(unit):
    text = unit * 60
    chunks = chunk_turn(text)
    assert len(chunks) > 1
    assert max(count_tokens([chunk.text for chunk in chunks])) <= MAX_TOKENS + 4
    assert "".join("".join(one.text.split()) for one in chunks) == "".join(text.split())


def test_headings_leave_room_for_themselves():
    """What is embedded is the chunk below its headings: together they fit the model."""
    title = "Procedure for the verification of identities " * 4
    html = f"<h1>{title}</h1><h2>When it applies</h2><p>{'Ask for proof first. ' * 300}</p>"
    chunks = chunk_document(html, title.strip())
    embedded = [" \u203a ".join(one.heading_path) + "\n" + one.text for one in chunks]
    assert len(chunks) > 4
    assert max(count_tokens(embedded)) <= 254


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_blank_text_has_no_chunks(text):
    assert chunk_turn(text) == ()


def test_a_short_turn_is_one_chunk():
    assert [chunk.text for chunk in chunk_turn("  Where is my parcel? \n")] == [
        "Where is my parcel?"
    ]


def test_a_chunk_ends_with_a_sentence_where_one_ends_in_its_second_half():
    text = "One two three four. Five six seven. Eight nine ten."
    assert [chunk.text for chunk in chunk_turn(text, max_words=8)] == [
        "One two three four. Five six seven.",
        "Eight nine ten.",
    ]


def test_each_numbered_step_stands_alone_under_its_headings():
    html = (
        "<h1>Returns</h1><p>Within 30 days.</p><p>Unused.</p><h2>Steps</h2>"
        "<ol><li>Print the label.</li><li>Drop it off.</li></ol>"
        "<h2>After</h2><p>Wait.</p>"
    )
    assert [(chunk.heading_path, chunk.text) for chunk in chunk_document(html, "Returns")] == [
        (("Returns",), "Within 30 days.\nUnused."),
        (("Returns", "Steps"), "Print the label."),
        (("Returns", "Steps"), "Drop it off."),
        (("Returns", "After"), "Wait."),
    ]


def test_a_list_within_a_step_belongs_to_the_step():
    html = "<ol><li>Ask for<ul><li>name</li><li>postcode</li></ul></li><li>Check</li></ol>"
    first, second = chunk_document(html, "Checks")
    assert "name" in first.text
    assert "postcode" in first.text
    assert second.text == "Check"


def test_markdown_gives_the_same_kinds_of_blocks():
    blocks = parse_blocks("# Refunds\n\nTwo days.\nAt most.\n\n1. Apologise\n2) Pay\n   at once\n")
    assert [(block.kind, block.text) for block in blocks] == [
        ("heading", "Refunds"),
        ("paragraph", "Two days. At most."),
        ("step", "Apologise"),
        ("step", "Pay at once"),
    ]


def test_scripts_and_comments_are_not_read():
    html = "<p>Hi<!-- secret --></p><script>alert(1)</script><style>p{}</style>"
    assert [block.text for block in parse_blocks(html)] == ["Hi"]


@given(st.text(alphabet="<>/olip h1\"'&;#ab\n-", max_size=120))
def test_broken_markup_never_raises(source):
    assert all(block.text for block in parse_blocks(source))
