"""What a call costs: a list of prices, each in force from a day on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import ConfigurationError
from tasks.openai.usage import Usage

OPENAI_ADDRESS = "https://api.openai.com/"
MILLION = Decimal(1_000_000)
KINDS = ("input", "cached", "cache_write", "output")


@dataclass(frozen=True)
class Price:
    """The price of a model from a day on, in dollars; `per_million` by kind of token."""

    model: str
    from_day: date
    per_million: dict[str, Decimal]
    per_audio_minute: Decimal | None

    def cost_usd(self, usage: Usage) -> Decimal | None:
        """What these units cost; None where one that has a price was not counted."""
        if self.per_audio_minute is not None:
            if usage.audio_seconds is None:
                return None
            return Decimal(str(usage.audio_seconds)) / 60 * self.per_audio_minute
        if usage.input_tokens is None or (
            "output" in self.per_million and usage.output_tokens is None
        ):
            return None
        cached, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0
        counts = (usage.input_tokens - cached - written, cached, written, usage.output_tokens or 0)
        usual = self.per_million["input"]
        fallback = {"output": Decimal(0)}
        return sum(
            (
                self.per_million.get(kind, fallback.get(kind, usual)) * count / MILLION
                for kind, count in zip(KINDS, counts, strict=True)
            ),
            Decimal(0),
        )


@dataclass(frozen=True)
class Prices:
    """A list of prices."""

    prices: tuple[Price, ...]

    def find(self, model: str, day: date) -> Price | None:
        """The price in force on a day, or None."""
        known = [one for one in self.prices if one.model == model and one.from_day <= day]
        return max(known, key=lambda one: one.from_day, default=None)


def load_prices(path: Path | None, base_url: str) -> Prices:
    """The prices of the file, or the packaged ones where the server is OpenAI itself, or none.

    Raises: ConfigurationError.
    """
    if path is not None:
        try:
            return _parsed(path.read_text())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
            raise ConfigurationError(
                "VENSOR_PRICES_PATH is no list of prices; tasks/openai/prices.yml shows the form"
            ) from None
    if not f"{base_url}/".startswith(OPENAI_ADDRESS):
        return Prices(())
    return _parsed(files("tasks.openai").joinpath("prices.yml").read_text())


def _parsed(told: str) -> Prices:
    return Prices(tuple(_price(one) for one in yaml.safe_load(told)))


def _price(told: dict[str, Any]) -> Price:
    from_day = told["from"]
    if not isinstance(from_day, date):
        raise ValueError("no day")
    tokens = {str(kind): _dollars(usd) for kind, usd in told.get("usd_per_million", {}).items()}
    minute = told.get("usd_per_audio_minute")
    if (minute is None and "input" not in tokens) or not tokens.keys() <= set(KINDS):
        raise ValueError("no price")
    return Price(str(told["model"]), from_day, tokens, None if minute is None else _dollars(minute))


def _dollars(usd: object) -> Decimal:
    found = Decimal(str(usd))
    if not found.is_finite() or found < 0:
        raise ValueError("not dollars")
    return found
