"""What a message holds beside its message: greeting, quoted mail, sign-off, contact lines."""

import re

from tasks.scoring.sentences import Sentence, split_sentences

_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day))\b[^.!?\n]{0,40}[,!.]?",
    re.I,
)
_SIGN_OFF = re.compile(
    r"(?:(?:best|kind|warm|many|with)\s+)*(?:regards|wishes|greetings|sincerely|cheers|thanks|"
    r"thank you|yours(?: sincerely| truly| faithfully)?|all the best|best)\s*[,.!]?",
    re.I,
)
# Written before anything has been done: manners, not a mood.
_POLITE = re.compile(
    r"(?:(?:many )?thanks|thank you)(?: (?:very|so) much)? (?:in advance|for (?:your|the|any) "
    r"(?:help|time|support|understanding|assistance|attention))(?: in advance)?\s*[,.!]?|"
    r"(?:i (?:wish you|hope you have)|have) an? (?:nice|good|great|lovely|pleasant) "
    r"(?:day|evening|week|weekend|one)\s*[,.!]?|(?:i am )?looking forward to [^.!?]{0,40}[.!]?",
    re.I,
)
_QUOTED = re.compile(r">|on .{4,80} wrote:|-{2,}\s*original message|from:\s", re.I)
_NAME = re.compile(r"(?:[A-Z\u00c0-\u00de][\w'\u2019.-]*[,\s]*){1,3}")
_CONTACT = re.compile(r"[^\s@]{1,64}@\S+|\+?[\d\s()/.-]{6,}|(?:https?://|www\.)\S+")
_HAS_WORD = re.compile(r"[^\W\d_]")


def message_sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a message without courtesies; all of them when nothing else is left.

    A sign-off ends the message only where no more than a signature follows it.
    """
    everything = split_sentences(text)
    sentences = _before_sign_off(_before_quote(everything))
    kept = tuple(one for one in sentences if not _is_courtesy(one.text))
    return kept or tuple(one for one in everything if _HAS_WORD.search(one.text))


def _before_quote(sentences: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    for at, sentence in enumerate(sentences):
        if _QUOTED.match(sentence.text):
            return sentences[:at]
    return sentences


def _before_sign_off(sentences: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    for at in range(len(sentences) - 1, 0, -1):
        text = sentences[at].text
        if _SIGN_OFF.fullmatch(text):
            return sentences[:at]
        if not _is_signature(text):
            break
    return sentences


def _is_signature(text: str) -> bool:
    """A name, an address or a contact line: short, and without the end of a sentence."""
    return len(text.split()) <= 6 and text[-1] not in "!?."


def _is_courtesy(text: str) -> bool:
    bare = _CONTACT.sub("", text)
    return (
        bool(_GREETING.fullmatch(text) or _POLITE.fullmatch(text))
        or not _HAS_WORD.search(bare)
        or bool(_NAME.fullmatch(bare) and len(bare.split()) > 1)
    )
