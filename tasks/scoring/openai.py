"""Judging by a model elsewhere: whether a procedure applies, then one question for each step.

It gets conversations that are redacted already. What it says counts only in the form that it was
asked for, and with words that stand in a turn of an agent; else it is asked once more, and then
nothing is known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec

from tasks.errors import BudgetSpentError
from tasks.openai import Call, Flag, NoAnswerError, NotOfferedError, OpenAIService
from tasks.openai.structured import WAYS, Question, ask, text_of
from tasks.scoring.asking import (
    Applicability,
    StepAnswer,
    applies_question,
    step_question,
)
from tasks.scoring.protocol import RULES_VERSION, Asked, Found
from tasks.scoring.quotes import find_quote
from tasks.scoring.records import Conversation, Evidence, Finding, Sop, Step, Turn
from tasks.scoring.speakers import speaker_of

T = TypeVar("T")


@dataclass(frozen=True)
class _Asking:
    """One step of a procedure in one conversation, by their positions."""

    position: int
    at: int
    step: Step
    question: Question = field(repr=False)


class Unasked:
    """In place of an answer to a question that a budget left no money for."""


class Malformed:
    """In place of an answer that has another form than was asked for."""


class OpenAIJudge:
    """Judges by a model of an OpenAI-compatible server.

    `unverified` counts the steps of which nothing is known because no quotation held.
    """

    def __init__(self, service: OpenAIService, *, model: str, cache_key: str) -> None:
        self._service = service
        self._model = model
        self._cache_key = cache_key
        self.unverified = 0

    @property
    def version(self) -> str:
        """The model, then the rules of asking."""
        return f"{self._model}+{RULES_VERSION}"

    def judge(
        self, sops: Sequence[Sop], conversations: Sequence[Conversation], asked: Asked
    ) -> Sequence[Found | None]:
        """As `Judge.judge`. Raises: as `OpenAIService.call`, but for a budget that is spent."""
        found: list[Found] = [{} for _ in conversations]
        askings: list[_Asking] = []
        unasked: set[int] = set()
        for position, at, applies in self._applying(sops, conversations, asked):
            sop, spoken = sops[position], conversations[at]
            if isinstance(applies, Unasked):
                unasked.add(at)
            elif not any(turn.speaker in ("agent", "unknown") for turn in spoken.turns):
                found[at][position] = _same(sop, "not_applicable", "no_agent_turn")
            elif applies is None or applies.applies == "unclear":
                found[at][position] = _same(sop, "unknown", "request_unclear")
            elif applies.applies == "yes":
                askings += [
                    _Asking(position, at, step, step_question(sop, step, spoken))
                    for step in sop.steps
                ]
        for asking, finding in zip(askings, self._findings(conversations, askings), strict=True):
            if isinstance(finding, Unasked):
                unasked.add(asking.at)
            else:
                known = found[asking.at].get(asking.position, ())
                found[asking.at][asking.position] = (*known, finding)
        return [None if at in unasked else one for at, one in enumerate(found)]

    def _applying(
        self, sops: Sequence[Sop], conversations: Sequence[Conversation], asked: Asked
    ) -> Iterator[tuple[int, int, Applicability | Unasked | None]]:
        pairs = [
            (position, at)
            for position, places in sorted(asked.items())
            for at in places
            if sops[position].steps
        ]
        questions = [
            (conversations[at].ticket_id, applies_question(sops[one], conversations[at]))
            for one, at in pairs
        ]
        answers = self._answers(questions, Applicability)
        for (position, at), answer in zip(pairs, answers, strict=True):
            yield position, at, answer

    def _findings(
        self, conversations: Sequence[Conversation], askings: Sequence[_Asking]
    ) -> list[Finding | Unasked]:
        """A finding each: of the first answer that holds, or of the second, or unknown."""
        found: dict[int, Finding | Unasked] = {}
        for _ in range(2):
            left = [at for at in range(len(askings)) if at not in found]
            questions = [
                (conversations[askings[at].at].ticket_id, askings[at].question) for at in left
            ]
            answers = self._answers(questions, StepAnswer)
            for at, answer in zip(left, answers, strict=True):
                asking = askings[at]
                finding = _verified(answer, asking.step, conversations[asking.at].turns)
                if finding is not None:
                    found[at] = finding
        self.unverified += len(askings) - len(found)
        return [
            found.get(at) or Finding(one.step.step_no, "unknown", 0.0, "quote_unverified", None)
            for at, one in enumerate(askings)
        ]

    def _answers(
        self, questions: Sequence[tuple[int, Question]], kind: type[T]
    ) -> list[T | Unasked | None]:
        """The answers in order, of (ticket, question); None for none, or two in another form.

        One in another form happens by chance, and what is stored stays until its ticket changes.
        """
        first = self._told(questions, kind)
        again = [at for at, one in enumerate(first) if isinstance(one, Malformed)]
        second = self._told([questions[at] for at in again], kind)
        told = dict(enumerate(first)) | dict(zip(again, second, strict=True))
        return [None if isinstance(one, Malformed) else one for one in told.values()]

    def _told(
        self, questions: Sequence[tuple[int, Question]], kind: type[T]
    ) -> list[T | Unasked | Malformed | None]:
        """What the server says to each, in order; None where it says nothing.

        A server that does not know one way of asking is asked in the next. What a budget leaves no
        money for is not asked.
        """
        while True:
            way = self._service.flags.first(WAYS)
            answers: list[T | Unasked | Malformed | None] = []
            try:
                for one in self._service.outcomes(self._call(*one, way) for one in questions):
                    answers.append(_decoded(one, kind))
            except BudgetSpentError:
                return [*answers, *(Unasked() for _ in questions[len(answers) :])]
            except NotOfferedError:
                if self._service.flags.first(WAYS) is None:
                    raise
                continue
            return answers

    def _call(
        self, ticket_id: int, question: Question, way: Flag | None
    ) -> tuple[Call, "partial[Any]"]:
        body = question.body(way, model=self._model, cache_key=self._cache_key)
        call = Call(
            capability="analyse",
            model=self._model,
            ticket_ids=(ticket_id,),
            items=1,
            payload_bytes=len(msgspec.json.encode(body)),
            uses=way,
        )
        return call, partial(ask, way, body)


def _decoded(outcome: Any, kind: type[T]) -> T | Malformed | None:
    if isinstance(outcome, NoAnswerError):
        return Malformed() if outcome.reason == "malformed" else None
    try:
        return msgspec.json.decode(text_of(outcome), type=kind)
    except msgspec.MsgspecError:
        return Malformed()


def _verified(
    answer: StepAnswer | Unasked | None, step: Step, turns: Sequence[Turn]
) -> Finding | Unasked | None:
    """The finding, if the answer's quote stands where it must; None: it is to be asked again."""
    if answer is None or isinstance(answer, Unasked):
        return answer
    if answer.verdict in ("unknown", "not_applicable"):
        reason = "model_unsure" if answer.verdict == "unknown" else "model_judged"
        confidence = _bounded(answer.confidence) if answer.verdict != "unknown" else 0.0
        return Finding(step.step_no, answer.verdict, confidence, reason, None)
    evidence = _evidence(answer, turns)
    needed = answer.verdict == ("not_met" if step.kind == "forbidden" else "met")
    if evidence is None and (needed or answer.quote.strip()):
        return None
    confidence = _bounded(answer.confidence)
    return Finding(step.step_no, answer.verdict, confidence, "model_judged", evidence)


def _evidence(answer: StepAnswer, turns: Sequence[Turn]) -> Evidence | None:
    """Where an agent says it: in the turn that was named, or else in the first that has it."""
    named = turns[answer.turn - 1 : answer.turn] if answer.turn > 0 else ()
    for turn in (*named, *turns):
        place = find_quote(turn.text, answer.quote)
        if place and speaker_of(turn, turn.text[slice(*place)]) in ("agent", "unknown"):
            return Evidence(turn.comment_id, turn.turn_no, *place)
    return None


def _bounded(confidence: float) -> float:
    return round(min(1.0, max(0.0, confidence)), 4)


def _same(sop: Sop, verdict: Any, reason: str) -> tuple[Finding, ...]:
    return tuple(Finding(step.step_no, verdict, 0.0, reason, None) for step in sop.steps)
