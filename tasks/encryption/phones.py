"""Telephone numbers as they are indexed: by their digits, however they are written."""

import re
import unicodedata

EXTENSION = re.compile(r"(?:;ext=|\bext(?:ension)?\b\.?|\bx|#)\s*\d+\s*$", re.IGNORECASE)
TRUNK = re.compile(r"\(\s*0\s*\)")
ABROAD = "00"


def number_digits(told: str) -> str:
    """The digits that tell a number from others: `+44 (0)20 7946 0958` is `442079460958`.

    A number with its country code is one, with + or 00 before it or without. One without is
    another, since nobody knows the country: a match too many would show one person's data to
    another. Empty where there are no digits.
    """
    text = EXTENSION.sub("", unicodedata.normalize("NFKC", told).strip())
    international = text.lstrip("( ").startswith(("+", ABROAD))
    if international:
        text = TRUNK.sub("", text)
    digits = "".join(str(int(sign)) for sign in text if sign.isdecimal())
    return digits.removeprefix(ABROAD)
