"""What procedures are about: how customers ask for it and how agents say that it is done."""

import re
from dataclasses import dataclass

from tasks.scoring.items import items_in

# Without an object of its own, "account details" means these.
_ACCOUNT_ITEMS = frozenset({"name", "email", "phone", "address"})
_APOSTROPHE = r"(?:'|\u2019)"
_DONE_LEAD = (
    rf"(?:\b(?:i|we)(?: have|{_APOSTROPHE}ve)?(?: just| now| already| also)*|"
    rf"\b(?:is|are|has been|have been|was|were|{_APOSTROPHE}s|all)(?: now| already| successfully"
    r"| just)*)"
)
_DENIED = re.compile(
    r"\b(?:not|never|cannot|can't|until|before|after|once|as soon as|if|when|will be|would be|"
    rf"unable|n{_APOSTROPHE}t|unless)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of request: `names` in a procedure, `asks` by customers, `done` by agents.

    `needs_item`: a request counts only when it names what shall be changed.
    """

    names: re.Pattern[str]
    asks: re.Pattern[str]
    done: re.Pattern[str]
    needs_item: bool = False


def _action(names: str, asks: str, done: str, *, needs_item: bool = False) -> Action:
    return Action(
        re.compile(names, re.I), re.compile(asks, re.I), re.compile(done, re.I), needs_item
    )


CHANGE = _action(
    r"\b(?:chang(?:e|es|ing)|updat(?:e|es|ing)|amend\w*|correct(?:ing|ions?))\b",
    r"\b(?:chang(?:e|ing)|updat(?:e|ing)|correct(?!\?)|edit|amend|modify|replace|switch|"
    r"(?:have|has|'ve|\u2019ve|just) (?:\w+ )?(?:moved|married|changed)|new (?=(?:e-?mail|phone|"
    r"address|name|number|mobile)[\w ]{0,20} (?:is|for my|on my)\b))",
    rf"{_DONE_LEAD} (?:changed|updated|saved|corrected|amended|switched|replaced|set)\b|"
    r"\b(?:is|are)(?: now)? (?:active|saved|in place|up to date|in effect)\b|"
    r"\bnow (?:shows?|has|have|uses?|carries) (?:the |your )?(?:new|updated|correct)\b|"
    r"\b(?:change|update|correction) (?:is|was|has been) (?:done|made|complete\w*|saved)\b|"
    r"\bmade (?:the|that|this|your) (?:change|update|correction)s?\b|"
    r"^(?:\w+ )?(?:details|data|address|name|e-?mail|phone) (?:changed|updated|saved)\b",
    needs_item=True,
)
REFUND = _action(
    r"\b(?:refunds?|refunding|reimburse\w*)\b",
    r"\b(?:refund(?:ed)?|money back|reimburse\w*)\b",
    rf"{_DONE_LEAD} (?:refunded|reimbursed)\b|\brefund\b[^.?!]{{0,60}}\b(?:released|issued|sent|"
    r"processed|on its way|paid)\b",
)
CANCEL = _action(
    r"\b(?:cancel\w*|termination|closing an account|account closures?)\b",
    r"\b(?:cancel|terminate|close my account|end my (?:subscription|contract|plan))\b",
    rf"{_DONE_LEAD} (?:cancell?ed|closed|terminated|ended)\b|\b(?:ends|will end) on\b",
)
DELETION = _action(
    r"\b(?:delet\w+|eras\w+)\b",
    r"\b(?:delete|erase|remove) (?:all |all of )?(?:my|our)\b",
    rf"{_DONE_LEAD} (?:deleted|erased|removed)\b",
)
REPLACEMENT = _action(
    r"\b(?:replacements?|exchanges?)\b",
    r"\b(?:replacement|exchange|replaced?)\b",
    rf"{_DONE_LEAD} (?:sent|shipped|arranged|ordered)\b[^.?!]{{0,40}}\b(?:replacement|new)\b|"
    r"\breplacement\b[^.?!]{0,40}\b(?:on its way|sent|shipped|leaves)\b",
)
ACTIONS = (CHANGE, REFUND, CANCEL, DELETION, REPLACEMENT)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a procedure governs: its action and, for a change, the items it protects."""

    action: Action
    items: frozenset[str]

    def is_asked_for(self, text: str) -> bool:
        """True when a customer's sentence asks for it, in so many words."""
        if not self.action.asks.search(text):
            return False
        return not self.action.needs_item or bool(items_in(_as_old(text)) & self.items)

    def is_said_done(self, text: str) -> bool:
        """True when a sentence states, without condition, that it has been done."""
        found = self.action.done.search(text)
        return bool(found) and not _DENIED.search(text, 0, found.end() if found else 0)


def subject_of(scope: tuple[str, ...]) -> Subject | None:
    """The subject of a procedure by its title and trigger; None when it is of another kind."""
    text = " ".join(scope)
    named = [(found.start(), action) for action in ACTIONS if (found := action.names.search(text))]
    if not named:
        return None
    items = items_in(text)
    if "account" in items or not items:
        items |= _ACCOUNT_ITEMS | {"account"}
    return Subject(min(named, key=lambda pair: pair[0])[1], items)


def is_done(subject: Subject | None, text: str) -> bool:
    """True when a sentence states that the request is done; any action's without a subject."""
    if subject:
        return subject.is_said_done(text)
    return any(Subject(action, frozenset()).is_said_done(text) for action in ACTIONS)


def _as_old(text: str) -> str:
    """The text with "new" taken out, so that a new address counts as an address."""
    return re.sub(r"\bnew\b", " ", text, flags=re.I)
