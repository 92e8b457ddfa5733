"""Assessments by an OpenAI-compatible server, of texts that are redacted already."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import Any

import msgspec

from tasks.assessment.records import Assessment, Case
from tasks.assessment.request import Request
from tasks.assessment.rubric import PROMPT, Rubric, Told, shown_turns
from tasks.assessment.rules import RulesAnalyst
from tasks.assessment.verified import Asked, verified
from tasks.errors import BudgetSpentError, ConfigurationError
from tasks.openai import Call, Flag, NoAnswerError, NotOfferedError, OpenAIService
from tasks.openai.structured import WAYS, ask, text_of

Ask = tuple[Call, "partial[Any]"]
# None where nobody said anything that could be asked about.
Answer = Told | NoAnswerError | None


class OpenAIAnalyst:
    """Verdicts, codes and quotations by a model; what they add up to is computed here.

    There is no score in an answer that a ticket's text could set. Where an answer is malformed, or
    a quotation stands in no turn of the right speaker, the ticket is asked about once more; what
    then still does not stand is dropped and counted. Where the model refuses, is cut off or
    filtered, or malformed twice, the rules assess the ticket, and the reason is noted.
    """

    remote = True

    def __init__(
        self, service: OpenAIService, *, model: str, rules: RulesAnalyst, cache_key: str
    ) -> None:
        self._service = service
        self._rules = rules
        self._asking = Request(model, Rubric(rules.taxonomy, rules.rulebook), cache_key)

    @property
    def model_version(self) -> str:
        """The model, the prompt, and what it is asked by."""
        rules = self._rules
        told = f"{rules.rulebook.version}+{rules.taxonomy.version}"
        return f"{self._asking.model}+prompt-{PROMPT}+{told}"

    def assess(self, cases: Sequence[Case]) -> list[Assessment]:
        """As `Analyst.assess`. Raises: as `OpenAIService.call`, but for answers that are none."""
        asked = [Asked(case, shown_turns(case)) for case in cases]
        answers = self._answers(asked)
        found = [self._verified(one, told) for one, told in zip(asked, answers, strict=False)]
        self._ask_again(asked, found)
        return self._completed(cases, answers, found)

    def way(self) -> Flag | None:
        """In which way the server is asked, as far as it is known what it has."""
        return self._service.flags.first(WAYS)

    def body(self, case: Case, way: Flag | None) -> dict[str, Any] | None:
        """The request about a case, for a batch; None where nobody said anything."""
        asked = Asked(case, shown_turns(case))
        return self._asking.body(way, asked) if asked.turns else None

    def judge(self, cases: Sequence[Case], answers: Sequence[object]) -> list[Assessment]:
        """As `assess`, of a batch's answers: quotations are not asked for a second time."""
        asked = [Asked(case, shown_turns(case)) for case in cases]
        told = [self._parsed(one) for one in answers]
        found = [self._verified(one, each) for one, each in zip(asked, told, strict=True)]
        return self._completed(cases, told, found)

    def _completed(
        self,
        cases: Sequence[Case],
        answers: Sequence[Answer],
        found: Sequence[Assessment | None],
    ) -> list[Assessment]:
        """With the rules' assessment where the model gave none."""
        bare = [case for case, one in zip(cases, found, strict=False) if one is None]
        stand_ins = iter(self._rules.assess(bare))
        return [
            one or replace(next(stand_ins), fallback=_why_not(told))
            for one, told in zip(found, answers, strict=True)
        ]

    def _ask_again(self, asked: Sequence[Asked], found: list[Assessment | None]) -> None:
        """Puts a better answer in the place of one with quotations that do not stand."""
        again = [at for at, one in enumerate(found) if one is not None and one.dropped_quotes]
        try:
            second = self._answers([asked[at] for at in again], again=True)
        except BudgetSpentError:
            return  # the first answers hold; the next batch is told
        for at, told in zip(again, second, strict=False):
            found[at] = _better(found[at], self._verified(asked[at], told))

    def _verified(self, asked: Asked, told: Answer) -> Assessment | None:
        return verified(asked, told, self._rules.rulebook) if isinstance(told, Told) else None

    def _answers(self, asked: Sequence[Asked], *, again: bool = False) -> list[Answer]:
        """Each ticket's answer, in order; those of the first ones where the budget ends there.

        One that is malformed is asked for a second time: that happens by chance, and what is stored
        stays until its ticket changes.
        """
        first = self._told(asked, again=again)
        malformed = [at for at, told in enumerate(first) if _why_not(told) == "malformed"]
        try:
            second = self._told([asked[at] for at in malformed], again=again)
        except BudgetSpentError:
            return first  # as they are; the next batch is told
        better = dict(zip(malformed, second, strict=False))
        return [better.get(at, told) for at, told in enumerate(first)]

    def _told(self, asked: Sequence[Asked], *, again: bool) -> list[Answer]:
        """What the server says of each, in order."""
        wordy = [one for one in asked if one.turns]
        told: list[Answer] = [self._first(wordy[0], again)] if wordy else []
        with suppress(BudgetSpentError):  # raised by the next call anew; these are paid for
            for answer in self._service.outcomes(self._request(one, again) for one in wordy[1:]):
                told.append(self._parsed(answer))
        answered = {id(one) for one in wordy[: len(told)]}
        heard = list(takewhile(lambda one: not one.turns or id(one) in answered, asked))
        answers = iter(told)
        return [next(answers) if one.turns else None for one in heard]

    def _first(self, asked: Asked, again: bool) -> Answer:
        """The first answer, which also finds out in which way the server can be asked."""
        for _ in WAYS:
            try:
                return self._parsed(self._service.call(*self._request(asked, again)))
            except NoAnswerError as error:
                return error
            except NotOfferedError:
                continue
        raise ConfigurationError(
            f"analyse with {self._asking.model}: the server gives no structured answers;"
            " `vensor ai use --analyse local` assesses here"
        )

    def _request(self, asked: Asked, again: bool) -> Ask:
        way = self._service.flags.first(WAYS)
        body = self._asking.body(way, asked, again=again)
        call = Call(
            capability="analyse",
            model=self._asking.model,
            ticket_ids=(asked.case.ticket_id,),
            items=1,
            payload_bytes=len(msgspec.json.encode(body)),
            uses=way,
        )
        return call, partial(ask, way, body)

    def _parsed(self, answer: object) -> Answer:
        """The answer in the rubric's form, or that it is none."""
        if isinstance(answer, NoAnswerError):
            return answer
        try:
            return self._asking.rubric.parse(text_of(answer))
        except ValueError:
            return NoAnswerError(f"analyse with {self._asking.model}", reason="malformed")


def _better(former: Assessment | None, later: Assessment | None) -> Assessment | None:
    """The one with fewer quotations that do not stand."""
    if former is None or later is None:
        return former
    return later if later.dropped_quotes < former.dropped_quotes else former


def _why_not(told: Answer) -> str | None:
    return told.reason if isinstance(told, NoAnswerError) else None
