"""Which of many procedures a conversation is about: only those are judged, step by step.

Dense retrieval: the subject with the customer's first turn against the procedures' passages. A
later turn counts too, where one of its sentences is close enough to a request that a procedure
could apply for it. Whether it does, and how it was followed, is judged as for one procedure alone.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.embedding import Embedder, chunk_turn
from tasks.scoring.judging import judge, wordings
from tasks.scoring.lines import script_of
from tasks.scoring.records import Conversation, Finding, Sop
from tasks.scoring.trigger import LEAST_SIMILARITY, requests_of
from tasks.scoring.vectors import Vectors

# How many procedures a conversation is judged by at most for its beginning, and for the rest.
CANDIDATES = 5
# Cosine of what was said and a passage, and how far below the nearest procedure's it may be. Of 142
# conversations among 50 procedures, the right one was the nearest for all but 3, at 0.22 or more.
_LEAST_CLOSENESS = 0.2
_MARGIN = 0.15
_QUERY_WORDS = 120

Found = dict[int, tuple[Finding, ...]]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Vectors of shape (n, dim), grouped by procedure; each procedure's begin at its `starts`."""

    vectors: Matrix
    starts: NDArray[np.intp]

    def closeness(self, queries: Matrix) -> Matrix:
        """The highest cosine of any query with each procedure, of shape (n_procedures,)."""
        best: Matrix = np.maximum.reduceat((queries @ self.vectors.T).max(axis=0), self.starts)
        return best


class Shelf:
    """An organization's procedures. What is embedded of them is kept for all batches."""

    def __init__(self, sops: Sequence[Sop], embedder: Embedder) -> None:
        self._sops = sops
        self._embedder = embedder
        self._known = Vectors(embedder)
        self._ready: set[int] = set()
        self._chosen = len(sops) > CANDIDATES
        if self._chosen:
            self._passages = self._rows([_passages(sop) for sop in sops])
            self._requests = self._rows([requests_of(sop.trigger) for sop in sops])

    def judge(
        self, conversations: Sequence[Conversation], only: Container[int] | None = None
    ) -> list[Found]:
        """The findings of each conversation by the position of the procedure, of all or of some.

        A procedure that the conversation is not about, or that nobody asked for, is not among them.
        """
        vectors = Vectors(self._embedder, self._known)
        asked: dict[int, list[int]] = defaultdict(list)
        for at, positions in enumerate(self.candidates(conversations, vectors)):
            for position in positions:
                if only is None or position in only:
                    asked[position].append(at)
        found: list[Found] = [{} for _ in conversations]
        for position, places in sorted(asked.items()):
            self._prepare(position)
            spoken = [conversations[at] for at in places]
            judged = judge(self._sops[position], spoken, self._embedder, vectors)
            for at, findings in zip(places, judged, strict=True):
                if findings and findings[0].reason != "no_request":
                    found[at][position] = findings
        return found

    def candidates(
        self, conversations: Sequence[Conversation], vectors: Vectors
    ) -> list[tuple[int, ...]]:
        """The positions of the procedures that each conversation may be about.

        A few procedures are all candidates. Fills `vectors` with what customers said.
        """
        if not self._chosen:
            return [tuple(range(len(self._sops)))] * len(conversations)
        said = [tuple(line.text for line in script_of(one).others) for one in conversations]
        beginnings = [_beginning(one) for one in conversations]
        vectors.add((*beginnings, *(text for texts in said for text in texts)))
        return [
            self._candidates(vectors.rows([beginning]), vectors.rows(texts))
            for beginning, texts in zip(beginnings, said, strict=True)
        ]

    def _candidates(self, beginning: Matrix, said: Matrix) -> tuple[int, ...]:
        chosen: set[int] = set()
        if len(beginning):
            chosen.update(_nearest(self._passages.closeness(beginning)))
        if len(said):
            asked = self._requests.closeness(said) >= LEAST_SIMILARITY
            near = self._passages.closeness(said)
            chosen.update(_nearest(np.where(asked, near, -1.0)))
        return tuple(sorted(chosen))

    def _rows(self, texts: Sequence[Sequence[str]]) -> _Rows:
        self._known.add(text for one in texts for text in one)
        starts = np.cumsum([0, *(len(one) for one in texts)])[:-1]
        return _Rows(self._known.rows([text for one in texts for text in one]), starts)

    def _prepare(self, position: int) -> None:
        if position not in self._ready:
            self._known.add(wordings(self._sops[position]))
            self._ready.add(position)


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
