"""The conversation of a ticket: who says what at which step."""

from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from sandbox.world import names, words
from sandbox.world.people import Person
from sandbox.world.words import WORDS, Said

T = TypeVar("T")
BLACK = "▇" * 12
SCRUBBED = "SCRUBBED"


class Turn(msgspec.Struct, frozen=True):
    """One comment. ``sentiment`` is None for agents."""

    step: int
    by_customer: bool
    public: bool
    template: str
    slots: dict[str, str]
    sentiment: float | None

    @property
    def body(self) -> str:
        """The words: made when they are read, since most pages read few of them."""
        return self.template.format_map(self.slots)


class Cast(msgspec.Struct, frozen=True):
    """What the talk is about."""

    number: int
    word: str
    scenario: str
    customer: Person
    agent: Person
    company: str
    group: str
    created_at: int
    is_canary: bool
    careless: bool
    merged_into: int


class Talk(msgspec.Struct, frozen=True):
    """A ticket's subject, its comments and the templates of the words of its rating."""

    subject: str
    turns: tuple[Turn, ...]
    good_template: str
    bad_template: str
    slots: dict[str, str]

    @property
    def good(self) -> str:
        """What a content customer says."""
        return self.good_template.format_map(self.slots).strip()

    @property
    def bad(self) -> str:
        """What a discontent customer says."""
        return self.bad_template.format_map(self.slots).strip()

    def redacted(self, steps: frozenset[int]) -> "Talk":
        """The talk with the comments of some steps blackened."""
        turns = (
            replace(turn, template=BLACK, sentiment=None) if turn.step in steps else turn
            for turn in self.turns
        )
        return replace(self, turns=tuple(turns))

    def scrubbed(self) -> "Talk":
        """The talk as it is left once its ticket is deleted for good."""
        slots = dict.fromkeys(self.slots, "")
        turns = (
            replace(turn, template=SCRUBBED, slots=slots, sentiment=None) for turn in self.turns
        )
        return Talk(SCRUBBED, tuple(turns), good_template="", bad_template="", slots=slots)


def converse(cast: Cast, source: Random) -> Talk:
    """The talk of a ticket: the same for the same numbers."""
    slots = _slots(cast, source)
    told = WORDS[cast.scenario]
    subject = _pick(source, told.subjects).format_map(slots)
    if cast.is_canary:
        subject = f"{subject} ({cast.customer.name})"
    counts = {"customer": 0, "agent": 0}
    turns = []
    for step, letter in enumerate(cast.word):
        turn = _turn(step, letter, cast, source, slots, counts)
        if turn:
            turns.append(turn)
    ending = " {name}" if cast.is_canary else ""
    return Talk(
        subject=subject,
        turns=tuple(turns),
        good_template=_pick(source, words.GOOD_COMMENTS) + ending,
        bad_template=_pick(source, words.BAD_COMMENTS) + ending,
        slots=slots,
    )


def _slots(cast: Cast, source: Random) -> dict[str, str]:
    customer = cast.customer
    amount = 12 + source.random() * 480
    ordered_at = cast.created_at - (3 + source.random() * 9) * 86_400
    slots = {
        "name": customer.name, "first": customer.first, "email": customer.email,
        "phone": str(customer.phone), "agent": cast.agent.first, "company": cast.company,
        "group": cast.group, "number": str(cast.number), "target": str(cast.merged_into),
        "order": f"ORD-{10_000 + int(source.random() * 89_999)}",
        "amount": f"{amount:.2f} €" if source.random() < 0.5 else f"${amount:.2f}",
        "product": _pick(source, names.PRODUCTS), "date": _day_month(int(ordered_at // 86_400)),
        "street": _pick(source, names.STREETS), "house": str(1 + int(source.random() * 120)),
        "city": _pick(source, names.CITIES), "card": _card(source.random(), cast.scenario),
        "newmail": f"new.{customer.email}",
    }  # fmt: skip
    for slot, choices in (("changed", words.CHANGED), ("offer", words.OFFERS)):
        slots[slot] = _pick(source, choices)
    slots["thanks"] = _pick(source, words.THANKS).format_map(slots)
    return slots


@lru_cache(maxsize=4_096)
def _day_month(day: int) -> str:
    """The day, counted from 1970, in words."""
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%d %B}"


def _card(u: float, scenario: str) -> str:
    """A number of a test range (4000 00…) that passes the Luhn check, where one is spoken of."""
    if scenario != "double_charge":
        return ""
    digits = f"400000{int(u * 10**9):09d}"
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    whole = digits + str(-total % 10)
    return " ".join(whole[at : at + 4] for at in range(0, 16, 4))


def _turn(
    step: int,
    letter: str,
    cast: Cast,
    source: Random,
    slots: dict[str, str],
    counts: dict[str, int],
) -> Turn | None:
    told = WORDS[cast.scenario]
    if letter in "CQO":
        sentiment, body = _customer_says(letter, cast, source, counts)
        return Turn(step, True, True, body, slots, sentiment)
    if letter == "V":
        return Turn(step, True, True, "", slots, None)
    if letter in "RrHS":
        return Turn(step, False, True, _agent_says(letter, cast, source, counts), slots, None)
    choices = {
        "c": words.INTERNAL_OPEN, "N": told.notes, "X": words.TRANSFERS, "M": words.MERGES,
    }.get(letter)  # fmt: skip
    if choices is None:
        return None
    return Turn(step, False, letter == "c", _pick(source, choices), slots, None)


def _customer_says(
    letter: str, cast: Cast, source: Random, counts: dict[str, int]
) -> tuple[float, str]:
    told = WORDS[cast.scenario]
    first = counts["customer"] == 0
    counts["customer"] += 1
    if letter == "C":
        return _opening(cast, source)
    pool: tuple[Said, ...]
    pool = (
        told.reopens
        if letter == "O"
        else told.answers
        if first or counts["customer"] == 2
        else words.LATER
    )
    sentiment, text = _pick(source, pool)
    sign = _pick(source, ("{first}", "", "{name}", ""))
    return sentiment, f"{text}\n\n{sign}".strip()


def _opening(cast: Cast, source: Random) -> tuple[float, str]:
    sentiment, text = _pick(source, WORDS[cast.scenario].opens)
    shift, mood = _pick(source, words.MOODS)
    if cast.scenario == "praise":
        shift, mood = 0.0, ""
    if cast.scenario == "outage":
        return sentiment, text
    sign = "{name}\n{email}\n{phone}" if cast.is_canary else _pick(source, words.SIGNS)
    body = f"{_pick(source, words.HELLOS)}\n\n{text} {mood}".rstrip() + f"\n\n{sign}"
    return max(-1.0, min(1.0, round(sentiment + shift, 2))), body.strip()


def _agent_says(letter: str, cast: Cast, source: Random, counts: dict[str, int]) -> str:
    told = WORDS[cast.scenario]
    first = counts["agent"] == 0
    counts["agent"] += 1
    pool: tuple[str, ...]
    if letter == "H":
        pool = words.HOLDS
    elif letter == "S":
        skips = cast.scenario == "account_change" and cast.careless
        pool = words.UNCHECKED if skips else told.solves
    else:
        pool = told.asks if first else words.FOLLOW_UPS
    greeting, closing = _pick(source, words.GREETINGS), _pick(source, words.CLOSINGS)
    return f"{greeting}\n\n{_pick(source, pool)}\n\n{closing}"


def _pick(source: Random, choices: tuple[T, ...]) -> T:
    return choices[int(source.random() * len(choices))]
