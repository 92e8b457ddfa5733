"""Assessments for people: what was found, with its quotations opened and that in the trail."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from tasks.analysts import SUMMARY_COLUMN, taxonomy
from tasks.assessment import packaged_rulebook
from tasks.conversation import open_conversations
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from warehouse import assessments, quality
from warehouse.assessments import FoundAssessment, Place

# What is no rule's code.
WORDS = {
    "alike": "sounds like it",
    "said_so": "says so",
    "priority": "has that priority in the desk",
    "judged": "by the model's verdict",
    "said": "it is said",
    "not_said": "nothing of the kind is said",
    "no_answer": "there is no answer to judge",
    "nothing_to_regret": "the customer was not unhappy",
    "still_open": "it may still come",
    "plain": "the sentences are short enough",
    "heavy": "the sentences are long",
}
Turns = Mapping[tuple[int, int], str]


@dataclass(frozen=True)
class Shown:
    """One reason or check in words; `quote` is verbatim, None where nobody said it.

    `repr` hides the quote.
    """

    what: str
    why: str
    score: float | None
    quote: str | None

    def __repr__(self) -> str:
        return f"Shown({self.what}, {self.why})"


@dataclass(frozen=True)
class ShownAssessment:
    """A ticket's assessment for people. `quality` is from 0 to 100. `repr` hides the summary."""

    found: FoundAssessment
    topic: str
    intent: str
    summary: str | None
    quality: float | None
    reasons: list[Shown]
    checks: list[Shown]

    def __repr__(self) -> str:
        return f"ShownAssessment({self.found.ticket_id})"


def shown_assessment(resources: Resources, ticket_id: int) -> ShownAssessment:
    """The assessment of a ticket, its quotations opened. Raises: ConfigurationError without one."""
    topics, rulebook = taxonomy(resources), packaged_rulebook()
    with resources.session("show an assessment", {"tickets": str(ticket_id)}) as connection:
        found = assessments.find_assessment(connection, ticket_id)
        if found is None:
            raise _not_assessed(resources, ticket_id)
        turns = _turns(connection, resources, ticket_id)
        shown = ShownAssessment(
            found,
            topics.title_of(found.topic_id),
            rulebook.intent_words.get(found.intent, found.intent),
            _summary(connection, resources, ticket_id),
            quality.quality_of(connection, ticket_id),
            _reasons(connection, ticket_id, turns),
            _checks(connection, ticket_id, turns),
        )
    return shown


def _not_assessed(resources: Resources, ticket_id: int) -> ConfigurationError:
    slug = resources.organization.slug
    return ConfigurationError(
        f"ticket {ticket_id} of {slug} is not assessed;"
        f" `vensor run --org {slug} --stages assess` assesses what is pending"
    )


def _reasons(connection: Connection, ticket_id: int, turns: Turns) -> list[Shown]:
    words = {**WORDS, **packaged_rulebook().words}
    return [
        Shown(one.aspect, words.get(one.code, one.code), one.weight, _quote(turns, one.place))
        for one in assessments.reasons_of(connection, ticket_id)
    ]


def _checks(connection: Connection, ticket_id: int, turns: Turns) -> list[Shown]:
    return [
        Shown(
            f"{one.category}: {one.verdict.replace('_', ' ')}",
            WORDS.get(one.reason, one.reason),
            one.score,
            _quote(turns, one.place),
        )
        for one in assessments.checks_of(connection, ticket_id)
    ]


def _turns(connection: Connection, resources: Resources, ticket_id: int) -> Turns:
    """What was said in each turn, as long as its content is here."""
    return {
        (turn.comment_id, turn.turn_no): turn.text
        for one in open_conversations(connection, resources.cipher, [ticket_id])
        for turn in one.conversation.turns
    }


def _quote(turns: Turns, place: Place) -> str | None:
    if place.comment_id is None or place.turn_no is None:
        return None
    said = turns.get((place.comment_id, place.turn_no))
    return None if said is None else said[place.start_char : place.end_char]


def _summary(connection: Connection, resources: Resources, ticket_id: int) -> str | None:
    found = assessments.sealed_summary(connection, ticket_id)
    if found is None:
        return None
    sealed, changed_at = found
    plain = resources.cipher.unseal(
        sealed, column=SUMMARY_COLUMN, row_id=str(ticket_id), changed_at=changed_at
    )
    return plain.decode()
