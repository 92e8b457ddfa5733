"""What procedures are about: how customers ask for it and how agents say that it is done."""

import re
from dataclasses import dataclass

from tasks.scoring.items import items_in

# Without an object of its own, "account details" means these.
_ACCOUNT_ITEMS = frozenset({"name", "email", "phone", "address"})
_SPOKEN = {
    "email": "email address",
    "phone": "phone number",
    "address": "postal address",
    "account": "account details",
}
# How customers ask without naming the item, or by what made it change.
_CAUSES = {
    "name": "I got married and have a new surname.",
    "address": "I have moved, please update my address.",
}
_APOSTROPHE = r"(?:'|\u2019)"
_DONE_LEAD = (
    rf"(?:\b(?:i|we)(?: have|{_APOSTROPHE}ve)?(?: just| now| already| also|"
    rf" gone ahead and)*|\b(?:is|are|been|was|were|{_APOSTROPHE}s|all)"
    r"(?: now| already| successfully| just)*)"
)
_DENIED = re.compile(
    r"\b(?:not|never|cannot|can't|until|before|after|once|as soon as|if|when|will be|would be|"
    rf"unable|n{_APOSTROPHE}t|unless)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of request: `names` in a procedure, `asks` by customers, `done` by agents.

    `requests` are sentences of customers who ask for it, with "{item}" for what shall be changed;
    `example` is one of an agent who has done it. With `needs_item` a request counts only when it
    names what shall be changed, in a group of `asks`.
    """

    names: re.Pattern[str]
    asks: re.Pattern[str]
    done: re.Pattern[str]
    requests: tuple[str, ...]
    example: str
    needs_item: bool


def _action(
    names: str,
    asks: str,
    done: str,
    *,
    requests: tuple[str, ...],
    example: str,
    needs_item: bool = False,
) -> Action:
    patterns = [re.compile(pattern, re.I) for pattern in (names, asks, done)]
    return Action(patterns[0], patterns[1], patterns[2], requests, example, needs_item)


# What is changed stands right behind the verb, or right before the word that it is wrong.
_ITEM = (
    r"(?P<item{n}>(?:(?:postal|home|e-?mail|mail|street) )?address(?:es)?|e-?mails?|"
    r"(?:(?:tele)?phone|mobile|cell) numbers?|number(?= (?:on|in) my (?:account|profile))|"
    r"(?:(?:full|first|last|family|maiden) |sur)?names?|"
    r"(?:(?:account|contact|personal|customer|my|our) )?details|profile)\b(?! of (?:the|this))"
)
_VERB = (
    r"\b(?:chang(?:e|ing)|updat(?:e|ing)|correct(?:ing|ed)?|edit|amend|modify|replace|switch|swap|"
    r"fix|adjust|alter)(?:ing)?"
)
_WANTED = (
    r"\b(?:want|wish|would like|(?:'|\u2019)d like|need|request|please|kindly|"
    r"(?:can|could|may) (?:i|you|we)|how (?:do|can) (?:i|we)|waiting for|where is|"
    r"give me|demand)\b[^.?!]{0,50}?"
)
CHANGE = _action(
    r"\b(?:chang(?:e|es|ing)|updat(?:e|es|ing)|amend\w*|correct(?:ing|ions?))\b",
    rf"{_VERB}(?: (?!order|parcel|me\b|and\b|about\b)[\w'\u2019-]+){{0,4}}? {_ITEM.format(n=1)}|"
    rf"\b(?:my|our)(?: [\w-]+)? {_ITEM.format(n=2)} (?:[\w-]+ ){{0,2}}(?:changed|wrong\w*|outdated|"
    r"out of date|incorrect\w*|misspel\w+|no longer (?:valid|in use|correct))\b|"
    rf"\b(?:have|get|like|want|need) (?:my|our|the) {_ITEM.format(n=6)}"
    r"(?: (?:on|in) (?:my|our|the) (?:account|profile))? (?:to be )?"
    r"(?:changed|corrected|updated|amended|altered|replaced|fixed)\b|"
    rf"\bset (?:my|our) {_ITEM.format(n=7)} to\b|"
    rf"\b(?:use|put(?: in)?|have|got|enter|add) (?:a|the|my|our) (?:different|new|other) "
    rf"{_ITEM.format(n=3)}|\bnew {_ITEM.format(n=4)} (?:for|on) (?:my|the|our) account\b|"
    rf"\b(?:our|my|the) new {_ITEM.format(n=5)} (?:is|will be)\b",
    rf"{_DONE_LEAD} (?:changed|updated|saved|corrected|amended|switched|replaced|set|altered|"
    r"edited|modified|adjusted)\b|"
    rf"{_DONE_LEAD} (?:added|entered|recorded|registered|stored|put|moved|swapped) "
    rf"(?:[\w-]+ ){{0,2}}(?:your|new) (?:[\w-]+ ){{0,2}}?{_ITEM.format(n=8)}|"
    r"^(?:changed|updated|corrected|amended|altered)(?: as (?:requested|you asked)| for you)?[.!,]|"
    r"\b(?:is|are)(?: now)? (?:active|saved|in place|up to date|in effect|"
    r"(?:on|in) (?:the|our|your) (?:system|account|file|profile|records|database))\b|"
    r"\bnow (?:shows?|has|have|uses?|carries) (?:the |your )?(?:new|updated|correct)\b|"
    r"\b(?:change|update|correction) (?:is|was|has been) (?:done|made|complete\w*|saved)\b|"
    r"\bmade (?:the|that|this|your) (?:change|update|correction)s?\b|"
    r"\bput (?:in )?(?:the|your) new\b|"
    r"^(?:\w+ )?(?:details|data|address|name|e-?mail|phone) (?:changed|updated|saved)\b",
    requests=(
        "Please change the {item} on my account.",
        "My {item} has changed, here is the new one.",
    ),
    example="I have changed your account details as you asked.",
    needs_item=True,
)
REFUND = _action(
    r"\b(?:refunds?|refunding|reimburse\w*)\b",
    rf"{_WANTED}\b(?:refund(?:ed)?|money back|reimburse\w*)\b",
    rf"{_DONE_LEAD} (?:refunded|reimbursed)\b|\brefund\b[^.?!]{{0,60}}\b(?:released|issued|sent|"
    r"processed|on its way|paid|went out|credited|completed)\b|"
    rf"{_DONE_LEAD} (?:sent|paid|returned|credited) (?:[\w-]+ ){{0,3}}(?:money|amount)\b|"
    r"\bmoney (?:is|has been|was) (?:now |already )?(?:on its way|sent|paid|returned|credited)\b",
    requests=(
        "I want a refund.",
        "Please give me my money back.",
        "I would like to be reimbursed.",
    ),
    example="I have sent your refund.",
)
CANCEL = _action(
    r"\b(?:cancel\w*|termination|closing an account|account closures?)\b",
    rf"{_WANTED}\b(?:cancel|terminate|close my account|"
    r"(?:end|stop) (?:my|our|the) (?:[\w-]+ )?(?:subscription|contract|plan|membership))\b",
    rf"{_DONE_LEAD} (?:cancell?ed|closed|terminated|ended)\b|\b(?:ends|will end) on\b",
    requests=(
        "Please cancel my subscription.",
        "I want to end my contract.",
        "How do I close my account?",
    ),
    example="I have cancelled your subscription.",
)
DELETION = _action(
    r"\b(?:delet\w+|eras\w+)\b",
    r"\b(?:delete|erase|remove) (?:all |all of )?(?:my|our)\b",
    rf"{_DONE_LEAD} (?:deleted|erased|removed)\b",
    requests=("Please delete all the data that you have about me.",),
    example="I have deleted your data.",
)
REPLACEMENT = _action(
    r"\b(?:replacements?|exchanges?)\b",
    rf"{_WANTED}\b(?:replacement|exchange|replaced?)\b",
    rf"{_DONE_LEAD} (?:sent|shipped|arranged|ordered)\b[^.?!]{{0,40}}\b(?:replacement|new)\b|"
    r"\breplacement\b[^.?!]{0,40}\b(?:on its way|sent|shipped|leaves)\b",
    requests=("Please send me a replacement.", "I want to exchange this for a new one."),
    example="I have sent you a replacement.",
)
ACTIONS = (CHANGE, REFUND, CANCEL, DELETION, REPLACEMENT)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a procedure governs: its action and, for a change, the items it protects."""

    action: Action
    items: frozenset[str]

    @property
    def requests(self) -> tuple[str, ...]:
        """Sentences of customers who ask for it."""
        spoken = [_SPOKEN.get(item, item.replace("_", " ")) for item in sorted(self.items)]
        if not self.action.needs_item:
            return self.action.requests
        filled = [text.format(item=item) for text in self.action.requests for item in spoken]
        return (*filled, *(cause for item, cause in _CAUSES.items() if item in self.items))

    def is_asked_for(self, text: str) -> bool:
        """True when a customer's sentence asks for it, in so many words."""
        for found in self.action.asks.finditer(text):
            named = " ".join(filter(None, found.groups()))
            if not self.action.needs_item or items_in(named) & self.items:
                return True
        return False

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
