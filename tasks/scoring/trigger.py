"""Whether a conversation holds a request that a procedure governs."""

import re
from collections.abc import Callable
from typing import Literal

from tasks.scoring.actions import Subject
from tasks.scoring.lines import Line, Script

Applies = Literal["yes", "no", "unclear"]
Similarity = Callable[[str, str], float]

# Without a cue, a sentence this close to the trigger (cosine) makes it unclear, not applicable.
_UNCLEAR_SIMILARITY = 0.6
# A procedure of an unknown kind has no cues: only closeness speaks for it.
_CLEAR_SIMILARITY = 0.7
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
    """Whether the procedure applies: "yes" only for a request in so many words."""
    heard = script.others
    if subject and any(_is_request(subject, line) for line in heard):
        return "yes"
    nearest = max((similarity(line.text, text) for line in heard for text in trigger), default=0.0)
    if subject is None and nearest >= _CLEAR_SIMILARITY:
        return "yes"
    hinted = subject is not None and any(is_hinted(subject, line.text) for line in heard)
    return "unclear" if hinted or nearest >= _UNCLEAR_SIMILARITY else "no"


def is_hinted(subject: Subject, text: str) -> bool:
    """True when a sentence has the words of a request, though perhaps for something else."""
    about_other = _OTHER_OBJECT.search(text) and not _ACCOUNT.search(text)
    return not about_other and subject.is_asked_for(text)


def _is_request(subject: Subject, line: Line) -> bool:
    return is_hinted(subject, line.text) and not _NO_REQUEST.search(line.text)
