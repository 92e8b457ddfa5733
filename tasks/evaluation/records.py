"""What an evaluation takes and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from warehouse.evaluations import Capability, Figure, Source

ABSTAINED = "unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is true and what a model said of the same thing, with a confidence in 0..1.

    `said` is "unknown" where the model abstained.
    """

    truth: str
    said: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one capability, by one model and version of its prompt or rules.

    `n` is how many truths (or tickets, spans, words) they were measured on. A figure that is not
    defined is left out.
    """

    source: Source
    capability: Capability
    model: str
    prompt_version: str
    n: int
    figures: Mapping[Figure, float]

    def as_dict(self) -> dict[str, object]:
        return {
            "source": self.source,
            "capability": self.capability,
            "model": self.model,
            "prompt_version": self.prompt_version,
            "n": self.n,
            "figures": dict(self.figures),
        }


def defined(**figures: float | None) -> dict[Figure, float]:
    """The figures that are defined, rounded so that they are the same on every machine."""
    return {
        cast(Figure, name): round(value, 4) for name, value in figures.items() if value is not None
    }


def split_version(version: str) -> tuple[str, str]:
    """(model, version of its prompt or rules) of a stored version such as "MiniLM+logistic-1"."""
    model, _, rest = version.partition("+")
    return model, rest or "none"
