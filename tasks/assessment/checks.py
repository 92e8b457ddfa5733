"""The categories of the scorecard that words tell by themselves: rules, no model."""

import re
from collections.abc import Callable, Sequence

from tasks.assessment.records import Case, Category, Check
from tasks.assessment.said import Said, Sentence
from tasks.scoring.phrases import is_apology, is_greeting, is_offer
from tasks.scoring.records import Evidence

UNHAPPY_AT_MOST = -0.2
# Sentences of up to so many words are plain; from twice as many on they are heavy.
PLAIN_WORDS = 20.0
DECIMALS = 3
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_EMPATHY = re.compile(
    r"\b(?:sorry|apologi[sz]e|apolog(?:y|ies)|i understand|i can (?:see|imagine)|that must|"
    r"thank(?:s| you) for (?:your )?(?:patience|reporting|telling|letting|the report|waiting)|"
    r"(?:should|must) not (?:have )?happen|you are right|frustrat\w+|inconvenience)\b",
    re.I,
)
_SOLUTION = re.compile(
    r"\b(?:i|we)(?:'ve|’ve| have| had)? (?:just |now |already |also )*(?:\w+ed|sent|put|found|made|"
    r"taken|given|set|paid|got|done)\b(?! (?:to see|to hear))|"
    r"\b(?:has|have) (?:now |just |already )?been \w+(?:ed|en|t)\b|"
    r"\b(?:is|are) (?:now )?(?:on (?:its|their) way|back|over|closed|active|saved|solved|fixed|"
    r"valid|done|released|marked)\b|\bwas (?:released|sent|only|corrected|paid)\b|"
    r"\bwill (?:be (?:with you|back|fixed|sent|paid|refunded|replaced|in)|get|have it|"
    r"not be charged)\b|\b(?:leaves|ends|shows|disappears) (?:our|on|within|the)\b|"
    r"\b(?:please|you can|try) (?:now )?(?:reload|click|go to|open|follow|use|keep|return|restart|"
    r"reset|update|install|try again)\b|"
    r"\bthe (?:change|fix|cause|link|code)\b.{0,30}\b(?:is|was)\b|"
    r"\byes, ",
    re.I,
)
_CLOSING = re.compile(
    r"\b(?:(?:best|kind|warm) (?:regards|wishes)|all the best|sincerely|have a (?:nice|good|great)|"
    r"you(?:'re| are|’re) welcome|take care|regards|best wishes)\b",
    re.I,
)


def checks_of(case: Case, said: Said) -> tuple[Check, ...]:
    """Each category of the scorecard that is judged by words, one check each."""
    if not said.agent:
        return ()  # nobody answered yet: there is nothing to judge
    return (
        _greeting(said),
        _empathy(case, said),
        _solution(case, said),
        _closing(case, said),
        _readability(said),
    )


def _greeting(said: Said) -> Check:
    opening = [one for one in said.agent if one.turn_position == 0]
    return _found("greeting", opening, lambda text: is_greeting(text, by_name=False))


def _empathy(case: Case, said: Said) -> Check:
    """Asked for where the customer was unhappy."""
    lowest = case.history.sentiment_minimum
    if lowest is None or lowest > UNHAPPY_AT_MOST:
        return Check("empathy", "not_applicable", None, "nothing_to_regret")
    return _found(
        "empathy", said.agent, lambda text: is_apology(text) or bool(_EMPATHY.search(text))
    )


def _solution(case: Case, said: Said) -> Check:
    """A question is no solution; of an open ticket, none is asked for yet."""
    statements = [one for one in said.agent if not one.text.endswith("?")]
    found = _found("solution", statements, lambda text: bool(_SOLUTION.search(text)))
    return _unless_open(case, found)


def _closing(case: Case, said: Said) -> Check:
    last = said.agent[-1].turn_position
    ending = [one for one in said.agent if one.turn_position == last]
    found = _found("closing", ending, lambda text: is_offer(text) or bool(_CLOSING.search(text)))
    return _unless_open(case, found)


def _readability(said: Said) -> Check:
    """1 where the agent's sentences have twenty words or fewer on average, 0 from forty on."""
    counts = [len(_WORD.findall(one.text)) for one in said.agent]
    words = [count for count in counts if count > 3]  # greetings and names are no sentences
    if not words:
        return Check("readability", "not_applicable", None, "no_answer")
    mean = sum(words) / len(words)
    score = round(min(1.0, max(0.0, 2.0 - mean / PLAIN_WORDS)), DECIMALS)
    plain = score >= 0.5
    return Check("readability", "met" if plain else "not_met", score, "plain" if plain else "heavy")


def _unless_open(case: Case, check: Check) -> Check:
    """What an open ticket lacks may still come."""
    if check.verdict == "not_met" and case.history.is_open:
        return Check(check.category, "not_applicable", None, "still_open")
    return check


def _found(category: Category, told: Sequence[Sentence], is_it: Callable[[str], bool]) -> Check:
    at: Evidence | None = next((one.evidence for one in told if is_it(one.text)), None)
    if at is None:
        return Check(category, "not_met", 0.0, "not_said")
    return Check(category, "met", 1.0, "said", at)
