"""Ranking by words, and two rankings made one."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.ranking import MOST_WORDS, RANK_CONSTANT, by_words, fused

TEXTS = [
    "The parcel is late.",
    "The parcel with the lamp is late.",
    "The invoice is wrong.",
    "THE LAMP, order K7710X!",
    "The refund is due.",
    "The address is wrong.",
]


def test_rare_words_count_more() -> None:
    """What all have counts nothing; case and marks do not matter."""
    assert by_words("the lamp of k7710x", TEXTS) == [3, 1]
    assert by_words("the", TEXTS) == []
    assert by_words("nothing of it", TEXTS) == []
    assert by_words("lamp", []) == []


def test_a_story_is_no_search() -> None:
    """Many words count by meaning alone."""
    assert by_words(" ".join(["lamp", *map(str, range(MOST_WORDS))]), TEXTS) == []


def test_what_both_rank_high_comes_first() -> None:
    """A worked example: 1/61 + 1/62 is more than 1/61 + 0."""
    scores = fused(["a", "b", "c"], ["b", "d"])
    assert list(scores) == ["b", "a", "d", "c"]
    assert scores["b"] == 1 / (RANK_CONSTANT + 2) + 1 / (RANK_CONSTANT + 1)


@given(st.lists(st.integers(0, 50), unique=True), st.lists(st.integers(0, 50), unique=True))
def test_nothing_is_lost_or_added(one: list[int], other: list[int]) -> None:
    """And what leads both rankings leads the fused one."""
    scores = fused(one, other)
    assert set(scores) == {*one, *other}
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    if one and other and one[0] == other[0]:
        assert next(iter(scores)) == one[0]
