"""Rules on words that a sentence vector blurs: threats, repeated contact, thanks."""

import importlib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

_TIMES = r"(?:second|third|fourth|fifth|sixth|2nd|3rd|4th|5th|nth|umpteenth|hundredth)"

# VADER's time grows with the square of the words; what the vector reads ends here as well.
_LEXICON_CHARS = 1_600


@dataclass(frozen=True, slots=True)
class Bound:
    """Where the pattern stands, the score lies between `low` and `high`."""

    pattern: re.Pattern[str]
    low: float
    high: float


def _bound(pattern: str, *, low: float = -1.0, high: float = 1.0) -> Bound:
    return Bound(re.compile(pattern, re.I), low, high)


# The first that matches decides: worse before better.
_BOUNDS = (
    _bound(
        r"\b(?:my|a|our) (?:lawyer|solicitor|attorney)\b|\blegal action\b|\bcharge\s?back\b|"
        r"\bdispute (?:the|this|that|your) (?:charge|payment|transaction)\b|\bsue you\b|"
        r"\bgo(?:ing)? to (?:the )?(?:police|court|press)\b|\bsmall claims\b",
        high=-0.75,
    ),
    _bound(r"\bthank(?:s| you) for nothing\b", high=-0.7),
    _bound(
        rf"\b(?:this|that|it) (?:is|was) (?:now )?(?:already )?(?:the |my )?{_TIMES} "
        rf"(?:time|call|mail|e-?mail|message|request)\b|\bfor the {_TIMES} time\b|"
        r"\bagain and again\b|\b(?:three|four|five|six|several|many|\d+) times (?:already|now)\b",
        high=-0.55,
    ),
    _bound(
        r"\b(?:i|we) (?:will|shall|am going to|are going to) (?:cancel|close my|leave)\b|"
        r"\bi(?:'|\u2019)ll cancel\b|\bcancel everything\b|\bspeak to (?:a|your|the) manager\b",
        high=-0.55,
    ),
    _bound(
        r"\bstill (?:not|no|waiting|nothing|have(?:n(?:'|\u2019)t| not)|do(?:es)?n(?:'|\u2019)t|"
        r"can(?:'|\u2019)?t|cannot)\b|\b(?:has|have)(?: not|n(?:'|\u2019)t) (?:\w+ )?yet\b",
        high=-0.3,
    ),
    _bound(
        r"\bno (?:complaints?|problems? at all)\b|\bnot (?:bad|disappointed|a problem)\b|"
        r"\b(?:could not|couldn(?:'|\u2019)t|can not|cannot) be (?:happier|better|more)\b",
        low=0.25,
    ),
    # Not after a negation, and not where the sentence turns: "thank you, but it failed again".
    _bound(
        r"^(?!.*\b(?:no|not|never|but|without|n(?:'|\u2019)t|however|although|unfortunately)\b)"
        r".*\b(?:thanks?|thank you|cheers)\b",
        low=0.15,
    ),
)


def bounded(text: str, score: float) -> tuple[float, bool]:
    """The score within the bounds of the first rule that matches, and whether one did."""
    for bound in _BOUNDS:
        if bound.pattern.search(text):
            return min(max(score, bound.low), bound.high), True
    return score, False


def lexicon_score(text: str) -> float:
    """VADER's compound score, -1..1: valence words with negation, emphasis and punctuation."""
    return float(_analyzer().polarity_scores(text[:_LEXICON_CHARS])["compound"])


@cache
def _analyzer() -> Any:
    # By name, because the library carries no types.
    return importlib.import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
