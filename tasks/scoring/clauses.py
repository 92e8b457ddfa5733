"""What a step of a procedure says: must or must not, on which condition, who, and until when."""

import re

from tasks.scoring.records import StepKind

_FORBIDDEN = re.compile(
    r"\b(?:must|may|should|shall|can)\s*(?:not|never|n't)\b|\bmustn(?:'|\u2019)t\b|\bcannot\b|"
    r"^(?:never|do not|don(?:'|\u2019)t|avoid|refuse|under no circumstances)\b|"
    r"\b(?:is|are) (?:not allowed|forbidden|prohibited)\b",
    re.I,
)
_MODAL = r"(?:must|should|shall|may|can|will|has to|have to|needs? to|is to|are to)"
_LEADING = re.compile(
    r"^(?:if|when(?:ever)?|once|after|unless|in case|as soon as|where|should (?:the|a))\b[^,]*?"
    rf"(?=,|:|\s(?:you|(?:the )?agents?) {_MODAL}\b|$)",
    re.I,
)
_TRAILING = re.compile(r"\b(?:if|unless|in case|provided that)\b[^,;]*", re.I)
# "ask the customer if …" asks a question, and sets no condition
_QUESTION = re.compile(
    r"\b(?:ask|check|see|confirm|verify|know|tell|find out|clarify|test)"
    r"(?: (?:the|an?|your|customers?|callers?|users?|them|him|her|with))* $",
    re.I,
)
_ROLE = (
    r"(?:(?:team|shift|floor|duty|support|service|quality|billing|finance|privacy|senior) )?"
    r"(?:leads?|leaders?|supervisors?|managers?|agents?|specialists?|representatives?|officers?|"
    r"colleagues?|engineers?|technicians?|team|department|back office)|tier[ -]?[123]|l[123]"
)
_ACTOR = re.compile(rf"^(?:the |an? |your |every |each )?({_ROLE}) (?:{_MODAL}|[a-z]+s)\b", re.I)
_ACTOR_COLUMN = re.compile(r"\b(?:owner|actor|who|role|responsible)\s*: ([^.;]+)", re.I)
_COUNT = (
    r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty-four|forty-eight)"
)
_DEADLINE = re.compile(
    rf"\bwithin (?:the next )?{_COUNT} (?:business |working |calendar )?"
    r"(?:minute|hour|day|week)s?\b|"
    r"\b(?:by|before|until) (?:the )?end of (?:the |this )?(?:business |working )?"
    r"(?:day|shift|week|call|chat|month)\b|"
    r"\b(?:on )?the same (?:business |working )?day\b|\b(?:no|not) later than [^.,;]+|"
    r"\b(?:immediately|at once|straight away|right away)\b",
    re.I,
)
_DEADLINE_COLUMN = re.compile(r"\b(?:deadline|due|time limit|when|sla)\s*: ([^.;]+)", re.I)


def kind_of(sentence: str) -> StepKind:
    """What kind of step a sentence makes."""
    if _FORBIDDEN.search(sentence):
        return "forbidden"
    return "conditional" if condition_of(sentence) else "required"


def condition_of(sentence: str) -> str:
    """The words on which a step hangs, or ""."""
    leading = _LEADING.match(sentence)
    if leading:
        return leading[0].strip()
    for trailing in _TRAILING.finditer(sentence):
        if not _QUESTION.search(sentence[: trailing.start()]):
            return trailing[0].rstrip(" .!?:")
    return ""


def actor_of(text: str, sentence: str) -> str:
    """Who is to do it, where another column or the sentence itself says so; else ""."""
    column = _ACTOR_COLUMN.search(text)
    if column:
        return column[1].strip()
    found = _ACTOR.match(sentence.removeprefix(condition_of(sentence)).lstrip(", "))
    return found[1].lower() if found else ""


def deadline_of(text: str) -> str:
    """Until when, where it is told; else ""."""
    column = _DEADLINE_COLUMN.search(text)
    if column:
        return column[1].strip()
    found = _DEADLINE.search(text)
    return found[0].lower() if found else ""
