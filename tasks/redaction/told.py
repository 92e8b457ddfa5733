"""Names that a text tells by where they stand: greeted, signed, introduced, before an address."""

import re
from collections.abc import Iterator, Sequence

from tasks.redaction.patterns import key_of
from tasks.redaction.records import Kind, Span
from tasks.redaction.words import nobody

CAPITAL = r"[A-ZÀ-ÞĀ-ŽȘȚŞİŁ]"
NAME = rf"{CAPITAL}[\w'’]{{1,30}}(?:-{CAPITAL}[\w'’]{{1,30}})?"
NAMES = rf"{NAME}(?:[ ]{NAME}){{0,2}}"
GREETING = (
    r"dear|hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks|thank you|hallo|liebe[r]?"
    r"|guten (?:tag|morgen|abend)|bonjour|ch[eè]re?|cher|estimad[oa]|hola|querid[oa]|ciao|gentile"
)
TITLE = r"mr|mrs|ms|miss|mx|dr|prof|sir|madam|herrn?|frau|m|mme|mlle|se[ñn]ora?|sr|sra|signora?"
INTRODUCTION = (
    r"(?:my|the|full|account holder(?:'s)?) name(?: is|'s|:)|i am called|name:|this is|speaking to"
    r"|mein name ist|ich hei(?:ß|ss)e|je m'appelle|mon nom est|me llamo|mi nombre es|mi chiamo"
)
CLOSING = (
    r"regards|thanks|thank you|thanks in advance|best|cheers|sincerely|yours|wishes|greetings|truly"
    r"|gr[üu](?:ß|ss)e?n?|danke|cordialement|merci|saludos|gracias|saluti|grazie"
)
PLACES = (
    re.compile(rf"\b(?i:{GREETING})[,!]?[ ]+(?:(?i:{TITLE})\b\.?[ ]+)?(?P<name>{NAMES})"),
    re.compile(rf"\b(?i:{TITLE})\b\.?[ ]+(?P<name>{NAMES})"),
    re.compile(rf"\b(?i:{INTRODUCTION})[ ]+(?P<name>{NAMES}|(?i:[a-z'’-]{{2,30}}(?=[.,!\n]|$)))"),
    re.compile(rf"(?i:{CLOSING})[,.!]?[ ]*\n+[ ]*(?P<name>{NAMES})[ ]*(?=\n|$)"),
    # the last line that is nothing but a name
    re.compile(rf"\n[ ]*(?P<name>{NAMES})[ ]*\n?\Z"),
)
BEFORE_ADDRESS = re.compile(rf"(?P<name>{NAMES}),?[ \n]{{1,2}}\Z")
BESIDE = re.compile(rf"(?:[ ]|-){NAME}")


def find_told(text: str) -> list[Span]:
    """Names by the words before them, and those that texts are signed with."""
    return [
        span
        for place in PLACES
        for found in place.finditer(text)
        if (span := _named(text, *found.span("name"))) is not None
    ]


def with_neighbours(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """The spans; names with the words with a capital that follow, and those before addresses."""
    for span in spans:
        yield _widened(text, span) if span.kind is Kind.PERSON else span
        if span.kind is Kind.ADDRESS:
            found = BEFORE_ADDRESS.search(text, max(0, span.start - 100), span.start)
            named = found and _named(text, *found.span("name"))
            if named and all(named.start >= one.end or named.end <= one.start for one in spans):
                yield named


def _widened(text: str, span: Span) -> Span:
    """As far as words with a capital follow: a surname that nobody knew."""
    end = span.end
    while found := BESIDE.match(text, end):
        if found[0][1:].casefold() in nobody():
            break
        end = found.end()
    return Span(span.start, end, span.kind, span.key, span.known)


def _named(text: str, start: int, end: int) -> Span | None:
    """The name without what is none at its ends; None if nothing is left."""
    words = text[start:end].split(" ")
    while words and words[-1].casefold() in nobody():
        words.pop()
    while words and (words[0].casefold() in nobody() or words[0].casefold().startswith("i'")):
        start += len(words.pop(0)) + 1
    name = " ".join(words)
    return Span(start, start + len(name), Kind.PERSON, key_of(name)) if name else None
