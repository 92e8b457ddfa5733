"""Assessments by rules and sentence vectors, on this machine."""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from tasks.assessment.checks import checks_of
from tasks.assessment.nearest import Labels, Nearest, Vector, opening_sentences
from tasks.assessment.records import OTHER, Assessment, Case, Reason
from tasks.assessment.risks import reasons_of_history, reasons_of_words, risks_of, urgency_of
from tasks.assessment.rulebook import Rulebook, packaged_rulebook
from tasks.assessment.said import Said, Sentence, said_in
from tasks.assessment.summary import summarise
from tasks.assessment.taxonomy import Taxonomy
from tasks.embedding import Embedder

# Changes with the code of this package; its data have versions of their own.
ENGINE = 1
SURE_TOPIC = 0.37
SURE_INTENT = 0.37
SAID_SO = 1.0


class RulesAnalyst:
    """The local provider. Vectors only tell topics and intents; every risk is a sum of rules."""

    remote = False

    def __init__(
        self, taxonomy: Taxonomy, embedder: Embedder, rulebook: Rulebook | None = None
    ) -> None:
        self.taxonomy = taxonomy
        self.rulebook = rulebook or packaged_rulebook()
        self._embedder = embedder

    @property
    def model_version(self) -> str:
        """Engine, rules, topics and the model of the vectors."""
        return (
            f"rules-{ENGINE}+{self.rulebook.version}+{self.taxonomy.version}"
            f"+{self._embedder.model_version}"
        )

    def assess(self, cases: Sequence[Case]) -> list[Assessment]:
        """As `Analyst.assess`."""
        said = [said_in(case.conversation) for case in cases]
        openings = [opening_sentences(one) for one in said]
        vectors = self._vectors(sorted({one.text for opening in openings for one in opening}))
        return [
            self._assessment(case, told, opening, [vectors[one.text] for one in opening])
            for case, told, opening in zip(cases, said, openings, strict=True)
        ]

    def _vectors(self, texts: Sequence[str]) -> dict[str, Vector]:
        """One vector for each text, however many tickets say it."""
        return dict(zip(texts, self._embedder.embed(texts), strict=True)) if texts else {}

    def _assessment(
        self, case: Case, said: Said, opening: Sequence[Sentence], vectors: Sequence[Vector]
    ) -> Assessment:
        topic = _sure(self._topics.nearest(opening, vectors), SURE_TOPIC)
        intent, why = self._intent(opening, vectors)
        reasons = [
            *reasons_of_words(said, self.rulebook),
            *reasons_of_history(case.history, said, self.rulebook),
        ]
        risks, urgency = risks_of(reasons), urgency_of(reasons)
        topic_id = topic.label if topic else OTHER
        found = [] if topic is None else [_alike("topic", topic)]
        return Assessment(
            ticket_id=case.ticket_id,
            provider="local",
            topic_id=topic_id,
            topic_confidence=max(0.0, topic.similarity) if topic else 0.0,
            intent=intent,
            urgency=urgency,
            effort=risks["effort"],
            churn_risk=risks["churn"],
            escalation_risk=risks["escalation"],
            reasons=(*found, *why, *reasons),
            checks=checks_of(case, said),
            summary=summarise(
                case,
                said,
                self.rulebook,
                topic=self.taxonomy.title_of(topic_id) if topic else "No topic of the list",
                intent=intent,
                urgency=urgency,
                reasons=reasons,
            ),
        )

    def _intent(
        self, opening: Sequence[Sentence], vectors: Sequence[Vector]
    ) -> tuple[str, tuple[Reason, ...]]:
        first = [one for one in opening if one.turn_position == 0]
        for rule in self.rulebook.told.intents:
            for sentence in first:
                if rule.is_in(sentence.text):
                    why = Reason("intent", "said_so", SAID_SO, sentence.evidence)
                    return rule.intent, (why,)
        nearest = _sure(self._intents.nearest(first, vectors[: len(first)]), SURE_INTENT)
        return (OTHER, ()) if nearest is None else (nearest.label, (_alike("intent", nearest),))

    @cached_property
    def _topics(self) -> Labels:
        return Labels({one.id: one.texts for one in self.taxonomy.topics}, self._embedder)

    @cached_property
    def _intents(self) -> Labels:
        told = self.rulebook.told.intents
        return Labels({one.intent: one.examples for one in told}, self._embedder)


def _sure(found: Nearest | None, at_least: float) -> Nearest | None:
    return found if found is not None and found.similarity >= at_least else None


def _alike(aspect: Literal["topic", "intent"], found: Nearest) -> Reason:
    return Reason(aspect, "alike", max(0.0, min(1.0, found.similarity)), found.evidence)
