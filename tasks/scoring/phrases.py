"""How agents put what procedures demand of them."""

import re

from tasks.scoring.items import items_in

_GREETING = re.compile(
    r"(?:[\w ]{1,30}, )?"
    r"(?:hi|hello|hey|dear|welcome|greetings|good (?:morning|afternoon|evening|day))\b|"
    r"^thank(?:s| you) for (?:calling|holding)\b",
    re.I,
)
_NAMED_GREETING = re.compile(
    r"(?i:hi|hello|hey|dear|welcome|greetings|good (?:morning|afternoon|evening|day)),? "
    r"(?!(?i:there|all|everyone|team|customer|sir|madam|again|and|to|thank|thanks)\b)"
    r"(?:(?i:mr|mrs|ms|dr)\.? )?(?P<name>[^\W\d_])"
)
_THANKS = re.compile(r"\b(?:thank(?:s| you)|(?:we|i) appreciate|grateful)\b", re.I)
_APOLOGY = re.compile(r"\b(?:sorry|apologi[sz]e|apolog(?:y|ies))\b", re.I)
_OFFER = re.compile(
    r"\b(?:any|some)thing (?:else|more|further)\b(?! (?:that )?(?:i|we) (?:should|need|must))"
    r"[^.!]*(?:\?|\b(?:i|we) (?:can|could|may)\b|let (?:me|us) know|help|assist)|"
    r"\b(?:let (?:me|us) know|reach out|write to us|contact us|get in touch)\b[^.?!]*"
    r"\b(?:anything else|any (?:other|further|more) (?:questions?|help)|further help)\b|"
    r"\b(?:help|assist)\w*\b[^.?!]{0,20}\b(?:with )?anything else\b|"
    r"\b(?:further|more|other) (?:help|assistance|questions?)\b|"
    r"\b(?:if|should|in case) (?:there(?:'s|\u2019s| is| be)|you(?: ever)? need) anything else\b",
    re.I,
)
_ASKING = re.compile(
    r"\?|\b(?:please|kindly|(?:could|can|would|may|might) (?:you|i|we)|tell (?:me|us)|"
    r"let (?:me|us) know|(?:i|we)(?: will| would|(?:'|\u2019)(?:ll|d))? (?:also )?(?:need|require)|"
    r"send (?:me|us)|give (?:me|us)|what(?:'s| is)|which)\b|"
    r"^(?:first,? )?(?:confirm|provide|verify|state|share|reply with|quote)\b",
    re.I,
)
_DISCLOSING = re.compile(
    r"\b(?:what|which|tell|give|send|confirm|provide|share|read|enter|verify|need|require|have|"
    r"state|type|spell|write|ask)\b",
    re.I,
)
_HANDLING = re.compile(
    r"\b(?:reset|resets|resetting|changed?|choose|set(?: up)?|create|forgot\w*|expired?)\b", re.I
)
_REFUSING = re.compile(
    r"\b(?:do not|don(?:'|\u2019)t|never|need not|no need|not|without|refuse|rather than|"
    r"won(?:'|\u2019)t|shouldn(?:'|\u2019)t)\b",
    re.I,
)
_VERIFYING = re.compile(
    r"\b(?:verif\w+|identi(?:ty|fy|fication)|security (?:questions?|checks?)|"
    r"(?:confirm|check) (?:who you are|(?:some|a few|your) (?:\w+ )?details|it is you))\b",
    re.I,
)


def is_greeting(text: str, *, by_name: bool) -> bool:
    """True for a greeting, with a name after it where one is demanded."""
    if not by_name:
        return bool(_GREETING.match(text))
    named = _NAMED_GREETING.match(text)
    # Scripts without capital letters have names too.
    return named is not None and not named["name"].islower()


def is_thanks(text: str) -> bool:
    """True where the agent thanks."""
    return bool(_THANKS.search(text))


def is_apology(text: str) -> bool:
    """True where the agent says sorry."""
    return bool(_APOLOGY.search(text))


def is_offer(text: str) -> bool:
    """True for an offer of further help; "anything else I should know" is none."""
    return bool(_OFFER.search(text))


def asked_items(text: str) -> frozenset[str]:
    """What a sentence asks the customer for; nothing when it tells them to keep it."""
    if not _ASKING.search(text) or is_refusal(text):
        return frozenset()
    return items_in(text)


def is_disclosure_demanded(text: str) -> bool:
    """True where asking means telling ("what is your password"), not doing ("reset it")."""
    return bool(_DISCLOSING.search(text)) and not is_handling(text)


def is_handling(text: str) -> bool:
    """True where the customer is to do something with an item: reset, change, choose it."""
    return bool(_HANDLING.search(text))


def is_refusal(text: str) -> bool:
    """True where the agent says what is not, or shall not be."""
    return bool(_REFUSING.search(text))


def is_verification(text: str) -> bool:
    """True where the agent asks for proof of identity without saying which."""
    return bool(_VERIFYING.search(text) and _ASKING.search(text))
