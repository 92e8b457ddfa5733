"""Chunks of turns and of articles."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.embedding import chunk_document, chunk_turn
from tasks.embedding.markup import parse_blocks


@given(
    text=st.text() | st.text(alphabet="ab .!?\n\t\u3002\U0001f600", max_size=400),
    max_words=st.integers(1, 12),
    max_chars=st.integers(1, 60),
)
def test_chunks_are_verbatim_ordered_and_lose_only_white_space(text, max_words, max_chars):
    chunks = chunk_turn(text, max_words=max_words, max_chars=max_chars)
    assert all(text[one.start_char : one.end_char] == one.text for one in chunks)
    assert all(one.text == one.text.strip() and one.text for one in chunks)
    assert all(one.end_char <= two.start_char for one, two in pairwise(chunks))
    assert "".join("".join(one.text.split()) for one in chunks) == "".join(text.split())
    assert all(len(one.text) <= max_chars for one in chunks)
    assert all(len(one.text.split()) <= max_words for one in chunks)


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
