"""The conversation of a ticket: who says what at which step."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from sandbox.world import names, words
from sandbox.world.people import Person
from sandbox.world.words import WORDS, Said

T = TypeVar("T")
BLACK = "▇" * 12
SCRUBBED = "SCRUBBED"


@dataclass(frozen=True)
class Turn:
    """One comment. ``sentiment`` is None for agents."""

    step: int
    by_customer: bool
    public: bool
    body: str
    sentiment: float | None


@dataclass(frozen=True)
class Cast:
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


@dataclass(frozen=True)
class Talk:
    """A ticket's subject, its comments and the words of its rating."""

    subject: str
    turns: tuple[Turn, ...]
    good: str
    bad: str
    slots: dict[str, str]

    def redacted(self, steps: frozenset[int]) -> "Talk":
        """The talk with the comments of some steps blackened."""
        turns = (
            replace(turn, body=BLACK, sentiment=None) if turn.step in steps else turn
            for turn in self.turns
        )
        return replace(self, turns=tuple(turns))

    def scrubbed(self) -> "Talk":
        """The talk as it is left once its ticket is deleted for good."""
        turns = (replace(turn, body=SCRUBBED, sentiment=None) for turn in self.turns)
        slots = dict.fromkeys(self.slots, "")
        return Talk(subject=SCRUBBED, turns=tuple(turns), good="", bad="", slots=slots)


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
        good=(_pick(source, words.GOOD_COMMENTS) + ending).format_map(slots).strip(),
        bad=(_pick(source, words.BAD_COMMENTS) + ending).format_map(slots).strip(),
        slots=slots,
    )


def _slots(cast: Cast, source: Random) -> dict[str, str]:
    customer = cast.customer
    amount = 12 + source.random() * 480
    date = datetime.fromtimestamp(cast.created_at - (3 + source.random() * 9) * 86_400, UTC)
    slots = {
        "name": customer.name, "first": customer.first, "email": customer.email,
        "phone": str(customer.phone), "agent": cast.agent.first, "company": cast.company,
        "group": cast.group, "number": str(cast.number), "target": str(cast.merged_into),
        "order": f"ORD-{10_000 + int(source.random() * 89_999)}",
        "amount": f"{amount:.2f} €" if source.random() < 0.5 else f"${amount:.2f}",
        "product": _pick(source, names.PRODUCTS), "date": f"{date:%d %B}",
        "street": _pick(source, names.STREETS), "house": str(1 + int(source.random() * 120)),
        "city": _pick(source, names.CITIES), "card": _card(source.random(), cast.scenario),
        "newmail": f"new.{customer.email}",
    }  # fmt: skip
    for slot, choices in (("changed", words.CHANGED), ("offer", words.OFFERS)):
        slots[slot] = _pick(source, choices)
    slots["thanks"] = _pick(source, words.THANKS).format_map(slots)
    return slots


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
        sentiment, body = _customer_says(letter, cast, source, slots, counts)
        return Turn(step, True, True, body, sentiment)
    if letter == "V":
        return Turn(step, True, True, "", None)
    if letter in "RrHS":
        return Turn(step, False, True, _agent_says(letter, cast, source, slots, counts), None)
    choices = {
        "c": words.INTERNAL_OPEN, "N": told.notes, "X": words.TRANSFERS, "M": words.MERGES,
    }.get(letter)  # fmt: skip
    if choices is None:
        return None
    return Turn(step, False, letter == "c", _pick(source, choices).format_map(slots), None)


def _customer_says(
    letter: str, cast: Cast, source: Random, slots: dict[str, str], counts: dict[str, int]
) -> tuple[float, str]:
    told = WORDS[cast.scenario]
    first = counts["customer"] == 0
    counts["customer"] += 1
    if letter == "C":
        return _opening(cast, source, slots)
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
    return sentiment, f"{text}\n\n{sign}".strip().format_map(slots)


def _opening(cast: Cast, source: Random, slots: dict[str, str]) -> tuple[float, str]:
    sentiment, text = _pick(source, WORDS[cast.scenario].opens)
    shift, mood = _pick(source, words.MOODS)
    if cast.scenario == "praise":
        shift, mood = 0.0, ""
    if cast.scenario == "outage":
        return sentiment, text.format_map(slots)
    sign = "{name}\n{email}\n{phone}" if cast.is_canary else _pick(source, words.SIGNS)
    body = f"{_pick(source, words.HELLOS)}\n\n{text} {mood}".rstrip() + f"\n\n{sign}"
    return max(-1.0, min(1.0, round(sentiment + shift, 2))), body.strip().format_map(slots)


def _agent_says(
    letter: str, cast: Cast, source: Random, slots: dict[str, str], counts: dict[str, int]
) -> str:
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
    return f"{greeting}\n\n{_pick(source, pool)}\n\n{closing}".format_map(slots)


def _pick(source: Random, choices: tuple[T, ...]) -> T:
    return choices[int(source.random() * len(choices))]
