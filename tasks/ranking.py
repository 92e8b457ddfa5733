"""Ranking by words: how many of a query's words a text has, and two rankings made one.

Sources: Robertson and Sparck Jones, Relevance Weighting of Search Terms, JASIS 1976 (the weight of
a word that few texts have); Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

RANK_CONSTANT = 60
WORD = re.compile(r"\w+")
# More words are a story and no search: they count by meaning alone.
MOST_WORDS = 12
T = TypeVar("T", bound=Hashable)


def words_of(text: str) -> frozenset[str]:
    """The distinct words of a text, in one case and one form."""
    return frozenset(WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def by_words(query: str, texts: Sequence[str]) -> list[int]:
    """The places of the texts that have words of the query, best first.

    A word counts the more, the fewer of these texts have it; one that half of them have, nothing.
    """
    wanted = words_of(query)
    if len(wanted) > MOST_WORDS:
        return []
    shared = [wanted & words_of(text) for text in texts]
    having = Counter(word for one in shared for word in one)
    weights = {
        word: max(0.0, math.log((len(texts) - count + 0.5) / (count + 0.5)))
        for word, count in having.items()
    }
    scores = [sum(weights[word] for word in one) for one in shared]
    ranked = sorted(range(len(texts)), key=lambda place: (-scores[place], place))
    return [place for place in ranked if scores[place] > 0]


def fused(*rankings: Sequence[T]) -> dict[T, float]:
    """Each thing's reciprocal rank fused over the rankings, best first."""
    scores: dict[T, float] = {}
    for ranking in rankings:
        for place, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (RANK_CONSTANT + place)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
