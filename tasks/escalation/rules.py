"""The rules of escalation as data: the packaged ones, and what an organization made of them."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from tasks.errors import ConfigurationError
from warehouse.alert_rules import RuleSettings, Severity

FILE = "rules.yml"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A packaged rule: what it is called, what its threshold measures, and what it may be."""

    rule: str
    title: str
    measure: str
    severity: Severity
    threshold: float
    lowest: float
    highest: float
    cooldown_hours: int
    days: int | None = None
    topic: str | None = None

    def settings(self) -> RuleSettings:
        """The rule as it is applied where nobody has changed it."""
        return RuleSettings(
            rule=self.rule,
            severity=self.severity,
            threshold=self.threshold,
            days=self.days,
            topic=self.topic,
            cooldown_hours=self.cooldown_hours,
            enabled=True,
        )

    def checked(self, settings: RuleSettings) -> RuleSettings:
        """Settings that fit the rule. Raises: ConfigurationError."""
        if not self.lowest <= settings.threshold <= self.highest:
            raise ConfigurationError(
                f"the threshold of {self.rule} ({self.measure}) is from {self.lowest:g}"
                f" to {self.highest:g}"
            )
        for name in ("days", "topic"):
            if (getattr(settings, name) is None) is not (getattr(self, name) is None):
                raise ConfigurationError(f"{self.rule} has no --{name}")
        return settings


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: list[Rule]


@cache
def packaged_rules() -> Mapping[str, Rule]:
    """The rules that come with the package, by name, the most urgent first."""
    text = files("tasks.escalation").joinpath(FILE).read_bytes()
    return {one.rule: one for one in msgspec.yaml.decode(text, type=_File).rules}


def find_rule(name: str) -> Rule:
    """The packaged rule of this name. Raises: ConfigurationError naming those there are."""
    rules = packaged_rules()
    if name not in rules:
        raise ConfigurationError(f"no rule {name!r}; there are: {', '.join(rules)}")
    return rules[name]


def applied(own: Mapping[str, RuleSettings]) -> list[RuleSettings]:
    """Every rule as it is applied: the organization's own where it has set it."""
    return [own.get(name, one.settings()) for name, one in packaged_rules().items()]
