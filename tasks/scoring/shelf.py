"""Which of many procedures a conversation is about: only those are judged, step by step.

Dense retrieval: the subject with the customer's first turn against the procedures' passages. A
later turn counts too, where one of its sentences is close enough to a request that a procedure
could apply for it, or has the words of one. Whether it applies, and how it was followed, is for a
judge to say.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.embedding import Embedder, chunk_turn
from tasks.scoring.actions import subject_of
from tasks.scoring.lines import script_of
from tasks.scoring.protocol import Asked
from tasks.scoring.records import Conversation, Sop
from tasks.scoring.trigger import LEAST_SIMILARITY, is_hinted, requests_of
from tasks.scoring.vectors import Vectors

# How many procedures a conversation is judged by at most for its beginning, and for the rest.
CANDIDATES = 5
# Cosine of what was said and a passage, and how far below the nearest procedure's it may be.
_LEAST_CLOSENESS = 0.2
_MARGIN = 0.15
_QUERY_WORDS = 120

Matrix = NDArray[np.float32]


class Shelf:
    """An organization's procedures, embedded once. A few are all candidates, without a search."""

    def __init__(self, sops: Sequence[Sop], embedder: Embedder) -> None:
        self._count = len(sops)
        self._embedder = embedder
        self._known = Vectors(embedder)
        self._passages: list[Matrix] = []
        self._requests: list[Matrix] = []
        self._subjects = [subject_of(sop.trigger) for sop in sops]
        if self._count > CANDIDATES:
            self._passages = [self._embedded(_passages(sop)) for sop in sops]
            self._requests = [self._embedded(requests_of(sop.trigger)) for sop in sops]

    def candidates(self, conversations: Sequence[Conversation]) -> Asked:
        """The conversations that each procedure may be what they are about; by position."""
        asked: dict[int, list[int]] = defaultdict(list)
        for at, positions in enumerate(self._each(conversations)):
            for position in positions:
                asked[position].append(at)
        return asked

    def _each(self, conversations: Sequence[Conversation]) -> Iterable[Iterable[int]]:
        if not self._passages:
            return [range(self._count)] * len(conversations)
        said = [[line.text for line in script_of(one).others] for one in conversations]
        beginnings = [_beginning(one) for one in conversations]
        vectors = Vectors(self._embedder, self._known)
        vectors.add((*beginnings, *(text for texts in said for text in texts)))
        return [
            self._near(vectors.rows([beginning]), vectors.rows(texts)) | self._named(texts)
            for beginning, texts in zip(beginnings, said, strict=True)
        ]

    def _named(self, said: Sequence[str]) -> set[int]:
        """The procedures whose request somebody makes in words that are known."""
        named = {
            one for one in self._subjects if one and any(is_hinted(one, text) for text in said)
        }
        return {at for at, one in enumerate(self._subjects) if one in named}

    def _near(self, beginning: Matrix, said: Matrix) -> set[int]:
        asked = _closeness(said, self._requests) >= LEAST_SIMILARITY
        return {
            *_nearest(_closeness(beginning, self._passages)),
            *_nearest(np.where(asked, _closeness(said, self._passages), -1.0)),
        }

    def _embedded(self, texts: Sequence[str]) -> Matrix:
        self._known.add(texts)
        return self._known.rows(texts)


def _closeness(queries: Matrix, procedures: Sequence[Matrix]) -> Matrix:
    """The highest cosine of any query with each procedure; -1 where there is nothing to compare."""
    return np.array([(queries @ one.T).max(initial=-1.0) for one in procedures], dtype=np.float32)


def _passages(sop: Sop) -> tuple[str, ...]:
    """What a procedure is found by: what says when it applies, or else its title and steps."""
    if len(sop.trigger) > 1:
        return (*sop.trigger, " ".join(sop.trigger))
    return (sop.title, *(f"{sop.title}\n{step.text}" for step in sop.steps))


def _beginning(conversation: Conversation) -> str:
    """The subject and the first turn of a customer; of a call, its first words."""
    others = [turn for turn in conversation.turns if turn.speaker in ("customer", "unknown")]
    if others and others[0].speaker == "unknown":
        first = " ".join(turn.text for turn in others)
    else:
        first = others[0].text if others else ""
    words = chunk_turn(first, max_words=_QUERY_WORDS)
    return f"{conversation.subject}\n{words[0].text if words else ''}".strip()


def _nearest(closeness: Matrix) -> list[int]:
    """The few nearest that are near enough, best first."""
    least = max(_LEAST_CLOSENESS, float(closeness.max()) - _MARGIN)
    order = np.argsort(-closeness, kind="stable")[:CANDIDATES]
    return [int(position) for position in order if closeness[position] >= least]
