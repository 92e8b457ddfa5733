"""Where people live: streets with a number, boxes, places with a postal code.

Models of names miss streets more often than anything else.
"""

import re

from tasks.redaction.patterns import key_of
from tasks.redaction.records import Kind, Span

# Everything is bounded: a text that was made to keep a pattern busy gets nowhere.
WORD = r"[A-ZÀ-Þ][\w'’.]{0,30}"
NUMBER = r"\d{1,5}[a-zA-Z]?(?:\s?[-/]\s?\d{1,4}[a-zA-Z]?)?"
# Words for a street, and those that are so only after a name with a capital.
STREET = r"street|road|avenue|ave|lane|boulevard|blvd|parkway|pkwy|highway|hwy"
ALSO_STREET = (
    rf"{STREET}|st|rd|ln|drive|dr|court|ct|way|place|pl|square|sq|terrace|ter|close|crescent|cres"
    r"|circle|cir|trail|row|mews|gardens|grove|hill|alley|loop|plaza|quay|walk"
)
JOINED = (
    r"stra(?:ß|ss)e|str\.?|weg|platz|gasse|allee|damm|ring|ufer|straat|laan|plein|gatan|vej|vägen"
)
BEFORE = (
    r"rue|avenue|boulevard|bd|place|chemin|impasse|quai|allée|calle|avenida|avda?|plaza|paseo"
    r"|carrer|via|viale|piazza|corso|largo|rua|travessa|praça|ulica|ul\.|strada|straße|am|an der"
)
UNIT = r"(?:,?\s*(?:apt|apartment|unit|suite|ste|flat|floor|room|#)\.?\s*#?\w{1,5})?"
POSTAL = (
    r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"  # United Kingdom
    r"|[A-Z]\d[A-Z]\s?\d[A-Z]\d"  # Canada
    r"|\d{4}\s?[A-Z]{2}"  # Netherlands
    r"|[A-Z]{2}\s+\d{5}(?:-\d{4})?"  # United States, with its state
)
OF = r"(?i:de la|de los|de l|del|della|dei|du|des|de|di|da|d)['’ ]\s?"
STREETS = (
    r"\b(?i:(?:p\.?\s?o\.?\s?box|postfach|apartado|bp)\s*\d+)\b",
    # 12 Elm Street, 12b North St. John's Rd, apt. 4
    rf"\b{NUMBER},?\s+(?:{WORD}\s+){{1,4}}?(?i:{ALSO_STREET})\b\.?{UNIT}",
    rf"\b{NUMBER},?\s+(?:\w[\w'’.\-]{{0,30}}\s+){{1,3}}?(?i:{STREET})\b\.?{UNIT}",
    # Hauptstraße 5, Keizersgracht 100, Lange Str. 12
    rf"\b(?:{WORD}[ -]){{0,2}}\w{{0,40}}(?i:{JOINED}|gracht)\s*\d{{1,4}}(?:\s?[a-z])?\b",
    rf"\b(?:{WORD}\s){{1,2}}(?i:{JOINED})\s*\d{{1,4}}[a-z]?\b",
    # 5 rue de la Paix
    rf"\b{NUMBER},?\s+(?:bis\s+|ter\s+)?(?i:{BEFORE})\s+(?:{OF})?{WORD}(?:[\s-]{WORD}){{0,4}}",
    # Calle Mayor 12, Via Roma, 3
    rf"\b(?i:{BEFORE})\s+(?:{OF})?{WORD}(?:[\s-]{WORD}){{0,4}},?\s+(?:n[º°.]?\s*)?\d{{1,4}}\b",
)
PLACES = (
    rf"\b(?:{WORD}(?:[ -]{WORD})?,?\s+)?(?:{POSTAL})\b",
    # 10115 Berlin, D-80331 München, 75002 Paris
    rf"\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s+{WORD}(?:[\s-]{WORD})?",
)
FORMS = [re.compile(form) for form in (*STREETS, *PLACES)]
# Words with a capital that follow a number of five digits without being a town.
NO_TOWN = re.compile(r"\d\s+(?:USD|EUR|GBP|CHF|I|Euro|Dollars?|The|And|But|Please|It|We|My|This)\b")


def find_streets(text: str) -> list[Span]:
    """Streets with their number, and places with their postal code."""
    return [
        Span(*found.span(), Kind.ADDRESS, key_of(found[0]))
        for form in FORMS
        for found in form.finditer(text)
        if not NO_TOWN.search(found[0])
    ]
