"""The rules as data: what is looked for, what it weighs, and the words that people read for it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import msgspec

from tasks.assessment.records import Risk, Urgency
from tasks.errors import ConfigurationError

FILE = "rules.yml"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What customers say, and what it adds to each risk (0 to 1) and to the urgency."""

    code: str
    words: str
    signs: dict[Risk, float]
    patterns: list[str]
    urgency: Urgency | None = None

    def is_in(self, sentence: str) -> bool:
        """True where the sentence says it."""
        return any(_compiled(one).search(sentence) for one in self.patterns)


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A count that weighs from `beyond` on, at most `most` times, or a sentiment `at_most`."""

    code: str
    words: str
    fact: str
    signs: dict[Risk, float]
    beyond: int = 0
    most: int = 1
    at_most: float | None = None

    def times(self, value: float | None) -> int:
        """How often it weighs; a value that is not known does not."""
        if value is None:
            return 0
        if self.at_most is not None:
            return int(value <= self.at_most)
        return max(0, min(int(value) - self.beyond, self.most))


class IntentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a customer may want."""

    intent: str
    words: str
    patterns: list[str]
    examples: list[str]

    def is_in(self, sentence: str) -> bool:
        """True where the sentence asks for it in so many words."""
        return any(_compiled(one).search(sentence) for one in self.patterns)


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    rules: list[Rule]
    facts: list[Fact]
    priorities: dict[str, Urgency]
    intents: list[IntentRule]


@dataclass(frozen=True)
class Rulebook:
    """The rules, and a version that changes with any letter of them."""

    told: Rules
    version: str

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What people read for each code."""
        rules = {one.code: one.words for one in self.told.rules}
        return rules | {one.code: one.words for one in self.told.facts}

    @cached_property
    def intent_words(self) -> Mapping[str, str]:
        """What people read for each intent."""
        return {one.intent: one.words for one in self.told.intents}

    @cached_property
    def rule_of(self) -> Mapping[str, Rule]:
        """The rules on words by their codes."""
        return {one.code: one for one in self.told.rules}


def parse_rulebook(text: bytes) -> Rulebook:
    """The rules of a YAML file. Raises: ConfigurationError naming what is wrong with it."""
    try:
        told = msgspec.yaml.decode(text, type=Rules)
        said = [pattern for one in told.rules for pattern in one.patterns]
        for pattern in said + [pattern for one in told.intents for pattern in one.patterns]:
            _compiled(pattern)
    except (msgspec.MsgspecError, re.error) as error:
        raise ConfigurationError(f"the rules of assessment cannot be read: {error}") from None
    return Rulebook(told, hashlib.sha256(text).hexdigest()[:8])


@cache
def packaged_rulebook() -> Rulebook:
    """The rules that come with the package."""
    return parse_rulebook(files("tasks.assessment").joinpath(FILE).read_bytes())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)
