"""What procedures have agents ask for, or keep from: e-mail, order number, card number."""

import re


def _item(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.I)


# The longer name first: what it matched is taken away before the next is looked for.
_ITEMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", _item(r"e-?\s?mails?(?: address(?:es)?)?|mail address(?:es)?")),
    (
        "order_number",
        _item(
            r"(?:order|purchase|booking)(?:'s)? (?:numbers?|no|id|reference)|"
            r"numbers? (?:of|for|on) (?:the|your|their|my|his|her) (?:\w+ ){0,2}"
            r"(?:order|purchase|booking)|(?:last|latest|most recent) (?:order|purchase)"
        ),
    ),
    ("customer_number", _item(r"(?:customer|account|client|member) (?:numbers?|no|id)")),
    ("date_of_birth", _item(r"dates? of birth|birth ?da(?:y|te)s?|dob|when were you born")),
    ("postcode", _item(r"post ?codes?|postal codes?|zip(?: ?codes?)?")),
    ("last_digits", _item(r"last (?:three|four|3|4|two) (?:digits|numbers|figures)[^.?!]{0,30}")),
    (
        "card_number",
        _item(
            r"(?:(?:full|whole|complete|entire|credit|debit|bank|payment) )*card (?:numbers?|no)|"
            r"(?:16|sixteen)[ -]digits?(?: numbers?)?|long number|numbers? (?:on|of) (?:the|your) "
            r"(?:\w+ ){0,2}card|cvv|cvc|card security code"
        ),
    ),
    ("card_details", _item(r"card (?:details|data|information)|(?:log-?in|access) data")),
    ("password", _item(r"passwords?|passphrases?|pin(?: codes?)?|passcodes?")),
    ("phone", _item(r"(?:tele)?phone(?: numbers?)?|mobile(?: numbers?)?|cell(?: numbers?)?")),
    ("address", _item(r"(?:(?:postal|home|street|mailing|billing) )?address(?:es)?|street")),
    ("name", _item(r"(?:(?:full|first|last|sur|family|maiden) ?)?names?")),
    (
        "account",
        _item(r"(?:account|customer|personal|contact) (?:data|information)|details|profile"),
    ),
)  # fmt: skip
# "on the phone" names a channel and "by name" a manner; "the new address" is what shall be set.
_NO_ITEM = re.compile(
    r"\b(?:on|over|by|via) (?:the )?(?:phone|e-?mail|mail)\b|\bby (?:\w+ )?name\b|"
    r"\bnew (?:(?:postal|home|e-?mail|mail|phone|mobile) ?)*"
    r"(?:address|number|e-?mail|name|phone|password)\b",
    re.I,
)


def items_in(text: str) -> frozenset[str]:
    """The names of the items that a text speaks of."""
    left = _NO_ITEM.sub(" ", text)
    found = set()
    for name, pattern in _ITEMS:
        left, hits = pattern.subn(" ", left)
        if hits:
            found.add(name)
    return frozenset(found)
