"""What has a form of its own: addresses of all kinds, numbers that name someone, secrets.

What is found too much costs a word; what is missed leaves the machine. So every number of seven
digits or more goes, whoever's it is; checksums only tell what to call it.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from stdnum import iban, luhn

from tasks.redaction.records import Kind, Span

MONTHS = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|se[pt]|o[ck]t|nov|de[cz])[a-zé]*\.?"
DATE = (
    rf"\d{{1,4}}[-./]\d{{1,2}}[-./]\d{{1,4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{MONTHS},?\s+\d{{4}}"
    rf"|{MONTHS}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
)
DIGIT_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
MOST_CARD_DIGITS, FEWEST_CARD_DIGITS = 19, 12
MOST_PHONE_DIGITS, FEWEST_DIGITS = 15, 7

EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
    # as it is told on the phone, or hidden from machines
    r"|\b[\w.+-]{1,64}\s{0,2}(?:[(\[]at[)\]]|\sat\s)\s{0,2}[\w-]{1,63}"
    r"(?:\s{0,2}(?:[(\[]dot[)\]]|\sdot\s)\s{0,2}[\w-]{1,63})+",
    re.IGNORECASE,
)
URL = re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+", re.IGNORECASE)
SECRET = re.compile(
    r"\b(?:password|passwort|passcode|passphrase|pin|pwd|cvv|cvc|contraseña|mot de passe)\b"
    r"(?:\s+code)?\s*(?:is|was|ist|est|es|:|=)\s*(?P<value>[^\s,;]+)",
    re.IGNORECASE,
)
BORN = re.compile(
    r"\b(?:born|birth\w*|d\.?o\.?b|geb(?:oren|urt\w*|\.)|née?|nacid[oa]|naissance)\b"
    rf"\D{{0,20}}(?P<value>{DATE})",
    re.IGNORECASE,
)
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
DIGITS = re.compile(r"(?<![\w.])\+?\(?\d(?:[\s().\-–/]{0,3}\d){6,}(?!\w)")
# Letters and digits in one: numbers of passports, licences, parcels.
MIXED = re.compile(r"\b[A-Z0-9]{7,}\b", re.IGNORECASE)
FEWEST_MIXED_DIGITS = 6
TOLD_DIGITS = re.compile(rf"\b{DIGIT_WORD}(?:[\s,\-]+{DIGIT_WORD}){{5,}}\b", re.IGNORECASE)
SPELLED = re.compile(r"\b(?:[A-Za-z][ .,\-]{1,2}){3,}[A-Za-z]\b(?!')")
IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4})(?![\w:])", re.I
)
ONLY_DATE = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:\s+\d{1,2})?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}(?:\s+\d{1,2})?"
)


def find_patterns(text: str) -> list[Span]:
    """Every stretch with such a form; they may overlap."""
    return [
        *_all(EMAIL, text, Kind.EMAIL),
        *_all(URL, text, Kind.URL),
        *_all(SECRET, text, Kind.CODE),
        *_all(BORN, text, Kind.BIRTH_DATE),
        *_all(SPELLED, text, Kind.PERSON),
        *_all(TOLD_DIGITS, text, Kind.NUMBER),
        *(one for one in _all(MIXED, text, Kind.NUMBER) if _has_digits(one.key)),
        *_accounts(text),
        *_numbers(text),
        *_ips(text),
    ]


def _all(pattern: re.Pattern[str], text: str, kind: Kind) -> Iterator[Span]:
    group = "value" if "value" in pattern.groupindex else 0
    for found in pattern.finditer(text):
        yield Span(*found.span(group), kind, key_of(found[group]))


def _has_digits(token: str) -> bool:
    return sum(map(str.isdigit, token)) >= FEWEST_MIXED_DIGITS


def _accounts(text: str) -> Iterator[Span]:
    """Source: ISO 13616 for the checksum; the longest stretch that has it counts."""
    for found in ACCOUNT.finditer(text):
        words = found[0]
        ends = [len(words), *(at.start() for at in reversed(list(re.finditer(r"[ -]", words))))]
        for end in ends:
            if iban.is_valid(words[:end], check_country=False):
                yield Span(found.start(), found.start() + end, Kind.IBAN, key_of(words[:end]))
                break


def _numbers(text: str) -> Iterator[Span]:
    for found in DIGITS.finditer(text):
        if not ONLY_DATE.fullmatch(found[0]):
            yield Span(*found.span(), _kind_of(found[0]), key_of(found[0]))


def _kind_of(number: str) -> Kind:
    """Source: ISO/IEC 7812 for the numbers of cards, and their checksum; E.164 for phones."""
    digits = re.sub(r"\D", "", number)
    if FEWEST_CARD_DIGITS <= len(digits) <= MOST_CARD_DIGITS and luhn.is_valid(digits):
        return Kind.CARD
    return Kind.PHONE if len(digits) <= MOST_PHONE_DIGITS else Kind.NUMBER


def _ips(text: str) -> Iterator[Span]:
    for found in IP.finditer(text):
        try:
            ip_address(found[0])
        except ValueError:
            continue
        yield Span(*found.span(), Kind.IP, key_of(found[0]))


def key_of(words: str) -> str:
    """What is the same in all spellings of a thing: its letters and digits."""
    return re.sub(r"[\W_]+", "", words.casefold()) or words
