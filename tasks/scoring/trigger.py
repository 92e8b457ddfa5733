"""Whether a conversation holds a request that a procedure governs."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from tasks.scoring.actions import Subject, subject_of
from tasks.scoring.lines import Line, Script

Applies = Literal["yes", "no", "unclear"]
Similarity = Callable[[str, str], float]

# Without a cue, a sentence this close to the trigger (cosine) makes it unclear, not applicable.
_UNCLEAR_SIMILARITY = 0.6
# A procedure of an unknown kind has no cues: only closeness speaks for it.
_CLEAR_SIMILARITY = 0.7
# Closeness to requests of a known kind: clear alone, clear once an agent says that it is done,
# and unclear although an agent says so. Sentences about other things reach 0.61.
_REQUEST = 0.72
_REQUEST_HINT = 0.62
_REQUEST_TRACE = 0.55
# Below this cosine to all of `requests_of`, only a cue can make a procedure apply.
LEAST_SIMILARITY = 0.55
# The words of a request, but for one order, one parcel or one document.
_OTHER_OBJECT = re.compile(
    r"\b(?:delivery|shipping|parcel|order) address\b|"
    r"\b(?:on|for|of) (?:the|my|this|that|an?) (?:\w+ )?"
    r"(?:invoice|bill|parcel|delivery|ticket|booking|order|card|voucher)\b|"
    r"\binvoices?\b|\baddress bar\b|\b(?:recipient|sender|child|friend)(?:'|\u2019)s\b",
    re.I,
)
_ACCOUNT = re.compile(r"\b(?:accounts?|profile|on file|your (?:records|system))\b", re.I)
# Told, refused, or done by somebody else.
_NO_REQUEST = re.compile(
    r"\b(?:do not|don(?:'|\u2019)t|did not|didn(?:'|\u2019)t|never|no need to|not) "
    r"(?:\w+ ){0,2}(?:want|need|wish|like|chang\w+|updat\w+)\b|"
    r"\b(?:you|they|someone|somebody|who)(?: have| has)? (?:changed|updated|replaced)\b|"
    r"\bthank(?:s| you) for \w+ing\b|\bwhy\b",
    re.I,
)


def applies(
    subject: Subject | None, trigger: tuple[str, ...], script: Script, similarity: Similarity
) -> Applies:
    """Whether the procedure applies: "yes" for a request in words that are known or close to such.

    What an agent says to have done makes a likely request a clear one.
    """
    nearest = _nearest(script.others, trigger, similarity)
    if subject is None:
        if nearest >= _CLEAR_SIMILARITY:
            return "yes"
        return "unclear" if nearest >= _UNCLEAR_SIMILARITY else "no"
    if any(_is_request(subject, line) for line in script.others):
        return "yes"
    is_done = any(subject.is_said_done(line.text) for line in script.agent)
    likely = _nearest(_candidates(script.others), subject.requests, similarity)
    if likely >= (_REQUEST_HINT if is_done else _REQUEST):
        return "yes"
    hinted = any(is_hinted(subject, line.text) for line in script.others)
    unclear = likely >= (_REQUEST_TRACE if is_done else _REQUEST_HINT)
    return "unclear" if hinted or unclear or nearest >= _UNCLEAR_SIMILARITY else "no"


def requests_of(trigger: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences that a request which a procedure governs is close to."""
    subject = subject_of(trigger)
    return (*trigger, *(subject.requests if subject else ()))


def is_hinted(subject: Subject, text: str) -> bool:
    """True when a sentence has the words of a request, though perhaps for something else."""
    return not _is_about_other(text) and subject.is_asked_for(text)


def _is_request(subject: Subject, line: Line) -> bool:
    return is_hinted(subject, line.text) and not _NO_REQUEST.search(line.text)


def _is_about_other(text: str) -> bool:
    return bool(_OTHER_OBJECT.search(text)) and not _ACCOUNT.search(text)


def _candidates(lines: Sequence[Line]) -> list[Line]:
    """The lines that may be a request in words of their own."""
    return [
        line
        for line in lines
        if not _is_about_other(line.text) and not _NO_REQUEST.search(line.text)
    ]


def _nearest(lines: Sequence[Line], texts: Sequence[str], similarity: Similarity) -> float:
    """The highest cosine between a line and one of the texts; 0 without any."""
    return max((similarity(line.text, text) for line in lines for text in texts), default=0.0)
