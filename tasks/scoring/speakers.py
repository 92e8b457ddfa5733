"""Who says a sentence: the turn's speaker, or on a call what the sentence sounds like."""

import re

from tasks.scoring.records import Speaker, Turn

_AGENT = re.compile(
    r"\bthank(?:s| you) for (?:calling|contacting|your (?:call|patience)|getting in touch|holding)|"
    r"\bhow (?:can|may|could) (?:i|we) (?:help|assist)|\bwhat can i do for you\b|"
    r"\b(?:this is|my name is|you are (?:speaking|through) (?:with|to)) (?:the )?[\w ]{2,30}"
    r"(?:from|at|team|support|service|department|desk)\b|"
    r"\b(?:you are (?:speaking|through) (?:with|to))\b|"
    r"^(?:\w+ ){0,2}(?:support|service|team|department|help ?desk)[, ]|"
    r"\bi (?:can|will|would be happy to|am happy to|(?:woul|'|\u2019)?d be happy to) help\b|"
    r"\b(?:i have|i've|i\u2019ve|i|we have|we've) (?:just |now |already )?"
    r"(?:updated|changed|escalated|sent you|sent the|refunded|corrected|arranged|raised|logged|"
    r"booked|processed|issued|forwarded|verified)\b|"
    r"\byour (?:\w+ ){0,4}(?:is|are|has been|have been) (?:now |already )?"
    r"(?:changed|updated|saved|active|corrected|verified|on its way)\b|"
    r"\bthe (?:new|updated) (?:[\w-]+ ){1,3}(?:is|are) (?:now )?(?:active|saved|in place)\b|"
    r"\b(?:could|can|would|may) (?:you|i) (?:please |just |first )*(?:confirm|verify|tell me|"
    r"give me|have your|take your|ask (?:you )?for)\b|\bplease (?:confirm|verify)\b|"
    r"\bfor (?:your )?security\b|\b(?:that|this|it) (?:all )?matche[sd]\b|"
    r"\b(?:is there )?anything else\b.*\?|\banything else i can\b|"
    r"\blet me (?:check|look|see|pull)\b|\bi am sorry (?:to hear|for the|about|that you)\b|"
    r"\bour (?:engineers|records|system|billing|warehouse|policy|team|specialists?)\b|"
    r"\byou(?: are|'re|\u2019re) (?:very )?welcome\b|"
    r"\bwe (?:have on file|hold on file)\b|\bon file\b.*\?|"
    r"\bwhat (?:should|is) (?:the|your) (?:new|current)\b",
    re.I,
)
_CUSTOMER = re.compile(
    r"\b(?:i|we) (?:would like|want|wish|need|moved|have moved|ordered|bought|paid|returned|called|"
    r"tried|can ?not|can't|am (?:waiting|calling|really|still|very|so)|expected|received|"
    r"never|hope so|lost|still)\b|\bmy (?:order|account|card|parcel|package|refund|money|e-?mail|"
    r"address|phone|number|invoice|bill|new|old|last|name|password|subscription|contract|post ?code"
    r"|date of birth)\b|\b(?:your|you) (?:website|app|company|service|charged|sent me|told me)\b",
    re.I,
)


def speaker_of(turn: Turn, sentence: str) -> Speaker:
    """The speaker of one sentence; "unknown" where an unattributed one sounds like neither."""
    if turn.speaker != "unknown":
        return turn.speaker
    if _AGENT.search(sentence):
        return "agent"
    return "customer" if _CUSTOMER.search(sentence) else "unknown"
